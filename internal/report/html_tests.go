package report

import (
	"fmt"
	"strings"
	"time"

	"tracetest/internal/triage"
)

// A testTable lists the tests.
type testTable struct {
	Rows     []testRow
	Packages bool // there are several
	Left     int  // tests that passed and are not listed
}

// A testRow is a test.
type testRow struct {
	ID       string
	Name     string
	Package  string
	Class    string
	Outcome  string // in words
	Short    string // passed, failed, skipped
	Leaks    string
	Links    []leakLink
	Took     string
	Sort     string // milliseconds
	Began    string
	OOM      string
	Where    string
	Message  string
	Output   string
	HasWords bool
}

type leakLink struct{ Text, To string }

// maxListed is how many tests a page lists in which nothing happened. A browser
// shows more, but not smoothly; junit.xml has them all.
const maxListed = 20_000

func (p *page) testTable(told *telling) testTable {
	var t testTable
	var paths []string
	for _, pkg := range p.Packages {
		paths = append(paths, pkg.Path)
	}
	t.Packages = len(unique(paths)) > 1
	number := 0
	for test := range told.tests() {
		if test.state <= stateSkip && len(t.Rows) >= maxListed {
			t.Left++
		} else {
			t.Rows = append(t.Rows, p.testRow(test, number))
		}
		number++
	}
	return t
}

func (p *page) testRow(t toldTest, number int) testRow {
	k := ink{limit: 400}
	r := testRow{ID: testAnchor(number), Name: k.owner(t.Owner), Package: k.name(t.Package), Class: t.state.class(), Outcome: p.outcomeWord(t),
		Short: shortOutcome(t.Status), Leaks: joinLeaks("", t.leaks)}
	if t.state == stateLeak {
		r.Short += ", leaked"
	}
	for i, no := range t.leaks {
		if i == 3 {
			break
		}
		r.Links = append(r.Links, leakLink{"leak " + itoa(no), "#" + leakAnchor(no)})
	}
	if !t.Begin.IsZero() {
		if took := t.End.Sub(t.Begin); took >= 0 { // else the clock was set back
			r.Took, r.Sort = seconds(took), fmt.Sprintf("%.3f", float64(took)/float64(time.Millisecond))
		}
		r.Began = since(t.Begin.Sub(p.Run.Started))
	}
	where := t.Location
	if f := t.failure; f != nil {
		if f.Location != "" {
			where = f.Location
		}
		if f.OOMErrors > 0 {
			r.OOM = itoa(int(f.OOMErrors))
		}
		r.Message = strings.Join(cleanLines(f.Message), "\n")
		if text := strings.Join(cleanLines(f.Output), "\n"); text != r.Message {
			r.Output = text
		}
		r.HasWords = r.Message != "" || r.Output != ""
	}
	if where != "" {
		r.Where = k.name(p.rel(where))
	}
	return r
}

// outcomeWord says how a test ended and what the findings say of it.
func (v *survey) outcomeWord(t toldTest) string {
	text := shortOutcome(t.Status)
	if t.Status == "panic" || t.Status == "died" {
		text = ended(t.Status)
	}
	switch t.state {
	case stateSuspect:
		if t.unheard {
			text += ", ran when " + leakNames(t.maybe) + " was made, and was not heard making it"
		} else {
			text += ", one of the suspects of " + leakNames(t.maybe)
		}
	case stateMet:
		text += ", " + met([]triage.Failure{*t.failure}) + " " + v.unexplainedBy([]triage.Failure{*t.failure})
	case stateVictim:
		text += ", " + met([]triage.Failure{*t.failure})
		if t.tied > 0 {
			text += " while leak " + itoa(t.tied) + " was in force"
		}
	case stateLeak:
		text += ", left the server changed (" + leakNames(t.owned) + ")"
	}
	return text
}

func leakNames(leaks []int) string {
	var names []string
	for _, no := range leaks {
		names = append(names, "leak "+itoa(no))
	}
	return list(names, 3)
}

func shortOutcome(status string) string {
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

func cleanLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, clean(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", "    ")))
	}
	return lines
}
