package barrier

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// A process notes the boundaries that it passes in memory that it shares with the
// server. Nobody is woken for them, and whatever ends the process, what it noted is
// there. Whoever took a snapshot reads what was noted by then: all these were open
// before it.
//
// The first word says in the upper half how many messages the process has sent over its
// connection, and in the lower how many bytes stand behind it, of notes since the last
// of these. So each message empties the memory, for the server has read it by the time
// that it answers.
type shared struct {
	mu    sync.Mutex
	mem   []byte // nil where there is none
	turns uint32 // messages that came
	read  int    // bytes, since the last of them
	// notes are those that were read: before the first message that is not handled yet,
	// between that and the next, ..., and behind the last.
	notes [][]byte
	seen  []byte // notes of the first part as they were when somebody looked, and not handed on yet
}

// sharedSize is that of the memory, and sharedHead of its first word.
const (
	sharedSize = 128 << 10
	sharedHead = 8
)

func newShared() *shared { return &shared{notes: [][]byte{nil}} }

// take reads what was noted.
func (s *shared) take() {
	if s.mem == nil {
		return
	}
	head := atomic.LoadUint64((*uint64)(unsafe.Pointer(&s.mem[0])))
	end := int(uint32(head))
	if uint32(head>>32) != s.turns || end <= s.read || end > len(s.mem)-sharedHead {
		return
	}
	last := &s.notes[len(s.notes)-1]
	*last = append(*last, s.mem[sharedHead+s.read:sharedHead+end]...)
	s.read = end
}

// said takes in that a message came. Its process waits, and so notes nothing.
func (s *shared) said() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take()
	s.notes = append(s.notes, nil)
	s.turns++
	s.read = 0
}

// before returns what was noted before the first message that is not handled yet. Where
// there is nothing more, that message is handled now.
func (s *shared) before(process int) []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := passed(process, append(s.seen, s.notes[0]...))
	if s.seen, s.notes[0] = nil, nil; len(all) == 0 && len(s.notes) > 1 {
		s.notes = s.notes[1:]
	}
	return all
}

// look reads what was noted by now, but for what is behind a message. It is kept apart: a process
// that is let go then can note more, and send a message, before this is handed on.
func (s *shared) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.notes) == 1 {
		s.take()
	}
	s.seen, s.notes[0] = append(s.seen, s.notes[0]...), nil
}

// sent returns what was seen.
func (s *shared) sent(process int) []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := passed(process, s.seen)
	s.seen = nil
	return all
}

// note is what a process noted.
type note struct {
	at     time.Time
	fields []string
}

// notesIn reads notes: of each its length, the time in nanoseconds, and its fields, each
// behind its length. What is no note ends them.
func notesIn(text []byte) (all []note) {
	word := func() (n int, ok bool) {
		if len(text) < 4 {
			return 0, false
		}
		n = int(binary.LittleEndian.Uint32(text))
		text = text[4:]
		return n, n <= len(text)
	}
	for len(text) > 0 {
		n, ok := word()
		if !ok || n < 8 {
			return all
		}
		rest := text[n:]
		text = text[:n]
		is := note{at: time.Unix(0, int64(binary.LittleEndian.Uint64(text)))}
		for text = text[8:]; len(text) > 0; {
			n, ok := word()
			if !ok {
				return all
			}
			is.fields = append(is.fields, string(text[:n]))
			text = text[n:]
		}
		all = append(all, is)
		text = rest
	}
	return all
}

// passed are messages of the boundaries that a process noted.
func passed(process int, notes []byte) []message {
	var all []message
	for _, n := range notesIn(notes) {
		if is, ok := decode(n.fields).(passedMsg); ok {
			all = append(all, message{process: process, content: is.content, next: is.next, passed: true, came: n.at})
		}
	}
	return all
}

// Look reads what processes have noted by now: whoever has taken a snapshot calls it before
// he lets one go on. That costs next to nothing.
func (s *Server) Look() {
	for _, p := range s.processes {
		if p.shared != nil {
			p.shared.look()
		}
	}
}

// Sent returns what was noted when Look was called last, the boundaries that processes have
// passed among it, in the order of each.
func (s *Server) Sent() (all []*Arrival) {
	for _, p := range s.processes {
		if p.shared == nil {
			continue
		}
		for _, m := range p.shared.sent(p.Index) {
			all = append(all, s.arrival(m))
		}
	}
	return all
}
