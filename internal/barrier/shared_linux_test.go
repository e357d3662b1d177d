package barrier

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"reflect"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// noter is a process that notes boundaries, as inject does.
type noter struct {
	*client
	mem   []byte
	turns uint32
	noted int
}

func newNoter(t *testing.T, s *Server) *noter {
	n := &noter{client: dial(t, s)}
	n.say("hello", "", "999999999", "1", "/src")
	var text, about [64]byte
	_, more, _, _, err := n.conn.(*net.UnixConn).ReadMsgUnix(text[:], about[:])
	if err != nil {
		t.Fatal(err)
	}
	messages, err := unix.ParseSocketControlMessage(about[:more])
	if err != nil || len(messages) != 1 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	files, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(files[0])
	if n.mem, err = unix.Mmap(files[0], 0, sharedSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(n.mem) })
	return n
}

func (n *noter) note(fields ...string) {
	text := binary.LittleEndian.AppendUint64(nil, 1e9)
	for _, f := range fields {
		text = append(binary.LittleEndian.AppendUint32(text, uint32(len(f))), f...)
	}
	text = append(binary.LittleEndian.AppendUint32(nil, uint32(len(text))), text...)
	n.noted += copy(n.mem[sharedHead+n.noted:], text)
	n.head(uint64(n.turns)<<32 | uint64(n.noted))
}

func (n *noter) head(word uint64) { atomic.StoreUint64((*uint64)(unsafe.Pointer(&n.mem[0])), word) }

// asks says something and waits until it is answered.
func (n *noter) asks(words ...string) {
	n.say(words...)
	n.answer()
	n.turns, n.noted = n.turns+1, 0
}

// Guards against a boundary that is lost, told twice or in another order than it was
// passed in: behind what was noted may be a message, a snapshot, or the death of the
// process.
func TestNotes(t *testing.T) {
	s := listen(t)
	var got []string
	is := func(h *Arrival) {
		text := string(h.Boundary.Verb)
		if h.Message != nil {
			text = "reply"
		}
		if b := h.Boundary.Begin; b != nil {
			text += " " + b.Name
		}
		if h.Passed {
			text += " passed"
		}
		got = append(got, text)
	}
	upTo := func(verb string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for h := s.Next(ctx); ; h = s.Next(ctx) {
			if h == nil {
				t.Fatalf("no %s behind %q", verb, got)
			}
			is(h)
			s.Look()
			for _, sent := range s.Sent() { // as after a snapshot
				is(sent)
			}
			h.Release()
			if got[len(got)-1] == verb || string(h.Boundary.Verb) == verb {
				return
			}
		}
	}
	ready := make(chan *noter)
	go func() {
		n := newNoter(t, s)
		ready <- n
		<-ready
		n.asks("end", "2", "pass", "true", "")
		n.note("pass", "begin", "3", "test", "TestC", "", "false")
		n.asks("noted", "1", "1", "+OK") // which is answered before it is taken in
		n.note("pass", "end", "3", "pass", "true", "")
		n.asks("noted", "1", "2", "+OK")
		n.note("pass", "begin", "4", "test", "TestD", "", "false")
		n.note("pass", "end", "4", "fail", "true", "")
		n.note("pass", "begin", "5", "test", "TestE", "", "false")
		n.note("pass", "noted", "1", "3", "+OK")
		n.note("pass", "reply", "1", "4", "+OK") // for which its process waits, or it is none
		n.conn.Close()                           // killed
	}()
	upTo("hello")
	n := <-ready
	n.note("pass", "begin", "1", "test", "TestA", "", "false")
	for range 2 {
		s.Look()
		for _, h := range s.Sent() {
			is(h)
		}
	}
	n.note("pass", "end", "1", "pass", "true", "")
	n.note("next", "begin", "2", "test", "TestB", "", "false")
	ready <- nil
	upTo("gone")
	want := []string{"hello", "begin TestA passed", "end passed", "begin TestB passed", "end",
		"begin TestC passed", "reply", "end passed", "reply", "begin TestD passed", "end passed", "begin TestE passed", "reply passed", "gone"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}

// Guards against what a process notes once it goes on, and that is recorded before the boundary at
// which it had waited: whoever looked before has not seen it, whatever the process says next.
func TestNotesBehindALook(t *testing.T) {
	s := newShared()
	s.mem = make([]byte, sharedSize)
	n := &noter{mem: s.mem}
	n.note("pass", "begin", "5", "test", "TestA", "", "false")
	s.look() // when another process waits
	if got := s.sent(1); len(got) != 1 {
		t.Errorf("%d notes, want the begin", len(got))
	}
	says := func() {
		s.said()
		n.turns, n.noted = n.turns+1, 0
	}
	says()
	s.before(1)
	s.look() // when its boundary is taken in; then it goes on
	n.note("pass", "end", "5", "pass", "false", "")
	says()
	if got := s.sent(1); len(got) != 0 {
		t.Errorf("%v was noted behind the boundary", got)
	}
	if got := s.before(1); len(got) != 1 {
		t.Errorf("%d notes before the next message, want the end", len(got))
	}
}

// Guards against memory that a test wrote over: nothing of it may be read past its end,
// or end tracetest.
func TestNoNotes(t *testing.T) {
	for _, text := range []string{"x", "\xff\xff\xff\xff", "\x08\x00\x00\x00", "\x04\x00\x00\x00abcd",
		"\x0c\x00\x00\x0012345678\xff\x00\x00\x00", "\x09\x00\x00\x0012345678x"} {
		if got := notesIn([]byte(text)); len(got) > 0 {
			t.Errorf("%q: %v", text, got)
		}
	}
	s := &shared{notes: [][]byte{nil}, mem: make([]byte, 64)}
	for _, head := range []uint64{57, 1 << 20, 1 << 31, 1<<32 - 1, 1<<32 | 8} {
		atomic.StoreUint64((*uint64)(unsafe.Pointer(&s.mem[0])), head)
		s.look()
		if got := s.sent(1); len(got) > 0 || s.read != 0 {
			t.Errorf("head %x: %v", head, fmt.Sprint(got))
		}
	}
}
