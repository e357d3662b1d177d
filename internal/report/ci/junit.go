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
	"tracetest/internal/report/doc"
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

// A testcase is one as it is written.
type testcase struct {
	name, class      string
	took             time.Duration
	element          string // failure, error, skipped, or empty for one that passed
	kind             string // of the failure, for programs
	message, details string
	output           string
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

// element is what a status is in JUnit: a failure is one that a test reports.
func element(status string) string {
	switch status {
	case "pass":
		return ""
	case "skip", "pending":
		return "skipped"
	case "fail":
		return "failure"
	}
	return "error"
}

// made makes the testcase of a case.
func (j *junit) made(n int, c claims.FoundCase) testcase {
	t := testcase{name: c.Test, class: c.Package, element: element(c.Status)}
	if c.Spec != "" {
		t.name = c.Spec
	}
	if !c.Begin.IsZero() {
		t.took = max(0, c.End.Sub(c.Begin))
	}
	switch c.Status {
	case "fail", "panic":
		t.kind, t.message = c.Status, plain(claims.Ended(c.Status).Upper())
	case "died":
		t.kind, t.message = c.Status, "Its process ended first"
	case "pending":
		t.message = "pending"
	}
	if c.Failure >= 0 {
		j.failed(&t, c.Failure)
	}
	j.leaked(&t, j.leaking[n])
	return t
}

// failed adds a failure.
func (j *junit) failed(t *testcase, i int) {
	f := j.Failures[i]
	t.kind = f.Status
	if f.Cause.Redis() {
		t.kind = string(f.Cause)
	}
	if message := doc.CutEnd(claims.OneLine(f.Message), 240); message != "" {
		t.message = message
	}
	t.add(f.Message)
	if f.Location != "" {
		t.add("at " + j.Run.Rel(f.Location))
	}
	t.add(plain(j.CorrelationSentence(i)))
	t.add(plain(claims.ByTracetest(f)))
	t.output = f.Output
}

// leaked makes a failure of a test that leaked, and adds to one that it is.
func (j *junit) leaked(t *testcase, groups []claims.Group) {
	for _, g := range groups {
		sentence := plain(j.LeakSentence(g))
		if t.element == "" || t.element == "skipped" {
			t.element, t.kind, t.message = j.element, "leak", sentence
		} else if t.kind == "leak" {
			t.message += " " + sentence
		}
		t.add(sentence)
		for _, c := range g.Changes {
			t.add(plain(j.PlaceSentence(c)))
		}
		t.add(plain(j.Cure(g)))
		for _, c := range g.Changes {
			t.add(plain(claims.Caveat(c)))
		}
	}
}

func (t *testcase) add(text string) {
	if text == "" {
		return
	}
	if t.details != "" {
		t.details += "\n"
	}
	t.details += text
}

// addStray adds what is no case: builds and suite nodes that failed, leaks of
// those who are none, and what is nobody's.
func (j *junit) addStray() {
	own := make(map[findings.Owner]*testcase)
	var order []findings.Owner
	var extra []*testcase // further ones of one owner, with -count
	stray := func(o findings.Owner) *testcase {
		t := &testcase{name: strayName(o), class: o.Package}
		if own[o] == nil {
			own[o] = t
			order = append(order, o)
		} else {
			extra = append(extra, t)
		}
		return t
	}
	for i, f := range j.Failures {
		if !j.taken[i] {
			t := stray(f.Name())
			t.element, t.message = element(f.Status), "failed"
			if f.Status == "build" {
				t.name, t.message = "[build]", "The package could not be built"
			}
			j.failed(t, i)
		}
	}
	for _, g := range j.Groups {
		if j.fails(g) && !j.placed[g.No] {
			o := *g.Changes[0].By
			t := own[o]
			if t == nil {
				t = stray(o)
			}
			j.leaked(t, []claims.Group{g})
		}
	}
	for _, o := range order {
		j.suite(o.Package).add(*own[o])
	}
	for _, t := range extra {
		j.suite(t.class).add(*t)
	}
	j.addState()
}

func strayName(o findings.Owner) string {
	switch {
	case o.Spec != "":
		return o.Spec
	case o.Test != "":
		return o.Test
	}
	return "[outside its tests]"
}

// addState adds why the run is not good although no test is to blame.
func (j *junit) addState() {
	var all []testcase
	add := func(element, name, kind, message string, details ...string) {
		t := testcase{name: name, class: stateSuite, element: element, kind: kind, message: message}
		for _, d := range details {
			t.add(d)
		}
		all = append(all, t)
	}
	if !j.Run.Complete {
		message := claims.Text("This run is incomplete")
		if j.Run.Incomplete != "" {
			message += ": " + doc.Say(j.Run.Incomplete)
		}
		add("error", "the run", "incomplete", plain(message.Period()))
	} else if j.Run.GoExit != 0 && len(j.Failures) == 0 {
		add("error", "the run", "exit", plain(j.Passed().Upper()+"."))
	}
	if j.element != "" {
		for _, g := range j.Groups {
			if !g.Accused() && !g.Known() {
				c := g.Changes[0]
				add(j.element, plain("leak "+doc.Int(g.No)+": "+doc.Code(c.Parameter)), "leak", plain(j.LeakSentence(g)),
					plain(j.LeakSentence(g)), plain(j.PlaceSentence(c)), plain(claims.Caveat(c)), plain(j.Cure(g)))
			}
		}
		for _, name := range j.Unclaimed() {
			add(j.element, name+" after the run", "changed", "It differs from the initial value, and the writer was not identified.")
		}
		for _, u := range j.UnmetExpectations {
			add(j.element, u.Parameter+" before the run", "expect", claims.UnmetLine(u))
		}
	}
	for _, t := range all {
		j.suite(stateSuite).add(t)
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
