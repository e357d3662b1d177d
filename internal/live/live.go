// Package live shows a run while it happens: gotestsum's formats for the test
// events, our own lines between them, and on a terminal a status line below.
//
// It only shows. What it drops or cannot show is in the record.
package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
	"gotest.tools/gotestsum/testjson"

	"tracetest/internal/gotest"
	"tracetest/internal/printable"
)

// Options say how to show a run.
type Options struct {
	Out    io.Writer
	Err    io.Writer
	Format string // one of gotestsum's, such as "pkgname"
	// Status shows the status line. It must be false where Out is no terminal.
	Status bool
	Width  func() int // of the terminal, in columns; nil: 80
	// Bare is set where the tests are not shown: another program does that. Only what is
	// said is, and errors.
	Bare bool
	// Events is then written each event as `go test -json` has it, if it is not nil.
	Events io.Writer
	// Scrub removes what is known to be secret, or what would be a command of
	// the CI, from a text that tests, the go command or tracetest print, and
	// from the names of tests. Nil: nothing is removed. It may be called by
	// several goroutines.
	Scrub func(string) string
	// Name does the same to the name of a test, and keeps different ones different.
	// Nil: as Scrub does.
	Name func(string) string
}

// Live is a run being shown. Its methods may be called by several goroutines.
type Live struct {
	screen *screen
	bare   bool
	raw    io.Writer // of [Options.Events]
	rawErr error     // of the goroutine that shows
	events *io.PipeWriter
	errors *io.PipeWriter
	done   chan struct{}
	exec   *testjson.Execution
	err    error
	scrub  func(string) string
	name   func(string) string

	// What follows is of the goroutine that shows.
	running map[string]map[string]bool // tests without an end, by package
	blamed  string                     // the last package of which a test failed
	test    string                     // of the last event
	shown   string                     // how it is shown
	names   map[string]string          // of tests that have not ended, as they are shown, by "package name"
	begun   map[string]unended         // lines of output without an end, by the same

	backlog backlog
	shower  sync.WaitGroup

	mu      sync.Mutex // not held while something is shown
	counts  counts
	stop    chan struct{}
	ticking sync.WaitGroup
}

type counts struct {
	started            time.Time
	pkg                string
	done, failed, leak int
}

// Formats lists the names that Format may have.
func Formats() []string {
	return []string{"dots", "dots-v2", "pkgname", "pkgname-and-test-fails", "testname", "testdox",
		"github-actions", "standard-quiet", "standard-verbose"}
}

// New starts to show a run.
func New(o Options) (*Live, error) {
	if o.Width == nil {
		o.Width = func() int { return 80 }
	}
	if o.Scrub == nil {
		o.Scrub = func(text string) string { return text }
	}
	if o.Name == nil {
		o.Name = o.Scrub
	}
	s := &screen{out: o.Out, width: o.Width, fresh: true}
	formatter := testjson.NewEventFormatter(scrubbing{s, o.Scrub}, o.Format, testjson.FormatOptions{})
	if formatter == nil {
		return nil, fmt.Errorf("unknown --format %q: use one of %s", o.Format, strings.Join(Formats(), ", "))
	}
	events, eventsIn := io.Pipe()
	problems, errorsIn := io.Pipe()
	l := &Live{screen: s, bare: o.Bare, raw: o.Events, events: eventsIn, errors: errorsIn, scrub: o.Scrub, name: o.Name, names: map[string]string{}, begun: map[string]unended{}, running: map[string]map[string]bool{}, done: make(chan struct{}), stop: make(chan struct{})}
	l.counts.started = time.Now()
	errOut := &screenErr{screen: s, out: o.Err}
	// Whatever ends one of the two scans, such as a full disk below Out, nobody
	// who writes may be left waiting, and the other scan must end as well.
	giveUp := func() {
		events.CloseWithError(io.ErrClosedPipe)
		problems.CloseWithError(io.ErrClosedPipe)
	}
	go func() {
		defer close(l.done)
		defer giveUp()
		l.exec, l.err = testjson.ScanTestOutput(testjson.ScanConfig{
			Stdout: events, Stderr: problems, Handler: handler{formatter, errOut}, Stop: giveUp, IgnoreNonJSONOutputLines: true,
		})
	}()
	l.backlog.init()
	l.shower.Go(func() { l.backlog.each(l.show) })
	// dots-v2 moves the cursor itself.
	if o.Status && !o.Bare && o.Format != "dots-v2" {
		l.ticking.Go(l.tick)
	}
	return l, nil
}

// scrubbing takes what became known to be secret out of what a formatter keeps, such
// as the name of a test until it ends.
type scrubbing struct {
	out   io.Writer
	scrub func(string) string
}

func (s scrubbing) Write(text []byte) (int, error) {
	if _, err := io.WriteString(s.out, s.scrub(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

type handler struct {
	formatter testjson.EventFormatter
	err       io.Writer
}

func (h handler) Event(event testjson.TestEvent, exec *testjson.Execution) error {
	return h.formatter.Format(event, exec)
}

func (h handler) Err(text string) error {
	_, err := fmt.Fprintln(h.err, text)
	return err
}

// longest is the length up to which testjson's scanner takes a line, with room
// to spare: https://github.com/gotestyourself/gotestsum uses bufio.Scanner at
// its default of 64 KiB in v1.13.0, and an overlong line ends its scan.
const longest = 60 << 10

// Event takes in an event of `go test -json`, given also as its line, and shows
// it as soon as the screen can: the tests must not wait for it.
func (l *Live) Event(e gotest.Event, line []byte) {
	if e.Action != "build-output" && e.Package != "" {
		l.enter(e.Package)
	}
	l.backlog.add(shown{event: e, line: line}, len(line), e.Action == "output")
}

// Error shows a line of the go command that is no event, as Event does.
func (l *Live) Error(text string) { l.backlog.add(shown{text: text, isError: true}, len(text), true) }

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

// unended is a line of output without an end: its begin, and of a long one its
// last part.
type unended struct{ head, tail string }

// keepUnended bounds the two, in bytes. What would be removed from a line is
// found across its parts if it is not longer than that.
const keepUnended = 4 << 10

// with is what a further part of the line may make something of.
func (u unended) with(text string) []string {
	switch {
	case u.tail == "" && u.head == "":
		return nil
	case u.tail == "":
		return []string{u.head + text}
	}
	// A command of the CI can begin with the line and end anywhere.
	return []string{u.tail + text, u.head + text}
}

func (u unended) add(text string) unended {
	n := min(keepUnended-len(u.head), len(text))
	u.head += text[:n]
	if text = text[n:]; text != "" {
		if u.tail == "" {
			u.tail = u.head // the two may overlap: no secret is lost between them
		}
		if len(text) < keepUnended {
			text = u.tail[max(0, len(u.tail)+len(text)-keepUnended):] + text
		}
		u.tail = strings.Clone(text[max(0, len(text)-keepUnended):])
	}
	return u
}

// joined is output that may go on with a line that an event before it began, as
// test2json cuts long lines. What would be removed from both together is kept
// apart by a line end.
func (l *Live) joined(key, text string) string {
	if text == "" {
		return text
	}
	begun := l.begun[key]
	if slices.ContainsFunc(begun.with(text), func(whole string) bool { return l.scrub(whole) != whole }) {
		text, begun = "\n"+text, unended{}
	}
	last := text
	if at := strings.LastIndexByte(text, '\n'); at >= 0 {
		last, begun = text[at+1:], unended{}
	}
	if begun = begun.add(last); begun == (unended{}) {
		delete(l.begun, key)
	} else {
		l.begun[key] = begun
	}
	return text
}

func (l *Live) enter(pkg string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.pkg = pkg
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

// Say shows a line of tracetest's own at once.
func (l *Live) Say(text string) {
	// What is taken out can make a command for the CI of what is left.
	fmt.Fprintln(l.screen, l.scrub(printable.Text(l.scrub(text))))
}

// Counts sets what the status line counts, by those who know: a test is counted once,
// and a Ginkgo spec is a test.
func (l *Live) Counts(done, failed, leaks int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.done, l.counts.failed, l.counts.leak = done, failed, leaks
}

// Close ends the output with gotestsum's list of what failed. The line that counts it
// is left out: it counts tests that only group others, and a Ginkgo suite as one.
func (l *Live) Close() error {
	l.backlog.close()
	l.shower.Wait()
	if n := l.backlog.left; n > 0 {
		l.Say(fmt.Sprintf("tracetest: %d lines of output are not shown: they came faster than they could be. The reports have what failed tests printed.", n))
	}
	l.events.Close()
	l.errors.Close()
	<-l.done
	close(l.stop)
	l.ticking.Wait() // else it could draw once more
	l.screen.status("")
	if l.exec != nil && !l.bare {
		// What a test printed before it was known to be a secret is no more shown.
		var summary strings.Builder
		testjson.PrintSummary(&summary, l.exec, testjson.SummarizeAll&^testjson.SummarizeErrors) // which were shown
		lines := strings.TrimSuffix(summary.String(), "\n")
		io.WriteString(l.screen, l.scrub(lines[:strings.LastIndexByte(lines, '\n')+1]))
	}
	return errors.Join(l.rawErr, l.err)
}

// tick draws the status line ten times a second.
func (l *Live) tick() {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
			l.mu.Lock()
			c := l.counts
			l.mu.Unlock()
			l.screen.status(c.String())
		}
	}
}

func (c counts) String() string {
	text := fmt.Sprintf("%d done, %d failed, %d leaks, %s", c.done, c.failed, c.leak, time.Since(c.started).Round(time.Second))
	if c.leak == 1 {
		text = strings.Replace(text, "1 leaks", "1 leak", 1)
	}
	if c.pkg == "" {
		return "building the tests, " + time.Since(c.started).Round(time.Second).String()
	}
	return c.pkg + ": " + text
}

// Terminal reports whether a file is a terminal, and how wide it is.
func Terminal(f *os.File) (width func() int, is bool) {
	return func() int {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return columns
		}
		return 80
	}, term.IsTerminal(int(f.Fd()))
}
