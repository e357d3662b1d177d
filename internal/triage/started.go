package triage

import (
	"tracetest/internal/findings"
	"tracetest/internal/redisconf"
)

// drift returns what the servers that were read so far no longer had as they
// were started with. What --expect says counts before what they were started
// with.
func (a *Analysis) drift() []findings.Drift {
	var all []findings.Drift
	for _, s := range a.servers {
		for _, name := range sortedKeys(s.StartedWith) {
			o := s.StartedWith[name]
			value, known := s.Config[name]
			if was, moved := s.Perturbed[name]; moved {
				value = was
			}
			if _, expected := a.run.Expect[name]; expected || !known || redisconf.Same(o.Value, value) || hidden(value) || redisconf.IsRole(name) {
				continue
			}
			all = append(all, findings.Drift{Server: s.Address, Parameter: name, Value: value, Started: o.Value, Source: o.Source})
		}
	}
	return all
}
