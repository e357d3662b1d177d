//go:build unix

// Package inject is the code that tracetest compiles into the package testing
// of the user's tests. It is a package of its own only so that it is vetted and
// tested like any other; package instrument takes the text of client.go, hooks.go and
// either trace.go or notrace.go and appends it to testing.go. standin.go stays
// here: it stands for the parts of package testing that the hooks use.
//
// The code must not disturb the tests. It uses raw sockets because importing
// net would make every test binary a cgo program, starts no goroutine (leak
// detectors count them), leaks no descriptor into child processes, and gives
// up for good when tracetest does not answer. All its names begin with
// tracetest, because they live beside those of package testing.
package inject

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// tracetestPatience is how long a test waits for an answer, in nanoseconds. It
// is the last resort for a tracetest that is stopped: while it runs, it answers
// long before that, whatever Redis does.
var tracetestPatience int64 = 60e9

// tracetestLine is this process's line to the barrier.
var tracetestLine struct {
	mu     sync.Mutex
	path   string // of the socket; empty: the barrier is off
	key    string // of the marks of secrets
	self   string // the number that the barrier gave to this process
	nested bool   // a test of another process started this one: it is never synchronized
	whole  bool   // nobody else reports how the tests ended: say also what they said
	part   bool   // this machine runs a part of the suite: say which tests there are

	// hello is the one connection: its end says that the process is gone. Calls take
	// turns, for tracetest answers one at a time anyway, and none waits for another
	// test. So a process has one descriptor more than without us, however many of
	// its tests run in parallel. The turn is a mutex also because waiting for one
	// does not let the time of a bubble of testing/synctest go on.
	turn  sync.Mutex
	hello int

	// What follows is of whoever has the turn; see ahead.go.
	ahead  bool            // tracetest lets this process pass boundaries
	met    map[string]bool // kinds of boundaries that it has waited at
	passed int             // boundaries since the last one that it waited at
	waited int64           // when that was
	ended  int64           // when, then, the end of a top-level test was answered, if nothing was reported since
	turns  uint32          // messages that were answered
	noted  int             // bytes that were noted since the last of these
}

// tracetestOpen says hello to the barrier named by the environment variable
// TRACETEST_SOCKET, "path" or, in a process started by a test, "path#number of
// the process that started it". It then renames itself there, so that its own
// children can say who started them.
func tracetestOpen(args []string, dir string) {
	const name = "TRACETEST_SOCKET"
	sock, _ := syscall.Getenv(name)
	if sock == "" {
		return
	}
	path, host := sock, ""
	// The folder of the socket may have a "#" in its own name.
	if at := strings.LastIndexByte(sock, '#'); at >= 0 && !strings.Contains(sock[at:], "/") {
		path, host = sock[:at], sock[at+1:]
	}
	line := &tracetestLine
	line.mu.Lock()
	defer line.mu.Unlock()
	fd, ok := tracetestDial(path)
	if !ok {
		return
	}
	message := []string{"hello", host, strconv.Itoa(syscall.Getpid()), strconv.Itoa(syscall.Getppid()), dir}
	answer, ok := tracetestAsk(fd, append(message, args...), tracetestWelcome)
	if !ok {
		tracetestClose(fd)
		return
	}
	line.hello = fd // stays open until the process ends
	verdict, number, _ := strings.Cut(answer, " ")
	number, line.key, _ = strings.Cut(number, " ")
	line.key, answer, _ = strings.Cut(line.key, " ")
	line.whole, line.part = strings.Contains(answer, "whole"), strings.Contains(answer, "part")
	syscall.Setenv(name, path+"#"+number)
	line.path, line.self, line.nested = path, number, verdict != "go"
}

// tracetestOn reports whether this process is synchronized at its boundaries.
func tracetestOn() bool {
	tracetestLine.mu.Lock()
	defer tracetestLine.mu.Unlock()
	return tracetestLine.path != "" && !tracetestLine.nested
}

// tracetestCall reports a boundary to the barrier and returns when this process may
// go on, with what the barrier has to say: the label of who begins.
func tracetestCall(message ...string) (said string) {
	if !tracetestOn() {
		return ""
	}
	_, said, _ = strings.Cut(tracetestReport(message...), " ")
	return said
}

// tracetestReport sends the barrier a message and returns its answer.
func tracetestReport(message ...string) (answer string) {
	line := &tracetestLine
	line.turn.Lock()
	defer line.turn.Unlock()
	return tracetestInTurn(message)
}

// tracetestInTurn is tracetestReport for whoever has the turn.
func tracetestInTurn(message []string) (answer string) {
	line := &tracetestLine
	line.ended = 0
	line.mu.Lock()
	path, self, nested := line.path, line.self, line.nested
	line.mu.Unlock()
	if path == "" {
		return ""
	}
	began := tracetestClock()
	answer, ok := tracetestAsk(line.hello, message, syscall.Read)
	if took := tracetestClock() - began; took > 0 {
		tracetestWaited.Add(took)
	}
	if ok {
		line.ahead = strings.HasPrefix(answer, "ahead")
		line.turns, line.noted = line.turns+1, 0
		return answer
	}
	line.ahead = false
	// Tracetest is gone, stopped, or out of reach: never wait for it again. It
	// must know, or it would take this process for a synchronized one.
	line.mu.Lock()
	line.path = ""
	line.mu.Unlock()
	defer tracetestClose(line.hello) // its end says so as well, where there is no descriptor left
	if nested {
		return ""
	}
	if fd, ok := tracetestDial(path); ok {
		tracetestSend(fd, []string{"quit", self})
		tracetestClose(fd)
	}
	return ""
}

// tracetestWaited is how long this process waited for answers, in nanoseconds.
var tracetestWaited atomic.Int64

// tracetestClock is the real time, also in a bubble of testing/synctest.
func tracetestClock() int64 {
	var now syscall.Timeval
	if syscall.Gettimeofday(&now) != nil {
		return 0
	}
	return now.Nano()
}

// tracetestFiles holds what each of our descriptors refers to. A test may close
// descriptors that it does not own, and the number may then be another file's.
var tracetestFiles sync.Map

func tracetestOurs(fd int) bool {
	var now syscall.Stat_t
	was, known := tracetestFiles.Load(fd)
	return known && syscall.Fstat(fd, &now) == nil && was == [2]uint64{uint64(now.Dev), now.Ino}
}

func tracetestClose(fd int) {
	if fd >= 0 && tracetestOurs(fd) {
		tracetestFiles.Delete(fd)
		syscall.Close(fd)
	}
}

func tracetestDial(path string) (fd int, ok bool) {
	syscall.ForkLock.RLock() // no child may inherit the descriptor
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, false
	}
	fd = tracetestAside(fd)
	patience := syscall.NsecToTimeval(tracetestPatience)
	for _, option := range []int{syscall.SO_RCVTIMEO, syscall.SO_SNDTIMEO} {
		if err == nil {
			err = syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, option, &patience)
		}
	}
	for err == nil {
		err = syscall.Connect(fd, &syscall.SockaddrUnix{Name: path})
		if err != syscall.EINTR {
			break
		}
		err = nil
	}
	if err != nil && err != syscall.EISCONN {
		syscall.Close(fd)
		return -1, false
	}
	var file syscall.Stat_t
	if syscall.Fstat(fd, &file) != nil {
		syscall.Close(fd)
		return -1, false
	}
	tracetestFiles.Store(fd, [2]uint64{uint64(file.Dev), file.Ino})
	return fd, true
}

// tracetestSend writes one line, its fields quoted.
func tracetestSend(fd int, message []string) bool {
	var text []byte
	for i, field := range message {
		if i > 0 {
			text = append(text, ' ')
		}
		text = strconv.AppendQuote(text, field)
	}
	if !tracetestOurs(fd) {
		return false
	}
	for text = append(text, '\n'); len(text) > 0; {
		n, err := syscall.Write(fd, text)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return false
		}
		text = text[n:]
	}
	return true
}

// tracetestAsk writes one line and reads one line back.
func tracetestAsk(fd int, message []string, read func(int, []byte) (int, error)) (answer string, ok bool) {
	if !tracetestSend(fd, message) {
		return "", false
	}
	var got []byte
	var buffer [256]byte
	for {
		n, err := read(fd, buffer[:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return "", false
		}
		got = append(got, buffer[:n]...)
		if got[len(got)-1] == '\n' {
			return string(got[:len(got)-1]), true
		}
	}
}
