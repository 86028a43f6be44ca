package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// todaysOracle is what istiod 1.30.3, and its admission, made of rules in a cluster.
func todaysOracle[C any](t *testing.T, file string) []C {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository, "lab", "rules", "v1", "testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var cases []C
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

const oracleCluster = "testdata/oracle/cluster.yml"

type todaysRouting struct {
	ID, Rules, Note string
	Effective       json.RawMessage
	Errors, Analyze []string
	ProxyRejects    string `json:"proxy_rejects"`
}

// TestTodaysRoutesAgreeWithIstio leaves out rules of different age, which files have not.
func TestTodaysRoutesAgreeWithIstio(t *testing.T) {
	t.Parallel()
	agreed, refused := 0, 0
	for _, c := range todaysOracle[todaysRouting](t, "v1-routing.json") {
		lab := surroundings{stdin: strings.NewReader(c.Rules)}
		got := lab.run(t, "routes", "--edition", "v1", "-f", oracleCluster, "-f", "-", "-o", "json")
		bad := len(c.Errors) > 0 || c.ProxyRejects != ""
		switch {
		case strings.Contains(c.Note, "apart"):
			continue
		case !bad && unsupported(got):
			refused++
			continue
		case bad != (got.status != ok):
			t.Errorf("%s: %+v, want errors %v", c.ID, got, c.Errors)
			continue
		case !bad:
			if want := plain(t, c.Effective); plain(t, []byte(got.stdout)) != want {
				t.Errorf("%s: rules\n%s\ngot\n%s\nwant\n%s", c.ID, c.Rules, plain(t, []byte(got.stdout)), want)
			}
		}
		agreed++
	}
	t.Logf("%d agree, %d refused by name", agreed, refused)
	if agreed != 202 || refused != 1 {
		t.Errorf("%d cases agree, %d are refused", agreed, refused)
	}
}

// actsOfSeveral begins the sentence that the lab adds to istioctl's.
const actsOfSeveral = " Of these "

// messages are those of analyze, as the oracle writes them, and its exit status.
// Its cluster has the standard channel of the Gateway API.
func messages(t *testing.T, rules string) (list []string, status int) {
	t.Helper()
	lab := surroundings{stdin: strings.NewReader(rules)}
	got := lab.run(t, "analyze", "--channel", "standard", "-f", oracleCluster, "-f", "-", "-o", "json")
	var all []message
	if err := json.Unmarshal([]byte(got.stdout), &all); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	for _, m := range all {
		text, _, _ := strings.Cut(m.Text, actsOfSeveral)
		list = append(list, fmt.Sprintf("%s %s (%s) %s", m.Code, m.Level, m.Origin, text))
	}
	return list, got.status
}

const refusal = "IST0106 Error "

func TestAnalyzeAgreesWithIstio(t *testing.T) {
	t.Parallel()
	agreed := 0
	for _, c := range todaysOracle[todaysRouting](t, "v1-routing.json") {
		if c.Analyze == nil || c.ProxyRejects != "" {
			continue
		}
		got, status := messages(t, c.Rules)
		if slices.ContainsFunc(got, func(m string) bool { return strings.HasPrefix(m, " Unsupported ") }) {
			continue
		}
		got = slices.DeleteFunc(got, func(m string) bool {
			return strings.HasPrefix(m, " ") || // of the lab's own
				!strings.Contains(strings.Split(m, ")")[0], " istio-tutorial/") || // was not asked
				len(c.Errors) > 0 && strings.HasPrefix(m, refusal) // never reached the cluster
		})
		fails := slices.ContainsFunc(c.Analyze, func(m string) bool { return strings.Contains(m, " Error ") })
		if (fails || len(c.Errors) > 0) != (status == hasIssues) {
			t.Errorf("%s: exit status %d", c.ID, status)
		}
		slices.Sort(got)
		slices.Sort(c.Analyze)
		if !slices.Equal(got, c.Analyze) {
			t.Errorf("%s: rules\n%s\nsaid\n%s\nwant\n%s", c.ID, c.Rules,
				strings.Join(got, "\n"), strings.Join(c.Analyze, "\n"))
		}
		agreed++
	}
	if agreed != 73 {
		t.Errorf("%d cases agree", agreed)
	}
}

// TestAnalyzeRefusesWhatAdmissionDoes holds the verdict, of analyze and of create.
func TestAnalyzeRefusesWhatAdmissionDoes(t *testing.T) {
	t.Parallel()
	type validation struct {
		ID, YAML, Message string
		Accepted          bool
	}
	elsewhere := map[string]bool{
		"object/namespace unknown": true, // a warning
		"object/empty":             true, // analyze has nothing to say of it
	}
	agreed, refused := 0, 0
	for _, c := range todaysOracle[validation](t, "v1-validation.json") {
		lab := surroundings{stdin: strings.NewReader(c.YAML)}
		created := lab.run(t, "create", "--dry-run", "--channel", "standard", "-f", "-")
		got, status := messages(t, c.YAML)
		accepted := !slices.ContainsFunc(got, func(m string) bool {
			return strings.HasPrefix(m, refusal) || strings.HasPrefix(m, " Error ")
		})
		switch {
		case elsewhere[c.ID]:
			continue
		case unsupported(created) && (c.Accepted || accepted): // valid or not, the lab looks no further
			refused++
			continue
		case accepted != c.Accepted || !accepted && status == ok || (created.status == ok) != c.Accepted:
			t.Errorf("%s: analyze says %q, create %+v; want accepted %t (%s)\n%s",
				c.ID, got, created, c.Accepted, c.Message, c.YAML)
		}
		agreed++
	}
	t.Logf("%d agree, %d refused by name", agreed, refused)
	if agreed != 268 || refused != 12 {
		t.Errorf("%d cases agree, %d are refused", agreed, refused)
	}
}
