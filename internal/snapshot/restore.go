package snapshot

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"tracetest/internal/record"
	"tracetest/internal/rediscli"
	"tracetest/internal/redisconf"
)

var errSuperseded = errors.New("somebody else has set it since")

// Restore writes back what claims allow, and looks again. When and Owner are the caller's.
//
// Only what differs is written: one CONFIG SET with all of it where the server
// takes that, else one for each. It is never inside MULTI, where a server out
// of memory refuses every command. It works while the server is out of memory.
//
// The connection that is written on is asked first: nothing is written to another run of
// the server, and nothing over a value that is not the one of the last snapshot.
func (s *Server) Restore(ctx context.Context, claims Claims) Restored {
	start := time.Now()
	taken := s.take(ctx, start)
	if taken == nil {
		defer s.give()
	}
	s.mu.Lock()
	now := s.mark()
	names, _ := claims.Allowed(now)
	together, seen := s.together, s.last.config()
	values := make(map[string]string, len(names))
	for _, name := range names {
		values[name] = claims[name].To.values()[name]
	}
	shown := s.hideAll(values)
	s.mu.Unlock()
	if len(values) == 0 {
		return s.restored(claims, nil)
	}
	done := &record.Restore{Server: s.index, Values: shown, Command: rediscli.Restore(s.target.CLI(), shown, together)}
	if taken != nil {
		done.Error = s.scrub(s.trouble(taken))
		return s.restored(claims, done)
	}
	w := &writer{asker: s.asker, runID: now.runID, seen: seen, refused: make(map[string]error)}
	before := s.pending
	got := s.exchange(ctx, start, func(until time.Time) answer {
		return answer{err: w.write(until, values, together)}
	})
	if s.pending != nil {
		// The writer, or what was asked before it, is still at it: its results
		// are not ours to read.
		done.Error = s.scrub(s.trouble(got.err))
		if s.pending != before {
			done.Error += "; it may still happen"
		}
		return s.restored(claims, done)
	}
	for _, err := range w.refused {
		if says(err, "NOPERM") { // by hand it is for somebody else
			done.Command = rediscli.Restore(s.target.Anonymous().CLI(), shown, together)
		}
	}
	snap := s.sample(ctx, time.Now())
	done.Snapshot = &snap
	done.Error = s.scrub(s.unrestored(values, w.refused, got.err, snap))
	return s.restored(claims, done)
}

// unrestored is what is to be said when not all is as it was.
func (s *Server) unrestored(values map[string]string, refused map[string]error, failed error, snap record.Snapshot) string {
	if snap.Error != "" {
		return "not read back: " + snap.Error
	}
	now := s.Mark().values()
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if value, there := now[name]; !there || value == values[name] {
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
		if redisconf.IsSecret(name) && values[name] != "" {
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
