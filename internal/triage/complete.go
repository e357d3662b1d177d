package triage

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
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
	// unmet says why it is not met; nil where it is.
	unmet func(*Analysis, *findings.Findings) *findings.Reason
}

// conditions are all that stands between a run and exit code 0, in the order in
// which they are listed: the first that is not met is the reason. There is no other
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
		if why == nil {
			continue
		}
		if c.complete {
			r.Complete, r.IncompleteBecause = false, cmp.Or(r.IncompleteBecause, why)
		}
		if code == ExitClean {
			code = c.code
		}
	}
	r.Exit = code
}

// when is a reason of one kind, or none.
func when(unmet bool, kind findings.ReasonKind) *findings.Reason {
	if !unmet {
		return nil
	}
	return &findings.Reason{Kind: kind}
}

func (a *Analysis) refusedArguments(f *findings.Findings) *findings.Reason {
	return when(a.window.end != nil && !a.window.run.Launched && a.window.end.GoExit == 2 && f.Tests.Total == 0 && len(f.Packages) == 0, findings.ReasonArguments)
}

func (a *Analysis) endless(*findings.Findings) *findings.Reason {
	return when(a.window.end == nil, findings.ReasonNoEnd)
}

func (a *Analysis) cutShort(*findings.Findings) *findings.Reason {
	if a.window.end != nil && !a.window.end.Complete {
		return &findings.Reason{Kind: findings.ReasonCutShort, Problem: a.window.end.Reason}
	}
	return nil
}

func (a *Analysis) unwritten(*findings.Findings) *findings.Reason {
	if a.lost != nil {
		return &findings.Reason{Kind: findings.ReasonUnwritten, Problem: a.lost.Error()}
	}
	return nil
}

func (a *Analysis) torn(*findings.Findings) *findings.Reason {
	return when(a.window.damaged, findings.ReasonDamaged)
}

func (a *Analysis) serverless(f *findings.Findings) *findings.Reason {
	return when(len(a.ledger.servers) == 0 && !usedNone(f), findings.ReasonNoServer)
}

// usedNone reports whether it is known that the tests used no Redis, or only some that are gone with their test
// binary, such as miniredis: each connection of each package was traced.
func usedNone(f *findings.Findings) bool {
	other := func(e findings.Endpoint) bool { return !e.Inside || e.Server != "" || e.Problem != "" }
	return f.Run.Mode == record.ModeInstrumented && f.Run.Traced && !slices.ContainsFunc(f.Endpoints, other) && len(f.Uninstrumented()) == 0
}

func (a *Analysis) unseenAtEnd(*findings.Findings) *findings.Reason {
	for _, s := range a.ledger.servers {
		if !s.gone() && (s.gap != 0 || !s.atEnd) {
			return &findings.Reason{Kind: findings.ReasonUnseenAtEnd, Server: s.Address}
		}
	}
	return nil
}

// unwatchedServer lets --discover=off be, as long as a server was watched that the
// tests used: whoever says it does not ask about the others.
func (a *Analysis) unwatchedServer(f *findings.Findings) *findings.Reason {
	var unasked, watched string
	for _, s := range f.Unwatched() {
		if s.Problem != record.NotDiscovered {
			return &findings.Reason{Kind: findings.ReasonUnwatched, Server: s.Address, Problem: s.Problem}
		}
		unasked = cmp.Or(unasked, s.Address)
	}
	for _, s := range f.Endpoints {
		watched = cmp.Or(watched, s.Server)
	}
	if unasked != "" && watched == "" {
		return &findings.Reason{Kind: findings.ReasonOnlyUnwatched, Server: unasked}
	}
	return nil
}

// unsampledWrite is also of one that was sent before its server was known for a Redis: what
// that had been before nobody saw.
func (a *Analysis) unsampledWrite(f *findings.Findings) *findings.Reason {
	for _, s := range a.ledger.servers {
		if written := a.writers.at(s).unsampled; len(written) > 0 {
			return &findings.Reason{Kind: findings.ReasonUnsampled, Server: s.Address, Command: written[0].Command}
		}
	}
	for _, w := range f.Writes {
		later := func(e findings.Endpoint) bool { return e.Address == w.Server && e.Server != "" && !e.Inside }
		if !w.Watched && rediscmd.Of(w.Command).Changes&rediscmd.Sampled != 0 && !strings.HasPrefix(w.Reply, "-") && slices.ContainsFunc(f.Endpoints, later) {
			return &findings.Reason{Kind: findings.ReasonUnsampled, Server: w.Server, Command: w.Command}
		}
	}
	return nil
}

// silentLauncher is of a run in which nobody but the test processes reports tests.
func (a *Analysis) silentLauncher(*findings.Findings) *findings.Reason {
	reported := slices.ContainsFunc(slices.Collect(maps.Values(a.outcomes.packages)), func(p *pkg) bool { return p.Instrumented })
	return when(a.window.run.Launched && !reported, findings.ReasonSilent)
}

func (a *Analysis) unendedTests(f *findings.Findings) *findings.Reason {
	if a.window.end == nil || a.window.end.GoExit != 0 {
		return nil // then go test says that something failed
	}
	for _, path := range a.outcomes.order {
		p := a.outcomes.packages[path]
		if p.Outcome != "died" {
			continue
		}
		why := &findings.Reason{Kind: findings.ReasonUnended, Package: path, Unended: a.diedIn(path), Missing: p.missing}
		if !p.unended {
			why.Kind = findings.ReasonUnreported
		}
		return why
	}
	return nil
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

func (a *Analysis) lastingProcess(*findings.Findings) *findings.Reason {
	for _, index := range slices.Sorted(maps.Keys(a.window.processes)) {
		p := a.window.processes[index]
		if p.quit || !a.window.open.Present(index) {
			continue
		}
		pkg := cmp.Or(p.Package, a.window.open.Package(index))
		if p.Host != nil {
			pkg = cmp.Or(p.Package, a.window.open.Package(p.Host.Process))
		}
		return &findings.Reason{Kind: findings.ReasonLasting, Package: pkg, PID: p.PID}
	}
	return nil
}

func (a *Analysis) failedCommand(*findings.Findings) *findings.Reason {
	return when(a.window.end != nil && a.window.end.GoExit != 0, findings.ReasonGoTest)
}

func (a *Analysis) failedTests(f *findings.Findings) *findings.Reason {
	if a.window.run.Launched && a.window.end != nil && a.window.end.GoExit == 0 && !slices.ContainsFunc(f.Failures, func(x findings.Failure) bool { return !a.outcomes.passedAgain(x) }) {
		return nil // each passed when the command ran it again
	}
	return when(f.Tests.Failed+len(f.Failures) > 0, findings.ReasonFailed)
}

// passedAgain reports whether a test that failed passed in a later run of its package.
func (o *outcomes) passedAgain(f findings.Failure) bool {
	return o.again[f.Name()]
}

func (a *Analysis) leftChanged(f *findings.Findings) *findings.Reason {
	return when(a.leaked(f), findings.ReasonLeaked)
}

// unmetExpectation is of before the first test: it had leaked before.
func (a *Analysis) unmetExpectation(f *findings.Findings) *findings.Reason {
	return when(len(f.UnmetExpectations) > 0, findings.ReasonExpect)
}
