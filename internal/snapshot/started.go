package snapshot

import (
	"maps"
	"strconv"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/redisconf"
)

// Process is the server's process as it says itself, in a container that of its
// namespace, and its configuration file, if it has one.
func (s *Server) Process() (pid int, configFile string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pid, _ = strconv.Atoi(s.facts["process_id"])
	return pid, s.facts["config_file"]
}

// Started is what a server was started with, as CONFIG GET would say it, of a
// parameter as it was written. It knows only parameters whose value reads back
// as what was set: of others, such as paths, addresses and limits that the
// system lowers, a difference says nothing.
func (s *Server) Started(parameter, text, source string) (name string, origin record.Origin, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name = reported(s.last.config(), strings.TrimSpace(parameter))
	if _, has := s.last.config()[name]; !has || !redisconf.Of(name).ReadsBack {
		return name, record.Origin{}, false
	}
	return name, record.Origin{Value: s.hide(name, redisconf.Normalize(name, text)), Source: source}, true
}

// With is a mark like the last snapshot, with other values for some parameters, to
// be restored. Of each parameter it takes the name that the server gives it.
func (s *Server) With(values map[string]string) Mark {
	s.mu.Lock()
	defer s.mu.Unlock()
	config := maps.Clone(s.last.config())
	for parameter, value := range values {
		name := reported(config, strings.TrimSpace(parameter))
		config[name] = redisconf.Normalize(name, value)
	}
	at := newMoment(config, 0)
	return Mark{func() moment { return at }, s.runID}
}
