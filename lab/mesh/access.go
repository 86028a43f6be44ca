package mesh

// AccessRule is about the requests that come from one of its sources and ask for one of its
// operations.
type AccessRule struct {
	From   string // the policy's name, for the reader
	Field  string // of the policy that the rule is, such as spec.rules[0]; "": the whole policy
	Name   string // what the proxy's log calls the rule, where it has decided
	Action AccessAction
	// DryRun rules decide nothing: the proxy counts what they would have decided.
	DryRun bool
	// Sources and Operations are all those that the rule is about; without one it is about no
	// request.
	Sources    []AccessTerms
	Operations []AccessTerms
}

// AccessAction is what a rule does with its requests.
type AccessAction int

// The actions. Rules that deny are asked before those that allow; where there are some that allow,
// what none of them is about is denied.
const (
	Allow AccessAction = iota
	Deny
	Audit // marks a request, for programs that the lab does not have
)

// AccessTerms all hold; none hold for every request.
type AccessTerms []AccessTerm

// AccessTerm holds for the port of the container or, where it has none, for requests that meet one
// of the conditions. On a port of TCP only those of Peer can be asked.
type AccessTerm struct {
	Ports      []int
	Conditions []Condition
	// Together are lists of further conditions; those of a list hold only all together.
	Together [][]Condition
	Not      bool // it holds for all others
}
