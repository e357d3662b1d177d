// Package claims is what findings allow us to say. Each claim is written once, as
// blocks and spans of [doc], for every format.
//
// [View] computes once what all formats share: which leaks belong together, which
// failures are correlated with which of them, what could not be observed. The other
// files word it.
//
// Invariants:
//   - It is pure: no clock, no environment, no file, and findings never change.
//   - Certainty is never raised. An ambiguous change names suspects, not a culprit;
//     a correlated failure is not said to be caused by anything.
//   - A run that was not fully watched is never called clean.
package claims

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// A View is the findings seen as the reports show them.
type View struct {
	*findings.Findings

	Groups      []Group // leaks, by what changed together, the most harmful first
	reverted    []revertedChange
	unexplained []findings.Failure
	unreachable []findings.Failure // of tests that could not connect to something
	unbuilt     []findings.Failure // packages that did not build
	others      []findings.Failure // nothing connects them with a change of a server
	Ties        []Tie              // of Failures, in their order
	doubts      []doubt
	explained   map[Text]bool // certainties, by part of the report
}

// A Tie is what a failure is correlated with: an index into Groups or into the
// reverted changes, -1 without one. Unexplained is set if it got what no change of
// the run explains.
type Tie struct {
	Leak, Reverted int
	Unexplained    bool
}

// A Group is leaks that changed together. Its number is how reports call it.
type Group struct {
	No       int
	Changes  []findings.Change // never empty
	Failures []findings.Failure
}

// A revertedChange was undone in time. Failures may be correlated with it.
type revertedChange struct {
	no       int
	change   findings.Change
	failures []findings.Failure
}

// New looks at findings.
func New(f *findings.Findings) *View {
	v := &View{Findings: f, explained: map[Text]bool{}, Ties: make([]Tie, len(f.Failures))}
	groupOf := v.group()
	v.reverted = make([]revertedChange, len(f.Reverted))
	for i, c := range f.Reverted {
		v.reverted[i] = revertedChange{no: i + 1, change: c}
	}
	for i, failure := range f.Failures {
		t := Tie{Leak: -1, Reverted: -1}
		correlated := failure.Correlated()
		switch {
		case correlated && within(failure.Leak, len(f.Leaks)):
			t.Leak = groupOf[*failure.Leak]
			g := &v.Groups[t.Leak]
			g.Failures = append(g.Failures, failure)
		case correlated && within(failure.Reverted, len(f.Reverted)):
			t.Reverted = *failure.Reverted
			c := &v.reverted[t.Reverted]
			c.failures = append(c.failures, failure)
		case failure.Cause.Redis() && failure.Certainty != "refuted":
			t.Unexplained = true
			v.unexplained = append(v.unexplained, failure)
		case failure.Unreachable != nil:
			v.unreachable = append(v.unreachable, failure)
		case failure.Status == "build":
			v.unbuilt = append(v.unbuilt, failure)
		default:
			v.others = append(v.others, failure)
		}
		v.Ties[i] = t
	}
	v.byHarm()
	v.doubts = v.wordDoubts()
	return v
}

// group puts leaks together, and returns the group of each.
func (v *View) group() []int {
	// A group is claimed in one sentence, so it must have one owner, one server
	// and one certainty, whatever its number says.
	type key struct {
		together  int
		server    string
		owner     record.Name
		certainty findings.Certainty
		untraced  bool
	}
	known := make(map[key]int)
	groupOf := make([]int, len(v.Leaks))
	for i, leak := range v.Leaks {
		k := key{together: leak.Together, server: strings.Join(leak.Servers(), " "), certainty: leak.Certainty, untraced: leak.Untraced}
		if leak.By != nil {
			k.owner = *leak.By
		}
		at, ok := known[k]
		if !ok || leak.Together == 0 {
			at = len(v.Groups)
			v.Groups = append(v.Groups, Group{})
			known[k] = at
		}
		v.Groups[at].Changes = append(v.Groups[at].Changes, leak)
		groupOf[i] = at
	}
	return groupOf
}

// byHarm orders the leaks by how many failures they are correlated with, then by time.
func (v *View) byHarm() {
	order := make([]int, len(v.Groups))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(len(v.Groups[b].Failures)-len(v.Groups[a].Failures), v.Groups[a].Changes[0].At.Compare(v.Groups[b].Changes[0].At))
	})
	groups, to := make([]Group, len(order)), make([]int, len(order))
	for i, was := range order {
		groups[i], to[was] = v.Groups[was], i
		groups[i].No = i + 1
	}
	v.Groups = groups
	for i := range v.Ties {
		if v.Ties[i].Leak >= 0 {
			v.Ties[i].Leak = to[v.Ties[i].Leak]
		}
	}
}

// Accused reports whether one owner is known to have made the changes of a
// group. The others get no test marked red: with several suspects, or with a
// writer that was not identified, most likely an innocent one.
func (g Group) Accused() bool {
	c := g.Changes[0]
	return c.By != nil && !c.Untraced
}

// Known reports whether all of a group is in the baseline of known leaks. It then
// fails nothing, in CI either.
func (g Group) Known() bool {
	return !slices.ContainsFunc(g.Changes, func(c findings.Change) bool { return c.Known == nil })
}

// One is a group of one of the changes.
func (g Group) One(c findings.Change) Group {
	g.Changes = []findings.Change{c}
	return g
}

// parameters names what a group changed.
func (g Group) parameters() Text {
	var names []string
	for _, c := range g.Changes {
		names = append(names, c.Parameter)
	}
	return List(Names(Unique(names)), maxNamed)
}

// A FoundCase is a case with its failure, an index into Failures, or -1.
type FoundCase struct {
	findings.Case
	Failure int
}

// AllCases yields the cases by their numbers. With -count one test has several, and
// the n-th that failed has the n-th failure of it.
func (v *View) AllCases() iter.Seq2[int, FoundCase] {
	return func(yield func(int, FoundCase) bool) {
		failures := make(map[record.Name][]int)
		for i, f := range v.Failures {
			failures[f.Name()] = append(failures[f.Name()], i)
		}
		n := 0
		for c := range v.Cases.All() {
			found := FoundCase{c, -1}
			if left := failures[c.Name]; Failed(c.Status) && len(left) > 0 {
				found.Failure, failures[c.Name] = left[0], left[1:]
			}
			if !yield(n, found) {
				return
			}
			n++
		}
	}
}

// Failed reports whether a status is that of a test that failed.
func Failed(status string) bool { return status != "pass" && status != "skip" && status != "pending" }

func within(index *int, n int) bool { return index != nil && *index >= 0 && *index < n }

// victims and revertedVictims are the failures correlated with any leak, or with
// a change that was reverted.
func (v *View) victims() []findings.Failure {
	var all []findings.Failure
	for _, g := range v.Groups {
		all = append(all, g.Failures...)
	}
	return all
}

func (v *View) revertedVictims() []findings.Failure {
	var all []findings.Failure
	for _, c := range v.reverted {
		all = append(all, c.failures...)
	}
	return all
}
