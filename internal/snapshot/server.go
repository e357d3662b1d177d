// Package snapshot is a Redis at an instant: dial, capture, diff, restore. It
// knows nothing of tests.
//
// A [Server] is sampled again and again, on one connection that is made
// before the first test and kept. A snapshot is one round trip of some 0.1 ms: INFO,
// and with it CONFIG GET * unless INFO shows that it would say what it said
// before (calm.go). It compares with the snapshot before, so that an unchanged
// server costs nothing in the record.
//
// Invariants:
//   - A snapshot never takes longer than Options.Timeout, whatever tests do to the
//     server: lock it, pause it, kill our connection, take our login away.
//   - What changed before Snapshot.Sent is in the snapshot; what changes after
//     Snapshot.Received is not. A snapshot that had to try again has the times of the
//     try that succeeded.
//   - Values of secret parameters leave this package as "(hidden N)" only, in
//     errors and in what fmt prints too. The real ones stay in memory, for
//     Restore alone.
//   - A parameter has one name, the current one, and it is one that the server
//     takes back in CONFIG SET.
//
// Limits: what CONFIG GET * does not show is not seen (ACLs, DEBUG switches,
// functions, a parameter that was changed and restored between two snapshots). A
// replica that was promoted, a cluster node that failed over, look like a
// change of replicaof, which is never written. The observer's one connection
// itself costs the server some 25 to 45 kB.
package snapshot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/redact"
	"tracetest/internal/redisconf"
)

const (
	defaultTimeout = 5 * time.Second
	// briefly is how long a server that did not answer in time is waited for,
	// at each further snapshot, until it does.
	briefly = 100 * time.Millisecond
	// A connection may also be dead without anybody saying so, as when its
	// network went away. So a question that old is given up for a new one.
	tooOld = 30 * time.Second
)

// Server is a watched server. Its methods may be called from several
// goroutines; snapshots happen one after the other.
type Server struct {
	target  Target
	index   int
	timeout time.Duration

	turn    chan struct{} // holds one element while nobody asks
	asker   *asker        // of whoever has the turn, and of the pending question
	pending *question     // asked for an earlier snapshot and not answered yet

	mu       sync.Mutex // guards what follows
	patience time.Duration
	runID    string
	last     moment
	serial   uint64 // of the answer that last is of; see answer.serial
	together bool   // CONFIG SET takes several parameters
	facts    info   // of the first snapshot
	secrets  *redact.Redactor
}

// question is one that is being asked.
type question struct {
	answer chan answer
	asked  time.Time
}

// Mark is a configuration to go back to, of one run of a server. It holds real
// values and prints none.
type Mark struct {
	at    func() moment
	runID string
}

// moment is a configuration with its real values, which never change. To fmt
// they are a function.
type moment struct {
	config  func() map[string]string
	version uint64 // counts the configurations of a server; zero: of no snapshot, so that it counts as different
}

func newMoment(config map[string]string, version uint64) moment {
	return moment{config: func() map[string]string { return config }, version: version}
}

func (m Mark) String() string                { return "snapshot.Mark" }
func (m Mark) GoString() string              { return m.String() }
func (m Mark) Format(f fmt.State, verb rune) { format(f, verb, m.String()) }
func (s *Server) String() string             { return s.target.String() }
func (s *Server) GoString() string           { return s.String() }
func (s *Server) Format(f fmt.State, v rune) { format(f, v, s.String()) }

// Target is where the server is.
func (s *Server) Target() Target { return s.target }

// Sample samples the server now. It always returns within Options.Timeout;
// what went wrong is in Error.
func (s *Server) Sample(ctx context.Context) record.Snapshot {
	start := time.Now()
	if err := s.take(ctx, start); err != nil {
		return s.gap(start, err)
	}
	defer s.give()
	return s.sample(ctx, start)
}

// sample is Sample for who has the turn.
func (s *Server) sample(ctx context.Context, start time.Time) record.Snapshot {
	got := s.exchange(ctx, start, s.asker.ask)
	if got.err != nil {
		return s.gap(start, got.err)
	}
	snap := record.Snapshot{Server: s.index, Sent: got.sent, Received: time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if got.info != nil {
		snap.Counters = got.counters
		s.together = got.info.several()
		if id := got.info["run_id"]; id != "" && id != s.runID {
			snap.RunID, s.runID = id, id
		}
	}
	if got.serial != 0 && got.serial == s.serial {
		return snap
	}
	s.serial = got.serial
	was := s.last.config()
	if changed := differing(was, got.config); len(changed) > 0 || len(got.config) != len(was) {
		s.last = newMoment(got.config, s.last.version+1)
		if len(changed) > 0 {
			snap.Config = s.hideAll(changed)
		}
	}
	return snap
}

func (s *Server) gap(start time.Time, err error) record.Snapshot {
	return record.Snapshot{Server: s.index, Sent: start, Received: time.Now(), Error: s.scrub(s.trouble(err)), Gone: isGone(err)}
}

// differing is what is new in a configuration.
func differing(from, to map[string]string) map[string]string {
	var changed map[string]string
	for name, value := range to {
		if was, ok := from[name]; !ok || was != value {
			if changed == nil {
				changed = make(map[string]string)
			}
			changed[name] = value
		}
	}
	return changed
}

// take waits for the turn.
func (s *Server) take(ctx context.Context, start time.Time) error {
	timer := time.NewTimer(time.Until(start.Add(s.timeout)))
	defer timer.Stop()
	select {
	case <-s.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errSilent
	}
}

func (s *Server) give() { s.turn <- struct{}{} }

// exchange asks and waits for the answer until the server's time is over. A
// question that is not answered by then stays on its connection, and no other
// is asked before it is: a hung server would only collect connections.
func (s *Server) exchange(ctx context.Context, start time.Time, ask func(until time.Time) answer) answer {
	// Waiting for the turn must not use up the little patience there may be.
	patience := s.patient()
	until := time.Now().Add(patience)
	if last := start.Add(s.timeout); until.After(last) {
		until = last
	}
	if p := s.pending; p != nil {
		if time.Since(p.asked) > tooOld {
			s.asker.line.hangUp(false)
		}
		if _, err := p.wait(ctx, until); errors.Is(err, errSilent) {
			return answer{err: errStill}
		} else if err != nil {
			return answer{err: err}
		}
		s.pending = nil // it is too old to say how the server is now
		until = start.Add(s.timeout)
	}
	p := &question{answer: make(chan answer, 1), asked: time.Now()}
	go func() { p.answer <- ask(until) }()
	got, err := p.wait(ctx, until)
	if err != nil {
		s.pending = p
		if errors.Is(err, errSilent) && patience < s.timeout {
			err = errStill
		}
		got = answer{err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() == nil {
		s.patience = s.timeout
		if err != nil || isBusy(got.err) {
			s.patience = min(briefly, s.timeout)
		}
	}
	return got
}

func (s *Server) patient() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.patience
}

func (q *question) wait(ctx context.Context, until time.Time) (answer, error) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case got := <-q.answer:
		return got, nil
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case <-timer.C:
		return answer{}, errSilent
	}
}

// Mark is the configuration as last seen.
func (s *Server) Mark() Mark {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mark()
}

// mark is Mark for who holds the lock.
func (s *Server) mark() Mark {
	at := s.last
	return Mark{func() moment { return at }, s.runID}
}

// NewMark is a mark of what is known from elsewhere.
func NewMark(config map[string]string, runID string) Mark {
	at := newMoment(config, 0)
	return Mark{func() moment { return at }, runID}
}

// RunID is the run of the server that a mark is of.
func (m Mark) RunID() string { return m.runID }

func (m Mark) values() map[string]string {
	if m.at == nil {
		return nil
	}
	return m.at().config()
}

// scrub hides the secrets in a text.
func (s *Server) scrub(text string) string { return s.secrets.Text(text) }

// hide is the value of a parameter as it may be shown.
func (s *Server) hide(parameter, value string) string {
	if redisconf.IsSecret(parameter) {
		return s.secrets.Value(value)
	}
	return s.secrets.Setting(value)
}

// hideAll is a configuration as it may be shown. It goes by name, so that the
// numbers are the same in each run.
func (s *Server) hideAll(config map[string]string) map[string]string {
	shown := make(map[string]string, len(config))
	for _, name := range slices.Sorted(maps.Keys(config)) {
		shown[name] = s.hide(name, config[name])
	}
	return shown
}

// Close ends the connection, also under a question that is being asked.
func (s *Server) Close() error {
	s.asker.line.hangUp(true)
	return nil
}
