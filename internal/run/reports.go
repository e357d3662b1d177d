package run

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"tracetest/internal/barrier"
	"tracetest/internal/gotest"
	"tracetest/internal/record"
)

// reports makes test events of what the test processes of a launched run say
// themselves. Several processes of a package at one time are one run of it, as
// those of a parallel Ginkgo suite are. A package may run again. A nil reports
// makes none.
type reports struct {
	w         *watcher
	processes map[int]*testProcess
	parents   map[int]bool    // processes that started test processes
	last      time.Time       // when a test process began or ended last
	seen      map[string]bool // packages that ever reported
	benches   map[string]bool // benchmarks that began, by package and name
}

// testProcess is a test binary that is synchronized.
type testProcess struct {
	record.Process
	begun         bool // its package did
	ran, failed   bool // m.Run ended; with another status than 0
	exited, ended bool
	open          []string      // tests that began and did not end
	panicked      []record.Test // ends of tests that end the process, which may say more
	said          string        // why it ends
}

func newReports(w *watcher) *reports {
	return &reports{w: w, processes: map[int]*testProcess{}, parents: map[int]bool{}, last: time.Now(), seen: map[string]bool{}, benches: map[string]bool{}}
}

func (r *reports) process(p *record.Process) {
	if r == nil || p.Host != nil {
		return
	}
	r.last, r.parents[p.PPID] = time.Now(), true
	if r.processes[p.Index] == nil {
		r.processes[p.Index] = &testProcess{}
	}
	r.processes[p.Index].Process = *p
	if p.OtherShard {
		r.seen[p.Package] = true
	}
}

func (r *reports) ran(h *barrier.Arrival) {
	if r == nil {
		return
	}
	if p := r.processes[h.From]; p != nil {
		r.begin(p)
		p.ran, p.failed = true, h.Status != 0
	}
}

// receive takes in what is said when a process is about to end by a panic.
func (r *reports) receive(h *barrier.Arrival) {
	if r == nil {
		return
	}
	p := r.processes[h.From]
	if p == nil {
		return
	}
	if h.Said.Test == "" {
		p.said = h.Said.Text
	}
	for i := range p.panicked {
		if p.panicked[i].Test == h.Said.Test {
			p.panicked[i].Output += h.Said.Text
		}
	}
}

// before takes in a boundary that is about to be recorded. The function that it
// returns records what follows from it.
func (r *reports) before(h *barrier.Arrival, b *record.Boundary) (after func()) {
	if r == nil || r.processes[b.Process] == nil {
		return func() {}
	}
	p := r.processes[b.Process]
	if p.OtherShard && b.Verb != record.VerbGone {
		return func() {}
	}
	owner, _ := r.w.open.Owner(b.Owner)
	if b.Begin != nil {
		owner = *b.Begin
	}
	return func() {
		switch b.Verb {
		case record.VerbBegin, record.VerbPause, record.VerbContinue, record.VerbEnd:
			r.begin(p)
			if owner.Kind != record.KindSpec {
				r.test(p, h, b, owner)
			}
		case record.VerbSuiteBegin, record.VerbSuiteEnd:
			r.begin(p)
		case record.VerbExit:
			p.exited, p.failed = true, h.Failed
		case record.VerbGone:
			r.gone(p)
		}
	}
}

// gone takes in the end of a process.
func (r *reports) gone(p *testProcess) {
	r.begin(p)
	r.last, p.ended = time.Now(), true
	if p.OtherShard {
		delete(r.processes, p.Index)
		return
	}
	for _, t := range p.panicked {
		r.add(t)
	}
	for _, name := range slices.Backward(p.open) {
		r.add(record.Test{Action: "cut", Package: p.Package, Test: name, Output: p.said})
	}
	r.end(p.Package)
}

// begin starts the package of a process. That is not done at its hello: only what
// it says next shows for certain which package it is of.
func (r *reports) begin(p *testProcess) {
	if p.begun || p.Package == "" || p.OtherShard {
		return
	}
	running := slices.ContainsFunc(r.of(p.Package), func(other *testProcess) bool { return other.begun })
	p.begun = true
	if running {
		return
	}
	if !r.seen[p.Package] {
		r.seen[p.Package] = true
		r.w.p.unhooked(p.Package, r.unhooked(p), r.w.append)
	}
	r.w.ends.began[p.Package] = map[string]bool{}
	r.add(record.Test{Action: "start", Package: p.Package})
}

// of returns the processes that a package runs in.
func (r *reports) of(path string) (all []*testProcess) {
	for _, index := range slices.Sorted(maps.Keys(r.processes)) {
		if p := r.processes[index]; p.Package == path {
			all = append(all, p)
		}
	}
	return all
}

func (r *reports) add(t record.Test) { r.addAt(t, time.Now()) }

func (r *reports) addAt(t record.Test, at time.Time) {
	t.Time = at.Round(0)
	r.w.append(record.Entry{Test: &t})
}

func (r *reports) test(p *testProcess, h *barrier.Arrival, b *record.Boundary, owner record.Owner) {
	t := record.Test{Package: p.Package, Test: owner.Name}
	if t.Test == "" {
		return // it began before it was watched
	}
	key := p.Package + " " + t.Test
	bench := owner.Kind == record.KindBenchmark
	switch b.Verb {
	case record.VerbBegin:
		if bench && r.benches[key] {
			return // the next of its rounds
		}
		r.benches[key] = bench
		t.Action = "run"
		p.open = append(p.open, t.Test)
		if began := r.w.ends.began[p.Package]; began != nil && !t.Name().Subtest() {
			began[t.Test] = true
		}
	case record.VerbPause:
		t.Action = "pause"
	case record.VerbContinue:
		t.Action = "cont"
	case record.VerbEnd:
		if bench && b.End.Status == "pass" {
			return // as go test does: another round may come
		}
		if i := slices.Index(p.open, t.Test); i >= 0 {
			p.open = slices.Delete(p.open, i, i+1)
		}
		switch b.End.Status {
		case "pass", "skip":
			t.Action = b.End.Status
		case "panic":
			t.Action, t.Output = "fail", h.Output
			p.panicked = append(p.panicked, t)
			return
		default:
			t.Action, t.Output = "fail", h.Output
		}
	}
	at := time.Now()
	if h.Passed {
		at = h.Since()
	}
	r.addAt(t, at)
}

// end ends a package when its last process has ended.
func (r *reports) end(path string) {
	all := r.of(path)
	if len(all) == 0 || !slices.ContainsFunc(all, func(p *testProcess) bool { return p.begun }) || slices.ContainsFunc(all, func(p *testProcess) bool { return !p.ended }) {
		return
	}
	t := record.Test{Action: "pass", Package: path}
	for _, p := range all {
		launches := slices.ContainsFunc(all, func(other *testProcess) bool { return other.Launcher == p.Index })
		switch {
		case p.failed || !p.exited && !p.ran && !launches:
			t.Action = "fail"
			t.Output = cmp.Or(t.Output, "The test binary ended with a status other than 0, or was killed. What it printed is in the output of the command that started it.\n")
		case !p.ran && !launches:
			t.Unended = true
		}
		delete(r.processes, p.Index)
	}
	if t.Unended = t.Unended && t.Action == "pass"; t.Unended && !slices.ContainsFunc(all, (*testProcess).chosen) {
		t.Missing = r.w.missing(path)
	}
	for key := range r.benches {
		if strings.HasPrefix(key, path+" ") {
			delete(r.benches, key)
		}
	}
	delete(r.w.ends.began, path)
	r.add(t)
}

// chosen reports whether a flag chose among the tests.
func (p *testProcess) chosen() bool {
	return slices.ContainsFunc(p.Args, func(arg string) bool {
		name, value, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		return value != "" && value != "false" && slices.Contains([]string{"test.run", "test.skip", "test.failfast", "test.fuzz"}, name)
	})
}

// unhooked says why the specs of a package are not distinguished; "" where they are.
func (r *reports) unhooked(p *testProcess) string {
	known := slices.ContainsFunc(r.w.p.listed, func(l *gotest.Package) bool { return l.ImportPath == p.Package })
	if known || len(p.Args) == 0 {
		return r.w.p.overlay.Unhooked[p.Package]
	}
	binary, err := os.ReadFile(fmt.Sprintf("/proc/%d/exe", p.PID))
	if err != nil {
		binary, _ = os.ReadFile(p.Args[0])
	}
	if !bytes.Contains(binary, []byte("/ginkgo/v2.RunSpecs")) { // as the table of its functions has it
		return ""
	}
	return "it is in no module that this folder is in or that is below it"
}

// finish says, when the command has ended, what did not report.
func (r *reports) finish() {
	if r == nil {
		return
	}
	for _, index := range slices.Sorted(maps.Keys(r.processes)) {
		if p := r.processes[index]; p.exited && !p.ended {
			r.gone(p) // its connection outlives it for a moment
		}
	}
	clear(r.w.ends.began) // nobody else reports how they ended
	if len(r.seen) == 0 {
		text := "No test process reported to tracetest: " + r.w.p.unreached() + "."
		r.w.append(record.Entry{Notice: &record.Notice{Code: "no-reports", Text: text}})
		r.w.p.o.Output.Say("tracetest: " + text)
		return
	}
	if r.w.p.o.Serve {
		return // what was asked for is not known
	}
	asked := covers(r.w.p.o.Launch)
	var silent []string
	for _, listed := range r.w.p.listed {
		if len(listed.TestGoFiles)+len(listed.XTestGoFiles) > 0 && !r.seen[listed.ImportPath] && asked(listed.Dir) {
			silent = append(silent, listed.ImportPath)
		}
	}
	if n := len(silent); n > 0 {
		names := strings.Join(silent[:min(n, 5)], ", ")
		if n > 5 {
			names += fmt.Sprintf(" and %d more", n-5)
		}
		r.w.append(record.Entry{Notice: &record.Notice{Code: "not-reported", Text: "Packages that have tests did not report to tracetest, and whether these ran is not known: " + names + "."}})
	}
}
