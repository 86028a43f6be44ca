// Package xds turns the mesh into the configuration of one Envoy, which plays the sidecar of
// every instance and the ingress.
//
// A call goes from the program to the outbound listener of its instance, which knows the routes
// of its workload; from there to the inbound listener of an instance of the service, over a unix
// socket; and from there to the program. All clusters of a client are its own, so that limits
// and ejections are counted for each calling instance, as in a mesh.
//
// Here are the listeners, tables, clusters and secrets as a whole. What rules make of their parts is in the packages
// below: route, filter for the steps of a listener, match for conditions, cluster for policies.
package xds

import (
	"istio-tutorial/lab/mesh"
)

// Config is what the mesh does not say: where things are on this machine.
type Config struct {
	// Sockets is a folder of the owner alone, for the inbound listeners. Required.
	Sockets string
	// Ingress is where the ingress listens, host:port. Empty: there is none.
	Ingress string
	// Secure is where the ingress listens for encrypted connections, host:port. Empty: nowhere.
	Secure string
	// Outside is where an external host is, host:port. Nil: where its name leads.
	Outside func(mesh.ExternalHost) string
	// Authorities is a PEM file of those whose certificates hold. Empty: the system's.
	Authorities string
	// Identify returns the certificate by which a proxy proves who it is, and whom it believes: the
	// secret of a name. Nil: no proxy has any, and the mesh asks for none.
	Identify func(name string, who mesh.Identity) (mesh.Secret, error)
	// AccessLog is the file that gets a line for each request, see envoy.ParseAccess. Empty:
	// none.
	AccessLog string
	// Unexplained leaves out of it what only who explains a request reads, see envoy.Entry.
	Unexplained bool
	// Zipkin is where spans are reported, host:port, each report with the header
	// envoy.ServiceHeader, see envoy.RelaySpans. Empty: nowhere.
	Zipkin string
}

// Ingress is the name of the ingress among the clients.
func Ingress() mesh.Name { return mesh.Name{Name: "ingress"} }
