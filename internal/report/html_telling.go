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
	return [states]string{"passed", "skipped", "suspect", "failed for other reasons", "failed, met what no change explains", "failed, tied to a change", "left the server changed"}[s]
}

// A toldTest is a test with what the findings say of it.
type toldTest struct {
	triage.Case
	state   state
	leaks   []int // numbers of the groups that are its own, or of which it is a suspect or a victim
	failure *triage.Failure
}

// A telling knows what the findings say of each test.
type telling struct {
	survey   *survey
	failures map[triage.Owner]*triage.Failure
	tied     map[triage.Owner]state
	groups   map[triage.Owner][]int // tied, suspected or owned
	owns     map[triage.Owner][]int
	suspects map[triage.Owner]bool
	of       map[int]int // which of the cases a leak is of
}

func newTelling(v *survey) *telling {
	t := &telling{survey: v, failures: map[triage.Owner]*triage.Failure{}, tied: map[triage.Owner]state{}, groups: map[triage.Owner][]int{},
		owns: map[triage.Owner][]int{}, suspects: map[triage.Owner]bool{}, of: map[int]int{}}
	for i := range v.Failures {
		f := &v.Failures[i]
		t.failures[ownerOf(*f)] = f
	}
	for _, g := range v.groups {
		first := g.changes[0]
		if first.Owner != nil {
			t.owns[*first.Owner] = append(t.owns[*first.Owner], g.no)
		}
		for _, s := range first.Suspects {
			t.suspects[s] = true
			t.groups[s] = append(t.groups[s], g.no)
		}
		for _, f := range g.failures {
			t.tied[ownerOf(f)] = stateVictim
			t.groups[ownerOf(f)] = append(t.groups[ownerOf(f)], g.no)
		}
	}
	for _, c := range v.contained {
		for _, f := range c.failures {
			t.tied[ownerOf(f)] = stateVictim
		}
	}
	for _, f := range v.unexplained {
		t.tied[ownerOf(f)] = stateMet
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
		seen := make(map[triage.Owner]bool, len(t.failures)+len(t.owns))
		i := 0
		for c := range t.survey.Cases.All() {
			if t.failures[c.Owner] != nil || t.owns[c.Owner] != nil {
				seen[c.Owner] = true
			}
			if !yield(t.tell(c, i)) {
				return
			}
			i++
		}
		var rest []triage.Case
		for _, f := range t.survey.Failures {
			if owner := ownerOf(f); !seen[owner] {
				seen[owner] = true
				rest = append(rest, triage.Case{Owner: owner, Status: f.Status, Location: f.SpecLocation})
			}
		}
		if t.survey.Cases.Len() == 0 { // else whoever is missing is a package, or groups others
			for _, g := range t.survey.groups {
				if c := g.changes[0]; c.Owner != nil && !seen[*c.Owner] {
					seen[*c.Owner] = true
					rest = append(rest, triage.Case{Owner: *c.Owner, Status: c.OwnerEnd, Location: c.Location})
				}
			}
		}
		for _, c := range rest {
			if !yield(t.tell(c, -1)) {
				return
			}
		}
	}
}

// tell says what the findings say of a case; its number is -1 where it is none
// of those that were kept.
func (t *telling) tell(c triage.Case, number int) toldTest {
	told := toldTest{Case: c, leaks: t.groups[c.Owner]}
	switch c.Status {
	case "pass":
	case "skip", "pending":
		told.state = stateSkip
	default:
		told.state = stateFail
		told.failure = t.failures[c.Owner]
		if tied, is := t.tied[c.Owner]; is {
			told.state = tied
		}
	}
	if t.suspects[c.Owner] && told.state < stateSuspect {
		told.state = stateSuspect
	}
	for _, no := range t.owns[c.Owner] {
		if of, kept := t.of[no]; !kept || of == number {
			told.state, told.leaks = stateLeak, append([]int{no}, told.leaks...)
		}
	}
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
