package main

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/lesson/onlab"
	"istio-tutorial/lab/objects"
)

// tlsVariable is where the ingress takes encrypted connections, for the commands of docs/.
const tlsVariable = "CUSTOMER_TLS"

// howToGoOn is what a lab that has just started proposes.
func (s *start) howToGoOn(status control.Status, page string) {
	rules, lesson := []string{"create -f istiofiles/route-rule-recommendation-503.yml"}, "lesson 1"
	if edition := objects.Edition(s.edition); edition != objects.Classic {
		file := map[objects.Edition]string{
			objects.V1: "v1/route-rule-recommendation-v1_and_v2.yml", objects.GatewayAPI: "gateway-api/route-rule-recommendation-v2.yml",
		}[edition]
		rules = []string{
			"apply -f deploy/recommendation/Deployment-v2.yml",
			"apply -f istiofiles/" + file,
		}
	}
	if s.edition == string(objects.GatewayAPI) {
		lesson = "lesson 2" // the first has rules that it cannot express
	}
	if page != "" {
		page = "See it live: " + page + "\n"
	}
	fmt.Fprintf(s.stdout, `
%sThe mesh is up: %s is its ingress. Ctrl-C ends it.
In another terminal:
`, page, status.Ingress)
	if export := s.otherDoors(status); export != "" {
		if strings.Contains(export, tlsVariable) {
			fmt.Fprintf(s.stdout, "  # %s: lesson %d needs %s\n", s.whyOtherTLS(), lessonOfTLS, tlsVariable)
		}
		fmt.Fprintln(s.stdout, "  "+export)
	}
	fmt.Fprintln(s.stdout, "  bin/poll_customer.sh")
	for _, verb := range slices.Concat([]string{"get pods"}, rules, []string{lesson}) {
		fmt.Fprintln(s.stdout, "  "+s.line(verb))
	}
}

// lessonOfTLS is the one whose commands ask at the door for encrypted connections.
const lessonOfTLS = 21

// whyOtherTLS is why the encrypted connections are not where docs/ take them to be.
func (s *start) whyOtherTLS() string {
	if s.insistTLS {
		return "the ingress takes TLS at another port"
	}
	_, port, _ := net.SplitHostPort(defaultListenTLS)
	return "port " + port + " was taken"
}

// usual reports whether the commands of docs/ take a variable to have a value where nothing says so.
func usual(variable, value string) bool {
	return value == map[string]string{
		onlab.NameVariable: defaultLab, onlab.URLVariable: "http://" + defaultListen, tlsVariable: defaultListenTLS,
	}[variable]
}

// otherDoors is what to type before the commands of docs/, whose defaults do not lead to the doors of this
// lab; "" if they do, or the reader's shell names doors.
func (a *app) otherDoors(status control.Status) string {
	var list []string
	for _, door := range [...]struct{ variable, is string }{
		{onlab.URLVariable, status.Ingress}, {tlsVariable, status.Secure},
	} {
		if !usual(door.variable, door.is) && a.getenv(door.variable) == "" {
			list = append(list, door.variable+"="+door.is)
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "export " + strings.Join(list, " ")
}

// doorsHere is the same while the lab runs: where nobody takes encrypted connections, no page asks there.
func (a *app) doorsHere(status control.Status) string {
	if len(status.Doors) == 0 {
		status.Secure = defaultListenTLS
	}
	return a.otherDoors(status)
}

// adviseDoors says where the doors of the lab are to a reader who goes by the commands of docs/.
func (a *app) adviseDoors(export string) {
	a.advise("this lab is not where the commands of docs/ look for it; first type:", export)
}
