package page

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// A testTable lists the tests.
type testTable struct {
	Rows     []testRow
	Chips    []legend
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
	URL      string // of it, where the checkout's commit is known
	Message  string
	Output   string
	HasWords bool
}

type leakLink struct{ Text, To string }

// maxListed is how many tests a page lists in which nothing happened. A browser
// shows more, but not smoothly; junit.xml has them all.
const maxListed = 20_000

func (p page) testTable(tests *claims.Tests) testTable {
	var t testTable
	var paths []string
	for _, pkg := range p.Packages {
		paths = append(paths, pkg.Path)
	}
	t.Packages = len(claims.Unique(paths)) > 1
	number, quiet := 0, []testRow{}
	var counts [claims.Outcomes]int
	for test := range tests.All() {
		counts[test.Outcome]++
		switch {
		case test.Outcome > claims.Skips:
			t.Rows = append(t.Rows, p.testRow(test, number))
		case len(quiet) >= maxListed:
			t.Left++
		default:
			quiet = append(quiet, p.testRow(test, number))
		}
		number++
	}
	t.Rows = append(t.Rows, quiet...) // what happened comes first
	for o := claims.Outcomes - 1; o >= 0; o-- {
		if counts[o] > 0 {
			t.Chips = append(t.Chips, legend{o.Class(), o.Word(), counts[o]})
		}
	}
	return t
}

func (p page) testRow(t claims.Test, number int) testRow {
	const limit = 400
	r := testRow{ID: testAnchor(number), Name: claims.Owner(t.Name).Plain(limit), Package: name(t.Package), Class: t.Outcome.Class(), Outcome: plain(p.Sentence(t)),
		Short: plain(claims.ShortOutcome(t.Status)), Leaks: joinLeaks("", t.Groups)}
	if t.Outcome == claims.Leaks {
		r.Short += ", leaked"
	}
	for i, no := range t.Groups {
		if i == 3 {
			break
		}
		r.Links = append(r.Links, leakLink{"leak " + strconv.Itoa(no), "#" + leakAnchor(no)})
	}
	if !t.Begin.IsZero() {
		if took := t.End.Sub(t.Begin); took >= 0 { // else the clock was set back
			r.Took, r.Sort = seconds(took), fmt.Sprintf("%.3f", float64(took)/float64(time.Millisecond))
		}
		r.Began = since(t.Begin.Sub(p.Run.Started))
	}
	where := p.Line(t)
	if f := t.Failure; f != nil {
		if f.OOMErrors > 0 {
			r.OOM = strconv.FormatInt(f.OOMErrors, 10)
		}
		r.Message = strings.Join(cleanLines(f.Message), "\n")
		if text := strings.Join(cleanLines(f.Output), "\n"); text != r.Message {
			r.Output = text
		}
		r.HasWords = r.Message != "" || r.Output != ""
	}
	if where != "" {
		r.Where, r.URL = name(p.Run.Rel(where)), p.SourceURL(where)
	}
	return r
}

func cleanLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, doc.Clean(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", "    ")))
	}
	return lines
}
