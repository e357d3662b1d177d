//go:build unix && !tracetest_notrace

package inject

import (
	"runtime"
	"strconv"
	"sync/atomic"
)

// A test that cannot have changed a server unseen since the last boundary does not
// wait at the next one: it notes it in memory that it shares with tracetest, and passes.
// The next snapshot is then that of all boundaries that were passed since the one before.
//
// The first boundary of each kind is waited at, whatever was done.
//
// Unseen is what the trace does not report: a program that was started, a
// connection to something else than a Redis, cgo. Commands that can add keys or meet
// an error are counted as if they were, for tracetest says which test left keys or met
// errors. Before the first of these, a snapshot is taken of what was passed, and from
// then on boundaries are waited at until tracetest has answered at one.
//
// What is noticed too late (cgo, children that were started past package syscall) makes the
// next boundary one that is waited at. What is never noticed (raw system calls) shows
// in a snapshot that has all in its window who were open since the one before.

const (
	// tracetestFarthest is how many boundaries are passed at most, and
	// tracetestLongest for how long, in nanoseconds: of a change that nobody
	// saw coming, all are suspects who ran meanwhile.
	tracetestFarthest = 200
	tracetestLongest  = 50e6
	// tracetestAtOnce is how long after the end of a test the next begins at the
	// latest, if package testing did nothing else in between.
	tracetestAtOnce = 500e3
)

// tracetestDoor is zero while nothing was done unseen since the last boundary that
// was waited at, and only while boundaries may be passed. Package net reads it.
//
// tracetestCgo is how many calls of C there were when the process began.
// tracetestBorn is what children have used that had ended by that boundary.
var (
	tracetestCgo  int64
	tracetestBorn [2]int64
)

// tracetestBoundary reports a boundary, and waits where it must.
func tracetestBoundary(message ...string) {
	if !tracetestOn() {
		return
	}
	line := &tracetestLine
	line.turn.Lock()
	defer line.turn.Unlock()
	now := tracetestClock()
	how := ""
	kind := tracetestKind(message)
	if line.ahead && line.met[kind] && atomic.LoadUint32(&tracetestDoor) == 0 && runtime.NumCgoCall() == tracetestCgo && tracetestChildless() {
		switch {
		case line.ended != 0 && now-line.ended < tracetestAtOnce && tracetestTop(message, "begin"):
			how = "next"
		case line.passed < tracetestFarthest && now-line.waited < tracetestLongest:
			how = "pass"
		}
	}
	if how != "" && tracetestNote(now, how, message) {
		line.ended = 0
		if how == "pass" {
			line.passed++
		}
		return
	}
	// What is done while this waits counts for the next.
	tracetestBorn = tracetestReaped()
	atomic.StoreUint32(&tracetestDoor, 0)
	tracetestInTurn(message)
	line.passed, line.waited = 0, tracetestClock()
	if line.met == nil {
		line.met = map[string]bool{}
	}
	line.met[kind] = true
	if !line.ahead {
		atomic.StoreUint32(&tracetestDoor, 1)
	} else if tracetestTop(message, "end") {
		line.ended = line.waited
	}
}

// tracetestKind is what the first boundary of a process is the first of: where a process
// has one test, what that did is not taken for what its package did around it.
func tracetestKind(message []string) string {
	switch verb := message[0]; {
	case verb == "begin" && message[4] == "":
		return "begin of a top-level test"
	case verb == "end" && message[3] == "true":
		return "end of a top-level test"
	default:
		return verb
	}
}

// tracetestSkipped reports a spec of which no node ran: it is noted, whatever else was done, and
// waited for only where it cannot be.
func tracetestSkipped(message ...string) {
	if !tracetestOn() {
		return
	}
	tracetestNoteOrSay(message)
}

// tracetestNoteOrSay notes something, and says it where it cannot be noted.
func tracetestNoteOrSay(message []string) {
	line := &tracetestLine
	line.turn.Lock()
	defer line.turn.Unlock()
	line.ended = 0
	if !tracetestNote(tracetestClock(), "pass", message) {
		tracetestInTurn(message)
	}
}

// tracetestTop reports whether a message is of a top-level test that begins or ends.
func tracetestTop(message []string, verb string) bool {
	if verb == "end" {
		return message[0] == "end" && message[3] == "true"
	}
	return message[0] == "begin" && message[2] == "test" && message[4] == ""
}

// tracetestUnseen is called before something is done that the trace does not report.
func tracetestUnseen() {
	if !atomic.CompareAndSwapUint32(&tracetestDoor, 0, 1) {
		return
	}
	line := &tracetestLine
	line.turn.Lock()
	defer line.turn.Unlock()
	if line.passed > 0 {
		tracetestInTurn([]string{"sync"})
		line.passed, line.waited = 0, tracetestClock()
	}
}

// tracetestWaitNext makes the next boundary one that is waited at.
func tracetestWaitNext() { atomic.StoreUint32(&tracetestDoor, 1) }

// tracetestLabelOf is the profiler label of an owner: what names it when it has ended
// and everybody else has forgotten it.
func tracetestLabelOf(fields ...string) string {
	var text []byte
	for i, field := range fields {
		if i > 0 {
			text = append(text, ' ')
		}
		text = strconv.AppendQuote(text, field)
	}
	return string(text)
}
