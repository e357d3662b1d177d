package triage

import (
	"maps"
	"slices"

	"tracetest/internal/findings"
	"tracetest/internal/redisconf"
)

// A server can be wrong before the first test: an earlier run left it so. Nobody
// of this run changed anything then, and a test that sets the value which is
// there already changes nothing either. What is known is who does set it, and
// does not restore another: such a test is likely to have done it before.

// metStart returns the failures that met a parameter as the run had found it.
func (ws *writers) metStart(s *server, parameter string, failures []findings.Failure, of []*outcome) (which []int) {
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
		if w := of[i].actor; w != nil {
			met = w.met[s]
		}
		// Where a server does not count, the text is what there is.
		uncounted := met.oom+met.traced+met.shared+met.evicted == 0 && len(ws.ledger.servers) == 1
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
func (ws *writers) dirty(f *findings.Findings, of []*outcome) []findings.Dirty {
	all := []findings.Dirty{}
	for _, s := range ws.ledger.servers {
		if s.Discovered && s.gap != 0 {
			continue // the tests' own, and gone
		}
		for _, parameter := range slices.Sorted(maps.Keys(s.Config)) {
			value := s.Config[parameter]
			if _, moved := s.Perturbed[parameter]; moved || hidden(value) || value == "" && parameter == memoryLimit {
				continue
			}
			met := ws.metStart(s, parameter, f.Failures, of)
			d := findings.Dirty{Server: s.Address, Parameter: parameter, Value: value, Used: -1, Discovered: s.Discovered, Failures: len(met)}
			var known bool
			if d.Should, d.Source, known = ws.should(s, parameter, d.Failures > 0); !known || redisconf.Same(d.Should, value) {
				continue
			}
			d.Likely = []findings.Setter{}
			if o, known := s.StartedWith[parameter]; !known || !redisconf.Same(o.Value, value) { // else no run left it so
				d.Likely = ws.setters(ws.settings, s, parameter, value, func(x *setting) bool { return x.moot }) // else it restored what this run had changed
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
func (ws *writers) should(s *server, parameter string, met bool) (value, source string, known bool) {
	if value, known := ws.window.run.Expect[parameter]; known {
		return value, "--expect", !hidden(value)
	}
	usual, limits := map[string]string{memoryLimit: "0", memoryPolicy: "noeviction"}[parameter]
	if o, known := s.StartedWith[parameter]; known && !(met && limits && redisconf.Same(o.Value, s.Config[parameter])) {
		return o.Value, o.Source, !hidden(o.Value)
	}
	return usual, "default", limits
}
