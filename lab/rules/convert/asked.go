package convert

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/mesh"
)

// withCase adds what some requests are refused for. Where several rules refuse a request together, each
// refuses it alone.
func withCase(list []verdict, d mesh.Denial) []verdict {
	i := slices.IndexFunc(list, func(v verdict) bool { return v.when != nil && reflect.DeepEqual(v.refused, d.Callers) })
	if i < 0 {
		return append(list, verdict{refused: d.Callers, from: slices.Clone(d.From), when: [][]mesh.Condition{d.When}})
	}
	v := &list[i]
	for _, key := range d.From {
		if !slices.Contains(v.from, key) {
			v.from = append(v.from, key)
		}
	}
	v.when = slices.DeleteFunc(v.when, func(have []mesh.Condition) bool { return hasAll(have, d.When) })
	v.when = append(v.when, d.When)
	return list
}

func hasAll(list, wanted []mesh.Condition) bool {
	return !slices.ContainsFunc(wanted, func(c mesh.Condition) bool { return !slices.Contains(list, c) })
}

// cases are a rule for each case of a verdict, and what today means differently.
func (c *converter) cases(v verdict, source *security.Source) (list []*security.Rule, notes []string) {
	said := noteList{}
	for _, when := range v.when {
		r := &security.Rule{}
		if len(source.Principals)+len(source.NotPrincipals) > 0 {
			r.From = []*security.Rule_From{{Source: source}}
		}
		op := &security.Operation{}
		for _, one := range when {
			if problem := ask(r, op, one, said); problem != "" {
				c.refuse(v.from[0], "%s", problem)
			}
		}
		if !reflect.DeepEqual(op, &security.Operation{}) {
			r.To = []*security.Rule_To{{Operation: op}}
		}
		list = append(list, r)
	}
	return list, said.sorted()
}

const pathHeader = ":path"

// ask puts a condition into a rule, or says why today's policies have no words for it.
func ask(r *security.Rule, op *security.Operation, c mesh.Condition, said noteList) (problem string) {
	value, problem := pattern(c)
	if problem != "" {
		return problem
	}
	absent := c.Compare == mesh.Exact && c.Value == "" // a missing header is ""
	not := c.Not != absent
	put := func(is, isNot *[]string) string {
		list := is
		if not {
			list = isNot
		}
		if len(*list) > 0 && !not {
			return "asks for two things of one part of a request, of which today's policies take either"
		}
		*list = append(*list, value)
		return ""
	}
	switch {
	case c.Header == pathHeader:
		if problem := pathProblem(c.Value, value); problem != "" {
			return problem
		}
		said.add("Today's paths come without the query; in 2018 it belonged to request.path.")
		return put(&op.Paths, &op.NotPaths)
	case c.Attribute == mesh.Method:
		return put(&op.Methods, &op.NotMethods)
	case c.Attribute == mesh.Authority:
		said.add("Today's hosts are compared without regard to case.")
		return put(&op.Hosts, &op.NotHosts)
	case c.Attribute != mesh.Header:
		return "asks for request.scheme, which today's policies do not look at"
	}
	one := &security.Condition{Key: "request.headers[" + c.Header + "]"}
	r.When = append(r.When, one)
	return put(&one.Values, &one.NotValues)
}

// pathProblem is why today's policies have no words for a path, whose pattern is the second.
func pathProblem(path, pattern string) string {
	switch {
	case strings.Contains(pattern, "?"):
		return "asks for the query of a path, which today's policies do not look at"
	case strings.ContainsAny(path, "{}"):
		return "asks for { or } in a path, which is a pattern today"
	}
	return ""
}

// pattern is a comparison as today's policies write it.
func pattern(c mesh.Condition) (text, problem string) {
	switch {
	case c.Compare == mesh.Regex:
		return "", "asks for a regular expression, which today's policies do not know"
	case strings.Contains(c.Value, "*"):
		return "", fmt.Sprintf("asks for %q, in which * is any text today", c.Value)
	case c.Compare == mesh.Prefix:
		return c.Value + "*", ""
	case c.Compare == mesh.Suffix:
		return "*" + c.Value, ""
	case c.Compare == mesh.Present, c.Value == "":
		return "*", ""
	}
	return c.Value, ""
}
