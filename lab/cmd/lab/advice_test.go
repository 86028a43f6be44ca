package main

import (
	"strings"
	"testing"
)

// habits are the words of kubectl and istioctl that people type, as issue trackers and tutorials
// have them, each with arguments that are right there.
const habits = `
port-forward svc/customer 8080:8080
edit vs recommendation
wait deployment/customer --for=condition=Available
version
version --client
version --short
patch deployment customer -p {"spec":{"replicas":2}}
label namespace istio-tutorial istio-injection=enabled --overwrite
annotate deployment customer a=b
explain virtualservice.spec
api-resources
diff -f istiofiles/route-rule-recommendation-v2.yml
cluster-info
attach customer
debug customer -it --image=busybox
auth can-i create pods
cp a customer:/tmp
run x --image=busybox
top pods
top nodes
rollout undo deployment/customer
rollout history deployment/customer
rollout pause deployment/customer
set image deployment/customer customer=x
set env deployment/customer --list
logs customer --all-containers
get pods --sort-by=.metadata.name
get pods --field-selector status.phase=Running
get -f istiofiles/route-rule-recommendation-v2.yml
get pods -o custom-columns=NAME:.metadata.name
get pods -o go-template={{.items}}
get pods -o jsonpath-as-json={.items}
create deployment x --image=istio-tutorial-customer:v1
create ns x
create configmap x --from-literal=a=b
create secret generic x
apply -f http://127.0.0.1:1/x.yml
expose deployment customer
autoscale deployment customer --max=3
drain lab
cordon lab
proxy
config get-contexts
api-versions
kustomize deploy
events
proxy-status
ps
proxy-config endpoints customer
proxy-config endpoint customer --cluster x
proxy-config all customer
proxy-config log customer --level debug
proxy-config bootstrap customer
proxy-config routes deploy/customer --name 8080
proxy-config clusters customer --fqdn x --direction outbound
x describe pod customer
experimental describe service customer
validate -f istiofiles/route-rule-recommendation-v2.yml
dashboard kiali
install --set profile=demo
uninstall --purge
tag list
bug-report
x precheck
x authz check customer
waypoint list
ztunnel-config workloads
remote-clusters
admin log
get nodes
get events
get cm
get secrets
get rs
get endpoints
get endpointslices
get crd
get statefulsets
load -n 10
apply istiofiles/route-rule-recommendation-v2.yml
`

// Each of these works, which without a lab ends where a lab is asked, or says in one line what to
// type: none is a bare error of usage.
func TestHabits(t *testing.T) {
	t.Parallel()
	for line := range strings.SplitSeq(strings.TrimSpace(habits), "\n") {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			args := strings.Fields(strings.ReplaceAll(line, "istiofiles/", "../../../istiofiles/"))
			got := surroundings{}.run(t, args...)
			lines := strings.Split(strings.TrimSpace(got.stderr), "\n")
			switch {
			case got.status == ok, strings.Contains(got.stderr, "no lab is running"):
			case strings.HasPrefix(line, "apply -f http"):
				if got.stderr != "Error: http://127.0.0.1:1/x.yml: dial tcp 127.0.0.1:1: connect: connection refused\n" {
					t.Errorf("%+v", got)
				}
			case strings.HasPrefix(line, "apply istiofiles"):
				if !strings.Contains(got.stderr, "apply -f ") {
					t.Errorf("%+v; want advice", got)
				}
			case got.status != misused || len(lines) != 1 || strings.Contains(got.stderr, " -h"):
				t.Errorf("%+v; want one line of advice", got)
			}
		})
	}
}

// Advice that names a verb of the lab names one that is there.
func TestAdviceHolds(t *testing.T) {
	t.Parallel()
	root := (&app{process: process{getenv: func(string) string { return "" }}}).root()
	for words, text := range advice() {
		for _, part := range strings.Split(text, "bin/lab ")[1:] {
			first, _, _ := strings.Cut(part, " ")
			if first = strings.Trim(first, ",;:"); strings.HasPrefix(first, "-") {
				continue
			}
			cmd, _, err := root.Find([]string{first})
			if err != nil || cmd == root || cmd.Hidden {
				t.Errorf("%s: there is no bin/lab %s", words, first)
			}
		}
		if strings.Contains(text, "\n") || text == "" {
			t.Errorf("%s: want one line, not %q", words, text)
		}
	}
}
