package report

import (
	"iter"

	"tracetest/internal/triage"
)

// A state is what a page shows of a test at a glance. The later ones hide the
// earlier ones.
type state int

const (
	statePass state = iota
	stateSkip
	stateSuspect // it may have made a change, and nobody knows
	stateFail    // and nothing ties it to Redis
	stateMet
	stateVictim // a failure that is tied to a change
	stateLeak
	states
)

// class names a state in the page.
func (s state) class() string {
	return [states]string{"pass", "skip", "suspect", "fail", "met", "victim", "leak"}[s]
}

// word tells a state to people.
func (s state) word() string {
	return [states]string{"passed", "skipped", "suspect", "failed for other reasons", "failed, met what no change by another explains", "failed, tied to a change", "left the server changed"}[s]
}

// A toldTest is a test with what the findings say of it.
type toldTest struct {
	triage.Case
	state   state
	leaks   []int // numbers of all groups below, for links
	owned   []int // its own
	tied    int   // the one that its failure is tied to; 0 for none
	maybe   []int // those that it may have made
	unheard bool  // it alone was open when these were made, and was not heard making them
	failure *triage.Failure
}

// A telling knows what the findings say of each test.
type telling struct {
	survey  *survey
	owns    map[triage.Owner][]int // by whom they are, where somebody is accused
	maybe   map[triage.Owner][]int // by who may have made them
	unheard map[triage.Owner]bool
	of      map[int]int // which of the cases a leak is of
}

func newTelling(v *survey) *telling {
	t := &telling{survey: v, owns: map[triage.Owner][]int{}, maybe: map[triage.Owner][]int{}, unheard: map[triage.Owner]bool{}, of: map[int]int{}}
	for _, g := range v.groups {
		first := g.changes[0]
		switch {
		case g.accused():
			t.owns[*first.Owner] = append(t.owns[*first.Owner], g.no)
		case first.Owner != nil:
			t.maybe[*first.Owner] = append(t.maybe[*first.Owner], g.no)
			t.unheard[*first.Owner] = true
		}
		for _, s := range first.Suspects {
			t.maybe[s] = append(t.maybe[s], g.no)
		}
	}
	t.mine()
	return t
}

func ownerOf(f triage.Failure) triage.Owner {
	return triage.Owner{Package: f.Package, Test: f.Test, Spec: f.Spec}
}

// tests yields the tests in the order in which they ended, and then what failed
// without being counted as a test: a package that did not build, a suite node.
// Where nobody kept the tests, it yields what the findings name.
func (t *telling) tests() iter.Seq[toldTest] {
	return func(yield func(toldTest) bool) {
		taken := make(map[int]bool, len(t.survey.Failures))
		for n, c := range t.survey.cases() {
			if c.failure >= 0 {
				taken[c.failure] = true
			}
			if !yield(t.tell(c, n)) {
				return
			}
		}
		seen := make(map[triage.Owner]bool)
		for i, f := range t.survey.Failures {
			seen[ownerOf(f)] = true
			if !taken[i] && !yield(t.tell(foundCase{triage.Case{Owner: ownerOf(f), Status: f.Status, Location: f.SpecLocation}, i}, -1)) {
				return
			}
		}
		if t.survey.Cases.Len() > 0 { // whoever is missing is a package, or groups others
			return
		}
		for _, g := range t.survey.groups {
			c := g.changes[0]
			if c.Owner == nil || seen[*c.Owner] {
				continue
			}
			seen[*c.Owner] = true
			if !yield(t.tell(foundCase{triage.Case{Owner: *c.Owner, Status: c.OwnerEnd, Location: c.Location}, -1}, -1)) {
				return
			}
		}
	}
}

// tell says what the findings say of a case; its number is -1 where it is none
// of those that were kept.
func (t *telling) tell(c foundCase, number int) toldTest {
	told := toldTest{Case: c.Case, maybe: t.maybe[c.Owner], unheard: t.unheard[c.Owner]}
	switch c.Status {
	case "pass":
	case "skip", "pending":
		told.state = stateSkip
	default:
		told.state = stateFail
	}
	if c.failure >= 0 {
		told.failure = &t.survey.Failures[c.failure]
		switch tie := t.survey.ties[c.failure]; {
		case tie.leak >= 0:
			told.state, told.tied = stateVictim, t.survey.groups[tie.leak].no
		case tie.contained >= 0:
			told.state = stateVictim
		case tie.met:
			told.state = stateMet
		}
	}
	if len(told.maybe) > 0 && told.state < stateSuspect {
		told.state = stateSuspect
	}
	for _, no := range t.owns[c.Owner] {
		if of, kept := t.of[no]; !kept || of == number {
			told.state, told.owned = stateLeak, append(told.owned, no)
		}
	}
	told.leaks = append(told.leaks, told.owned...)
	if told.tied > 0 {
		told.leaks = append(told.leaks, told.tied)
	}
	told.leaks = append(told.leaks, told.maybe...)
	return told
}

// mine finds the test that each leak is of. With -count it ran several times:
// it is the time in which the leak was seen, else the last.
func (t *telling) mine() {
	i := 0
	for c := range t.survey.Cases.All() {
		for _, no := range t.owns[c.Owner] {
			at := t.survey.groups[no-1].changes[0].At
			if _, found := t.of[no]; !found || !at.Before(c.Begin) {
				t.of[no] = i
			}
		}
		i++
	}
}
