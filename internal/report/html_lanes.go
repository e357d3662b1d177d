package report

import (
	"slices"

	"tracetest/internal/triage"
)

// A lane is a package and its tests.
type lane struct {
	Name  string
	Rows  []laneRow
	Note  string
	marks int
}

// A laneRow is tests that did not overlap. Those that ran at the same time
// have rows below each other.
type laneRow struct {
	Tests []testMark
	end   float64
	from  float64 // of the last mark
	state state
	many  int // tests in the last mark
	worst string
	fails int
}

// A testMark is a test, or several that are too narrow to be drawn apart.
type testMark struct {
	X, Width string
	Class    string
	Title    string
	Leaks    string // numbers, separated by spaces
	Row      string // of the table
}

const (
	maxLanes  = 12
	maxBeside = 6            // rows of a lane
	narrow    = 100.0 / 1200 // tests that begin within one such part of the width are drawn as one
)

// lanes draws the tests. Packages in which nothing happened share the last lane
// when there are many.
func (p *page) lanes(d *picture, a axis, told *telling) {
	worth := map[string]bool{}
	for _, f := range p.Failures {
		worth[f.Package] = true
	}
	for _, l := range p.Leaks {
		for _, o := range append(slices.Clone(l.Suspects), orNobody(l.Owner)) {
			worth[o.Package] = true
		}
	}
	of := map[string]int{}
	var rest []string
	for _, interesting := range []bool{true, false} {
		for _, pkg := range p.Packages {
			if !pkg.Ran || worth[pkg.Path] != interesting {
				continue
			}
			if len(d.Lanes) < maxLanes {
				of[pkg.Path] = len(d.Lanes)
				d.Lanes = append(d.Lanes, lane{Name: plainInk.name(pkg.Path)})
			} else {
				rest = append(rest, pkg.Path)
			}
		}
	}
	if len(rest) > 0 {
		for _, path := range rest {
			of[path] = len(d.Lanes)
		}
		d.Lanes = append(d.Lanes, lane{Name: count(len(rest), "further package")})
	}
	counts := [states]int{}
	number := 0
	for t := range told.tests() {
		counts[t.state]++
		if at, known := of[t.Package]; known && !t.Begin.IsZero() {
			d.Lanes[at].add(t, a, number, p.survey)
		}
		number++
	}
	for s := states - 1; s >= 0; s-- {
		if counts[s] > 0 {
			d.Legend = append(d.Legend, legend{s.class(), s.word(), counts[s]})
		}
	}
	for i := range d.Lanes {
		for j := range d.Lanes[i].Rows {
			d.Lanes[i].Rows[j].close()
		}
	}
	d.Lanes = slices.DeleteFunc(d.Lanes, func(l lane) bool { return len(l.Rows) == 0 })
}

func orNobody(o *triage.Owner) triage.Owner {
	if o == nil {
		return triage.Owner{}
	}
	return *o
}

// add draws a test in the first row that has room.
func (l *lane) add(t toldTest, a axis, number int, v *survey) {
	from, to := a.at(t.Begin), a.at(t.End)
	at := slices.IndexFunc(l.Rows, func(r laneRow) bool {
		return r.end <= from || r.many > 0 && from-r.from < narrow && to-r.from < 2*narrow
	})
	switch {
	case at < 0 && len(l.Rows) < maxBeside:
		l.Rows = append(l.Rows, laneRow{})
		at = len(l.Rows) - 1
	case at < 0:
		at = len(l.Rows) - 1
	}
	l.Rows[at].add(t, from, to, number, v)
}

func (r *laneRow) add(t toldTest, from, to float64, number int, v *survey) {
	if r.many > 0 && from-r.from < narrow && r.end-r.from < narrow || r.many > 0 && from < r.end && to-r.from < 4*narrow {
		last := &r.Tests[len(r.Tests)-1]
		r.many++
		r.end = max(r.end, to)
		last.Width = percent(r.end - r.from)
		if t.state >= stateFail {
			r.fails++
		}
		if t.state > r.state {
			r.state, last.Class, last.Row, r.worst = t.state, t.state.class(), testAnchor(number), title(t, v)
		}
		last.Leaks = joinLeaks(last.Leaks, t.leaks)
		return
	}
	r.close()
	r.Tests = append(r.Tests, testMark{X: percent(from), Width: percent(max(0, to-from)), Class: t.state.class(), Leaks: joinLeaks("", t.leaks), Row: testAnchor(number)})
	r.from, r.end, r.state, r.many, r.fails, r.worst = from, max(r.end, to), t.state, 1, 0, title(t, v)
	if t.state >= stateFail {
		r.fails = 1
	}
}

// close says what the last mark stands for.
func (r *laneRow) close() {
	if r.many == 0 {
		return
	}
	last := &r.Tests[len(r.Tests)-1]
	last.Title = r.worst
	if r.many > 1 {
		last.Title = itoa(r.many) + " tests, " + itoa(r.fails) + " of them failed or leaked; among them: " + r.worst
	}
	r.many = 0
}

func testAnchor(number int) string { return "test-" + itoa(number) }

func joinLeaks(known string, more []int) string {
	for _, no := range more {
		if text := itoa(no); known == "" {
			known = text
		} else if !slices.Contains(splitSpaces(known), text) && len(known) < 200 {
			known += " " + text
		}
	}
	return known
}

// title tells of a test in a line.
func title(t toldTest, v *survey) string {
	k := plainInk
	text := k.owner(t.Owner) + ": " + outcomeWord(t)
	if !t.Begin.IsZero() {
		text += ", " + seconds(t.End.Sub(t.Begin)) + " at +" + seconds(t.Begin.Sub(v.Run.Started))
	}
	if t.state == stateLeak {
		if c := v.groups[t.leaks[0]-1].changes[0]; c.Call != nil {
			text += ", by the call at " + v.callPlace(k, c.Call)
		}
	}
	if t.failure != nil && t.failure.OOMCall != nil {
		text += ", OOM came back to " + v.callPlace(k, t.failure.OOMCall)
	}
	return text
}
