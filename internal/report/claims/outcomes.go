package claims

import (
	"iter"
	"regexp"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// An Outcome is what a page shows of a test at a glance. The later ones hide the
// earlier ones.
type Outcome int

// The outcomes.
const (
	Passes Outcome = iota
	Skips
	Suspect // it may have made a change, and nobody knows
	Fails   // and nothing connects it with Redis
	Unexplained
	Victim // a failure that is correlated with a change
	Leaks
	Outcomes
)

// Class names an outcome in the page.
func (o Outcome) Class() string {
	return [Outcomes]string{"pass", "skip", "suspect", "fail", "met", "victim", "leak"}[o]
}

// Word says an outcome to people.
func (o Outcome) Word() string {
	return [Outcomes]string{"passed", "skipped", "suspect", "failed, not correlated with a change", "failed, no change by another test explains it", "failed, correlated with a change", "left the server changed"}[o]
}

// A Test is a test with what the findings say of it.
type Test struct {
	findings.Case
	Outcome    Outcome
	Groups     []int // numbers of all groups below, for links
	Owned      []int // its own
	Correlated int   // the one that its failure is correlated with; 0 for none
	maybe      []int // those that it may have made
	untraced   bool  // it alone was active when these were made, and no traced write explains them
	Failure    *findings.Failure
}

// Tests knows what the findings say of each test.
type Tests struct {
	view     *View
	maybe    map[record.Name][]int // by who may have made them
	untraced map[record.Name]bool
	leaks    map[int][]int // by the number of a case: the groups that are of it
	placed   map[int]bool  // groups that are of a case
}

// NewTests looks up what the findings say of each test.
func (v *View) NewTests() *Tests {
	t := &Tests{view: v, maybe: map[record.Name][]int{}, untraced: map[record.Name]bool{}}
	for _, g := range v.Groups {
		first := g.Changes[0]
		if first.By != nil && !g.Accused() {
			t.maybe[*first.By] = append(t.maybe[*first.By], g.No)
			t.untraced[*first.By] = true
		}
		for _, s := range first.Suspects {
			t.maybe[s] = append(t.maybe[s], g.No)
		}
	}
	t.leaks, t.placed = v.CasesOfLeaks()
	return t
}

// CasesOfLeaks finds the cases that leaked: the groups by the number of the case,
// and which groups have one. With -count a test ran several times: it is the last that
// began before the leak was seen.
func (v *View) CasesOfLeaks() (leaks map[int][]int, placed map[int]bool) {
	owns := make(map[record.Name][]int)
	for _, g := range v.Groups {
		if g.Accused() {
			owns[*g.Changes[0].By] = append(owns[*g.Changes[0].By], g.No)
		}
	}
	type ran struct {
		n     int
		begin time.Time
	}
	best := make(map[int]ran)
	n := 0
	for c := range v.Cases.All() {
		for _, no := range owns[c.Name] {
			at := v.Groups[no-1].Changes[0].At
			if was, known := best[no]; !known || !c.Begin.After(at) && (was.begin.After(at) || !c.Begin.Before(was.begin)) {
				best[no] = ran{n, c.Begin}
			}
		}
		n++
	}
	leaks, placed = make(map[int][]int), make(map[int]bool)
	for _, g := range v.Groups {
		if r, ok := best[g.No]; ok {
			leaks[r.n], placed[g.No] = append(leaks[r.n], g.No), true
		}
	}
	return leaks, placed
}

// All yields the tests in the order in which they ended, and then what failed
// without being counted as a test: a package that did not build, a suite node.
// Where nobody kept the tests, it yields what the findings name.
func (t *Tests) All() iter.Seq[Test] {
	return func(yield func(Test) bool) {
		v := t.view
		taken := make(map[int]bool, len(v.Failures))
		for n, c := range v.AllCases() {
			if c.Failure >= 0 {
				taken[c.Failure] = true
			}
			if !yield(t.test(c, n)) {
				return
			}
		}
		seen := make(map[record.Name]bool)
		for i, f := range v.Failures {
			seen[f.Name()] = true
			if !taken[i] && !yield(t.test(FoundCase{findings.Case{Name: f.Name(), Status: f.Status, Location: f.SpecLocation}, i}, -1)) {
				return
			}
		}
		if v.Cases.Len() > 0 { // whoever is missing is a package, or groups others
			return
		}
		for _, g := range v.Groups {
			c := g.Changes[0]
			if c.By == nil || seen[*c.By] {
				continue
			}
			seen[*c.By] = true
			if !yield(t.test(FoundCase{findings.Case{Name: *c.By, Status: c.Ended, Location: c.Location}, -1}, -1)) {
				return
			}
		}
	}
}

// test says what the findings say of a case; its number is -1 where it is none
// of those that were kept.
func (t *Tests) test(c FoundCase, number int) Test {
	test := Test{Case: c.Case, maybe: t.maybe[c.Name], untraced: t.untraced[c.Name]}
	switch c.Status {
	case "pass":
	case "skip", "pending":
		test.Outcome = Skips
	default:
		test.Outcome = Fails
	}
	if c.Failure >= 0 {
		test.Failure = &t.view.Failures[c.Failure]
		switch tie := t.view.Ties[c.Failure]; {
		case tie.Leak >= 0:
			test.Outcome, test.Correlated = Victim, t.view.Groups[tie.Leak].No
		case tie.Reverted >= 0:
			test.Outcome = Victim
		case tie.Unexplained:
			test.Outcome = Unexplained
		}
	}
	if len(test.maybe) > 0 && test.Outcome < Suspect {
		test.Outcome = Suspect
	}
	owned := t.leaks[number]
	if number < 0 {
		for _, g := range t.view.Groups {
			if g.Accused() && *g.Changes[0].By == c.Name && !t.placed[g.No] {
				owned = append(owned, g.No)
			}
		}
	}
	if len(owned) > 0 {
		test.Outcome, test.Owned = Leaks, owned
	}
	test.Groups = append(test.Groups, test.Owned...)
	if test.Correlated > 0 {
		test.Groups = append(test.Groups, test.Correlated)
	}
	test.Groups = append(test.Groups, test.maybe...)
	return test
}

// said is a place that a test of go test names at the begin of its message.
var said = regexp.MustCompile(`^[\w.-]+_test\.go:[0-9]+`)

// Line is the line of a test that says most: where it failed, or got an OOM error, or
// changed a server, or where it is; empty where none is known.
func (v *View) Line(t Test) string {
	if f := t.Failure; f != nil {
		switch {
		case f.Location != "":
			return f.Location
		case f.OOMCall != nil:
			return f.OOMCall.TestPlace()
		}
		if place := said.FindString(f.Message); place != "" {
			return place
		}
	}
	for _, no := range t.Owned {
		if c := v.Groups[no-1].lead(); c.Call != nil {
			return c.Call.TestPlace()
		}
	}
	return t.Location
}

// Sentence says how a test ended and what the findings say of it.
func (v *View) Sentence(t Test) Text {
	text := ShortOutcome(t.Status)
	if t.Status == "panic" || t.Status == "died" {
		text = ended(t.Status)
	}
	switch t.Outcome {
	case Suspect:
		if t.untraced {
			text += ", ran during " + leakNames(t.maybe) + "; no traced write of it explains that"
		} else {
			text += ", one of the suspects of " + leakNames(t.maybe)
		}
	case Unexplained:
		text += ", " + Got([]findings.Failure{*t.Failure}) + " " + v.unexplainedBy([]findings.Failure{*t.Failure})
	case Victim:
		text += ", " + Got([]findings.Failure{*t.Failure})
		if t.Correlated > 0 {
			text += " during leak " + itoa(t.Correlated)
		}
	case Leaks:
		text += ", left the server changed (" + leakNames(t.Owned) + ")"
	}
	return text
}

func leakNames(leaks []int) Text {
	var names []Text
	for _, no := range leaks {
		names = append(names, "leak "+itoa(no))
	}
	return List(names, 3)
}

// ShortOutcome is a status in a word or two.
func ShortOutcome(status string) Text {
	switch status {
	case "pass":
		return "passed"
	case "skip", "pending":
		return "skipped"
	case "":
		return "did not end"
	case "build":
		return "did not build"
	}
	return "failed"
}

// Ended says how an owner ended, as the end of a sentence about it.
func Ended(status string) Text { return ended(status) }
