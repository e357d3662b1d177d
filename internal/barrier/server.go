// Package barrier is what instrumented tests report to, and wait for.
//
// [Server] listens on a unix socket in a private folder. A test process tells it
// of each boundary and of what its connections send to Redis, and goes on when it
// is answered; package instrument builds the tests so that they do.
//
// Invariants:
//   - A test process that says something waits until it is answered, and does
//     nothing to Redis in between. So what a snapshot sees at that moment was
//     done by whoever was open before.
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
	"strconv"
	"strings"
	"sync"
	"time"

	"tracetest/internal/record"
)

// Server is what the test processes talk to. Its methods other than Close must
// be used by one goroutine.
type Server struct {
	// Key is what test processes make marks of secrets with; empty: they make none.
	Key string

	listener net.Listener
	path     string
	messages chan message
	closed   chan struct{}
	once     sync.Once
	packages func(dir string) string
	source   Source

	mu    sync.Mutex
	conns map[net.Conn]*line // open ones; nil once the barrier is closed

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

// process is a test binary that said hello.
type process struct {
	record.Process
	visible bool // its pid could be seen, so that its end can be seen too
	gone    bool
	began   bool             // a test of it began
	exited  bool             // it was held when it exited
	owners  map[string]int64 // open owners, by the number that the process uses
	ids     []int64          // of all owners, by that number
	// specOf has all specs by that number, for a label has no more of them.
	specOf map[string]record.By
	tests  []openTest       // open tests, in the order in which they began
	specs  map[string]int64 // open specs, by text and location
	conns  map[int64]string // addresses of Redis connections, by the number that the process uses
}

// openTest is a test that has begun and not ended.
type openTest struct {
	id, parent int64
	unit       int64 // the top-level test that it is in
	name       string
	paused     bool
}

// Held is a test process that waits at a boundary, or has something to say
// that is no boundary.
type Arrival struct {
	// Process is set when a process is new or its package became known. It
	// goes into the record before the boundary.
	Process *record.Process
	// Boundary is without looks. Its Verb is empty when nothing is to be
	// looked at.
	Boundary record.Boundary
	// Ran is the package of which m.Run has come to its end. Nothing else is set
	// then.
	Ran string
	// Passed is set when the process does not wait, for it can have done nothing
	// unseen; AtOnce when it did not at the begin of a test that came at once behind
	// the end of the one before.
	Passed, AtOnce bool
	// Ahead is what the process is answered: whether it may pass the next boundaries.
	Ahead bool
	// Message is set when it is the trace that has something to say. Nothing else is
	// then.
	Message *Message

	answer   string
	message  message
	released bool
}

// From is the process, or zero where none is known.
func (h *Arrival) From() int { return h.message.process }

// Since is when the process began to wait.
func (h *Arrival) Since() time.Time { return h.message.came }

// Waiting reports whether the process still waits. One that has given up was
// not held, and what is seen now may be its doing.
func (h *Arrival) Waiting() bool { return h.message.conn == nil || !hungUp(h.message.conn) }

// Release lets the process go on. Only the first call does something.
func (h *Arrival) Release() {
	if !h.released {
		h.released = true
		if rest, ok := strings.CutPrefix(h.answer, "go"); ok && h.Ahead {
			h.answer = "ahead" + rest
		}
		h.message.answer <- h.answer
	}
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
		conns: map[net.Conn]*line{}, ordered: map[string]map[int]nodeCall{}}
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
		s.conns[conn] = newLine(conn)
	}
	return s.conns != nil
}

// line is that of an open connection.
func (s *Server) line(conn net.Conn) *line {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.conns[conn]; l != nil {
		return l
	}
	return newLine(conn) // the barrier is closed
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

// Take takes in what a process said. It returns nil where something else is to be taken
// in before.
func (s *Server) Take(ctx context.Context, m message) *Arrival {
	s.queue = append(s.queue, m)
	return s.Queued(ctx)
}

// Queued returns what was said before and has not been taken in, or nil.
func (s *Server) Queued(ctx context.Context) *Arrival {
	for len(s.queue) > 0 && ctx.Err() == nil {
		m := s.queue[0]
		s.queue = s.queue[1:]
		if m.fields[0] != "hello" || m.waited || !s.waitForGone(ctx, m) {
			return s.arrival(m)
		}
	}
	return nil
}

func (s *Server) arrival(m message) *Arrival {
	h := &Arrival{answer: "go", message: m, Passed: m.passed, AtOnce: m.next}
	s.understand(h, m)
	return h
}

// waitForGone makes sure that the end of a process is handled before the begin
// of one that started after it, though they come over different connections.
// It reports whether the hello was restored behind what came first.
func (s *Server) waitForGone(ctx context.Context, hello message) bool {
	hello.waited = true
	dead := s.dead(hello)
	if len(dead) == 0 {
		return false
	}
	// What is in the queue came before the hello did.
	first := s.queue
	for _, m := range first {
		if m.fields[0] == "gone" {
			delete(dead, m.process)
		}
	}
	deadline := time.NewTimer(2 * time.Second)
	defer deadline.Stop()
	for len(dead) > 0 && ctx.Err() == nil {
		select {
		case m := <-s.messages:
			first = append(first, m)
			if m.fields[0] == "gone" {
				delete(dead, m.process)
			}
		case <-deadline.C:
			for _, p := range dead {
				p.visible = false // something keeps its connection open: never wait for it again
			}
			clear(dead)
		case <-ctx.Done():
		}
	}
	s.queue = append(first, hello)
	return true
}

// dead returns the processes that have ended and of which the end was not
// heard, by their number. One that has the pid of who says hello has ended as
// well, or has replaced itself (exec).
func (s *Server) dead(hello message) map[int]*process {
	dead := map[int]*process{}
	for _, p := range s.processes {
		again := len(hello.fields) > 2 && hello.fields[2] == strconv.Itoa(p.PID)
		if !p.gone && p.visible && (again || !alive(p.PID)) {
			dead[p.Index] = p
		}
	}
	return dead
}

// understand turns a message into a boundary. What it does not understand it
// lets pass.
func (s *Server) understand(h *Arrival, m message) {
	f := m.fields
	arg := func(i int) string {
		if i < len(f) {
			return f[i]
		}
		return ""
	}
	if f[0] == "hello" {
		s.hello(h, f)
		return
	}
	if m.process < 1 || m.process > len(s.processes) {
		return
	}
	p := s.processes[m.process-1]
	if p.gone {
		return // it quit, or this was said on another connection before it ended
	}
	b := record.Boundary{Process: p.Index}
	switch f[0] {
	case "redis", "login", "secret", "write", "note", "reply", "noted", "fault", "faults", "asks":
		h.Message = s.message(p, f)
		return
	}
	if p.Host != nil && f[0] != string(record.VerbGone) {
		return // it is never held
	}
	switch verb := record.Verb(f[0]); verb {
	case "main":
		if path := arg(1); path != "" && path != p.Package {
			p.Package = path
			known := p.Process
			h.Process = &known
		}
		return
	case "ran":
		h.Ran = p.Package
		return
	case record.VerbGone, record.VerbQuit:
		p.gone, p.ids, p.specOf = true, nil, nil
		b.Verb = verb
		if verb == record.VerbGone && p.Host == nil && !p.exited && p.visible && s.outlives(p) {
			b.Verb = record.VerbQuit // it closed our connection and goes on
		}
	case record.VerbExit:
		p.exited = true
		b.Verb = verb
	case record.VerbBegin:
		s.owners++
		b.Verb, b.Owner = verb, s.owners
		p.number(arg(1), b.Owner)
		b.Begin = &record.Owner{ID: b.Owner, Parent: p.owners[arg(4)], Kind: record.Kind(arg(2)), Name: arg(3), Beside: arg(5) == "true"}
		p.owners[arg(1)], p.began = b.Owner, true
		test := openTest{id: b.Owner, parent: b.Begin.Parent, unit: b.Owner, name: b.Begin.Name}
		if outer := p.test(test.parent); outer != nil {
			test.unit = outer.unit
		}
		p.tests = append(p.tests, test)
	case record.VerbPause, record.VerbContinue, record.VerbEnd:
		owner, open := p.owners[arg(1)]
		if !open {
			return
		}
		b.Verb, b.Owner = verb, owner
		for i := range p.tests {
			if p.tests[i].id == owner {
				p.tests[i].paused = verb == record.VerbPause
			}
		}
		if verb == record.VerbEnd {
			b.End = &record.Outcome{Status: arg(2)}
			delete(p.owners, arg(1))
			p.forget(owner)
		}
	case "spec-begin", "spec-end", record.VerbSuiteBegin, record.VerbSuiteEnd:
		s.ginkgo(&b, p, f[0], arg(1) == "true", arg(2))
		if b.Begin != nil {
			by := record.By{Label: record.LabelOwner, Owner: b.Begin, Unit: b.Owner}
			if test := p.test(b.Begin.Parent); test != nil {
				by.Test = test.name
			}
			p.specOf[arg(3)] = by
		}
	case "sync":
		b.Verb = record.VerbSync
	}
	h.Boundary = b
}

func (s *Server) hello(h *Arrival, f []string) {
	if len(f) < 5 {
		return
	}
	pid, _ := strconv.Atoi(f[2])
	ppid, _ := strconv.Atoi(f[3])
	p := &process{owners: map[string]int64{}, specOf: map[string]record.By{}, specs: map[string]int64{}, conns: map[int64]string{}, visible: alive(pid)}
	p.Process = record.Process{Index: len(s.processes) + 1, PID: pid, PPID: ppid, Package: s.packages(f[4]), Args: f[5:]}
	h.answer = "go " + strconv.Itoa(p.Index)
	if host, err := strconv.Atoi(f[1]); err == nil && host >= 1 && host <= len(s.processes) {
		// A process that replaced itself (exec) has the number of its former
		// self in the environment, and is nobody's child unless that was one.
		outer := s.processes[host-1]
		if outer.Host != nil {
			p.Host = &record.Host{Process: outer.Host.Process}
		} else if outer.PID != pid && outer.delegates(&p.Process) {
			p.Launcher = host
		} else if outer.PID != pid {
			p.Host = &record.Host{Process: host}
		}
		if p.Host != nil {
			h.answer = "nested " + strconv.Itoa(p.Index)
		}
	}
	if s.Key != "" {
		h.answer += " " + s.Key
	}
	s.processes = append(s.processes, p)
	known := p.Process
	h.Process = &known
	if p.Host == nil {
		h.Boundary = record.Boundary{Verb: record.VerbHello, Process: p.Index}
	}
}

// delegates reports whether a process that has run no test started another one
// to run them all in its place, as a TestMain does that wants other rights, a
// namespace or an environment for them: in the same folder, with the same
// arguments. Whatever differs may be a helper, which is not held.
func (p *process) delegates(child *record.Process) bool {
	return !p.began && !p.gone && !p.exited && p.Package != "" && p.Package == child.Package &&
		len(p.Args) > 1 && len(child.Args) > 0 && slices.Equal(p.Args[1:], child.Args[1:])
}

// test returns an open test, or nil. Zero is the package.
func (p *process) test(id int64) *openTest {
	for i := len(p.tests) - 1; i >= 0 && id != 0; i-- {
		if p.tests[i].id == id {
			return &p.tests[i]
		}
	}
	return nil
}

// mostOwners bounds the numbers that a process can give.
const mostOwners = 1 << 27

// number notes the number that the process uses for an owner.
func (p *process) number(text string, owner int64) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > len(p.ids)+1<<20 || n > mostOwners {
		return
	}
	for len(p.ids) <= n {
		p.ids = append(p.ids, 0)
	}
	p.ids[n] = owner
}

// id returns the owner for which the process uses a number, or zero.
func (p *process) id(text string) int64 {
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n < len(p.ids) {
		return p.ids[n]
	}
	return 0
}

func (p *process) forget(owner int64) {
	p.tests = slices.DeleteFunc(p.tests, func(t openTest) bool { return t.id == owner })
}

// innermost returns the test that is running, or zero where several are.
func (p *process) innermost() int64 {
	outer := map[int64]bool{}
	for _, t := range p.tests {
		outer[t.parent] = outer[t.parent] || !t.paused
	}
	var found int64
	for _, t := range p.tests {
		switch {
		case t.paused || outer[t.id]:
		case found != 0:
			return 0
		default:
			found = t.id
		}
	}
	return found
}

// outlives reports whether a process goes on, or went on for a while, though
// its connection has ended. The system closes a connection shortly before a
// process is seen to have ended. One that replaced itself (exec) has ended as
// well, and its next self says hello. One that says over another connection that
// it quits was alive then, whatever became of it.
func (s *Server) outlives(p *process) bool {
	again := func(m message) bool {
		return m.fields[0] == "hello" && len(m.fields) > 2 && m.fields[2] == strconv.Itoa(p.PID)
	}
	quits := func(m message) bool { return m.fields[0] == string(record.VerbQuit) && m.process == p.Index }
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); {
		if slices.ContainsFunc(s.queue, quits) {
			return true
		}
		if !alive(p.PID) || dead(p.PID) || slices.ContainsFunc(s.queue, again) {
			return false
		}
		select {
		case m := <-s.messages:
			s.queue = append(s.queue, m)
		case <-time.After(time.Millisecond):
		}
	}
	return true
}
