package main

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"
)

// tutorialKey is the only key of what `token jwks` prints.
func tutorialKey(t *testing.T) *rsa.PublicKey {
	t.Helper()
	said := surroundings{}.run(t, "token", "jwks")
	var set struct {
		Keys []struct{ Kid, N, E string }
	}
	if err := json.Unmarshal([]byte(said.stdout), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%v: %+v", err, said)
	}
	number := func(text string) *big.Int { return new(big.Int).SetBytes(decoded(t, text)) }
	return &rsa.PublicKey{N: number(set.Keys[0].N), E: int(number(set.Keys[0].E).Int64())}
}

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestToken holds what tokens say, and that the key set checks them.
func TestToken(t *testing.T) {
	t.Parallel()
	key := tutorialKey(t)
	for line, c := range map[string]struct {
		claims string // but for the times
		ttl    time.Duration
		bad    bool // of another key
	}{
		"":                      {`{"iss":"https://tokens.example","sub":"learner"}`, time.Hour, false},
		"--claim sub=ann":       {`{"iss":"https://tokens.example","sub":"ann"}`, time.Hour, false},
		"--aud a --iss b":       {`{"aud":"a","iss":"b","sub":"learner"}`, time.Hour, false},
		"--aud a --aud b":       {`{"aud":["a","b"],"iss":"https://tokens.example","sub":"learner"}`, time.Hour, false},
		"--ttl 10m":             {`{"iss":"https://tokens.example","sub":"learner"}`, 10 * time.Minute, false},
		"--expired":             {`{"iss":"https://tokens.example","sub":"learner"}`, -time.Hour, false},
		"--key other":           {`{"iss":"https://tokens.example","sub":"learner"}`, time.Hour, true},
		`--claim g=["a","b"]`:   {`{"g":["a","b"],"iss":"https://tokens.example","sub":"learner"}`, time.Hour, false},
		`--claim a=1 --claim b`: {"", 0, true},
	} {
		said := surroundings{}.run(t, append([]string{"token"}, strings.Fields(line)...)...)
		if c.claims == "" {
			if said.status != misused || !strings.Contains(said.stderr, "want NAME=VALUE") {
				t.Errorf("%q: %+v", line, said)
			}
			continue
		}
		parts := strings.Split(strings.TrimSpace(said.stdout), ".")
		if said.status != ok || len(parts) != 3 {
			t.Errorf("%q: %+v", line, said)
			continue
		}
		digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], decoded(t, parts[2])); (err != nil) != c.bad {
			t.Errorf("%q: signature: %v", line, err)
		}
		var claims map[string]any
		if err := json.Unmarshal(decoded(t, parts[1]), &claims); err != nil {
			t.Fatal(err)
		}
		left := time.Until(time.Unix(int64(claims["exp"].(float64)), 0)) - c.ttl
		delete(claims, "exp")
		delete(claims, "iat")
		if text, _ := json.Marshal(claims); string(text) != c.claims || left > time.Second || left < -time.Minute {
			t.Errorf("%q: %s, %s more than asked for", line, text, left)
		}
	}
}

func TestTokenMisuse(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"--claim a=1 --claim a=2": "a given twice",
		"--claim iss=a":           "use --iss",
		"--claim g=[":             "unexpected end of JSON input",
		"--key mine":              "want tutorial or other",
		"--ttl 0s":                "--expired makes an expired token",
		"--ttl 1h --expired":      "exclude each other",
		"jwks x":                  "unknown command",
	} {
		said := surroundings{}.run(t, append([]string{"token"}, strings.Fields(line)...)...)
		if said.status != misused || !strings.Contains(said.stderr, want) || said.stdout != "" {
			t.Errorf("%q: %+v, want %q", line, said, want)
		}
	}
}
