package triage

import "tracetest/internal/redisconf"

// Polluted is a parameter that a server no longer had as it was started with,
// when the run began: somebody changed it before, and no test of this run.
type Drift struct {
	Server    string `json:"server"`
	Parameter string `json:"parameter"`
	Value     string `json:"value"`   // when the run began
	Started   string `json:"started"` // what it was started with
	Source    string `json:"source"`  // where that is known from
	Command   string `json:"command"` // that puts it back
}

// Polluted returns what the servers that were read so far no longer had as they
// were started with. What --expect says counts before what they were started
// with.
func (a *Analysis) Drift() []Drift {
	var all []Drift
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
			all = append(all, Drift{Server: s.Address, Parameter: name, Value: value, Started: o.Value, Source: o.Source,
				Command: a.command(s, map[string]string{name: o.Value})})
		}
	}
	return all
}
