//go:build unix && !tracetest_notrace

package inject

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
	"unsafe"
)

// The text of stacks is the only place that says which goroutine started
// another one, and at which go statement.

// tracetestDump is all goroutines at an instant.
type tracetestDump struct {
	text       []byte // the goroutine that asked is the first
	goroutines map[int64]*tracetestGoroutine
	whole      bool // there was room for all of them
}

type tracetestGoroutine struct {
	id, parent int64  // zero where it is not known
	creator    string // the go statement: "function file:line"
	entry      string // the function that it began with
	runs       bool   // it is that of a test
	over       bool   // it is a node of a Ginkgo suite that has run
}

// tracetestMost is how long the text of all goroutines may be.
const tracetestMost = 8 << 20

// tracetestAll returns all goroutines, in a buffer that is made larger where that is
// needed. What it returns is of use until the buffer is used again.
func tracetestAll(buffer *[]byte) *tracetestDump {
	if len(*buffer) == 0 {
		*buffer = make([]byte, 64<<10)
	}
	n := runtime.Stack(*buffer, true)
	for n == len(*buffer) && n < tracetestMost {
		*buffer = make([]byte, 2*n)
		n = runtime.Stack(*buffer, true)
	}
	all := &tracetestDump{text: (*buffer)[:n], goroutines: map[int64]*tracetestGoroutine{}, whole: n < len(*buffer)}
	for rest, more := unsafe.String(&(*buffer)[0], n), true; more; {
		var block string
		block, rest, more = strings.Cut(rest, "\n\n")
		if g := tracetestRead(block); g.id != 0 {
			all.goroutines[g.id] = g
		}
	}
	return all
}

// tracetestBuffers are for the stack of one goroutine.
var tracetestBuffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// tracetestSelf returns this goroutine.
func tracetestSelf() *tracetestGoroutine {
	text := tracetestBuffers.Get().(*[64 << 10]byte)
	defer tracetestBuffers.Put(text)
	return tracetestRead(string(text[:runtime.Stack(text[:], false)]))
}

// tracetestRead reads the stack of one goroutine: "goroutine 7 [running]: ...
// created by f in goroutine 1\n\tfile:line +0x1", where the text is not cut
// before that.
func tracetestRead(text string) *tracetestGoroutine {
	g := &tracetestGoroutine{}
	rest, is := strings.CutPrefix(text, "goroutine ")
	if !is {
		return g
	}
	number, _, _ := strings.Cut(rest, " ")
	g.id, _ = strconv.ParseInt(number, 10, 64)
	g.runs = strings.Contains(text, "\ntesting.tRunner(")
	at := strings.LastIndex(text, "\ncreated by ")
	if at < 0 {
		return g
	}
	function, place, _ := strings.Cut(text[at+len("\ncreated by "):], "\n")
	if by := strings.LastIndex(function, " in goroutine "); by >= 0 {
		g.parent, _ = strconv.ParseInt(function[by+len(" in goroutine "):], 10, 64)
		function = function[:by]
	}
	place, _, _ = strings.Cut(strings.TrimPrefix(place, "\t"), "\n")
	if by := strings.LastIndex(place, " +0x"); by >= 0 {
		place = place[:by]
	}
	g.creator = function + " " + place
	if end := strings.LastIndexByte(text[:at], '\n'); end > 0 {
		if begin := strings.LastIndexByte(text[:end], '\n'); begin > 0 {
			g.entry = text[begin+1 : end]
		}
	}
	if g.over = strings.Contains(g.entry, ".(*Suite).runNode"); !g.over {
		return g
	}
	frames := strings.Split(text[:at], "\n")
	for i := 1; i < len(frames); i += 2 {
		g.over = g.over && (strings.Contains(frames[i], ".(*Suite).runNode") || strings.HasPrefix(frames[i], "runtime."))
	}
	return g
}
