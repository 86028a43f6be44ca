package v1

import "fmt"

// Level is how much a finding matters, as istioctl analyze has it.
type Level string

// The levels.
const (
	Info    Level = "Info"
	Warning Level = "Warning"
	Error   Level = "Error"
)

// Finding is what a reader should know about a rule that was taken.
type Finding struct {
	Key   Key
	Path  string // of the field that is meant; "" is the whole rule
	Code  string // istioctl's, such as IST0101; "" where it has none
	Level Level
	Text  string // a sentence
}

// String is as istioctl analyze prints it.
func (f Finding) String() string {
	if f.Code == "" {
		return fmt.Sprintf("%s (%s) %s", f.Level, f.Key, f.Text)
	}
	return fmt.Sprintf("%s %s (%s) %s", f.Code, f.Level, f.Key, f.Text)
}

// Codes of istioctl's messages.
const (
	codeNotFound         = "IST0101"
	codeConflictingHosts = "IST0109"
	codeUnreachableRule  = "IST0130"
	codeIneffectiveMatch = "IST0131"
	codeSchemaWarning    = "IST0133"
	codeNoPods           = "IST0173"
	codeDeprecated       = "IST0002"
	codeNoWorkloads      = "IST0127"
	codeHostNotInGateway = "IST0132"
	codePortRequired     = "IST0112"
	codeNoAuthority      = "IST0128"
	codeNoPortAuthority  = "IST0129"
	codeAddresses        = "IST0134"
	codeNoSubsetAtEdge   = "IST0140"
	codeRelative         = "IST0151"
)
