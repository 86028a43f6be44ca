package traffic

import (
	"strings"

	"istio-tutorial/lab/envoy"
)

// Cause is why a call ended as it did.
type Cause string

// The causes, as they are written in checks and shown to readers.
const (
	Answered      Cause = "answered" // by the program, below 400
	Retried       Cause = "answered after a retry"
	Delayed       Cause = "injected delay"
	Aborted       Cause = "injected abort"
	RouteTimeout  Cause = "timeout"
	TryTimeout    Cause = "timeout of each try"
	CircuitFull   Cause = "circuit full"
	Ejected       Cause = "no pod left, all ejected"
	NoPod         Cause = "no pod"
	NoCluster     Cause = "no such subset"
	Refused       Cause = "connection refused"
	Reset         Cause = "connection reset"
	NoRoute       Cause = "no route"
	NoHost        Cause = "no such host"
	RegistryOnly  Cause = "host outside not allowed"
	Denied        Cause = "denied by a policy"
	NotAllowed    Cause = "not allowed by any policy"
	RateLimited   Cause = "rate limit"
	ProgramError  Cause = "program's own error"
	PassedOn      Cause = "error passed on" // by a program whose own call went wrong
	GaveUp        Cause = "caller gave up"
	Redirected    Cause = "redirect"
	DirectAnswer  Cause = "direct answer"
	HostOutside   Cause = "answered by a host outside"
	Unexplained   Cause = "not explained"
	StillUnderWay Cause = "still under way"
)

// Causes are all there are.
func Causes() []Cause {
	return []Cause{
		Answered, Retried, Delayed, Aborted, RouteTimeout, TryTimeout, CircuitFull, Ejected, NoPod,
		NoCluster, Refused, Reset, NoRoute, NoHost, RegistryOnly, Denied, NotAllowed, RateLimited,
		ProgramError, PassedOn, GaveUp, Redirected, DirectAnswer, HostOutside, Unexplained, StillUnderWay,
	}
}

// Failed reports whether the cause is one of an answer that is no good.
func (c Cause) Failed() bool {
	switch c {
	case Answered, Retried, Delayed, Redirected, DirectAnswer, HostOutside, StillUnderWay:
		return false
	}
	return true
}

// Maker is who made an answer.
type Maker string

// The makers.
const (
	Program       Maker = "program"
	CallerSidecar Maker = "caller's sidecar"
	CalleeSidecar Maker = "callee's sidecar"
	IngressItself Maker = "ingress"
	Outside       Maker = "host outside"
	Nobody        Maker = "nobody"
)

// has reports whether a flag is among Envoy's.
func has(flags, flag string) bool {
	for f := range strings.SplitSeq(flags, ",") {
		if f == flag {
			return true
		}
	}
	return false
}

// byProxy is the cause of an answer that the caller's proxy made itself; false where the answer
// came from upstream.
func byProxy(flags, details string) (Cause, bool) {
	switch {
	case details == "via_upstream":
		return "", false
	case has(flags, "DC") || strings.Contains(details, "downstream_remote_disconnect"):
		return GaveUp, true
	case has(flags, "FI") || strings.Contains(details, "fault_filter_abort"):
		return Aborted, true
	case details == "upstream_per_try_timeout":
		return TryTimeout, true
	case has(flags, "UT") || details == "response_timeout" || has(flags, "SI") || has(flags, "DT"):
		return RouteTimeout, true
	case has(flags, "UO") || strings.Contains(details, "overflow"):
		return CircuitFull, true
	case has(flags, "UH"):
		return NoPod, true
	case has(flags, "NC"):
		return NoCluster, true
	case has(flags, "NR"):
		return NoRoute, true
	case has(flags, "DF") || strings.Contains(details, "dns_resolution_failure"):
		return NoHost, true
	case has(flags, "RL"):
		return RateLimited, true
	case has(flags, "UF"):
		return Refused, true
	case has(flags, "UC") || has(flags, "UR") || has(flags, "LR") || has(flags, "UPE"):
		return Reset, true
	case details == "direct_response":
		return DirectAnswer, true
	case strings.HasPrefix(details, "cors_"):
		return DirectAnswer, true
	}
	return Unexplained, true
}

// atServer is the cause of an answer that the server's proxy made; false where it is its program's.
func atServer(flags, details string) (Cause, bool) {
	switch {
	case details == "via_upstream" || details == "":
		return "", false
	case has(flags, "RL") || strings.Contains(details, "rate_limited"):
		return RateLimited, true
	case details == "direct_response":
		return Denied, true
	}
	return byProxy(flags, details)
}

func isOutbound(e envoy.Entry) bool { return e.Direction == envoy.Outbound }
