package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// advice is what to type in place of words of kubectl and istioctl that the lab does not have, by
// the words. What of them makes sense on one machine is a verb of its own.
func advice() map[string]string {
	all := ofKubectl()
	maps.Copy(all, ofIstioctl())
	return all
}

const noMesh = "the lab brings its mesh along: "

func ofKubectl() map[string]string {
	const (
		allYours = "yes: the lab has no users and no roles, and all of it is yours"
		oneNode  = "the lab has one node, this machine, and takes no pods off it"
		files    = "the pods of the lab share this machine's files: use "
		toFile   = "write it to a file, and then: bin/lab create -f FILE"
	)
	return map[string]string{
		"port-forward": "pods serve on this machine already: bin/lab get pods -o wide shows at which address, " +
			"and bin/lab status that of the ingress",
		"cluster-info": "there is no cluster: bin/lab status shows what runs, and where",
		"attach":       "programs of pods read nothing: bin/lab logs -f POD shows what they print",
		"debug":        "bin/lab exec -it POD -- sh runs a shell with a pod's environment, and all programs of this machine",
		"auth":         allYours,
		"cp":           files + "cp",
		"run":          "bin/lab create deployment NAME --image=IMAGE starts a pod of one of the images that deploy/ has",
		"expose":       "a Service comes from a file, such as deploy/customer/Service.yml: bin/lab create -f FILE",
		"autoscale":    "bin/lab scale deployment/NAME --replicas=N sets how many pods there are; nothing scales by itself",
		"drain":        oneNode, "cordon": oneNode, "uncordon": oneNode, "taint": oneNode,
		"proxy":          "the lab has no API server: bin/lab get KIND -o json prints what one would answer",
		"certificate":    "the lab signs no certificates of users",
		"config":         "the lab has no kubeconfig: --name or $LAB_NAME says which lab is meant, -n which namespace",
		"api-versions":   "bin/lab api-resources lists the kinds with their API versions",
		"kustomize":      "bin/lab apply -k FOLDER applies a kustomization's files",
		"plugin":         "the lab has no plugins",
		"options":        "bin/lab -h lists the flags that all verbs take",
		"rollout pause":  "a rollout is not paused: put all changes into one bin/lab patch or bin/lab apply",
		"rollout resume": "rollouts are never paused",
		"set resources":  "the lab sets no limits: processes share the machine",
		"set selector":   "change the file, and then: bin/lab replace -f FILE",
		"set serviceaccount": "bin/lab patch deployment NAME -p " +
			`'{"spec":{"template":{"spec":{"serviceAccountName":"ACCOUNT"}}}}'`,
		"set subject":    allYours,
		"create service": toFile, "create configmap": toFile,
		"create ingress": toFile, "create serviceaccount": toFile, "create job": toFile,
		"create cronjob": toFile, "create role": toFile, "create rolebinding": toFile,
		"create clusterrole": toFile, "create clusterrolebinding": toFile, "create token": toFile,
		"create quota": toFile, "create poddisruptionbudget": toFile, "create priorityclass": toFile,
	}
}

func ofIstioctl() map[string]string {
	return map[string]string{ //nolint:gosec // verbs, of which "create-remote-secret" is no secret
		"proxy-config log":     "all sidecars are one Envoy: bin/lab proxy-logs -f shows its log, bin/lab logs POD -c istio-proxy a pod's requests",
		"proxy-config ecds":    "only the filter for tokens comes by itself: bin/lab get requestauthentication -o yaml has its rules",
		"dashboard":            "bin/lab metrics prints what Prometheus would read, bin/lab status says where; bin/lab up --tracing jaeger sends traces to a Jaeger of yours",
		"install":              noMesh + "bin/lab up starts it",
		"uninstall":            noMesh + "bin/lab down ends it",
		"upgrade":              noMesh + "it is as new as the sources",
		"manifest":             noMesh + "bin/lab up starts it",
		"operator":             noMesh + "bin/lab up starts it",
		"profile":              noMesh + "bin/lab up --edition chooses its defaults",
		"tag":                  noMesh + "it has one revision, default",
		"bug-report":           "bin/lab status, bin/lab analyze, bin/lab proxy-logs: together they say how the lab is",
		"admin":                "the lab has no istiod: bin/lab proxy-status says what Envoy has taken",
		"remote-clusters":      "the lab is one mesh on one machine",
		"create-remote-secret": "the lab is one mesh on one machine",
		"waypoint":             "the lab has no ambient mode: pods have sidecars",
		"ztunnel-config":       "the lab has no ambient mode: pods have sidecars; bin/lab proxy-config POD shows it",
		"register":             "a Service comes from a file: bin/lab create -f FILE",
		"deregister":           "bin/lab delete service NAME",
		"authn":                "bin/lab x describe pod POD says which mTLS mode holds",
		"x authz":              "bin/lab x describe pod POD names the policies that hold for a pod",
		"x precheck":           noMesh + "bin/lab analyze -f FILE checks files",
		"x wait":               "bin/lab create returns when the proxy has taken a rule: there is nothing to wait for",
		"x injector":           "there is no injector: the lab gives pods their sidecars itself",
		"x check-inject":       "there is no injector: the lab gives pods their sidecars itself",
		"x internal-debug":     "the lab has no istiod: bin/lab proxy-config POD shows what Envoy has",
		"x metrics":            "bin/lab stats POD, or bin/lab load, which prints a summary",
		"x version":            "bin/lab version",
		"x proxy-status":       "bin/lab proxy-status",
		"x config":             "the lab needs no configuration: bin/lab -h lists its flags",
		"x add-to-mesh":        "pods have sidecars, but where their Deployment says sidecar.istio.io/inject: \"false\"",
		"x remove-from-mesh":   "a Deployment whose pods say sidecar.istio.io/inject: \"false\" has none: bin/lab patch, bin/lab edit",
		"x revision":           "the lab has one revision, default",
		"x uninstall":          noMesh + "bin/lab down ends it",
		"x waypoint":           "the lab has no ambient mode: pods have sidecars",
		"x ztunnel-config":     "the lab has no ambient mode: pods have sidecars",
		"x envoy-stats":        "bin/lab stats POD",
		"x workload":           "workloads outside the cluster are hosts of a ServiceEntry",
	}
}

// counsel is all the answer to words that the lab only has advice for.
type counsel string

func (c counsel) Error() string { return string(c) }

// addAdvice gives each of the words a hidden verb, below the one that it belongs to.
func (a *app) addAdvice(root *cobra.Command) {
	for words, text := range advice() {
		parent, word := root, words
		if first, second, ok := strings.Cut(words, " "); ok {
			parent, word = child(root, first), second
		}
		parent.AddCommand(wordOnly(word, words+": "+text))
	}
}

// wordOnly is a hidden verb that only says what to do instead.
func wordOnly(word, text string) *cobra.Command {
	return &cobra.Command{
		Use: word, Hidden: true, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error { return counsel(text) },
	}
}

func child(parent *cobra.Command, word string) *cobra.Command {
	i := slices.IndexFunc(parent.Commands(), func(c *cobra.Command) bool {
		return c.Name() == word || c.HasAlias(word)
	})
	return parent.Commands()[i]
}
