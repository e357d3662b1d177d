//go:build unix

package inject

import (
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
)

// What a test says is in `go test -json`. Where nobody reads that, the test keeps
// it itself until it ends.

// tracetestKeep bounds what is kept of one test, in bytes.
const tracetestKeep = 64 << 10

// tracetestTexts maps the *common of an open test to what it has said.
var tracetestTexts sync.Map

type tracetestLines struct {
	mu   sync.Mutex
	text []byte
}

func (t *tracetestLines) add(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := tracetestKeep - len(t.text); room > 0 {
		t.text = append(t.text, text[:min(room, len(text))]...)
	}
}

func tracetestWhole() bool {
	tracetestLine.mu.Lock()
	defer tracetestLine.mu.Unlock()
	return tracetestLine.whole
}

// tracetestSaid keeps a line of a test's log, with its place, as package testing
// prints it. It must be called where package testing logs.
func tracetestSaid(c *common, text string) {
	if _, open := tracetestOwners.Load(c); !open || !tracetestWhole() {
		return
	}
	c.mu.Lock()
	frame := c.frameSkip(3) // this function, log, and the public one
	c.mu.Unlock()
	file := frame.File[strings.LastIndexAny(frame.File, "/\\")+1:]
	tracetestTextOf(c).add("    " + file + ":" + strconv.Itoa(frame.Line) + ": " +
		strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n        ") + "\n")
}

// tracetestPanicked reports the value of a panic. That is known only when the test's
// end was reported: its clean-ups run before.
func tracetestPanicked(c *common, value any) {
	if value != nil && c.name != "" && tracetestWhole() {
		head, stack, _ := strings.Cut(string(debug.Stack()), "\n")
		if _, user, found := strings.Cut(stack, "\npanic("); found { // else it is this function's own
			stack = "panic(" + user
		}
		text := fmt.Sprintf("panic: %v\n\n%s\n%s", value, head, stack)
		tracetestCall("said", c.name, text[:min(tracetestKeep, len(text))])
	}
}

// tracetestTimeout reports that the time limit was met.
func tracetestTimeout() {
	if tracetestWhole() {
		tracetestCall("said", "", "panic: test timed out after the time limit of go test\n")
	}
}

func tracetestTextOf(c *common) *tracetestLines {
	told, _ := tracetestTexts.LoadOrStore(c, new(tracetestLines))
	return told.(*tracetestLines)
}

// tracetestText returns what a test that failed has said, and forgets it.
func tracetestText(c *common) string {
	told, any := tracetestTexts.LoadAndDelete(c)
	c.mu.RLock()
	failed := c.failed || !c.finished
	c.mu.RUnlock()
	if !any || !failed {
		return ""
	}
	t := told.(*tracetestLines)
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
