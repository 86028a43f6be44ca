package classic

import (
	"regexp"
	"slices"
	"strings"
	"text/scanner"

	"istio-tutorial/lab/rules"
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
	case e.tok == scanner.Ident && e.scan.TokenText() == "true": // every request
		e.next()
		return predicate{}
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
	for _, t := range slices.Concat(p.left, p.right) {
		e.checkTerm(t)
	}
	switch p.how {
	case matches:
		e.checkPattern(p.left)
	case equal, unequal:
		if !p.left.isStatic() && !p.right.isStatic() {
			e.fail("two parts of a request, compared to each other: %w", rules.ErrUnsupported)
		}
	default:
		e.mustBeStatic(p.right)
	}
	return p
}

func (e *expression) checkTerm(t term) {
	if t.kind == responseCode {
		e.fail("%s, which comes after the check: %w", t.kind, rules.ErrUnsupported)
	}
	if t.kind == requestHeaders && strings.ToLower(t.text) != t.text {
		e.fail("%s[%q]: want lower case, as Mixer has the names of headers", t.kind, t.text)
	}
}

func (e *expression) checkPattern(v value) {
	if len(v) != 1 || v[0].kind != literal {
		e.fail("matches: want a literal regular expression before it")
		return
	}
	if _, err := regexp.Compile(v[0].text); err != nil {
		e.fail("matches: %w", err)
	}
}

func (v value) isStatic() bool {
	return !slices.ContainsFunc(v, func(t term) bool { return !t.kind.isStatic() })
}

// comparisons are those of a predicate that look at the request.
func (p predicate) comparisons() []predicate {
	if p.how == and || p.how == or {
		var list []predicate
		for _, part := range p.parts {
			list = append(list, part.comparisons()...)
		}
		return list
	}
	if p.left.isStatic() && p.right.isStatic() {
		return nil
	}
	return []predicate{p}
}
