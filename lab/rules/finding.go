package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Level is how much a finding matters, as istioctl analyze has it.
type Level string

// The levels, the lightest first.
const (
	Info    Level = "Info"
	Warning Level = "Warning"
	Error   Level = "Error"
)

// Unsupported is the level, beside istioctl's, of a valid rule that the lab refuses.
const Unsupported Level = "Unsupported"

// Code says for programs which finding it is: istioctl's code, such as IST0101, or a word of the
// lab's own where istioctl has none.
type Code string

// Codes of istioctl.
const (
	Deprecated       Code = "IST0002"
	NotFound         Code = "IST0101"
	Schema           Code = "IST0106" // what admission refuses
	ConflictingHosts Code = "IST0109"
	PortRequired     Code = "IST0112"
	NoWorkloads      Code = "IST0127"
	NoAuthority      Code = "IST0128"
	NoPortAuthority  Code = "IST0129"
	UnreachableRule  Code = "IST0130"
	IneffectiveMatch Code = "IST0131"
	HostNotInGateway Code = "IST0132"
	SchemaWarning    Code = "IST0133"
	NoAddresses      Code = "IST0134"
	NoSubsetAtEdge   Code = "IST0140"
	SameServers      Code = "IST0145"
	NoTokensAtEdge   Code = "IST0149"
	BadCredential    Code = "IST0161"
	Relative         Code = "IST0151"
	WrongReplace     Code = "IST0152"
	WrongAdd         Code = "IST0153"
	WrongRemove      Code = "IST0154"
	RelativeVersion  Code = "IST0155"
	Ineffective      Code = "IST0167"
	Negative         Code = "IST0171" // a resource says of itself that it does not work
	NoPods           Code = "IST0173"
	UnknownHost      Code = "IST0174"
	SamePort         Code = "IST0177"
)

// Istioctl is the code that a reader knows; "" for one of the lab's own.
func (c Code) Istioctl() string {
	if !strings.HasPrefix(string(c), "IST") {
		return ""
	}
	return string(c)
}

// Finding is what a reader should know about a rule that was taken: it never acts, or acts less
// than its file says.
type Finding struct {
	Key   Key
	Path  string // of the field that is meant; "" is the whole rule
	Code  Code
	Level Level
	Text  string // a sentence
}

// String is as istioctl analyze prints it.
func (f Finding) String() string {
	text := fmt.Sprintf("%s (%s) %s", f.Level, f.Key, f.Text)
	return strings.TrimLeft(f.Code.Istioctl()+" "+text, " ")
}

// Warn is a finding of level Warning.
func Warn(path string, code Code, format string, args ...any) Finding {
	return Finding{Path: path, Code: code, Level: Warning, Text: fmt.Sprintf(format, args...)}
}

// Findings are what there is to say about the rules in force, in the order of their keys: what
// admission warned of, and what inspect finds.
func Findings(s Set, inspect func(*Rule) []Finding) []Finding {
	var list []Finding
	for _, r := range s.sorted.all {
		for _, f := range append(slices.Clone(r.Warnings), inspect(r)...) {
			f.Key = r.Key
			if !r.hides(f.Code.Istioctl()) {
				list = append(list, f)
			}
		}
	}
	return list
}

// hides reports whether a rule's author does not want to read a code of istioctl.
func (r *Rule) hides(code string) bool {
	return code != "" && (slices.Contains(r.Suppressed, code) || slices.Contains(r.Suppressed, "*"))
}
