package mesh

// ProxyDefaults are what a proxy does with all requests and answers, whatever the rules say. The zero ProxyDefaults
// change nothing.
type ProxyDefaults struct {
	Server    string // how the proxy calls itself in answers, in place of what the server says; "": not
	Attempts  bool   // the server is told which try a request is
	Deadlines bool   // a client of gRPC may ask for less time than the route has
	Continue  bool   // a client that asks before it sends a body asks the server, not the proxy
	// Resets has a request that the program's connection ended before it was sent tried again.
	Resets bool
}
