package snapshot

import (
	"context"
	"errors"

	"tracetest/internal/redisconf"
)

// Perturb moves parameters off the values that people know by heart, each by so
// little that a test does not feel it, and takes another snapshot. What it returns is what
// they were, as it may be shown. A test that "puts back" a constant then leaves
// something else than it found.
func (s *Server) Perturb(ctx context.Context) (were map[string]string, err error) {
	s.mu.Lock()
	config := s.last.config()
	values := map[string]string{}
	were = map[string]string{}
	for name, value := range config {
		if moved, ok := redisconf.Nudged(name, value); ok {
			values[name], were[name] = moved, s.hide(name, value)
		}
	}
	s.mu.Unlock()
	if done := s.Restore(ctx, s.Asked(values)).Wrote; done != nil && done.Error != "" {
		err = errors.New(done.Error)
	}
	return were, err
}

// Shown is the configuration as last seen, as it may be shown.
func (s *Server) Shown() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hideAll(s.last.config())
}
