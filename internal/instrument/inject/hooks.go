//go:build unix

package inject

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The hooks: package instrument inserts calls of them into package testing.

// tracetestSerial numbers the owners of this process. Their names repeat
// (-count, -cpu, the rounds of a benchmark).
var tracetestSerial atomic.Int64

// tracetestOwners maps the *common of each open test to its number, and
// tracetestLabels to its label.
var tracetestOwners, tracetestLabels sync.Map

// init runs before the user's package variables and init functions: they
// depend on package testing and it does not depend on them.
func init() {
	if testBinary != "1" {
		return // this is `go build` or `go vet`, not `go test`
	}
	for _, arg := range os.Args[1:] {
		if strings.Contains(arg, "test.fuzzworker") {
			return // a worker runs tens of thousands of inputs a second
		}
	}
	dir, _ := os.Getwd()
	tracetestOpen(os.Args, dir)
	if tracetestLine.path == "" {
		return
	}
	tracetestTraceStart()
	if tracetestOn() {
		tracetestAtExit(func(failed bool) {
			tracetestTraceFlush("")
			tracetestCall("exit", strconv.FormatBool(failed))
		})
	}
}

var tracetestAddNodes func()

// TracetestNodes keeps what adds nodes to a Ginkgo suite: of several files that have
// them, as build tags choose, one counts. It is exported for the hook that package instrument
// appends to test files of the user's package.
func TracetestNodes(add func()) bool {
	tracetestAddNodes = add
	return true
}

// tracetestRan reports that m.Run has come to its end, and with which status: a
// process that ends before, with status 0, would pass for one of which all tests
// have passed.
func tracetestRan(code int) { tracetestCall("ran", strconv.Itoa(code)) }

// tracetestBegin synchronizes a test at its begin and sees to it that it is synchronized at
// its end. The clean-up that is registered first runs last, after the user's
// own and after every subtest.
func tracetestBegin(c *common, kind string) {
	if !tracetestOn() || c.name == "" || c.parent == nil || c.parent.name == c.name {
		return // off, the root of all tests, or the inner T of testing/synctest
	}
	parent := ""
	if id, ok := tracetestOwners.Load(c.parent); ok {
		parent = id.(string)
	}
	id := strconv.FormatInt(tracetestSerial.Add(1), 10)
	tracetestOwners.Store(c, id)
	unit := id // the number of the top-level test
	for up := c.parent; up != nil; up = up.parent {
		if outer, ok := tracetestOwners.Load(up); ok {
			unit = outer.(string)
		}
	}
	beside := strconv.FormatBool(parent != "" && tracetestBeside(c))
	label := tracetestLabelOf(kind, id, c.name, parent, unit, beside)
	c.Cleanup(func() {
		tracetestOwners.Delete(c)
		tracetestLabels.Delete(c)
		tracetestTraceFlush(label)
		tracetestBoundary("end", id, tracetestStatus(c, kind), strconv.FormatBool(parent == ""), tracetestText(c))
	})
	tracetestBoundary("begin", id, kind, c.name, parent, beside)
	tracetestTraceOwn(label)
	tracetestLabels.Store(c, label)
}

// tracetestCleanUp gives this goroutine to a test while its clean-ups run: when
// a subtest panics, those of all that it is in run on its goroutine. The function
// that it returns gives it back.
func tracetestCleanUp(c *common) func() {
	label, open := tracetestLabels.Load(c)
	if !open {
		return func() {}
	}
	before := tracetestTraceOwn(label.(string))
	return func() { tracetestTraceOwn(before) }
}

// tracetestBeside reports whether a subtest runs beside its parent, because
// t.Run was called on a goroutine of the user's: no runner of a test is on the
// stack that called it.
func tracetestBeside(c *common) bool {
	if len(c.creator) == 0 || len(c.creator) >= tracetestDeepest {
		return false // it is not known, or the stack was cut
	}
	frames := runtime.CallersFrames(c.creator)
	for {
		frame, more := frames.Next()
		if frame.Function == "testing.tRunner" || frame.Function == "testing.fRunner" {
			return false
		}
		if !more {
			return true
		}
	}
}

// tracetestDeepest is how much of a stack package testing keeps, maxStackLen.
const tracetestDeepest = 50

func tracetestPause(c *common)    { tracetestMove("pause", c) }
func tracetestContinue(c *common) { tracetestMove("continue", c) }

func tracetestMove(verb string, c *common) {
	if id, ok := tracetestOwners.Load(c); ok {
		tracetestBoundary(verb, id.(string))
	}
}

func tracetestStatus(c *common, kind string) string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	switch {
	case !c.finished && kind != "benchmark": // a benchmark finishes only after its last round
		return "panic"
	case c.failed && tracetestOwnFault(c):
		return "fail"
	case c.failed:
		return "fail-below"
	case c.skipped:
		return "skip"
	}
	return "pass"
}

// tracetestExample holds an Example at its begin, and at its end by the
// function that it returns.
func tracetestExample(name string, ok *bool) func() {
	if !tracetestOn() {
		return func() {}
	}
	id := strconv.FormatInt(tracetestSerial.Add(1), 10)
	tracetestBoundary("begin", id, "example", name, "")
	before := tracetestTraceOwn(tracetestLabelOf("example", id, name, "", id, "false"))
	return func() {
		tracetestTraceFlush(tracetestTraceOwn(before))
		status := "fail"
		if *ok {
			status = "pass"
		}
		tracetestBoundary("end", id, status, "true")
	}
}

// tracetestFaults holds the *common of each test that failed by itself, and
// not only because a subtest did.
var tracetestFaults sync.Map

func tracetestOwnFault(c *common) bool {
	_, own := tracetestFaults.Load(c)
	return own
}

// tracetestFail marks a test that Fail was called on.
func tracetestFail(c *common) { tracetestFaults.Store(c, true) }

// tracetestFailBelow takes the mark back that Fail left on a parent which it
// only passed the failure on to.
func tracetestFailBelow(c *common, own bool) {
	if !own {
		tracetestFaults.Delete(c)
	}
}

// TracetestSpec holds a Ginkgo spec or suite. It is exported for the hook that
// package instrument appends to a test file of the user's package.
func TracetestSpec(verb string, ordered bool, report string) {
	if verb == "spec-skip" {
		tracetestSkipped(verb, strconv.FormatBool(ordered), report)
		return
	}
	if ordered {
		tracetestWaitNext() // nobody says when its container ends
	}
	if verb != "spec-begin" {
		tracetestTraceSpec(verb, "")
	}
	id := ""
	if verb == "spec-begin" {
		id = strconv.FormatInt(tracetestSerial.Add(1), 10)
	}
	tracetestBoundary(verb, strconv.FormatBool(ordered), report, id)
	if verb == "spec-begin" {
		tracetestTraceSpec(verb, tracetestLabelOf("spec", id))
	}
	if ordered {
		tracetestWaitNext()
	}
}

// tracetestAlarms counts how often the alarm of -timeout was started or stopped,
// and tracetestWaitedBefore is how long this process had waited by then.
var tracetestAlarms, tracetestWaitedBefore atomic.Int64

func tracetestAlarm(bool) {
	tracetestAlarms.Add(1)
	tracetestWaitedBefore.Store(tracetestWaited.Load())
}

// tracetestPutOff bounds by how much the time limit is put off, in nanoseconds:
// the go command kills a test binary a minute after it.
const tracetestPutOff = 45e9

// tracetestEarly is called when the time limit is met. It waits for as long as
// the tests waited, and reports whether they have ended by then: what they
// waited for tracetest is not theirs.
func tracetestEarly() bool {
	alarm := tracetestAlarms.Load()
	for slept := int64(0); ; {
		more := min(tracetestWaited.Load()-tracetestWaitedBefore.Load(), tracetestPutOff) - slept
		if more <= 0 {
			tracetestTimeout()
			return false
		}
		time.Sleep(time.Duration(more))
		slept += more
		if tracetestAlarms.Load() != alarm {
			return true
		}
	}
}
