package snapshot

import (
	"context"
	"errors"
	"strconv"

	"tracetest/internal/record"
)

// Perturb moves parameters off the values that people know by heart, each by so
// little that a test does not feel it, and looks again. What it returns is what
// they were, as it may be shown. A test that "puts back" a constant then leaves
// something else than it found. [Server.Unperturb] undoes it.
func (s *Server) Perturb(ctx context.Context) (were map[string]string, err error) {
	s.mu.Lock()
	config := s.last.config()
	values := map[string]string{}
	were = map[string]string{}
	for name, value := range config {
		if moved, ok := perturbed(name, value); ok {
			values[name], were[name] = moved, s.hide(name, value)
		}
	}
	s.mu.Unlock()
	if done := s.Restore(ctx, s.With(values)); done != nil && done.Error != "" {
		err = errors.New(done.Error)
	}
	return were, err
}

// Unperturb undoes what Perturb moved, from the mark behind it to the one before, and
// looks again. What no longer is what Perturb made of it is somebody else's by now.
func (s *Server) Unperturb(ctx context.Context, moved, before Mark) *record.Restore {
	if s.Look(ctx).Error != "" || s.Mark().runID != before.runID {
		return nil
	}
	ours := make(map[string]Mark)
	now := s.Mark().values()
	for name, value := range moved.values() {
		if was, ok := before.values()[name]; ok && was != value && now[name] == value {
			ours[name] = before
		}
	}
	return s.Restore(ctx, Join(ours))
}

// perturbed is the value beside one.
func perturbed(name, value string) (moved string, ok bool) {
	switch name {
	case "maxmemory-policy":
		switch value {
		case "allkeys-lru":
			return "allkeys-lfu", true
		case "allkeys-lfu":
			return "allkeys-lru", true
		case "volatile-lru":
			return "volatile-lfu", true
		case "volatile-lfu":
			return "volatile-lru", true
		}
		return "", false
	case "maxmemory", "maxmemory-samples", "hz", "timeout", "slowlog-max-len", "slowlog-log-slower-than", "tcp-keepalive", "lfu-log-factor", "commandlog-execution-slower-than", "commandlog-slow-execution-max-len":
	default:
		return "", false
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil || n < 0:
		return "", false
	case name == "maxmemory" && n == 0:
		n = 1 << 50 // a limit that nothing reaches
	case name == "maxmemory":
		n += 1 << 20
	case name == "timeout" && n == 0:
		n = 86400
	case name == "tcp-keepalive" && n == 0:
		n = 300
	default:
		n++
	}
	return strconv.FormatInt(n, 10), true
}

// Shown is the configuration as last seen, as it may be shown.
func (s *Server) Shown() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hideAll(s.last.config())
}
