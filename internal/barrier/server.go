// Package barrier is what instrumented tests report to, and wait for.
//
// [Server] listens on a unix socket in a private folder. A test process reports to it
// of each boundary and of what its connections send to Redis, and goes on when it
// is answered; package instrument builds the tests so that they do.
//
// Invariants:
//   - A test process that says something waits until it is answered, and does
//     nothing to Redis in between. So what a snapshot sees at that moment was
//     done by whoever was open before. At boundaries that it passes it does not
//     wait, and notes them where [Server.Sent] reads them before a snapshot counts.
//   - Every connection says which process it is of. Nothing is guessed from
//     the order in which connections come.
//   - A test never fails or hangs because of the barrier: whatever cannot be
//     understood is answered, a connection that breaks ends the waiting for
//     that process, and a process that a test started never waits.
//
// Limits: unix sockets, so not on Windows; a process whose environment was
// emptied is not seen.
package barrier

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"tracetest/internal/record"
)

// Server is what the test processes talk to. Its methods other than Close must
// be used by one goroutine.
type Server struct {
	// Key is what test processes make marks of secrets with; empty: they make none.
	Key string
	// Whole has test processes say also what tests that failed have said, because
	// nobody reads `go test -json`.
	Whole bool
	// Part says what of a package this machine runs, by the arguments of its test binary and its
	// top-level tests. It may be nil: all of it.
	Part func(pkg string, args, tests []string) Part

	listener net.Listener
	path     string
	messages chan message
	closed   chan struct{}
	once     sync.Once
	packages func(dir string) string
	source   Source

	mu    sync.Mutex
	conns map[net.Conn]bool // open ones; nil once the barrier is closed

	queue     []message // taken from messages, to be handled before the next
	processes []*process
	owners    int64                       // last owner's number
	ordered   map[string]map[int]nodeCall // calls that may declare a node of Ginkgo, by file and line
}

// Source is what the source says of a frame. What is nil is not known.
type Source struct {
	Std   func(record.Frame) bool // it is of the standard library
	Sets  func(record.Frame) bool // its function can have made a write
	Takes func(record.Frame) bool // its function does there what others hand to it
}

// Listen opens the barrier. The folder must be private; the path of the socket in
// it must fit the 104 bytes that unix allows. Packages names the package whose
// tests run in a folder, or "".
func Listen(dir string, packages func(dir string) string, source Source) (*Server, error) {
	path := filepath.Join(dir, "gate")
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("opening the socket that tests wait at: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		listener.Close()
		return nil, err
	}
	s := &Server{listener: listener, path: path, messages: make(chan message), closed: make(chan struct{}), packages: packages, source: source,
		conns: map[net.Conn]bool{}, ordered: map[string]map[int]nodeCall{}}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				if errors.Is(err, net.ErrClosed) {
					return
				}
				time.Sleep(time.Millisecond) // out of descriptors, most likely
				continue
			}
			go s.serve(conn)
		}
	}()
	return s, nil
}

// Env returns what the environment of the tests needs.
func (s *Server) Env() string { return "TRACETEST_SOCKET=" + s.path }

// Close shuts the barrier and removes the socket. Tests that wait go on.
func (s *Server) Close() (err error) {
	s.once.Do(func() {
		close(s.closed)
		err = s.listener.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		for conn := range s.conns {
			conn.Close()
		}
		s.conns = nil
	})
	return err
}

// track notes an open connection, unless the barrier is closed.
func (s *Server) track(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns != nil {
		s.conns[conn] = true
	}
	return s.conns != nil
}

func (s *Server) untrack(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

func (s *Server) post(m message) bool {
	select {
	case s.messages <- m:
		return true
	case <-s.closed:
		return false
	}
}

// Await waits until a test process says hello, and leaves that to be handled. It
// reports whether one did before ctx was done.
func (s *Server) Await(ctx context.Context) bool {
	for !slices.ContainsFunc(s.queue, is[helloMsg]) {
		select {
		case m := <-s.messages:
			s.queue = append(s.queue, m)
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// Quiet reports whether no test process is connected.
func (s *Server) Quiet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns) == 0
}

// Anew forgets the processes that there were, when none is connected any more: those
// that come are of another run. Files may have been edited since.
func (s *Server) Anew() {
	s.processes, s.owners = nil, 0
	clear(s.ordered)
}

// Next waits for the next process that says something. It returns nil when ctx
// is done.
func (s *Server) Next(ctx context.Context) *Arrival {
	for {
		if h := s.Queued(ctx); h != nil {
			return h
		}
		select {
		case m := <-s.messages:
			s.queue = append(s.queue, m)
		case <-ctx.Done():
			return nil
		}
	}
}

// Messages yields what processes say, for [Server.Take]; nothing where there is no
// barrier.
func (s *Server) Messages() <-chan message {
	if s == nil {
		return nil
	}
	return s.messages
}

// Take takes in what a process said. It returns nil where nothing of it is left to do.
func (s *Server) Take(ctx context.Context, m message) *Arrival {
	s.queue = append(s.queue, m)
	return s.Queued(ctx)
}

// Queued returns what was said before and was not handled yet, or nil.
func (s *Server) Queued(ctx context.Context) *Arrival {
	for len(s.queue) > 0 && ctx.Err() == nil {
		m := s.queue[0]
		s.queue = s.queue[1:]
		if m.shared != nil && !is[helloMsg](m) {
			if first := m.shared.before(m.process); len(first) > 0 {
				s.queue = append(append(first, m), s.queue...)
				continue
			}
		}
		if !is[helloMsg](m) || m.waited || !s.waitForGone(ctx, m) {
			return s.arrival(m)
		}
	}
	return nil
}

func (s *Server) arrival(m message) *Arrival {
	h := Arrived(m.came, m.waits, func(answer string) {
		if !m.passed {
			m.answer <- answer
		}
	})
	h.Passed, h.AtOnce, h.From = m.passed, m.next, m.process
	s.understand(h, m)
	return h
}
