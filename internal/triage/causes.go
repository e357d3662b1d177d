package triage

import (
	"math"
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/redisconf"
)

// failure turns an outcome into a Failure with its cause.
func (o *outcomes) failure(f *outcome, l *ledger, found judged) findings.Failure {
	out := findings.Failure{Package: f.pkg, Test: f.test, Spec: f.spec, Cause: findings.CauseOther, Certainty: "correlated",
		Message: f.message, Location: f.location, Status: f.status, Observed: []string{}}
	if f.actor != nil && f.spec != "" && !f.actor.node {
		out.SpecLocation = f.actor.Location
	}
	if out.Message == "" {
		out.Message = f.output.first
	}
	words := f.output
	if words == (said{}) {
		words = excerpt(f.message)
	}
	out.Output = f.output.text
	out.Waited = o.waitedBy(f)
	out.OOMInOutput = words.oom+words.aborted > 0 || strings.Contains(out.Message, "OOM")
	counted := map[findings.Cause][]*server{}
	for _, s := range l.servers {
		if f.actor == nil {
			break
		}
		// What others met at the same time is this test's only if it says so.
		met := o.metBy(f.actor, s, f.end)
		out.OOMErrors += max(met.oom, met.traced)
		out.Evicted += met.evicted
		if met.oom > 0 || met.traced > 0 || met.shared > 0 && words.oom+words.aborted > 0 {
			counted[findings.CauseOOM] = append(counted[findings.CauseOOM], s)
		}
		if met.evicted > 0 {
			counted[findings.CauseEviction] = append(counted[findings.CauseEviction], s)
		}
	}
	if f.actor != nil {
		out.OOMCall = f.actor.firstOOM
	}
	if out.OOMErrors == 0 {
		// The server counts each rejection once, and a test may print one
		// three times; where it did not count, the text is what there is.
		out.OOMErrors = words.oom
	}
	switch {
	case out.OOMErrors > 0 || len(counted[findings.CauseOOM]) > 0:
		out.Cause = findings.CauseOOM
	case out.Evicted > 0:
		out.Cause = findings.CauseEviction
	default:
		out.Observed = o.showing(f)
		if words.unreachable.Address != "" && !l.there(words.unreachable.Address, f) {
			out.Unreachable = &words.unreachable
		}
		return out
	}
	servers := counted[out.Cause]
	if len(servers) == 0 && len(l.servers) == 1 {
		servers = l.servers
	}
	out.Leak, out.Reverted = o.behind(f, out.Cause, servers, l, found)
	return out
}

// oomText is how every Redis from 6.0 to 8, Valkey and Redict say it.
const oomText = "OOM command not allowed"

// behind returns the change that is answerable for the value that a parameter had while a
// test ran and can have caused what it met: of the limit, else of the policy. A
// test is no victim of what it left itself, but what it reverts is named.
func (o *outcomes) behind(f *outcome, cause findings.Cause, servers []*server, l *ledger, found judged) (leak, undone *int) {
	for _, parameter := range []string{memoryLimit, "maxmemory-policy"} {
		m := o.current(f, cause, servers, l, parameter)
		if m == nil {
			continue
		}
		m = answerable(m)
		for i, c := range found.reverted {
			if o.window.tells(c, m) {
				return nil, &i
			}
		}
		for i, c := range found.leaks {
			if o.window.tells(c, m) && !o.by(f, m) && !o.by(f, c.mutations[len(c.mutations)-1]) {
				return &i, nil
			}
		}
	}
	return nil, nil
}

// tells reports whether a finding speaks of one of its changes: whoever may have made
// that is among those whom it names.
func (w *window) tells(x finding, m *mutation) bool {
	if !slices.Contains(x.mutations, m) {
		return false
	}
	about := x.mutations[max(0, slices.IndexFunc(x.mutations, func(o *mutation) bool { return o.seq == x.seq }))]
	named := func(r record.Ref) bool {
		return slices.ContainsFunc(about.refs, func(o record.Ref) bool { return w.unitOf(o) == w.unitOf(r) })
	}
	return !slices.ContainsFunc(m.refs, func(r record.Ref) bool { return !named(r) })
}

// current returns the last harmful change of a parameter whose value stood at
// some time while a test ran.
func (o *outcomes) current(f *outcome, cause findings.Cause, servers []*server, l *ledger, parameter string) *mutation {
	var last *mutation
	if under := f.under(servers); parameter == memoryLimit && cause == findings.CauseOOM && len(under) > 0 {
		for _, u := range under {
			later := u.set != nil && u.set.write != nil && u.set.write.seq > f.end // it is in the same snapshot
			if u.set != nil && !later && u.set.harmful(cause) && (last == nil || u.set.seq > last.seq) {
				last = u.set
			}
		}
		return last
	}
	ends := map[*server]*mutation{} // the change before, whose time ends with the next
	overlaps := func(m *mutation, until int64) {
		if m != nil && m.seq <= f.end && until > f.begin && m.harmful(cause) && (last == nil || m.seq > last.seq) {
			last = m
		}
	}
	for _, m := range l.changes {
		if m.parameter != parameter || !slices.Contains(servers, m.server) {
			continue
		}
		overlaps(ends[m.server], m.seq)
		ends[m.server] = m
	}
	for _, m := range ends {
		overlaps(m, math.MaxInt64)
	}
	return last
}

// under returns the limits under which commands of it were refused, as far as the
// servers counted that.
func (f *outcome) under(servers []*server) (all []limitMet) {
	for _, s := range servers {
		if f.actor != nil {
			all = append(all, f.actor.met[s].under...)
		}
	}
	return all
}

// harmful reports whether a server, at this value instead of the initial one, can
// reject writes or evict keys that it would have kept.
func (m *mutation) harmful(cause findings.Cause) bool {
	if m.parameter == memoryLimit {
		lower, ok := redisconf.Less(m.parameter, m.to, m.initial)
		return lower && ok
	}
	before, after := redisconf.Eviction(m.initial), redisconf.Eviction(m.to)
	if cause == findings.CauseOOM {
		return after < before
	}
	return after > before
}

// by reports whether a test made a change itself, or a part of it did.
func (o *outcomes) by(f *outcome, m *mutation) bool {
	if f.actor == nil || len(m.refs) != 1 {
		return false
	}
	if f.actor.node {
		return m.refs[0].Owner == f.actor.host && f.actor.ranIn(m.phase)
	}
	return o.window.within(m.refs[0], f.actor)
}

// ranIn reports whether a suite node can have made a change that was seen in
// this phase of its suite.
func (w *actor) ranIn(phase string) bool {
	before := strings.Contains(w.Name, "BeforeSuite")
	return phase != "after" && before || phase != "before" && !before
}

// showing is what a failed test asked for, or its package outside of its tests.
func (o *outcomes) showing(f *outcome) []string {
	shown := []string{}
	if f.actor == nil {
		return shown
	}
	shown = append(shown, f.actor.asked...)
	if p := o.window.processes[f.actor.process]; p != nil {
		for _, what := range p.asked {
			if !slices.Contains(shown, what) {
				shown = append(shown, what)
			}
		}
	}
	slices.Sort(shown)
	return shown
}

// waitedBy is how long, in seconds, the tests of a process had waited in which
// one met the time limit of go test; zero where it was not that.
func (o *outcomes) waitedBy(f *outcome) float64 {
	if f.actor == nil || !f.output.late {
		return 0
	}
	if p := o.window.processes[f.actor.process]; p != nil {
		return p.waited.Seconds()
	}
	return 0
}
