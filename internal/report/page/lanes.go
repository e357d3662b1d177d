package page

import (
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/report/claims"
)

// A lane is a package and its tests.
type lane struct {
	Name string
	Rows []laneRow
}

// A laneRow is tests that did not overlap. Those that ran at the same time
// have rows below each other.
type laneRow struct {
	Tests []testMark
	last  *bundle // not among Tests yet
}

// A bundle is tests that are drawn as one.
type bundle struct {
	from, to float64
	worst    claims.Test
	number   int // of the worst
	tests    int
	bad      int // that failed or leaked
	leaks    string
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
func (p page) lanes(d *picture, a axis, tests *claims.Tests) {
	worth := map[string]bool{}
	for _, f := range p.Failures {
		worth[f.Package] = true
	}
	for _, l := range p.Leaks {
		for _, o := range append(slices.Clone(l.Suspects), orNobody(l.By)) {
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
				d.Lanes = append(d.Lanes, lane{Name: name(pkg.Path)})
			} else {
				rest = append(rest, pkg.Path)
			}
		}
	}
	if len(rest) > 0 {
		for _, path := range rest {
			of[path] = len(d.Lanes)
		}
		d.Lanes = append(d.Lanes, lane{Name: plain(claims.Count(len(rest), "further package"))})
	}
	counts := [claims.Outcomes]int{}
	number := 0
	for t := range tests.All() {
		counts[t.Outcome]++
		if at, known := of[t.Package]; known && !t.Begin.IsZero() {
			d.Lanes[at].add(t, a, number, p.View)
		}
		number++
	}
	for s := claims.Outcomes - 1; s >= 0; s-- {
		if counts[s] > 0 {
			d.Legend = append(d.Legend, legend{s.Class(), s.Word(), counts[s]})
		}
	}
	for i := range d.Lanes {
		for j := range d.Lanes[i].Rows {
			d.Lanes[i].Rows[j].draw(p.View)
		}
	}
	d.Lanes = slices.DeleteFunc(d.Lanes, func(l lane) bool { return len(l.Rows) == 0 })
}

func orNobody(o *record.Name) record.Name {
	if o == nil {
		return record.Name{}
	}
	return *o
}

// add draws a test in the first row that has room, else over what is in the last.
func (l *lane) add(t claims.Test, a axis, number int, v *claims.View) {
	b := &bundle{from: a.at(t.Begin), to: a.at(t.End), worst: t, number: number, tests: 1, leaks: joinLeaks("", t.Groups)}
	if t.Outcome >= claims.Fails {
		b.bad = 1
	}
	at := slices.IndexFunc(l.Rows, func(r laneRow) bool { return b.from >= r.last.to || r.last.near(b) })
	if at < 0 {
		if at = len(l.Rows); at == maxBeside {
			l.Rows[at-1].last.join(b)
			return
		}
		l.Rows = append(l.Rows, laneRow{})
	}
	row := &l.Rows[at]
	if row.last != nil && row.last.near(b) {
		row.last.join(b)
		return
	}
	row.draw(v)
	row.last = b
}

// near reports whether the next test is too close to be told apart.
func (b *bundle) near(next *bundle) bool {
	return next.from-b.from < narrow && next.to-b.from < 2*narrow
}

func (b *bundle) join(next *bundle) {
	if next.worst.Outcome > b.worst.Outcome {
		b.worst, b.number = next.worst, next.number
	}
	b.from, b.to = min(b.from, next.from), max(b.to, next.to)
	b.tests += next.tests
	b.bad += next.bad
	b.leaks = joinLeaks(b.leaks, next.worst.Groups)
}

// draw makes a mark of the last bundle.
func (r *laneRow) draw(v *claims.View) {
	b := r.last
	if b == nil {
		return
	}
	m := testMark{X: percent(b.from), Width: wide(b.to - b.from), Class: b.worst.Outcome.Class(), Title: title(b.worst, v), Leaks: b.leaks, Row: testAnchor(b.number)}
	if b.tests > 1 {
		m.Title = strconv.Itoa(b.tests) + " tests, " + strconv.Itoa(b.bad) + " of them failed or leaked; among them: " + m.Title
	}
	r.Tests = append(r.Tests, m)
}

func testAnchor(number int) string { return "test-" + strconv.Itoa(number) }

func joinLeaks(known string, more []int) string {
	for _, no := range more {
		if text := strconv.Itoa(no); known == "" {
			known = text
		} else if !slices.Contains(strings.Fields(known), text) && len(known) < 200 {
			known += " " + text
		}
	}
	return known
}

// title is a test in a line.
func title(t claims.Test, v *claims.View) string {
	text := plain(claims.Owner(t.Name) + ": " + v.Sentence(t))
	if !t.Begin.IsZero() {
		if took := t.End.Sub(t.Begin); took >= 0 {
			text += ", " + seconds(took)
		}
		text += " at " + since(t.Begin.Sub(v.Run.Started))
	}
	if t.Outcome == claims.Leaks {
		if c := v.Groups[t.Owned[0]-1].Changes[0]; c.Call != nil {
			text += ", at " + plain(v.CallPlace(c.Call))
		}
	}
	if t.Failure != nil && t.Failure.OOMCall != nil {
		text += ", OOM error returned at " + plain(v.CallPlace(t.Failure.OOMCall))
	}
	return text
}
