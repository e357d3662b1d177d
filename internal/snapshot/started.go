package snapshot

import (
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
