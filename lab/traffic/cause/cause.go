// Package cause is why a call ended as it did, and how that is read of what Envoy logs: its flags, and its
// details of the response.
package cause

import "strings"

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
	NotSecured    Cause = "no TLS" // it did not come about
	NoRoute       Cause = "no route"
	NoListener    Cause = "no listener" // for the host that a connection names
	NoHost        Cause = "no such host"
	OwnAddress    Cause = "sidecar's own address" // the call would come back
	RegistryOnly  Cause = "host outside not allowed"
	Denied        Cause = "denied by a policy"
	NotAllowed    Cause = "not allowed by any policy"
	BadToken      Cause = "token" // it does not hold
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

// All are all there are.
func All() []Cause {
	return []Cause{
		Answered, Retried, Delayed, Aborted, RouteTimeout, TryTimeout, CircuitFull, Ejected, NoPod,
		NoCluster, Refused, Reset, NotSecured, NoRoute, NoListener, NoHost, OwnAddress, RegistryOnly, Denied, NotAllowed,
		BadToken, RateLimited, ProgramError, PassedOn, GaveUp, Redirected, DirectAnswer, HostOutside, Unexplained, StillUnderWay,
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

// has reports whether a flag is among Envoy's.
func has(flags, flag string) bool {
	for f := range strings.SplitSeq(flags, ",") {
		if f == flag {
			return true
		}
	}
	return false
}

// IsDelayed reports whether Envoy's flags say that a rule held the call back.
func IsDelayed(flags string) bool { return has(flags, "DI") }

// sign is how Envoy tells a cause: by a flag, by its details, or by a part of them.
type sign struct {
	flag, details, part string
	cause               Cause
}

func (s sign) fits(flags, details string) bool {
	return s.flag != "" && has(flags, s.flag) || s.details != "" && details == s.details ||
		s.part != "" && strings.Contains(details, s.part)
}

// signs are in the order in which they count: what a rule does goes before what comes of it.
func signs() []sign {
	return []sign{
		{"DC", "", "downstream_remote_disconnect", GaveUp},
		{"FI", "", "fault_filter_abort", Aborted},
		{"", "upstream_per_try_timeout", "", TryTimeout},
		{"UT", "response_timeout", "", RouteTimeout},
		{"SI", "", "", RouteTimeout},
		{"DT", "", "", RouteTimeout},
		{"UO", "", "overflow", CircuitFull},
		{"UH", "", "", NoPod},
		{"NC", "", "", NoCluster},
		{"NR", "", "", NoRoute},
		{"DF", "", "dns_resolution_failure", NoHost},
		{"RL", "", "", RateLimited},
		{"", "", tokenDetails, BadToken},
		{"", "", tlsDetails, NotSecured},
		{"UF", "", "", Refused},
		{"UC", "", "", Reset},
		{"UR", "", "", Reset},
		{"LR", "", "", Reset},
		{"UPE", "", "", Reset},
		{"", "direct_response", "", DirectAnswer},
		{"", "", "cors_", DirectAnswer},
	}
}

// ByProxy is the cause of an answer that the caller's proxy made itself; false where the answer
// came from upstream.
func ByProxy(flags, details string) (Cause, bool) {
	if details == "via_upstream" {
		return "", false
	}
	for _, s := range signs() {
		if s.fits(flags, details) {
			return s.cause, true
		}
	}
	return Unexplained, true
}

// AtServer is the cause of an answer that the server's proxy made; false where it is its program's.
func AtServer(flags, details string) (Cause, bool) {
	switch {
	case details == "via_upstream" || details == "":
		return "", false
	case has(flags, "RL") || strings.Contains(details, "rate_limited"):
		return RateLimited, true
	case strings.Contains(details, tokenDetails):
		return BadToken, true
	case details == "direct_response":
		return Denied, true
	}
	if access, refused := OfAccess(details); refused {
		return access, true
	}
	return ByProxy(flags, details)
}

// tokenDetails begin what Envoy says of a token that does not hold, in braces and without blanks.
const tokenDetails = "jwt_authn_access_denied" //nolint:gosec // a word of Envoy's, no secret

// TokenProblem is what is wrong with a token, in Envoy's words.
func TokenProblem(details string) string {
	_, text, _ := strings.Cut(details, tokenDetails+"{")
	return strings.ReplaceAll(strings.TrimSuffix(text, "}"), "_", " ")
}

// noRule is in place of a rule's name where none of those that allow was about a request.
const noRule = "none"

// OwnAddressRule is the name of the rule by which a proxy refuses what would come back to it, whatever the user's rules say.
const OwnAddressRule = "a-sidecars-own-address"

// OfAccess is the cause of an answer by which a rule of access refused a request; false where none did.
func OfAccess(details string) (Cause, bool) {
	switch rule, refused := DecidedBy(details); {
	case !refused:
		return "", false
	case rule == noRule:
		return NotAllowed, true
	case rule == OwnAddressRule:
		return OwnAddress, true
	}
	return Denied, true
}

// DecidedBy is the rule of access by which a proxy refused a request, as Envoy's details name it;
// false where no such rule did.
func DecidedBy(details string) (string, bool) {
	rule, ok := strings.CutPrefix(details, "rbac_access_denied_matched_policy[")
	return strings.TrimSuffix(rule, "]"), ok
}
