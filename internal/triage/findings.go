package triage

import (
	"slices"

	"tracetest/internal/findings"
	"tracetest/internal/redisconf"
)

// Findings says what the record meant. Nothing may be added after it.
func (a *Analysis) Findings() *findings.Findings {
	a.releaseLast()
	w, o, l, ws := a.window, a.outcomes, a.ledger, a.writers
	w.finish()
	o.unfinished(w.last, w.ended)
	l.settle()
	if !l.finished() {
		l.finish() // as of the last snapshot: tracetest was killed before its own
	}
	f := &findings.Findings{Schema: findings.Schema, Servers: []findings.Server{}, Leaks: []findings.Change{}, Reverted: []findings.Change{}, Failures: []findings.Failure{},
		Growth: orEmpty(l.growth), Memory: orEmpty(l.memory), IgnoredOOM: orEmpty(o.ignored), Packages: []findings.Package{}, Changed: []findings.Changed{}, Restored: orEmpty(l.restored), Gaps: orEmpty(l.sightless()),
		Restarts: orEmpty(l.restarts), Failovers: orEmpty(l.failovers), Drift: orEmpty(l.drift()), UnmetExpectations: orEmpty(l.unmetExpectations()), Notices: orEmpty(a.notices),
		Writes: ws.written(), Refused: ws.refusals(), Endpoints: orEmpty(ws.endpoints), Code: orEmpty(a.code)}
	for _, s := range l.servers {
		f.Servers = append(f.Servers, s.found())
		f.Changed = append(f.Changed, s.changed...)
		f.Timelines = append(f.Timelines, s.drawn(w.began))
	}
	for _, path := range o.order {
		p := o.packages[path]
		if p.otherShard {
			continue
		}
		p.Instrumented = p.Instrumented && p.elsewhere() == 0
		f.Packages = append(f.Packages, p.Package)
	}
	a.judged(f)
	a.nodes(f)
	a.prove(f)
	a.notInstrumented(f)
	together(f.Leaks)
	a.mark(f)
	f.Run = a.runOf(f)
	if f.Run.Complete && f.Run.GoExit == 0 && f.Tests.Failed > 0 && !f.Run.Launched {
		f.Notices = append(f.Notices, findings.Notice{Code: findings.NoticeResultDropped})
	}
	return f
}

// releaseLast takes in the last entry, if nothing came behind it that explains what it shows.
func (a *Analysis) releaseLast() {
	e := a.delayed
	if e == nil {
		return
	}
	a.release()
	for _, m := range a.ledger.changes {
		if m.seq == e.Seq && redisconf.IsRole(m.parameter) {
			m.caveats = slices.Concat(m.caveats, []findings.Caveat{{Kind: findings.CaveatMayBeFailover}})
		}
	}
}

// judged adds the changes, the failures, and what ties them together.
func (a *Analysis) judged(f *findings.Findings) {
	found := a.writers.judged()
	listed := a.outcomes.listed()
	for _, o := range listed {
		f.Failures = append(f.Failures, a.outcomes.failure(o, a.ledger, found))
	}
	cases := a.outcomes.cases // a pointer into the analysis would keep all of it
	f.Tests, f.Cases = a.outcomes.tests, &cases
	moot := a.writers.moot()
	for _, l := range found.leaks {
		l.AlsoSetBy = a.writers.masked(l, moot)
		l.Ephemeral = slices.ContainsFunc(a.ledger.servers, func(s *server) bool { return s.Address == l.Server && s.gone() })
		f.Leaks = append(f.Leaks, l.Change)
	}
	for _, c := range found.reverted {
		f.Reverted = append(f.Reverted, c.Change)
	}
	f.Dirty = a.writers.dirty(f, listed)
}

// notInstrumented says what was seen of packages that did not shake hands, and what
// changed while nobody was open.
func (a *Analysis) notInstrumented(f *findings.Findings) {
	for _, p := range f.Packages {
		if n := a.outcomes.packages[p.Path].elsewhere(); n > 0 {
			f.Notices = append(f.Notices, findings.Notice{Code: findings.NoticeNotInstrumented, Package: p.Path, Tests: n})
		} else if a.window.instrumented() && p.Ran && !p.Instrumented {
			f.Notices = append(f.Notices, findings.Notice{Code: findings.NoticeNotInstrumented, Package: p.Path})
		}
	}
	for _, m := range a.ledger.outside {
		f.Notices = append(f.Notices, findings.Notice{Code: findings.NoticeOutsideChange, Server: m.server.Address, Parameter: m.parameter, From: m.from, To: m.to})
	}
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// runOf says how the run was made, and how it ended.
func (a *Analysis) runOf(f *findings.Findings) findings.Run {
	w, run := a.window, a.window.run
	r := findings.Run{Started: w.began, Finished: w.ended, Command: orEmpty(run.Command), Dir: run.Dir, Source: run.Source, Shard: run.Shard, Go: run.Go, Mode: run.Mode,
		ModeReason: run.ModeReason, Traced: run.Traced, TraceReason: run.TraceReason, Restore: run.Restore, GoTest: orEmpty(run.GoTest), Launched: run.Launched}
	r.GoExit = -1
	if w.end != nil {
		r.GoExit = w.end.GoExit
	}
	f.Run = r // what the conditions read
	a.judge(f, &r)
	return r
}
