package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/identity"
)

//nolint:gosec // a text about tokens, none of them secret
const aboutToken = `Print a token (JWT), such as a person gets who logs in. It is signed with the key of the
tutorial, which is public: rule files of the repository accept its tokens, in the lab and on a cluster.

--claim role=admin adds a claim; values that begin with [ or { are JSON: --claim 'groups=["a","b"]'.`

// tokenFlags are what a token is asked to say.
type tokenFlags struct {
	claims    []string
	issuer    string
	audiences []string
	ttl       time.Duration
	expired   bool
	key       string
}

func (a *app) token() *cobra.Command {
	var f tokenFlags
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print a token for requests",
		Long:  aboutToken,
		Example: `  bin/lab token
  bin/lab token --claim role=admin --ttl 10m
  bin/poll_customer.sh -n 1 -H "Authorization: Bearer $(bin/lab token)"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.expired && cmd.Flags().Changed("ttl") {
				return misusef("--ttl and --expired exclude each other")
			}
			token, err := f.token(time.Now())
			if err != nil {
				return misuse{err}
			}
			text, err := token.Sign()
			if err == nil {
				_, err = fmt.Fprintln(a.stdout, text)
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.claims, "claim", nil, "NAME=VALUE, a claim; may be repeated")
	flags.StringVar(&f.issuer, "iss", identity.Issuer, "issuer")
	flags.StringArrayVar(&f.audiences, "aud", nil, "audience; may be repeated")
	flags.DurationVar(&f.ttl, "ttl", time.Hour, "time until it expires")
	flags.BoolVar(&f.expired, "expired", false, "print a token that expired an hour ago")
	flags.StringVar(&f.key, "key", "tutorial", "key that signs it: tutorial, or other, which no rule accepts")
	complete(cmd, "key", "tutorial", "other")
	complete(cmd, "iss", identity.Issuer)
	complete(cmd, "ttl", "10m", "1h", "24h")
	complete(cmd, "claim", "sub=", "role=")
	complete(cmd, "aud")
	cmd.AddCommand(&cobra.Command{
		Use: "jwks", Short: "Print the key set that checks the tutorial's tokens",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			keys, err := identity.KeySet()
			if err == nil {
				_, err = fmt.Fprintln(a.stdout, keys)
			}
			return err
		},
	})
	return cmd
}

// token is what the flags say.
func (f tokenFlags) token(now time.Time) (identity.Token, error) {
	t := identity.Token{
		Issuer: f.issuer, Audiences: f.audiences, Claims: map[string]any{},
		From: now, Until: now.Add(f.ttl), OtherKey: f.key == "other",
	}
	if f.key != "tutorial" && f.key != "other" {
		return t, fmt.Errorf("--key=%s: want tutorial or other", f.key)
	}
	if f.ttl <= 0 {
		return t, fmt.Errorf("--ttl=%s: want a time above 0; --expired makes an expired token", f.ttl)
	}
	if f.expired {
		t.From, t.Until = now.Add(-2*time.Hour), now.Add(-time.Hour)
	}
	for _, pair := range f.claims {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return t, fmt.Errorf("--claim=%s: want NAME=VALUE", pair)
		}
		if flag, ok := map[string]string{"iss": "--iss", "aud": "--aud", "exp": "--ttl", "iat": "--ttl"}[name]; ok {
			return t, fmt.Errorf("--claim=%s: use %s", pair, flag)
		}
		if _, there := t.Claims[name]; there {
			return t, fmt.Errorf("--claim=%s: %s given twice", pair, name)
		}
		var err error
		if t.Claims[name], err = claimValue(value); err != nil {
			return t, fmt.Errorf("--claim=%s: %w", pair, err)
		}
	}
	return t, nil
}

// claimValue is a text, unless it looks like a list or an object.
func claimValue(text string) (any, error) {
	if !strings.HasPrefix(text, "[") && !strings.HasPrefix(text, "{") {
		return text, nil
	}
	var value any
	err := json.Unmarshal([]byte(text), &value)
	return value, err
}
