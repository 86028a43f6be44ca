package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
)

func (a *app) xDescribe(kind string) *cobra.Command {
	cmd := &cobra.Command{
		Use:     kind + " NAME",
		Aliases: map[string][]string{"service": {"svc"}, "pod": {"po"}}[kind],
		Short:   "Show which rules act on a " + kind,
		Example: "  bin/lab x describe " + kind + " NAME",
		Args:    cobra.ExactArgs(1),
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return a.names(cmd, kind, ""), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: a.asking(func(cmd *cobra.Command, client *control.Client, args []string) error {
			name, namespace := args[0], a.namespace
			if short, ns, ok := strings.Cut(name, "."); ok { // NAME.NAMESPACE, as istioctl has it
				name, namespace = short, ns
			}
			s := objects.Selection{Args: []string{kind, strings.TrimPrefix(name, kind+"/")}, Namespace: namespace}
			tables, err := client.Get(cmd.Context(), s)
			if err != nil {
				return err
			}
			w, err := worldOf(cmd.Context(), client, namespace)
			if err != nil {
				return err
			}
			return w.describe(a.fitted(), rowsOf(tables)[0])
		}),
	}
	return cmd
}

// ruleKinds are the kinds that x describe tells of.
const ruleKinds = "destinationrules,virtualservices,httproutes,authorizationpolicies," +
	"peerauthentications,routerules,destinationpolicies"

// world is what x describe looks at.
type world struct {
	namespace string
	services  []control.Row
	pods      []control.Row
	rules     []control.Row
}

func worldOf(ctx context.Context, client *control.Client, namespace string) (world, error) {
	w := world{namespace: namespace}
	for kinds, into := range map[string]*[]control.Row{
		"services": &w.services, "pods": &w.pods, ruleKinds: &w.rules,
	} {
		s := objects.Selection{Args: []string{kinds}, AllNamespaces: kinds == ruleKinds, Namespace: namespace}
		tables, err := client.Get(ctx, s)
		if err != nil {
			return w, err
		}
		*into = rowsOf(tables)
	}
	return w, nil
}

// describe tells of a pod and its Services, or of a Service and its pods.
func (w world) describe(out io.Writer, subject control.Row) error {
	say := func(depth int, format string, args ...any) {
		fmt.Fprintln(out, strings.Repeat("   ", depth)+document.Printable(fmt.Sprintf(format, args...)))
	}
	object, err := objectOf(subject)
	if err != nil {
		return err
	}
	labels := labelsIn(object, "metadata", "labels")
	services := []control.Row{subject}
	if subject.Kind == objects.PodKind {
		describePod(say, subject, object)
		if services, err = w.selecting(labels); err != nil {
			return err
		}
		if len(services) == 0 {
			say(0, "%s", dashes)
			say(0, "No Service selects the pod")
		}
	}
	for i, s := range services {
		if subject.Kind == objects.PodKind || i > 0 {
			say(0, "%s", dashes)
		}
		if err := w.describeService(say, s, labels, subject.Kind == objects.PodKind); err != nil {
			return err
		}
	}
	say(0, "%s", dashes)
	return w.describeAccess(say, subject, labels)
}

const dashes = "--------------------"

type sayer func(depth int, format string, args ...any)

func describePod(say sayer, r control.Row, object map[string]any) {
	say(0, "Pod: %s", r.Name)
	say(1, "Pod Revision: default")
	var ports []string
	for _, c := range listIn(object, "spec", "containers") {
		container, _ := c.(map[string]any)
		for _, p := range listIn(container, "ports") {
			port, _ := p.(map[string]any)
			ports = append(ports, fmt.Sprintf("%s (%s)", cellOf(port["containerPort"]), cellOf(container["name"])))
		}
	}
	if len(ports) == 0 {
		say(1, "Pod does not expose ports")
		return
	}
	say(1, "Pod Ports: %s", strings.Join(ports, ", "))
}

// selecting are the Services whose selector labels meet.
func (w world) selecting(labels mesh.Labels) (list []control.Row, err error) {
	for _, s := range w.services {
		object, err := objectOf(s)
		if err != nil {
			return nil, err
		}
		if selector := labelsIn(object, "spec", "selector"); len(selector) > 0 && labels.Has(selector) {
			list = append(list, s)
		}
	}
	return list, nil
}

func (w world) describeService(say sayer, s control.Row, pod mesh.Labels, ofPod bool) error {
	object, err := objectOf(s)
	if err != nil {
		return err
	}
	say(0, "Service: %s", s.Name)
	for _, p := range listIn(object, "spec", "ports") {
		port, _ := p.(map[string]any)
		target := port["targetPort"]
		if target == nil {
			target = port["port"]
		}
		name := cellOr(port["name"], "<unnamed>")
		say(1, "Port: %s %s/%s targets pod port %s", name, cellOf(port["port"]), protocolOf(name), cellOf(target))
	}
	for _, r := range w.rules {
		object, err := objectOf(r)
		if err != nil {
			return err
		}
		if !w.isAbout(r, object, s) {
			continue
		}
		switch r.Kind {
		case "DestinationRule":
			describeDestinationRule(say, r, object, pod, ofPod)
		case "VirtualService":
			say(0, "VirtualService: %s", r.Name)
			say(1, "%d HTTP route(s)", len(listIn(object, "spec", "http")))
		case "HTTPRoute", "GRPCRoute":
			say(0, "%s: %s", r.Kind, r.Name)
			say(1, "%d rule(s)", len(listIn(object, "spec", "rules")))
		default:
			say(0, "%s: %s", r.Kind, r.Name)
		}
		for _, warning := range r.Warnings {
			say(1, "WARNING: %s", warning)
		}
	}
	return nil
}

// protocolOf goes by the port's name, as Istio does.
func protocolOf(port string) string {
	name, _, _ := strings.Cut(port, "-")
	if slices.Contains([]string{"http", "http2", "grpc"}, name) {
		return strings.ToUpper(name)
	}
	return "TCP"
}

func describeDestinationRule(say sayer, r control.Row, object map[string]any, pod mesh.Labels, ofPod bool) {
	spec, _ := object["spec"].(map[string]any)
	say(0, "DestinationRule: %s for %q", r.Name, cellOf(spec["host"]))
	var matching, others []string
	for _, entry := range listIn(spec, "subsets") {
		subset, _ := entry.(map[string]any)
		if pod.Has(labelsIn(subset, "labels")) {
			matching = append(matching, cellOf(subset["name"]))
		} else {
			others = append(others, cellOf(subset["name"]))
		}
	}
	switch {
	case !ofPod && len(matching)+len(others) > 0:
		say(1, "Subsets: %s", strings.Join(append(matching, others...), ","))
	case len(matching) > 0:
		say(1, "Matching subsets: %s", strings.Join(matching, ","))
		if len(others) > 0 {
			say(2, "(Non-matching subsets %s)", strings.Join(others, ","))
		}
	case len(others) > 0:
		say(1, "WARNING POD DOES NOT MATCH ANY SUBSETS.  (Non matching subsets %s)", strings.Join(others, ","))
	}
	policy, _ := spec["trafficPolicy"].(map[string]any)
	if len(policy) == 0 {
		say(1, "No Traffic Policy")
		return
	}
	for _, name := range sortedKeys(policy) {
		say(1, "Traffic Policy %s", name)
	}
}
