package snapshot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"tracetest/internal/record"
	"tracetest/internal/rediscli"
	"tracetest/internal/redisconf"
)

// ErrAnother says that a server is not the one that is meant: it restarted, or another one
// has its address by now.
var ErrAnother = errors.New("it restarted, or another server has its address by now")

var errSuperseded = errors.New("somebody else has set it since")

// Restore puts back what differed from the mark at the last snapshot, and looks
// again. It returns nil when nothing did. When and Owner are the caller's, and
// so is the question whether it may be restored.
//
// Only what differs is written: one CONFIG SET with all of it where the server
// takes that, else one for each. It is never inside MULTI, where a server out
// of memory refuses every command. It works while the server is out of memory.
//
// Nothing is written to another run of the server than the mark is of, nothing over
// a value that is not the one of the last snapshot, and no role: the connection that
// is written on is asked for all of that first.
func (s *Server) Restore(ctx context.Context, to Mark) *record.Restore {
	start := time.Now()
	taken := s.take(ctx, start)
	s.mu.Lock()
	values, together, seen := s.differing(to), s.together, s.last.config()
	shown := s.hideAll(values)
	s.mu.Unlock()
	if taken == nil {
		defer s.give()
	}
	if len(values) == 0 {
		return nil
	}
	done := &record.Restore{Server: s.index, Values: shown, Command: rediscli.Restore(s.target.CLI(), shown, together)}
	if taken != nil {
		done.Error = s.Scrub(s.trouble(taken))
		return done
	}
	w := &writer{asker: s.asker, runID: to.runID, seen: seen, refused: make(map[string]error)}
	before := s.pending
	got := s.exchange(ctx, start, func(until time.Time) answer {
		return answer{err: w.write(until, values, together)}
	})
	if s.pending != nil {
		// The writer, or what was asked before it, is still at it: its results
		// are not ours to read.
		done.Error = s.Scrub(s.trouble(got.err))
		if s.pending != before {
			done.Error += "; it may still happen"
		}
		return done
	}
	snap := s.sample(ctx, time.Now())
	done.Snapshot = &snap
	done.Error = s.Scrub(s.unrestored(to, shown, w.refused, got.err, snap))
	return done
}

// NotAs says, as of the last snapshot, in which parameters a server is not as it was, but for these,
// with the command that brings that back; nil where it is. A role has no such command.
func (s *Server) NotAs(was Mark, keep []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all, roles []string
	values := make(map[string]string)
	for name, value := range was.values() {
		now, there := s.last.config()[name]
		switch {
		case !there || now == value || slices.Contains(keep, name):
		case redisconf.IsRole(name):
			roles = append(roles, name)
		default:
			all = append(all, name)
			if !redisconf.Of(name).Fixed {
				values[name] = value
			}
		}
	}
	address := s.target.address
	switch slices.Sort(all); {
	case len(all) == 0 && len(roles) > 0:
		return fmt.Errorf("%s: %w", address, ErrRole)
	case len(all) == 0:
		return nil
	case was.runID != s.runID:
		return fmt.Errorf("%s: %w, and is not as before: %s", address, ErrAnother, strings.Join(all, ", "))
	}
	err := fmt.Errorf("%s is not as before: %s; no test was seen setting that, so tracetest leaves it alone", address, strings.Join(all, ", "))
	if command := rediscli.Restore(s.target.CLI(), s.hideAll(values), s.together); command != "" {
		err = fmt.Errorf("%w. Restore it first:\n  %s", err, command)
	}
	return err
}

// differing is what has another value than in the mark, with the value of the
// mark. A parameter that only one of them has belongs to another version of
// the server.
func (s *Server) differing(to Mark) map[string]string {
	values := make(map[string]string)
	if to.at == nil || to.at().version == s.last.version {
		return values
	}
	for name, value := range to.at().config() {
		if now, ok := s.last.config()[name]; ok && now != value && !redisconf.IsRole(name) {
			values[name] = value
		}
	}
	return values
}

// unrestored is what is to be said when not all is as it was.
func (s *Server) unrestored(to Mark, shown map[string]string, refused map[string]error, failed error, snap record.Snapshot) string {
	if snap.Error != "" {
		return "not read back: " + snap.Error
	}
	s.mu.Lock()
	left := s.differing(to)
	s.mu.Unlock()
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		if _, still := left[name]; !still {
			continue
		}
		why := "it reads back different"
		if err := refused[name]; errors.Is(err, errSuperseded) {
			why = err.Error()
		} else if err != nil {
			why = "the server says: " + err.Error()
		} else if failed != nil {
			why = s.trouble(failed)
		}
		if redisconf.IsSecret(name) && shown[name] != "" {
			why += " (its value is secret: set it by hand)"
		}
		problems = append(problems, name+" is not restored: "+why)
	}
	return strings.Join(problems, "; ")
}

// writer writes a configuration. It is used by one goroutine; refused may be
// read when that is done.
type writer struct {
	asker   *asker
	runID   string            // of the server that is meant
	seen    map[string]string // what it had in the last snapshot
	refused map[string]error  // by parameter
}

func (w *writer) write(until time.Time, values map[string]string, together bool) error {
	return w.asker.persist(until, func() error {
		clear(w.refused)
		if err := isRun(w.asker.link, w.runID); err != nil {
			return err
		}
		return w.once(values, together)
	})
}

// isRun makes sure that a connection is to this run of a server. Where INFO never said
// which one it is, nothing can.
func isRun(l *link, runID string) error {
	if runID == "" {
		return nil
	}
	cmd := redis.NewStringCmd(context.Background(), "info", "server")
	if err := l.do(cmd); err != nil {
		return err
	}
	if parseInfo(cmd.Val())["run_id"] != runID {
		return ErrAnother
	}
	return nil
}

// once writes everything that still is as it was seen. It returns errors of the connection and
// those that pass by themselves; refusals are kept by name.
func (w *writer) once(values map[string]string, together bool) error {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		now, err := w.asker.get(name)
		if err == nil && now[name] != w.seen[name] {
			w.refused[name] = errSuperseded
		} else if err := w.keep(name, err); err != nil {
			return err
		}
		if w.refused[name] == nil {
			names = append(names, name)
		}
	}
	if together && len(names) > 1 {
		args := []any{"config", "set"}
		for _, name := range names {
			args = append(args, name, values[name])
		}
		err := w.do(args...)
		if err != nil && (!isReply(err) || isBusy(err)) {
			return err
		}
		if err == nil {
			names = nil
		}
		// It is all or nothing, and one immutable parameter must not keep the
		// others from being restored: those one by one.
	}
	for _, name := range names {
		if err := w.keep(name, w.do("config", "set", name, values[name])); err != nil {
			return err
		}
	}
	return nil
}

// keep notes a refusal and returns any other error.
func (w *writer) keep(name string, err error) error {
	if err != nil && isReply(err) && !isBusy(err) {
		w.refused[name] = err
		return nil
	}
	return err
}

func (w *writer) do(args ...any) error {
	return w.asker.link.do(redis.NewCmd(context.Background(), args...))
}
