package triage

import (
	"math"
	"slices"
)

// Who is answerable for the value that a parameter has? Not always who wrote it: a
// test that saves a value, sets another and restores the saved one leaves the
// server as it found it, and whoever had left it so is answerable again. So the
// values of a parameter are a stack: a change puts one on it, and a change that
// brings back what its unit came upon takes off what lies above that.

// earlier returns the change that had set the value which m brought back, if the
// parameter had that at any time since an entry; nil where it is what the run began
// with, or new.
func (s *server) earlier(m *mutation, since int64) *mutation {
	history := s.history[m.parameter]
	for i := slices.Index(history, m) - 1; i >= 0 && history[i+1].seq > since; i-- {
		if history[i].to == m.to {
			return history[i]
		}
	}
	return nil
}

// answerable returns the change that is answerable for the value which another
// one set. A unit that leaves the value is itself: a leak is what no unit found.
func answerable(m *mutation) *mutation {
	for m.back != nil && !(m.episode != nil && m.episode.leaked && m.episode.settled.to == m.to) {
		m = m.back
	}
	return m
}

// limitWhen returns the limit which refused writes between two snapshots: the lowest
// of those that were in force, before as well as at the second. Used is what of
// the memory was in use.
func (s *server) limitWhen(before *mutation, seq, used int64) limitMet {
	limit := func(m *mutation) int64 {
		value := s.Config[memoryLimit]
		if m != nil {
			value = m.to
		}
		if n := bytes(value); n > 0 {
			return n
		}
		return math.MaxInt64
	}
	lowest := before
	for _, m := range slices.Backward(s.history[memoryLimit]) {
		if m.seq < seq {
			break
		}
		if limit(m) < limit(lowest) {
			lowest = m
		}
	}
	return limitMet{lowest, used+near >= limit(lowest)}
}

// latest returns the last change of a parameter, or nil.
func (s *server) latest(parameter string) *mutation {
	if history := s.history[parameter]; len(history) > 0 {
		return history[len(history)-1]
	}
	return nil
}
