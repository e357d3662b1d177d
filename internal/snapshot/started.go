package snapshot

import (
	"maps"
	"strconv"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/redact"
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
	if _, has := s.last.config()[name]; !has || !readsBack(name) {
		return name, record.Origin{}, false
	}
	return name, record.Origin{Value: s.hide(name, Normalize(name, text)), Source: source}, true
}

// Default is the value that a parameter has in all of Redis 6.0 to 8.6, Valkey
// 8.0 to 9.1 and Redict 7.3 when nothing sets it.
func Default(parameter string) (value string, known bool) {
	switch parameter {
	case "maxmemory", "timeout":
		return "0", true
	case "maxmemory-policy":
		return "noeviction", true
	case "maxmemory-samples":
		return "5", true
	case "hz":
		return "10", true
	case "appendonly":
		return "no", true
	}
	return "", false
}

// Defaults are the parameters of which Default knows the value.
func Defaults() []string {
	return []string{"maxmemory", "maxmemory-policy", "maxmemory-samples", "timeout", "hz", "appendonly"}
}

func readsBack(name string) bool {
	if redact.IsSecret(name) {
		return false
	}
	for _, prefix := range []string{"maxmemory", "lfu-", "lazyfree-", "list-", "hash-", "set-", "zset-", "stream-", "active", "slowlog-", "latency-monitor-",
		"notify-keyspace-events", "appendonly", "appendfsync", "timeout", "hz", "tcp-keepalive", "min-replicas-", "replica-read-only", "replica-serve-stale-data",
		"stop-writes-on-bgsave-error", "lua-time-limit", "busy-reply-threshold", "proto-max-bulk-len", "dynamic-hz"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// With is a mark like the last look, with other values for some parameters, to
// be restored. Of each parameter it takes the name that the server gives it.
func (s *Server) With(values map[string]string) Mark {
	s.mu.Lock()
	defer s.mu.Unlock()
	config := maps.Clone(s.last.config())
	for parameter, value := range values {
		name := reported(config, strings.TrimSpace(parameter))
		config[name] = Normalize(name, value)
	}
	at := newMoment(config, 0)
	return Mark{func() moment { return at }, s.runID}
}
