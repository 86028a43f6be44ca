package rules

// Table is the kinds of a dialect, in the order of their names. Parser, findings, `get`,
// completion and the pages go by it. V validates specs, and I inspects rules in force.
type Table[V, I any] []Row[V, I]

// Row is a kind, and what its dialect does with its rules.
type Row[V, I any] struct {
	Kind Kind
	// New is an empty spec.
	New func() any
	// Validate takes what New made, filled.
	Validate func(v V, spec any)
	inspect  func(i I, r *Rule) []Finding
}

// NewRow is the row of a kind whose specs are of type S.
func NewRow[S, V, I any](k Kind, validate func(V, *S), inspect func(I, Typed[S]) []Finding) Row[V, I] {
	return Row[V, I]{
		Kind:     k,
		New:      func() any { return new(S) },
		Validate: func(v V, spec any) { validate(v, spec.(*S)) },
		inspect:  func(i I, r *Rule) []Finding { return inspect(i, Typed[S]{r, r.Spec.(*S)}) },
	}
}

// Kinds are those of the table.
func (t Table[V, I]) Kinds() []Kind {
	kinds := make([]Kind, len(t))
	for i, row := range t {
		kinds[i] = row.Kind
	}
	return kinds
}

// Find is the row for a document's API version and kind.
func (t Table[V, I]) Find(apiVersion, kind string) (Row[V, I], bool) {
	for _, row := range t {
		if row.Kind.Has(apiVersion, kind) {
			return row, true
		}
	}
	return Row[V, I]{}, false
}

// Inspect is what the row of a rule's kind finds; nothing where the table has none.
func (t Table[V, I]) Inspect(i I, r *Rule) []Finding {
	for _, row := range t {
		if row.Kind == r.Kind {
			return row.inspect(i, r)
		}
	}
	return nil
}
