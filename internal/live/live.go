// Package live shows a run while it happens: gotestsum's formats for the test
// events, our own lines between them, and on a terminal a status line below.
//
// It only shows. What it drops or cannot show is in the record.
package live

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

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

// Say shows a line of tracetest's own at once.
func (l *Live) Say(text string) {
	// What is taken out can make a command for the CI of what is left.
	fmt.Fprintln(l.screen, l.scrub(printable.Text(l.scrub(text))))
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
