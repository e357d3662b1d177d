package nettrace

import (
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// Guards against connections that share what is known of one, and against a name that is
// another text than the user's.
func TestNames(t *testing.T) {
	first, second := tracetestToName("tcp"), tracetestToName("tcp")
	if first != "tcp" || second != "tcp" || tracetestOf(first) == tracetestOf(second) {
		t.Errorf("%q and %q", first, second)
	}
	if again := tracetestToName(first); again != "tcp" || tracetestOf(again) == tracetestOf(first) { // accepted
		t.Errorf("%q has that of the listener", again)
	}
	for _, name := range []string{"", "tcp"} { // of a netFD that was given another one
		if tracetestOf(name) != &tracetestStranger {
			t.Errorf("%q is known", name)
		}
	}
	if tracetestToName("") != "" {
		t.Error("no name became one")
	}
}

// Guards against connections that are forgotten while they live, and against those that are kept for
// ever when they were closed.
func TestClosed(t *testing.T) {
	living := tracetestToName("tcp")
	of := tracetestOf(living)
	for range 5000 {
		name := tracetestToName("tcp")
		if tracetestToClose(name); !tracetestOf(name).closed.Load() {
			t.Fatal("what is read while it is closed is nobody's")
		}
	}
	if tracetestOf(living) != of || len(tracetestFDs.of) > 1000 {
		t.Errorf("%d are known", len(tracetestFDs.of))
	}
}

// Guards against a call of package net that nobody answers.
func TestCallsOfNet(t *testing.T) {
	var l announced
	hook(t, l.hook)
	name := tracetestToName("tcp")
	tracetestToWrite(name, []byte(resp("CONFIG", "SET", "a", "1")), toRedis, true)
	tracetestToRead(name, []byte("+OK\r\n"), 5)
	listener := tracetestToName("tcp")
	tracetestToListen(listener, nil)
	tracetestToListen(listener, addr{"tcp", "127.0.0.1:7300"})
	home := tracetestHome("tcp", "127.0.0.1:7300")
	tracetestToClose(listener)
	if !home || tracetestHome("tcp", "127.0.0.1:7300") {
		t.Error("where it listens is not known until it is closed")
	}
	tracetestDoor = 0
	t.Cleanup(func() { tracetestDoor = 1 })
	tracetestToElsewhere()
	if want := []string{contact, `write 1/2 ["CONFIG" "SET" "a" "1"]`, `reply 1/2 ["+OK"]`, `unseen 0/0 []`}; !slices.Equal(l.all, want) {
		t.Errorf("got %q, want %q", l.all, want)
	}
}

// Guards against a connection of TLS that is taken for another one at the same place, or that is
// forgotten when it greets once more.
func TestCallsOfTLS(t *testing.T) {
	var l announced
	hook(t, l.hook)
	carrier := tracetestToName("tcp")
	tracetestNetFD = func(any) string { return carrier }
	t.Cleanup(func() { tracetestNetFD = nil })
	var tlsConn [8]byte
	at := unsafe.Pointer(&tlsConn)
	set := []byte(resp("CONFIG", "SET", "a", "1"))
	tracetestTLSToWrite(at, set, toRedis, false) // a server's, which greets nobody
	if len(l.all) != 0 {
		t.Errorf("got %q", l.all)
	}
	tracetestTLSToGreet(at, toRedis, true)
	if tracetestOf(carrier).state.Load() != tracetestCarrier {
		t.Error("what is below it is not known to carry it")
	}
	tracetestTLSToWrite(at, set, toRedis, true)
	tracetestTLSToGreet(at, toRedis, false)
	tracetestTLSToRead(at, []byte("+OK\r\n"), 5, true)
	secure := strings.Replace(contact, `"false" "false" "true"`, `"true" "false" "true"`, 1)
	if want := []string{secure, `write 1/2 ["CONFIG" "SET" "a" "1"]`, `reply 1/2 ["+OK"]`}; !slices.Equal(l.all, want) {
		t.Errorf("got %q, want %q", l.all, want)
	}
	l.all = nil
	tracetestTLSToWrite(at, set[:20], toRedis, true)
	tracetestTLSToGreet(at, toRedis, true) // another one, whose place this is now
	tracetestTLSToWrite(at, set, toRedis, true)
	if len(l.all) != 2 || !strings.HasPrefix(l.all[0], "redis 3/0") {
		t.Errorf("got %q", l.all)
	}
	tracetestTLSToClose(at)
	l.all = nil
	tracetestTLSToWrite(at, set, toRedis, false) // a server's, where a client's was
	tracetestTLSToRead(at, []byte("-OOM command not allowed\r\n"), 26, false)
	if len(l.all) != 0 {
		t.Errorf("got %q", l.all)
	}
}
