package triage

import (
	"cmp"
	"slices"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/redisconf"
)

// finish notes what the tests left changed, before tracetest restores it.
func (a *Analysis) finish() {
	for _, s := range a.servers {
		s.finished = true
		if s.gone() {
			continue
		}
		for _, name := range sortedKeys(s.now) { // also what a module has brought with it
			was, known := s.initial[name]
			if s.now[name] == was {
				continue
			}
			past := s.history[name]
			s.changed = append(s.changed, findings.Changed{Server: s.Address, Parameter: name, Value: s.now[name], Initial: was,
				Secret: hidden(s.now[name]) || hidden(was), Appeared: !known, Failover: redisconf.IsRole(name) && (len(past) == 0 || past[len(past)-1].write == nil)})
		}
	}
}

// finished reports whether the servers were sampled when the tests had ended.
func (a *Analysis) finished() bool {
	return !slices.ContainsFunc(a.servers, func(s *server) bool { return !s.finished })
}

func hidden(value string) bool { return len(value) > 8 && value[:8] == "(hidden " }

// Findings says what the record meant. Nothing may be added after it.
func (a *Analysis) Findings() *findings.Findings {
	if e := a.delayed; e != nil {
		a.release()
		for _, m := range a.changes {
			if m.seq == e.Seq && redisconf.IsRole(m.parameter) {
				m.caveats = slices.Concat(m.caveats, []findings.Caveat{{Kind: findings.CaveatMayBeFailover}})
			}
		}
	}
	a.over = true
	a.outcomes.unfinished(a.last, a.ended)
	for _, s := range a.units { // what was still open when the record ended
		if s.end == 0 {
			s.end = -1
		}
	}
	a.settle()
	if !a.finished() {
		a.finish() // as of the last snapshot: tracetest was killed before its own
	}
	f := &findings.Findings{Schema: findings.Schema, Servers: []findings.Server{}, Leaks: []findings.Change{}, Reverted: []findings.Change{}, Failures: []findings.Failure{},
		Growth: orEmpty(a.growth), Memory: orEmpty(a.memory), IgnoredOOM: orEmpty(a.ignored), Packages: []findings.Package{}, Changed: []findings.Changed{}, Restored: orEmpty(a.restored), Gaps: orEmpty(a.sightless()),
		Restarts: orEmpty(a.restarts), Failovers: orEmpty(a.failovers), Drift: orEmpty(a.drift()), UnmetExpectations: orEmpty(a.unmetExpectations()), Notices: orEmpty(a.notices),
		Writes: a.written(), Refused: a.refusals(), Endpoints: orEmpty(a.endpoints), Code: orEmpty(a.code)}
	for _, s := range a.servers {
		f.Servers = append(f.Servers, s.found())
		f.Changed = append(f.Changed, s.changed...)
		f.Timelines = append(f.Timelines, s.drawn(a.began))
	}
	for _, path := range a.outcomes.order {
		p := a.outcomes.packages[path]
		if p.otherShard {
			continue
		}
		p.Instrumented = p.Instrumented && p.elsewhere() == 0
		f.Packages = append(f.Packages, p.Package)
	}
	leaks, contained := a.judged()
	listed := a.outcomes.listed()
	for _, o := range listed {
		f.Failures = append(f.Failures, a.failure(o, leaks, contained))
	}
	cases := a.outcomes.cases // a pointer into the analysis would keep all of it
	f.Tests, f.Cases = a.outcomes.tests, &cases
	for _, l := range leaks {
		l.AlsoSetBy = a.masked(l)
		l.Ephemeral = slices.ContainsFunc(a.servers, func(s *server) bool { return s.Address == l.Server && s.gone() })
		f.Leaks = append(f.Leaks, l.Change)
	}
	for _, c := range contained {
		f.Reverted = append(f.Reverted, c.Change)
	}
	f.Dirty = a.dirty(f, listed)
	a.prove(f)
	a.notInstrumented(f)
	a.together(f.Leaks)
	a.mark(f)
	f.Run = a.runOf(f)
	if f.Run.Complete && f.Run.GoExit == 0 && f.Tests.Failed > 0 && !f.Run.Launched {
		f.Notices = append(f.Notices, findings.Notice{Code: findings.NoticeResultDropped})
	}
	return f
}

// found is a server as the run found it.
func (s *server) found() findings.Server {
	if s.Perturbed == nil {
		s.Perturbed = map[string]string{}
	}
	if s.StartedWith == nil {
		s.StartedWith = map[string]record.Origin{}
	}
	return findings.Server{Address: s.Address, TLS: s.TLS, Flavor: s.Flavor, Version: s.Version, RunID: s.Server.RunID,
		StartedWith: s.StartedWith, StartUnknown: s.StartUnknown, Perturbed: s.Perturbed, Partial: s.Partial, Parameters: len(s.Config), Snapshots: s.snapshots,
		ConfigSets: s.sets, TracedSets: s.tracedSets, Failovers: s.failovers, Gone: s.gone(), Config: s.Config}
}

// Start says how the servers that were read so far stood when the run began: Servers,
// Drift and UnmetExpectations, and nothing else.
func (a *Analysis) Start() *findings.Findings {
	f := &findings.Findings{Servers: []findings.Server{}, Drift: orEmpty(a.drift()), UnmetExpectations: orEmpty(a.unmetExpectations())}
	for _, s := range a.servers {
		f.Servers = append(f.Servers, s.found())
	}
	return f
}

// sightless returns the stretches in which a server could not be seen, but for
// the end of one that nobody named: the tests had started it and have ended it.
func (a *Analysis) sightless() []findings.Gap {
	gone := map[int]bool{}
	for _, s := range a.servers {
		if s.gone() {
			gone[s.gap-1] = true
		}
	}
	var all []findings.Gap
	for i, b := range a.gaps {
		if !gone[i] {
			all = append(all, b)
		}
	}
	return all
}

// finding is a Change and what it was made of.
type finding struct {
	findings.Change
	mutations []*mutation // the one that the finding is about among them
	seq       int64
}

// judged returns the leaks and the reverted changes in the order of the run.
func (a *Analysis) judged() (leaks, contained []finding) {
	leaks, contained = a.unsynchronizedChanges()
	for _, e := range a.leaks {
		leaks = append(leaks, finding{Change: a.change(e), mutations: e.mutations, seq: e.settled.seq})
	}
	for _, e := range a.reverted {
		contained = append(contained, finding{Change: a.change(e), mutations: e.mutations, seq: e.settled.seq})
	}
	for _, list := range [][]finding{leaks, contained} {
		slices.SortStableFunc(list, func(x, y finding) int {
			return cmp.Or(cmp.Compare(x.seq, y.seq), cmp.Compare(x.Server, y.Server), cmp.Compare(x.Parameter, y.Parameter))
		})
	}
	return leaks, contained
}

// notInstrumented says what was seen of packages that did not shake hands, and what
// changed while nobody was open.
func (a *Analysis) notInstrumented(f *findings.Findings) {
	for _, p := range f.Packages {
		if n := a.outcomes.packages[p.Path].elsewhere(); n > 0 {
			f.Notices = append(f.Notices, findings.Notice{Code: findings.NoticeNotInstrumented, Package: p.Path, Tests: n})
		} else if a.run.Mode == record.ModeInstrumented && p.Ran && !p.Instrumented {
			f.Notices = append(f.Notices, findings.Notice{Code: findings.NoticeNotInstrumented, Package: p.Path})
		}
	}
	for _, m := range a.outside {
		f.Notices = append(f.Notices, findings.Notice{Code: findings.NoticeOutsideChange, Server: m.server.Address, Parameter: m.parameter, From: m.from, To: m.to})
	}
}

// together gives the same number to leaks of one owner that were seen in one
// snapshot, as those of one CONFIG SET are, or that one call of a helper made. Of
// suspects nobody knows whether they mean the same one. A parameter that leaks
// twice did so at two times.
func (a *Analysis) together(leaks []findings.Change) {
	type by struct {
		server string
		owner  findings.Owner
	}
	same := map[by][]int{} // leaks of one owner, in order
	for i, l := range leaks {
		if l.By != nil {
			k := by{l.Server, *l.By}
			same[k] = append(same[k], i)
		}
	}
	number := 0
	for i := range leaks {
		if leaks[i].Together != 0 {
			continue
		}
		number++
		x := leaks[i]
		leaks[i].Together = number
		if x.By == nil {
			continue
		}
		group := map[string]bool{x.Parameter: true}
		for _, j := range same[by{x.Server, *x.By}] {
			y := leaks[j]
			if j > i && y.Together == 0 && !group[y.Parameter] && (x.At.Equal(y.At) || oneCall(x.Call, y.Call)) {
				leaks[j].Together, group[y.Parameter] = number, true
			}
		}
	}
}

// oneCall reports whether two calls stand in one function that was called once
// from the same place.
func oneCall(a, b *findings.Call) bool {
	return a != nil && b != nil && a.Function == b.Function && a.File == b.File && len(a.Chain) > 0 && len(b.Chain) > 0 &&
		slices.Equal(a.Chain[1:], b.Chain[1:])
}

// unmetExpectations returns what the servers that were read so far do not have and should.
func (a *Analysis) unmetExpectations() []findings.UnmetExpectation {
	var unmet []findings.UnmetExpectation
	for _, s := range a.servers {
		unmet = append(unmet, a.unmet(s)...)
	}
	return unmet
}

func (a *Analysis) unmet(s *server) []findings.UnmetExpectation {
	var unmet []findings.UnmetExpectation
	for _, name := range sortedKeys(a.run.Expect) {
		expected := a.run.Expect[name]
		value, known := s.Config[name]
		if was, moved := s.Perturbed[name]; moved {
			value = was
		}
		if value == expected && known {
			continue
		}
		unmet = append(unmet, findings.UnmetExpectation{Server: s.Address, Parameter: name, Expected: expected, Value: value})
	}
	return unmet
}

func (a *Analysis) runOf(f *findings.Findings) findings.Run {
	r := findings.Run{Started: a.began, Finished: a.ended, Command: orEmpty(a.run.Command), Dir: a.run.Dir, Source: a.run.Source, Shard: a.run.Shard, Go: a.run.Go, Mode: a.run.Mode,
		ModeReason: a.run.ModeReason, Traced: a.run.Traced, TraceReason: a.run.TraceReason, Restore: a.run.Restore, GoTest: orEmpty(a.run.GoTest), Launched: a.run.Launched}
	r.GoExit = -1
	if a.end != nil {
		r.GoExit = a.end.GoExit
	}
	f.Run = r // what the conditions read
	a.judge(f, &r)
	return r
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
