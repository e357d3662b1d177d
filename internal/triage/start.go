package triage

import (
	"maps"
	"slices"

	"tracetest/internal/findings"
	"tracetest/internal/redisconf"
)

// drift returns what the servers that were read so far no longer had as they
// were started with. What --expect says counts before what they were started
// with.
func (l *ledger) drift() []findings.Drift {
	var all []findings.Drift
	for _, s := range l.servers {
		for _, name := range slices.Sorted(maps.Keys(s.StartedWith)) {
			o := s.StartedWith[name]
			value, known := s.Config[name]
			if was, moved := s.Perturbed[name]; moved {
				value = was
			}
			if _, expected := l.window.run.Expect[name]; expected || !known || redisconf.Same(o.Value, value) || hidden(value) || redisconf.IsRole(name) {
				continue
			}
			all = append(all, findings.Drift{Server: s.Address, Parameter: name, Value: value, Started: o.Value, Source: o.Source})
		}
	}
	return all
}

// unmetExpectations returns what the servers that were read so far do not have and should.
func (l *ledger) unmetExpectations() []findings.UnmetExpectation {
	var unmet []findings.UnmetExpectation
	for _, s := range l.servers {
		unmet = append(unmet, l.unmet(s)...)
	}
	return unmet
}

func (l *ledger) unmet(s *server) []findings.UnmetExpectation {
	var unmet []findings.UnmetExpectation
	for _, name := range slices.Sorted(maps.Keys(l.window.run.Expect)) {
		expected := l.window.run.Expect[name]
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

// Start says how the servers that were read so far stood when the run began: Servers,
// Drift and UnmetExpectations, and nothing else.
func (a *Analysis) Start() *findings.Findings {
	f := &findings.Findings{Servers: []findings.Server{}, Drift: orEmpty(a.ledger.drift()), UnmetExpectations: orEmpty(a.ledger.unmetExpectations())}
	for _, s := range a.ledger.servers {
		f.Servers = append(f.Servers, s.found())
	}
	return f
}
