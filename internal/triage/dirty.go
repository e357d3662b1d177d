package triage

import (
	"slices"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/redisconf"
)

// A server can be wrong before the first test: an earlier run left it so. Nobody
// of this run changed anything then, and a test that sets the value which is
// there already changes nothing either. What is known is who does set it, and
// does not restore another: such a test is likely to have done it before.

// setting is what one unit was traced setting a parameter to.
type setting struct {
	author
	server    *server
	parameter string
	value     string
	number    key // of the last
	begin     int64
	count     int
	others    bool      // other values too
	moot      bool      // the parameter had that value each time
	under     *mutation // that had set the value which was there the first time
}

type settingKey struct {
	server    *server
	parameter string
	unit      unit
}

// log notes what a write sets.
func (a *Analysis) log(w *write) {
	if w.server == nil || len(w.refs) == 0 {
		return
	}
	for _, v := range w.Values {
		k := settingKey{w.server, v.Parameter, a.unitOf(w.refs[0])}
		s := a.logged[k]
		if v.Secret {
			continue
		}
		if s == nil {
			s = &setting{author: w.author, server: w.server, parameter: v.Parameter, value: v.Value, begin: w.seq, moot: true, under: w.server.latest(v.Parameter)}
			a.logged[k] = s
			a.settings = append(a.settings, s)
		}
		s.others = s.others || !redisconf.Same(s.value, v.Value)
		s.moot = s.moot && redisconf.Same(v.Value, w.server.now[v.Parameter])
		s.number = key{w.Process, w.Number}
		s.count++
	}
}

// refusedLog takes back what a write sets that the server refused.
func (a *Analysis) refusedLog(w *write) {
	for _, v := range w.Values {
		if s := a.logged[settingKey{w.server, v.Parameter, a.unitOf(w.refs[0])}]; s != nil && s.number == (key{w.Process, w.Number}) {
			s.count--
		}
	}
}

// setters returns who was traced setting nothing but a value, those that did so
// once first.
func (a *Analysis) setters(s *server, parameter, value string, which func(*setting) bool) []findings.Setter {
	all := []findings.Setter{}
	for _, x := range a.settings {
		if x.server != s || x.parameter != parameter || x.others || x.count < 1 || !redisconf.Same(x.value, value) || which != nil && !which(x) {
			continue
		}
		owner, _, suspects := a.attribution(x.author)
		all = append(all, findings.Setter{By: owner, Suspects: suspects, AndEarlier: x.author.earlier, Count: x.count, Call: x.call})
	}
	slices.SortStableFunc(all, func(x, y findings.Setter) int { return min(x.Count, 2) - min(y.Count, 2) })
	return all
}

// masked returns who set the same as a leak after it, when that changed nothing,
// and did not restore it: once the leak is gone they leak.
func (a *Analysis) masked(l finding) []findings.Setter {
	for _, s := range a.servers {
		if s.Address == l.Server && len(l.mutations) > 0 && l.mutations[0].server == s {
			return a.setters(s, l.Parameter, l.To, func(x *setting) bool {
				return x.moot && x.count == 1 && x.under != nil && slices.Contains(l.mutations, answerable(x.under)) && x.begin > l.seq && !a.sharesUnit(x.author, l)
			})
		}
	}
	return []findings.Setter{}
}

// sharesUnit reports whether a write may be of one of the units that a leak is of.
func (a *Analysis) sharesUnit(w author, l finding) bool {
	return slices.ContainsFunc(w.refs, func(r record.Ref) bool {
		return slices.ContainsFunc(l.mutations, func(m *mutation) bool {
			return slices.ContainsFunc(m.refs, func(o record.Ref) bool { return a.unitOf(o) == a.unitOf(r) })
		})
	})
}

// metStart returns the failures that met a parameter as the run had found it.
func (a *Analysis) metStart(s *server, parameter string, failures []findings.Failure, of []*outcome) (which []int) {
	for i, f := range failures {
		if f.Leak != nil || f.Reverted != nil || !f.Cause.Redis() {
			continue
		}
		limit := parameter == memoryLimit && bytes(s.Config[memoryLimit]) > 0
		policy := parameter == memoryPolicy && f.Cause == findings.CauseEviction
		if !limit && !policy {
			continue
		}
		var met pressure
		if w := of[i].owner; w != nil {
			met = w.met[s]
		}
		// Where a server does not count, the text is what there is.
		uncounted := met.oom+met.traced+met.shared+met.evicted == 0 && len(a.servers) == 1
		unchanged := s.latest(parameter) == nil
		switch {
		case slices.ContainsFunc(met.under, func(u limitMet) bool {
			return u.reached && (u.set == nil || u.set.to == s.Config[memoryLimit])
		}), uncounted && unchanged, f.Cause == findings.CauseEviction && met.evicted > 0 && unchanged:
			which = append(which, i)
		}
	}
	return which
}

const memoryPolicy = "maxmemory-policy"

// dirty returns what was wrong before the first test.
func (a *Analysis) dirty(f *findings.Findings, of []*outcome) []findings.Dirty {
	all := []findings.Dirty{}
	for _, s := range a.servers {
		if s.Discovered && s.gap != 0 {
			continue // the tests' own, and gone
		}
		for _, parameter := range sortedKeys(s.Config) {
			value := s.Config[parameter]
			if _, moved := s.Perturbed[parameter]; moved || hidden(value) || value == "" && parameter == memoryLimit {
				continue
			}
			met := a.metStart(s, parameter, f.Failures, of)
			d := findings.Dirty{Server: s.Address, Parameter: parameter, Value: value, Used: -1, Discovered: s.Discovered, Failures: len(met)}
			var known bool
			if d.Should, d.Source, known = a.should(s, parameter, d.Failures > 0); !known || redisconf.Same(d.Should, value) {
				continue
			}
			d.Likely = []findings.Setter{}
			if o, known := s.StartedWith[parameter]; !known || !redisconf.Same(o.Value, value) { // else no run left it so
				d.Likely = a.setters(s, parameter, value, func(x *setting) bool { return x.moot }) // else it restored what this run had changed
			}
			// Where no failure met it, Redis's own default does not make it wrong.
			if d.Failures == 0 && (len(d.Likely) == 0 || d.Source == "default") {
				continue
			}
			if parameter == memoryLimit && s.Counters != nil {
				d.Used = s.Counters.UsedMemory
			}
			for _, i := range met {
				if at := len(all); f.Failures[i].Dirty == nil {
					f.Failures[i].Dirty = &at
				}
			}
			all = append(all, d)
		}
	}
	return all
}

// should returns what a parameter is to be put to: as expected, else as the server
// was started, else, for what makes writes fail, as Redis has it by itself. That
// last also where the server was started with what failures met.
func (a *Analysis) should(s *server, parameter string, met bool) (value, source string, known bool) {
	if value, known := a.run.Expect[parameter]; known {
		return value, "--expect", !hidden(value)
	}
	usual, limits := map[string]string{memoryLimit: "0", memoryPolicy: "noeviction"}[parameter]
	if o, known := s.StartedWith[parameter]; known && !(met && limits && redisconf.Same(o.Value, s.Config[parameter])) {
		return o.Value, o.Source, !hidden(o.Value)
	}
	return usual, "default", limits
}
