package snapshot

import (
	"context"
	"errors"

	"tracetest/internal/record"
	"tracetest/internal/redisconf"
)

// Perturb moves parameters off the values that people know by heart, each by so
// little that a test does not feel it, and takes another snapshot. What it returns is what
// they were, as it may be shown. A test that "puts back" a constant then leaves
// something else than it found. [Server.Unperturb] undoes it.
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
	if done := s.Restore(ctx, s.With(values)); done != nil && done.Error != "" {
		err = errors.New(done.Error)
	}
	return were, err
}

// Unperturb undoes what Perturb moved, from the mark behind it to the one before, and
// takes another snapshot. What no longer is what Perturb made of it is somebody else's by now.
func (s *Server) Unperturb(ctx context.Context, moved, before Mark) *record.Restore {
	if s.Sample(ctx).Error != "" || s.Mark().runID != before.runID {
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

// Shown is the configuration as last seen, as it may be shown.
func (s *Server) Shown() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hideAll(s.last.config())
}
