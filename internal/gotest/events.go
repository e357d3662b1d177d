package gotest

import (
	"bufio"
	"bytes"
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"tracetest/internal/record"
)

// Event is a line of `go test -json` (`go doc test2json`).
type Event struct {
	Time        time.Time
	Action      string
	Package     string
	ImportPath  string // on build-output and build-fail
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// Scan reads the output of `go test -json` to its end and hands each line to
// event, or to other where it is no event. A line may have any length.
func Scan(in io.Reader, event func(Event, []byte), other func(string)) error {
	lines := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if text := bytes.TrimRight(line, "\r\n"); len(text) > 0 {
			if e, is := parseEvent(text); is {
				event(e, text)
			} else {
				other(string(text))
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// keepHead and keepTail bound what is kept of the output of one test, in
// bytes: the first failure is mostly at the beginning, a panic at the end.
const (
	keepHead = 96 << 10
	keepTail = 32 << 10
)

// Outputs gathers what running tests print, until it is known whether they
// failed, and turns events into entries of the record.
type Outputs struct {
	texts  map[[2]string]*clipped
	build  map[string]*clipped
	blamed string // the last package of which a test failed
	ends   map[string]*endOf
}

// endOf is what a package printed at its end: its test binary, when all tests
// have run, and the go command, when that has exited with status 0.
type endOf struct{ pass, ok bool }

// NewOutputs returns an empty Outputs.
func NewOutputs() *Outputs {
	return &Outputs{texts: map[[2]string]*clipped{}, build: map[string]*clipped{}, ends: map[string]*endOf{}}
}

// Add takes an event and returns what is to be recorded: nil for output, which
// comes with the event that says how the test ended.
func (o *Outputs) Add(e Event) *record.Test {
	key := [2]string{e.Package, e.Test}
	switch e.Action {
	case "output":
		if o.texts[key] == nil {
			o.texts[key] = new(clipped)
		}
		o.texts[key].add(e.Output)
		if e.Test == "" {
			o.note(e)
		}
		return nil
	case "build-output":
		if o.build[e.ImportPath] == nil {
			o.build[e.ImportPath] = new(clipped)
		}
		o.build[e.ImportPath].add(e.Output)
		return nil
	case "start", "run", "pause", "cont", "bench", "pass", "fail", "skip":
	default:
		return nil // attr, artifacts, build-fail, and what a later Go adds
	}
	t := &record.Test{Time: e.Time, Action: e.Action, Package: e.Package, Test: e.Test, FailedBuild: e.FailedBuild}
	if e.Action == "fail" {
		t.Output = o.texts[key].String()
		if e.FailedBuild != "" {
			t.Output = o.build[e.FailedBuild].String() + t.Output
		}
	}
	switch e.Action {
	case "pass", "fail", "skip":
		delete(o.texts, key)
		if e.Test == "" {
			o.endBenchmarks(e)
		} else if e.Action == "fail" {
			o.blamed = e.Package
		}
	}
	return t
}

func (o *Outputs) note(e Event) {
	end := o.ends[e.Package]
	if end == nil {
		end = new(endOf)
		o.ends[e.Package] = end
	}
	end.pass = end.pass || strings.TrimRight(e.Output, "\r\n") == "PASS"
	end.ok = end.ok || strings.HasPrefix(e.Output, "ok  \t")
}

// Silent reports whether the test binary of a package that passed said nothing of
// its own end, and forgets what it printed.
func (o *Outputs) Silent(pkg string) bool {
	end := o.ends[pkg]
	delete(o.ends, pkg)
	return end != nil && end.ok && !end.pass
}

// endBenchmarks forgets the benchmarks of a package that ended. The go command
// reports the end of one only when it fails (https://go.dev/issue/61767). Those
// that are open when their package fails passed where a test is to blame for
// that; else the process died in one of them.
func (o *Outputs) endBenchmarks(e Event) {
	if e.Action == "fail" && o.blamed != e.Package {
		return
	}
	for key := range o.texts {
		if key[0] == e.Package && strings.HasPrefix(key[1], "Benchmark") {
			delete(o.texts, key)
		}
	}
}

// Rest returns an entry for each test that printed something and of which no
// end was reported, because the run was cut short, by package and test.
func (o *Outputs) Rest() []*record.Test {
	var rest []*record.Test
	for key, text := range o.texts {
		if key[1] != "" {
			rest = append(rest, &record.Test{Action: "cut", Package: key[0], Test: key[1], Output: text.String()})
		}
	}
	slices.SortFunc(rest, func(a, b *record.Test) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Test, b.Test))
	})
	return rest
}

// clipped is a text of which the middle may be missing.
type clipped struct {
	head strings.Builder
	tail []byte
	lost bool
}

func (c *clipped) add(text string) {
	if room := keepHead - c.head.Len(); room > 0 {
		n := min(room, len(text))
		c.head.WriteString(text[:n])
		text = text[n:]
	}
	c.tail = append(c.tail, text...)
	if len(c.tail) > 2*keepTail {
		c.tail = append(c.tail[:0], c.tail[len(c.tail)-keepTail:]...)
		c.lost = true
	}
}

func (c *clipped) String() string {
	if c == nil {
		return ""
	}
	if c.lost {
		return c.head.String() + "\n[...]\n" + string(c.tail)
	}
	return c.head.String() + string(c.tail)
}
