package rules

import (
	"fmt"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
)

// largestProgram is Istio's limit of what an expression compiles to, see envoy.Bootstrap.
const largestProgram = 32768

// regexProblem is what Envoy has against a regular expression; "" if nothing. Envoy reads it byte
// by byte, each for a character of Latin-1.
func regexProblem(text string) string {
	if text == "" {
		return "must not be empty"
	}
	parsed, err := syntax.Parse(latin1(text), syntax.Perl)
	if err != nil {
		return "no regular expression: " + err.Error()
	}
	if escape := foreignEscape(text); escape != "" {
		return fmt.Sprintf("no regular expression: %s is not known to Envoy", escape)
	}
	if size := programSize(parsed); size > largestProgram {
		return fmt.Sprintf("compiles to more than %d steps", largestProgram)
	}
	return ""
}

func latin1(text string) string {
	runes := make([]rune, len(text))
	for i := range len(text) {
		runes[i] = rune(text[i])
	}
	return string(runes)
}

// foreignEscape is the first escape that Go knows and Envoy does not: a character above Latin-1, or
// a class by one of its longer names.
func foreignEscape(text string) string {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++
		end := strings.IndexByte(text[i:], '}')
		if i+1 == len(text) || text[i+1] != '{' || end < 0 {
			continue
		}
		name := text[i+2 : i+end]
		switch text[i] {
		case 'x':
			if n, err := strconv.ParseUint(name, 16, 32); err == nil && n > unicode.MaxLatin1 {
				return text[i-1 : i+end+1]
			}
		case 'p', 'P':
			if !isClass(strings.TrimPrefix(name, "^")) {
				return text[i-1 : i+end+1]
			}
		}
	}
	return ""
}

func isClass(name string) bool {
	_, isCategory := unicode.Categories[name]
	_, isScript := unicode.Scripts[name]
	return (isCategory || isScript || name == "Any") && name != "Cn" && name != "LC"
}

// programSize is how many steps RE2 needs at most, as far as it matters: above the limit, whatever.
func programSize(r *syntax.Regexp) int {
	const around = 4
	return around + steps(r)
}

func steps(r *syntax.Regexp) int {
	sum := 0
	for _, sub := range r.Sub {
		sum = min(sum+steps(sub), 2*largestProgram)
	}
	switch r.Op {
	case syntax.OpLiteral:
		return len(r.Rune) * (1 + int(r.Flags&syntax.FoldCase))
	case syntax.OpCharClass:
		return classSteps(r.Rune)
	case syntax.OpAnyCharNotNL, syntax.OpCapture:
		return sum + 2
	case syntax.OpRepeat:
		return repeatSteps(r, sum)
	case syntax.OpAlternate:
		return sum + len(r.Sub)
	case syntax.OpConcat:
		return sum
	default:
		return sum + 1
	}
}

// classSteps has one for each range that Latin-1 has a part of.
func classSteps(ranges []rune) int {
	n := 1
	for i := 0; i < len(ranges) && ranges[i] <= unicode.MaxLatin1; i += 2 {
		n++
	}
	return n
}

// repeatSteps copies what is repeated.
func repeatSteps(r *syntax.Regexp, each int) int {
	if r.Max < 0 {
		return min((each+1)*max(r.Min, 1), 2*largestProgram)
	}
	return min(each*r.Min+(each+1)*(r.Max-r.Min)+1, 2*largestProgram)
}
