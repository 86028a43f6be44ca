package classic

import (
	"regexp"
	"slices"
	"strings"
	"text/scanner"
)

// predicate is a rule's match: a comparison of two values, or several predicates of which all or any
// must hold. Without a way to compare, it always holds.
type predicate struct {
	how         comparison
	left, right value
	parts       []predicate // of and, or
}

type comparison string

// The comparisons, by their names in Mixer. Of those with a name, the last three are written behind
// a value and a dot; that of matches is the regular expression.
const (
	equal      comparison = "=="
	unequal    comparison = "!="
	and        comparison = "&&"
	or         comparison = "||"
	glob       comparison = "match"
	startsWith comparison = "startsWith"
	endsWith   comparison = "endsWith"
	matches    comparison = "matches"
)

func methods() []string { return []string{string(startsWith), string(endsWith), string(matches)} }

func (p *predicate) UnmarshalJSON(data []byte) error {
	e, err := newExpression(data)
	if err != nil || e.tok == scanner.EOF {
		return err
	}
	*p = e.several(or)
	e.end()
	return e.err
}

// several reads predicates with an operator between them; && binds closer than ||.
func (e *expression) several(operator comparison) predicate {
	next := e.one
	if operator == or {
		next = func() predicate { return e.several(and) }
	}
	parts := []predicate{next()}
	for e.err == nil && e.tok == rune(operator[0]) && e.scan.Peek() == rune(operator[1]) {
		e.next()
		e.next()
		parts = append(parts, next())
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return predicate{how: operator, parts: parts}
}

// one reads a comparison, or predicates in parentheses.
func (e *expression) one() predicate {
	switch {
	case e.tok == '(':
		e.next()
		p := e.several(or)
		e.must(')')
		return p
	case e.tok == scanner.Ident && e.scan.TokenText() == string(glob):
		e.next()
		e.must('(')
		p := predicate{how: glob, left: e.value()}
		e.must(',')
		p.right = e.value()
		e.must(')')
		return e.checked(p)
	}
	p := predicate{left: e.value()}
	if e.function != "" || e.tok == '.' && e.isMethod() {
		p.how, e.function = comparison(e.function), ""
		e.next()
		e.must('(')
		p.right = e.value()
		e.must(')')
		return e.checked(p)
	}
	p.how = e.comparison()
	p.right = e.value()
	return e.checked(p)
}

// isMethod reads the name after a dot, and reports whether it is a function of a value.
func (e *expression) isMethod() bool {
	e.next()
	if slices.Contains(methods(), e.scan.TokenText()) {
		e.function = e.scan.TokenText()
	}
	return e.function != ""
}

func (e *expression) must(character rune) {
	if e.tok != character {
		e.fail("want %c, not %q", character, e.scan.TokenText())
	}
	e.next()
}

// comparison reads == or !=.
func (e *expression) comparison() comparison {
	first := e.scan.TokenText()
	e.next()
	operator := comparison(first + e.scan.TokenText())
	if operator != equal && operator != unequal {
		e.fail("want == or !=, not %q", string(operator))
	}
	e.next()
	return operator
}

// checked holds what a comparison compares.
func (e *expression) checked(p predicate) predicate {
	e.mustBeStatic(p.left)
	e.mustBeStatic(p.right)
	if p.how != matches {
		return p
	}
	if len(p.left) != 1 || p.left[0].kind != literal {
		e.fail("matches: want a literal regular expression before it")
	} else if _, err := regexp.Compile(p.left[0].text); err != nil {
		e.fail("matches: %w", err)
	}
	return p
}

// holds is false as well where a comparison that is looked at cannot be made.
func (p predicate) holds(c call) bool {
	holds, ok := p.of(c)
	return holds && ok
}

// of is false, second, where a comparison cannot be made. What cannot change the outcome any more is
// not looked at.
func (p predicate) of(c call) (holds, ok bool) {
	switch p.how {
	case "":
		return true, true
	case and, or:
		for _, part := range p.parts {
			if holds, ok = part.of(c); !ok || holds == (p.how == or) {
				return holds, ok
			}
		}
		return holds, ok
	}
	left, ok := static(p.left).of(c)
	right, ok2 := static(p.right).of(c)
	if !ok || !ok2 {
		return false, false
	}
	return p.how.of(left, right), true
}

func (how comparison) of(left, right string) bool {
	switch how {
	case unequal:
		return left != right
	case startsWith:
		return strings.HasPrefix(left, right)
	case endsWith:
		return strings.HasSuffix(left, right)
	case matches:
		found, err := regexp.MatchString(left, right)
		return err == nil && found
	case glob:
		return globs(right, left)
	default:
		return left == right
	}
}

// globs knows * at the end of a pattern, or else at its beginning.
func globs(pattern, text string) bool {
	if begin, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(text, begin)
	}
	if end, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.HasSuffix(text, end)
	}
	return pattern == text
}
