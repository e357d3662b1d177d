package barrier

import (
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// A process that passes boundaries is ahead of what was taken in of it. Whoever took
// a snapshot must know who was open by then: all that was sent is taken in before the
// snapshot counts.

// line is a connection of which it is known whether all that was sent has been handed
// on.
type line struct {
	conn net.Conn
	raw  syscall.RawConn // nil where it is no descriptor

	mu      sync.Mutex
	busy    bool // something was read and is not handed on yet
	waiting bool // the process waits, and sends nothing
	over    bool // nothing comes any more
}

func newLine(conn net.Conn) *line {
	l := &line{conn: conn}
	if c, ok := conn.(syscall.Conn); ok {
		l.raw, _ = c.SyscallConn()
	}
	return l
}

// Read reads what there is. All that was read before has been handed on, but for a
// line that has no end yet.
func (l *line) Read(b []byte) (n int, err error) {
	if l.raw == nil {
		return l.conn.Read(b)
	}
	l.mu.Lock()
	l.busy = false
	l.mu.Unlock()
	failed := l.raw.Read(func(fd uintptr) bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		var later bool
		if n, later, err = readNow(fd, b); later {
			return false
		}
		l.busy, l.over = n > 0, n <= 0
		return true
	})
	switch {
	case failed != nil:
		return 0, failed
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

func (l *line) waits(yes bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = yes
}

// quiet reports whether nothing that was sent is still to be handed on.
func (l *line) quiet() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting || l.over || l.raw == nil {
		return true
	}
	if l.busy {
		return false
	}
	empty := true
	err := l.raw.Control(func(fd uintptr) { empty = nothingSent(fd) })
	return empty || err != nil
}

// Sent returns what processes have said by now without waiting for an answer, in
// order. Whoever handles an arrival asks for it when a snapshot was taken.
func (s *Server) Sent() (all []*Arrival) {
	s.mu.Lock()
	lines := make([]*line, 0, len(s.conns))
	for _, l := range s.conns {
		lines = append(lines, l)
	}
	s.mu.Unlock()
	for _, l := range lines {
		for !l.quiet() {
			select {
			case m := <-s.messages:
				s.queue = append(s.queue, m)
			case <-s.closed:
				return nil
			case <-time.After(20 * time.Microsecond):
			}
		}
	}
	waits := map[int]bool{} // processes, for something that they said before
	var rest []message
	for _, m := range s.queue {
		if m.passed && !waits[m.process] {
			all = append(all, s.arrival(m))
			continue
		}
		waits[m.process] = true
		rest = append(rest, m)
	}
	s.queue = rest
	return all
}
