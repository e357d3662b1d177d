package flaky

import (
	"slices"

	"tracetest/internal/record"
)

// Together are the rows that re-runs may explain, those in one group that the findings of all their
// failures say are victims of one and the same unit: what re-runs show of the first of
// them need not be searched for the others.
func Together(rows []*Row) [][]*Row {
	var groups [][]*Row
	at := map[record.Name]int{}
	for _, r := range rows {
		if r.Failed == 0 || r.Kind == Always || r.Kind == Redis {
			continue
		}
		if r.Kind == Victim && len(r.Of) == 1 {
			if i, known := at[r.Of[0]]; known {
				groups[i] = append(groups[i], r)
				continue
			}
			at[r.Of[0]] = len(groups)
		}
		groups = append(groups, []*Row{r})
	}
	return groups
}

// Like takes over what re-runs showed of another victim of the same unit. It stays without a proof
// of its own. It reports whether they showed that.
func (r *Row) Like(other *Row) bool {
	if !other.Proved || other.Kind != Victim || !slices.Equal(other.Of, r.Of) {
		return false
	}
	r.Why += "; re-runs proved it for " + other.Label()
	return true
}

// Label is the name of a row for people.
func (r *Row) Label() string {
	switch {
	case r.Spec != "":
		return r.Spec
	case r.Test != "":
		return r.Test
	}
	return "package " + r.Package
}
