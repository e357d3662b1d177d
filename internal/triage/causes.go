package triage

import (
	"math"
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/redisconf"
)

// pressure is what the server did to its clients while an owner was open.
type pressure struct {
	oom, evicted int64
	shared       int64 // OOM rejections that another owner may have met instead
	traced       int64 // OOM errors that the trace saw it get
	under        []limitMet
}

// limitMet is a limit under which writes were refused.
type limitMet struct {
	set     *mutation // the change that had set it; nil for the one that the run began with
	reached bool      // a snapshot showed about as much in use
}

// difference returns what was counted between two snapshots. A figure that fell
// was reset: then what it is now came after the reset, and is a lower bound.
func difference(before, now *record.Counters) pressure {
	since := func(a, b int64) int64 {
		if b < a {
			return b
		}
		return b - a
	}
	return pressure{oom: since(before.OOM, now.OOM), evicted: since(before.Evicted, now.Evicted)}
}

// count gives what happened between two snapshots to whoever was open.
func (a *Analysis) count(s *server, refs []record.Ref, p pressure) {
	if p.oom == 0 && p.evicted == 0 {
		return
	}
	within := map[*owner]int{} // how many of refs are the owner or within it
	for _, ref := range refs {
		for o := a.owners[ref.Owner]; o != nil; o = a.owners[o.Parent] {
			within[o]++
		}
	}
	for o, n := range within {
		if o.met == nil {
			o.met = map[*server]pressure{}
		}
		met := o.met[s]
		if n == len(refs) {
			met.oom += p.oom
			met.evicted += p.evicted
		} else {
			met.shared += p.oom
		}
		if last := len(met.under) - 1; p.oom > 0 && (last < 0 || met.under[last] != p.under[0]) {
			met.under = append(met.under[:last+1:last+1], p.under...)
		}
		o.met[s] = met
	}
}

// failure turns an outcome into a Failure with its cause.
func (a *Analysis) failure(f *outcome, leaks, contained []finding) findings.Failure {
	out := findings.Failure{Package: f.pkg, Test: f.test, Spec: f.spec, Cause: findings.CauseOther, Certainty: "correlated",
		Message: f.message, Location: f.location, Status: f.status, Observed: []string{}}
	if f.owner != nil && f.spec != "" && !f.owner.node {
		out.SpecLocation = f.owner.Location
	}
	if out.Message == "" {
		out.Message = f.output.first
	}
	words := f.output
	if words == (said{}) {
		words = excerpt(f.message)
	}
	out.Output = f.output.text
	out.Waited = a.waitedBy(f)
	out.OOMInOutput = words.oom+words.aborted > 0 || strings.Contains(out.Message, "OOM")
	counted := map[findings.Cause][]*server{}
	for _, s := range a.servers {
		if f.owner == nil {
			break
		}
		// What others met at the same time is this test's only if it says so.
		met := a.metBy(f.owner, s, f.end)
		out.OOMErrors += max(met.oom, met.traced)
		out.Evicted += met.evicted
		if met.oom > 0 || met.traced > 0 || met.shared > 0 && words.oom+words.aborted > 0 {
			counted[findings.CauseOOM] = append(counted[findings.CauseOOM], s)
		}
		if met.evicted > 0 {
			counted[findings.CauseEviction] = append(counted[findings.CauseEviction], s)
		}
	}
	if f.owner != nil {
		out.OOMCall = f.owner.firstOOM
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
		out.Observed = a.showing(f)
		if words.unreachable.Address != "" {
			out.Unreachable = &words.unreachable
		}
		return out
	}
	servers := counted[out.Cause]
	if len(servers) == 0 && len(a.servers) == 1 {
		servers = a.servers
	}
	out.Leak, out.Reverted = a.behind(f, out.Cause, servers, leaks, contained)
	return out
}

// oomText is how every Redis from 6.0 to 8, Valkey and Redict say it.
const oomText = "OOM command not allowed"

// behind returns the change that is answerable for the value that a parameter had while a
// test ran and can have caused what it met: of the limit, else of the policy. A
// test is no victim of what it left itself, but what it reverts is named.
func (a *Analysis) behind(f *outcome, cause findings.Cause, servers []*server, leaks, contained []finding) (leak, undone *int) {
	for _, parameter := range []string{memoryLimit, "maxmemory-policy"} {
		m := a.current(f, cause, servers, parameter)
		if m == nil {
			continue
		}
		m = answerable(m)
		for i, c := range contained {
			if a.tells(c, m) {
				return nil, &i
			}
		}
		for i, l := range leaks {
			if a.tells(l, m) && !a.by(f, m) && !a.by(f, l.mutations[len(l.mutations)-1]) {
				return &i, nil
			}
		}
	}
	return nil, nil
}

// tells reports whether a finding speaks of one of its changes: whoever may have made
// that is among those whom it names.
func (a *Analysis) tells(x finding, m *mutation) bool {
	if !slices.Contains(x.mutations, m) {
		return false
	}
	about := x.mutations[max(0, slices.IndexFunc(x.mutations, func(o *mutation) bool { return o.seq == x.seq }))]
	named := func(r record.Ref) bool {
		return slices.ContainsFunc(about.refs, func(o record.Ref) bool { return a.unitOf(o) == a.unitOf(r) })
	}
	return !slices.ContainsFunc(m.refs, func(r record.Ref) bool { return !named(r) })
}

// current returns the last harmful change of a parameter whose value stood at
// some time while a test ran.
func (a *Analysis) current(f *outcome, cause findings.Cause, servers []*server, parameter string) *mutation {
	var last *mutation
	if under := f.under(servers); parameter == memoryLimit && cause == findings.CauseOOM && len(under) > 0 {
		for _, u := range under {
			later := u.set != nil && u.set.write != nil && u.set.write.seq > f.end // it is in the same snapshot
			if u.set != nil && !later && a.harmful(u.set, cause) && (last == nil || u.set.seq > last.seq) {
				last = u.set
			}
		}
		return last
	}
	ends := map[*server]*mutation{} // the change before, whose time ends with the next
	overlaps := func(m *mutation, until int64) {
		if m != nil && m.seq <= f.end && until > f.begin && a.harmful(m, cause) && (last == nil || m.seq > last.seq) {
			last = m
		}
	}
	for _, m := range a.changes {
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
		if f.owner != nil {
			all = append(all, f.owner.met[s].under...)
		}
	}
	return all
}

// harmful reports whether a server, at this value instead of the initial one, can
// reject writes or evict keys that it would have kept.
func (a *Analysis) harmful(m *mutation, cause findings.Cause) bool {
	if m.parameter == memoryLimit {
		lower, ok := redisconf.Less(m.parameter, m.to, a.initial(m))
		return lower && ok
	}
	before, after := redisconf.Eviction(a.initial(m)), redisconf.Eviction(m.to)
	if cause == findings.CauseOOM {
		return after < before
	}
	return after > before
}

// by reports whether a test made a change itself, or a part of it did.
func (a *Analysis) by(f *outcome, m *mutation) bool {
	if f.owner == nil || len(m.refs) != 1 {
		return false
	}
	if f.owner.node {
		return m.refs[0].Owner == f.owner.host && f.owner.ranIn(m.phase)
	}
	for o := a.owners[m.refs[0].Owner]; o != nil; o = a.owners[o.Parent] {
		if o == f.owner {
			return true
		}
	}
	return false
}

// ranIn reports whether a suite node can have made a change that was seen in
// this phase of its suite.
func (w *owner) ranIn(phase string) bool {
	before := strings.Contains(w.Name, "BeforeSuite")
	return phase != "after" && before || phase != "before" && !before
}
