package ci

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/report/claims"
	"tracetest/internal/triage"
)

// JUnitOptions say how to write junit.xml.
type JUnitOptions struct {
	// Leaks is what a leak makes of the test that leaks: "failure" (also if
	// empty), "error" or "none".
	Leaks string
}

// JUnit writes junit.xml: a suite for each package with a testcase for each test
// and spec, and for what failed without being one, such as a build. It holds to
// the schema that Jenkins publishes, which the others read as well
// (https://github.com/jenkinsci/xunit-plugin, junit-10.xsd). That has no place
// for the file of a testcase, nor for properties of one, so both stand in its
// text.
//
// A test that leaks is a failed test if the exit code says that the run failed.
// A leak that is put down to nobody is a testcase of its own, in the suite
// "tracetest": no test is marked red for what another may have done.
//
// A million cases are written as they are read, and not held: jstemmer's
// go-junit-report and gotestsum build the whole document first. What overlaps
// (go test -p) is brought in order a part at a time.
func JUnit(w io.Writer, f *findings.Findings, o JUnitOptions) error {
	if f == nil {
		return errNoFindings()
	}
	j := newJUnit(claims.New(f), o)
	j.count()
	j.addStray()
	out := bufio.NewWriterSize(w, 64<<10)
	j.write(out)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	return nil
}

// A Run is one of many, with the name that its suites have.
type Run struct {
	Name     string
	Findings *findings.Findings
}

// JUnitMerged writes one junit.xml of many runs, one after another as next gives them. A suite is named for its run too, for
// the suites of two shards by test have the same packages.
func JUnitMerged(w io.Writer, runs iter.Seq2[Run, error], o JUnitOptions) error {
	out := bufio.NewWriterSize(w, 64<<10)
	out.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tracetest\">\n")
	for run, err := range runs {
		if err != nil {
			return err
		}
		j := newJUnit(claims.New(run.Findings), o)
		j.run = run.Name
		j.count()
		j.addStray()
		j.writeAll(out)
	}
	out.WriteString("</testsuites>\n")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	return nil
}

// stateSuite is the suite of what is nobody's test.
const stateSuite = "tracetest"

type junit struct {
	*claims.View
	element string // failure or error for leaks; empty for none
	run     string // which of many this is; empty where it is alone

	suites []*suite
	byName map[string]*suite

	leaking map[int][]claims.Group // by the number of a case
	placed  map[int]bool           // groups that are of a case, by their numbers
	taken   map[int]bool           // failures that are a case's
}

// A suite is a package, or stateSuite.
type suite struct {
	name                              string
	tests, failures, errored, skipped int
	size                              int // of its text in bytes, roughly
	begin, end                        time.Time
	stray                             []testcase
}

func newJUnit(v *claims.View, o JUnitOptions) *junit {
	j := &junit{View: v, byName: map[string]*suite{}, leaking: map[int][]claims.Group{}, taken: map[int]bool{}}
	if o.Leaks == "" {
		o.Leaks = "failure"
	}
	if v.Run.Exit != triage.ExitClean && o.Leaks != "none" {
		j.element = o.Leaks
	}
	leaks, placed := v.CasesOfLeaks()
	j.placed = placed
	for n, groups := range leaks {
		for _, no := range groups {
			if g := v.Groups[no-1]; j.fails(g) {
				j.leaking[n] = append(j.leaking[n], g)
			}
		}
	}
	return j
}

// fails reports whether a group makes a failure of a test.
func (j *junit) fails(g claims.Group) bool { return g.Accused() && !g.Known() && j.element != "" }

func (j *junit) suite(name string) *suite {
	s := j.byName[name]
	if s == nil {
		s = &suite{name: name}
		j.byName[name] = s
		j.suites = append(j.suites, s)
	}
	return s
}

// count is the first pass: a suite says how many tests it has before the first.
func (j *junit) count() {
	for n, c := range j.AllCases() {
		s := j.suite(c.Package)
		s.tests++
		s.size += 2*len(c.Package) + len(c.Test) + len(c.Spec) + 80
		if !c.Begin.IsZero() && (s.begin.IsZero() || c.Begin.Before(s.begin)) {
			s.begin = c.Begin
		}
		if c.End.After(s.end) {
			s.end = c.End
		}
		if c.Failure >= 0 {
			j.taken[c.Failure] = true
			s.size += len(j.Failures[c.Failure].Output) + 1024
		}
		s.tally(element(c.Status), 1)
		if len(j.leaking[n]) > 0 && !claims.Failed(c.Status) {
			s.tally(element(c.Status), -1)
			s.tally(j.element, 1)
		}
	}
}

// tally counts a test by its element. The number of tests is counted apart.
func (s *suite) tally(element string, n int) {
	switch element {
	case "failure":
		s.failures += n
	case "error":
		s.errored += n
	case "skipped":
		s.skipped += n
	}
}

func (s *suite) add(t testcase) {
	s.tests++
	s.tally(t.element, 1)
	s.stray = append(s.stray, t)
	s.size += len(t.details) + len(t.output) + 200
}

// batch is how much text is held to bring packages in order that ran beside
// each other.
const batch = 12 << 20

func (j *junit) write(out *bufio.Writer) {
	total := suite{}
	for _, s := range j.suites {
		total.tests += s.tests
		total.failures += s.failures
		total.errored += s.errored
	}
	fmt.Fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tracetest\" tests=\"%d\" failures=\"%d\" errors=\"%d\"%s>\n",
		total.tests, total.failures, total.errored, suiteTook(j.Run.Finished.Sub(j.Run.Started)))
	j.writeAll(out)
	out.WriteString("</testsuites>\n")
}

// writeAll writes the suites, in as few passes over the cases as their size allows.
func (j *junit) writeAll(out *bufio.Writer) {
	for from := 0; from < len(j.suites); {
		to, size := from+1, j.suites[from].size
		for to < len(j.suites) && size+j.suites[to].size <= batch {
			size += j.suites[to].size
			to++
		}
		j.writeSuites(out, j.suites[from:to])
		from = to
	}
}

// writeSuites writes suites in one pass over the cases. One alone need not be
// held.
func (j *junit) writeSuites(out *bufio.Writer, suites []*suite) {
	into := make(map[string]io.Writer)
	held := make([]bytes.Buffer, len(suites))
	for i, s := range suites {
		into[s.name] = &held[i]
	}
	if len(suites) == 1 {
		into[suites[0].name] = out
		j.openSuite(out, suites[0])
	}
	for n, c := range j.AllCases() {
		if to := into[c.Package]; to != nil {
			j.writeCase(to, j.made(n, c))
		}
	}
	for i, s := range suites {
		if len(suites) > 1 {
			j.openSuite(out, s)
			out.Write(held[i].Bytes())
		}
		for _, t := range s.stray {
			j.writeCase(out, t)
		}
		out.WriteString("  </testsuite>\n")
	}
}

// suiteTook is as exact as the schema lets a suite be.
func suiteTook(d time.Duration) string { return fmt.Sprintf(" time=\"%.3f\"", max(0, d).Seconds()) }

func took(d time.Duration) string { return fmt.Sprintf(" time=\"%.6f\"", max(0, d).Seconds()) }

func plain(t claims.Text) string { return t.Plain(inText) }
