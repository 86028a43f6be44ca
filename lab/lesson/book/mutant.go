package book

import "fmt"

// Mutant is a page with something wrong in what it does, and the check that must find it.
type Mutant struct {
	Page
	Check    *Check
	Mutation Mutation
}

// String says what is wrong.
func (m Mutant) String() string {
	return fmt.Sprintf("%s:%d: %s", m.File, m.Check.Line+m.Mutation.line-1, m.Mutation)
}

// Mutants are those that the checks of an edition name.
func (p Page) Mutants(edition string) []Mutant {
	var list []Mutant
	var before []Command
	for _, b := range p.Blocks {
		if !b.In(edition) {
			continue
		}
		before = append(before, b.Commands...)
		if b.Check == nil {
			continue
		}
		for _, m := range b.Check.FailsWith {
			if m.within(before) {
				list = append(list, Mutant{p, b.Check, m})
			}
		}
	}
	return list
}
