package triage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// Exit codes of tracetest, by what a run showed.
const (
	ExitClean  = 0 // tests passed, nothing leaked
	ExitFailed = 1 // tests failed, or the run was not complete
	ExitUnable = 2 // tracetest could not do its job
	ExitLeaked = 3 // tests passed, but state leaked
)

// A condition is something that a run must have shown to end with 0.
type condition struct {
	name string
	// complete is set where a run that does not meet it is incomplete: what it did
	// not show may have happened in what is missing.
	complete bool
	code     int
	// unmet says why it is not met; "" where it is.
	unmet func(*Analysis, *findings.Findings) string
}

// conditions are all that stands between a run and exit code 0, in the order in
// which they are told: the first that is not met is the reason. There is no other
// place that decides this.
func conditions() []condition {
	return []condition{
		{"the go command understood its arguments", false, ExitUnable, (*Analysis).refusedArguments},
		{"the record has an end", true, ExitFailed, (*Analysis).endless},
		{"the run was not cut short", true, ExitFailed, (*Analysis).cutShort},
		{"tracetest could write all of the record", true, ExitUnable, (*Analysis).unwritten},
		{"the record is whole", true, ExitFailed, (*Analysis).torn},
		{"a server was watched", true, ExitFailed, (*Analysis).serverless},
		{"each watched server was seen when the tests had ended", true, ExitFailed, (*Analysis).unseenAtEnd},
		{"each server that the tests used was watched", true, ExitFailed, (*Analysis).unwatchedServer},
		{"each write that a server accepted was shown by a snapshot", true, ExitFailed, (*Analysis).unsampledWrite},
		{"the tests that another command started reported", true, ExitFailed, (*Analysis).silentLauncher},
		{"the tests of each package that passed came to their end", true, ExitFailed, (*Analysis).unendedTests},
		{"each test binary ended", true, ExitFailed, (*Analysis).lastingProcess},
		{"the go command ended with 0", false, ExitFailed, (*Analysis).failedCommand},
		{"no test failed", false, ExitFailed, (*Analysis).failedTests},
		{"nothing was left changed that is not known", false, ExitLeaked, (*Analysis).leftChanged},
		{"--expect was met", false, ExitLeaked, (*Analysis).unmetExpectation},
	}
}

// judge says whether a run is complete, and its exit code.
func (a *Analysis) judge(f *findings.Findings, r *findings.Run) {
	r.Complete = true
	code := ExitClean
	for _, c := range conditions() {
		why := c.unmet(a, f)
		if why == "" {
			continue
		}
		if c.complete {
			r.Complete, r.Incomplete = false, cmp.Or(r.Incomplete, why)
		}
		if code == ExitClean {
			code = c.code
		}
	}
	r.Exit = code
}

func (a *Analysis) refusedArguments(f *findings.Findings) string {
	if a.end != nil && !a.run.Launched && a.end.GoExit == 2 && f.Tests.Total == 0 && len(f.Packages) == 0 {
		return "the go command did not understand its arguments"
	}
	return ""
}

func (a *Analysis) endless(*findings.Findings) string {
	if a.end == nil {
		return "the record has no end: tracetest itself was killed, or is still running"
	}
	return ""
}

func (a *Analysis) cutShort(*findings.Findings) string {
	if a.end != nil && !a.end.Complete {
		return cmp.Or(a.end.Reason, "it did not come to its end")
	}
	return ""
}

func (a *Analysis) unwritten(*findings.Findings) string { return a.lost }

func (a *Analysis) torn(*findings.Findings) string {
	if a.damaged {
		return "the record is damaged"
	}
	return ""
}

func (a *Analysis) serverless(f *findings.Findings) string {
	if len(a.servers) > 0 || usedNone(f) {
		return ""
	}
	return "no server was watched"
}

// usedNone reports whether it is known that the tests used no Redis: each connection of each package was traced.
func usedNone(f *findings.Findings) bool {
	return f.Run.Mode == record.ModeInstrumented && f.Run.Traced && len(f.Endpoints) == 0 && len(f.Uninstrumented()) == 0
}

func (a *Analysis) unseenAtEnd(*findings.Findings) string {
	for _, s := range a.servers {
		if !s.gone() && (s.gap != 0 || !s.atEnd) {
			return s.Address + " could not be seen when the run ended"
		}
	}
	return ""
}

// gone reports whether a server that nobody named was ended by the tests: they
// had started it.
func (s *server) gone() bool { return s.Discovered && s.gap != 0 && s.nobody }

// unwatchedServer lets --discover=off be, as long as a server was watched that the
// tests used: whoever says it does not ask about the others.
func (a *Analysis) unwatchedServer(f *findings.Findings) string {
	var unasked, watched string
	for _, s := range f.Unwatched() {
		if s.Problem != record.NotDiscovered {
			return "the tests used " + s.Address + ", which was not watched: " + s.Problem
		}
		unasked = cmp.Or(unasked, s.Address)
	}
	for _, s := range f.Endpoints {
		watched = cmp.Or(watched, s.Server)
	}
	if unasked != "" && watched == "" {
		return "the tests used " + unasked + ", and no server that was watched: name it with --redis, or leave --discover=off away"
	}
	return ""
}

func (a *Analysis) unsampledWrite(*findings.Findings) string {
	for _, s := range a.servers {
		if len(s.unsampled) > 0 {
			w := s.unsampled[0]
			return fmt.Sprintf("%s accepted %s, and no snapshot shows it", s.Address, strings.Join(w.Command, " "))
		}
	}
	return ""
}

// silentLauncher is of a run in which nobody but the test processes tells of tests.
func (a *Analysis) silentLauncher(*findings.Findings) string {
	if a.run.Launched && !slices.ContainsFunc(slices.Collect(maps.Values(a.outcomes.packages)), func(p *pkg) bool { return p.Instrumented }) {
		return "no test process reported to tracetest, so nothing is known of the tests"
	}
	return ""
}

func (a *Analysis) unendedTests(f *findings.Findings) string {
	if a.end == nil || a.end.GoExit != 0 {
		return "" // then go test says that something failed
	}
	for _, path := range a.outcomes.order {
		p := a.outcomes.packages[path]
		if p.Outcome != "died" {
			continue
		}
		why := "the test binary of " + path + " ended with status 0 before its tests did"
		if !p.unended {
			why = "of " + path + " no end was reported"
		}
		if names := a.diedIn(path); len(names) > 0 {
			why += ": " + some(names) + " never ended"
		}
		if len(p.missing) > 0 {
			why += "; " + some(p.missing) + " never ran"
		}
		return why
	}
	return ""
}

// diedIn returns the tests of a package that did not end.
func (a *Analysis) diedIn(path string) []string {
	var names []string
	for _, o := range a.outcomes.failed {
		name := cmp.Or(o.spec, o.test)
		if o.pkg == path && o.status == "died" && name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// some names a few of many.
func some(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + " and " + strconv.Itoa(len(names)-most) + " more"
}

func (a *Analysis) lastingProcess(*findings.Findings) string {
	for _, index := range slices.Sorted(maps.Keys(a.processes)) {
		p := a.processes[index]
		if p.quit || !a.open.Present(index) {
			continue
		}
		pkg := cmp.Or(p.Package, a.open.Package(index))
		if p.Host != nil {
			pkg = cmp.Or(p.Package, a.open.Package(p.Host.Process))
		}
		return fmt.Sprintf("a test binary of %s (process %d) still ran when the run ended", cmp.Or(pkg, "a package that is not known"), p.PID)
	}
	return ""
}

func (a *Analysis) failedCommand(*findings.Findings) string {
	if a.end != nil && a.end.GoExit != 0 {
		if a.run.Launched {
			return "the command that started the tests ended with " + strconv.Itoa(a.end.GoExit)
		}
		return "go test ended with " + strconv.Itoa(a.end.GoExit)
	}
	return ""
}

func (a *Analysis) failedTests(f *findings.Findings) string {
	if a.run.Launched && a.end != nil && a.end.GoExit == 0 && !slices.ContainsFunc(f.Failures, func(x findings.Failure) bool { return !a.outcomes.passedAgain(x) }) {
		return "" // each passed when the command ran it again
	}
	if n := max(f.Tests.Failed, len(f.Failures)); n > 0 {
		return "tests failed: " + strconv.Itoa(n)
	}
	return ""
}

// passedAgain reports whether a test that failed passed in a later run of its package.
func (o *outcomes) passedAgain(f findings.Failure) bool {
	return o.again[findings.Owner{Package: f.Package, Test: f.Test, Spec: f.Spec}]
}

func (a *Analysis) leftChanged(f *findings.Findings) string {
	if a.leaked(f) {
		return "something leaked"
	}
	return ""
}

func (a *Analysis) unmetExpectation(f *findings.Findings) string {
	if len(f.UnmetExpectations) > 0 { // it had leaked before
		return "--expect was not met"
	}
	return ""
}
