package live

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"tracetest/internal/gotest"
)

// longest is the length up to which testjson's scanner takes a line, with room
// to spare: https://github.com/gotestyourself/gotestsum uses bufio.Scanner at
// its default of 64 KiB in v1.13.0, and an overlong line ends its scan.
const longest = 60 << 10

// shown is what is to be shown: an event with its line, or an error.
type shown struct {
	event   gotest.Event
	line    []byte
	text    string
	isError bool
}

func (l *Live) show(s shown) {
	switch {
	case s.isError:
		l.error(s.text)
	case l.raw != nil:
		l.passOn(s.event, s.line)
	case !l.bare:
		l.event(s.event, s.line)
	}
}

// passOn writes an event as it came, but for what is to be removed. An event of a later
// Go may have fields that are not known here.
func (l *Live) passOn(e gotest.Event, line []byte) {
	if e.Test != l.test {
		l.test, l.shown = e.Test, l.named(e)
	}
	output, test := l.joined(e.Package+" "+e.Test, l.scrub(e.Output)), l.shown
	if output != e.Output || test != e.Test {
		var fields map[string]any
		if json.Unmarshal(line, &fields) != nil {
			return
		}
		if fields["Output"] = output; e.Action != "output" && e.Action != "build-output" {
			delete(fields, "Output")
		}
		if fields["Test"] = test; e.Test == "" {
			delete(fields, "Test")
		}
		line, _ = json.Marshal(fields)
	}
	if l.rawErr == nil {
		_, l.rawErr = l.raw.Write(append(line[:len(line):len(line)], '\n'))
	}
}

// event shows an event.
//
// testjson v1.13.0 takes an action that it does not know for the end of a test
// (Go 1.26 prints "artifacts"), and files build output under a package without
// a name. So it gets to see only what it knows.
func (l *Live) event(e gotest.Event, line []byte) {
	switch e.Action {
	case "build-output":
		l.error(strings.TrimRight(e.Output, "\n"))
		return
	case "start", "run", "output", "bench", "attr", "pause", "cont", "pass", "fail", "skip":
	default:
		return
	}
	if e.Package == "" {
		return
	}
	if e.Test != l.test {
		l.test, l.shown = e.Test, l.named(e)
	}
	if output, test := l.joined(e.Package+" "+e.Test, l.scrub(e.Output)), l.shown; output != e.Output || test != e.Test {
		e.Output, e.Test = output, test
		line, _ = json.Marshal(e)
	}
	l.endSilent(e)
	if len(line) > longest {
		e.Output = e.Output[:min(len(e.Output), longest/8)] + " [...]\n" // quoting takes up to six bytes for one
		if line, _ = json.Marshal(e); len(line) > longest {
			return
		}
	}
	l.events.Write(append(line[:len(line):len(line)], '\n'))
}

// named is how a test is shown: as when it was first, so that testjson takes it for
// the same one though its name was found to hold a secret since.
func (l *Live) named(e gotest.Event) string {
	if e.Test == "" {
		return ""
	}
	key := e.Package + " " + e.Test
	shown, begun := l.names[key]
	if !begun {
		shown = l.name(e.Test)
	}
	switch e.Action {
	case "pass", "fail", "skip":
		delete(l.names, key)
	default:
		l.names[key] = shown
	}
	return shown
}

// endSilent tells testjson of the ends that `go test -json` does not report, for
// it would call those tests failed: of a benchmark that did not fail
// (https://go.dev/issue/61767), and of a test that printed a line without an
// end, to which test2json sees its verdict glued. Where the package passed, they
// passed.
func (l *Live) endSilent(e gotest.Event) {
	switch {
	case e.Test != "" && e.Action == "run" && len(e.Test) < longest/8: // a longer name is not shown
		if l.running[e.Package] == nil {
			l.running[e.Package] = map[string]bool{}
		}
		l.running[e.Package][e.Test] = true
	case e.Test != "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip"):
		delete(l.running[e.Package], e.Test)
		if e.Action == "fail" {
			l.blamed = e.Package
		}
	case e.Test == "" && (e.Action == "pass" || e.Action == "fail"):
		for _, test := range slices.Sorted(maps.Keys(l.running[e.Package])) {
			if e.Action == "pass" || l.blamed == e.Package && strings.HasPrefix(test, "Benchmark") {
				line, _ := json.Marshal(gotest.Event{Time: e.Time, Action: "pass", Package: e.Package, Test: test})
				l.events.Write(append(line, '\n'))
			}
		}
		delete(l.running, e.Package)
	}
}

func (l *Live) error(text string) {
	for line := range strings.Lines(l.scrub(text)) {
		line = strings.TrimRight(line, "\r\n")
		for len(line) > longest {
			l.errors.Write([]byte(line[:longest] + "\n"))
			line = l.scrub(line[longest:]) // it begins a line now
		}
		l.errors.Write([]byte(line + "\n"))
	}
}
