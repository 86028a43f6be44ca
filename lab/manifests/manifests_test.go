package manifests_test

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
)

// parse reads every manifest of a text.
func parse(file, text string) ([]manifests.Object, error) {
	docs, err := document.Parse(file, strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	var list []manifests.Object
	var errs document.Errors
	for _, doc := range docs {
		object, err := manifests.Parse(doc, "default")
		if some, ok := errors.AsType[document.Errors](err); ok {
			errs = append(errs, some...)
		}
		list = append(list, object)
	}
	return list, errs.OrNil()
}

func mustParse(t *testing.T, text string) []manifests.Object {
	t.Helper()
	objects, err := parse("x.yml", text)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// read parses a file of deploy/.
func read(t *testing.T, file string) []manifests.Object {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := parse(file, string(data))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	files, err := manifests.Kustomization(deploy)
	if err != nil {
		t.Fatal(err)
	}
	var objects []manifests.Object
	for _, file := range files {
		objects = append(objects, read(t, file)...)
	}
	topology := manifests.Topology(objects)
	name := func(name string) mesh.Name { return mesh.Name{Namespace: namespace, Name: name} }

	equal(t, topology.Services, []mesh.Service{
		service("recommendation"), service("preference"), service("customer"),
	})
	equal(t, topology.Ingresses, []mesh.Ingress{
		{Name: name("customer"), Host: "customer.istio-tutorial.local", Path: "/",
			Service: name("customer"), Port: 8080},
		{Name: name("customer"), Path: "/", Service: name("customer"), Port: 8080},
	})
	if len(topology.Workloads) != 3 {
		t.Fatalf("%d workloads", len(topology.Workloads))
	}
	probe := func(path string, period time.Duration, failures int) *mesh.Probe {
		return &mesh.Probe{Path: path, Port: "http", Period: period, Timeout: 2 * time.Second,
			Failures: failures, Successes: 1}
	}
	equal(t, topology.Workloads[0], mesh.Workload{
		Name:           name("recommendation-v1"),
		Labels:         mesh.Labels{"app": "recommendation", "version": "v1"},
		ServiceAccount: "recommendation",
		Replicas:       1,
		Container: mesh.Container{
			Name:  "recommendation",
			Image: "istio-tutorial-recommendation:v1",
			Env:   []mesh.EnvVar{{Name: "VERSION", Value: "v1"}, {Name: "DRAIN", Value: "5s"}},
			Ports: []mesh.ContainerPort{
				{Name: "http", Number: 8080}, {Name: "prometheus", Number: 9779},
			},
			Startup:   probe("/health/live", time.Second, 30),
			Liveness:  probe("/health/live", 10*time.Second, 3),
			Readiness: probe("/health/ready", 2*time.Second, 3),
		},
	})
}

func service(name string) mesh.Service {
	port := mesh.ServicePort{Name: "http", Number: 8080, Target: "http", Protocol: mesh.HTTP}
	return mesh.Service{
		Name:     mesh.Name{Namespace: namespace, Name: name},
		Ports:    []mesh.ServicePort{port},
		Selector: mesh.Labels{"app": name},
	}
}

func TestClassicIngress(t *testing.T) {
	t.Parallel()
	var routes [2][]mesh.Ingress
	for i, file := range []string{"/ingress/ingress.yml", "/ingress/classic/ingress.yml"} {
		objects := append(read(t, deploy+"/customer/Service.yml"), read(t, deploy+file)...)
		routes[i] = manifests.Topology(objects).Ingresses
	}
	equal(t, routes[1], routes[0])
}

const minimal = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web, version: v1}
    spec:
      containers:
      - name: web
        image: web:1
        ports:
        - containerPort: 80
        livenessProbe:
          httpGet: {port: 80}
`

func TestDefaults(t *testing.T) {
	t.Parallel()
	d := mustParse(t, minimal)[0].Deployment
	equal(t, d.Workload, mesh.Workload{
		Name:           mesh.Name{Namespace: "default", Name: "web"},
		Labels:         mesh.Labels{"app": "web", "version": "v1"},
		ServiceAccount: "default",
		Replicas:       1,
		Container: mesh.Container{
			Name: "web", Image: "web:1", Ports: []mesh.ContainerPort{{Number: 80}},
			Liveness: &mesh.Probe{Path: "/", Port: "80", Period: 10 * time.Second,
				Timeout: time.Second, Failures: 3, Successes: 1},
		},
	})
	equal(t, d.Grace, 30*time.Second)
}

func TestFields(t *testing.T) {
	t.Parallel()
	text := strings.Replace(minimal, "        ports:", `        env:
        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: WHERE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
        - {name: WHO, valueFrom: {fieldRef: {fieldPath: spec.serviceAccountName}}}
        - {name: NONE}
        command: [/web]
        args: [-v]
        ports:`, 1)
	c := mustParse(t, text)[0].Deployment.Container
	equal(t, c.Env, []mesh.EnvVar{{Name: "POD", Field: "metadata.name"},
		{Name: "WHERE", Value: "default"}, {Name: "WHO", Value: "default"}, {Name: "NONE"}})
	equal(t, c.Command, []string{"/web"})
	equal(t, c.Args, []string{"-v"})
}

func TestServicePorts(t *testing.T) {
	t.Parallel()
	s := mustParse(t, `apiVersion: v1
kind: Service
metadata: {name: web, namespace: x}
spec:
  ports:
  - {name: http-web, port: 80, targetPort: 8080}
  - {name: grpc, port: 81}
  - {name: https, port: 443}
  - {name: db, port: 82, appProtocol: kubernetes.io/h2c}
`)[0].Service
	equal(t, s.Ports, []mesh.ServicePort{
		{Name: "http-web", Number: 80, Target: "8080", Protocol: mesh.HTTP},
		{Name: "grpc", Number: 81, Protocol: mesh.HTTP2},
		{Name: "https", Number: 443, Protocol: mesh.TCP, TLS: true},
		{Name: "db", Number: 82, Protocol: mesh.HTTP2},
	})
}

func TestRouteOrder(t *testing.T) {
	t.Parallel()
	objects := mustParse(t, `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i}
spec:
  rules:
  - http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 1}}}}
      - {path: /long, pathType: Prefix, backend: {service: {name: b, port: {name: web}}}}
      - {path: /x, pathType: Exact, backend: {service: {name: c, port: {number: 3}}}}
---
apiVersion: v1
kind: Service
metadata: {name: b}
spec: {ports: [{name: web, port: 2}]}
`)
	var got []string
	for _, i := range manifests.Topology(objects).Ingresses {
		got = append(got, i.Path+" "+i.Service.Name+" "+string(rune('0'+i.Port)))
	}
	equal(t, got, []string{"/x c 3", "/long b 2", "/ a 1"})
}
