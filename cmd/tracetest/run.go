package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"tracetest/internal/findings"
	"tracetest/internal/instrument"
	"tracetest/internal/live"
	"tracetest/internal/prove"
	"tracetest/internal/record"
	"tracetest/internal/redact"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/wording"
	"tracetest/internal/run"
	"tracetest/internal/snapshot"
	"tracetest/internal/triage"
	"tracetest/internal/trial"
)

// run runs the tests, writes the record and the reports, and returns the exit
// code as an error.
func (o *options) run(ctx context.Context, packages, goTest []string, stdout, stderr io.Writer) error {
	if err := o.validate(); err != nil {
		return err
	}
	expect, err := o.expectations()
	if err != nil {
		return err
	}
	known, err := readBaseline(o.baseline)
	if err != nil {
		return &run.Problem{Err: err}
	}
	named, err := snapshot.Targets(o.redis, o.tls, os.Getenv)
	if err != nil {
		return err
	}
	targets := named.Targets
	for _, t := range targets {
		if o.flush && !t.Local() {
			return fmt.Errorf("--flush deletes all data of %s, which is not this machine's: flush a server of your own", t.Address())
		}
	}
	release, err := lockOut(o.out)
	if err != nil {
		return &run.Problem{Err: err}
	}
	defer release()

	out := stdout
	if o.json || o.launch != nil {
		out = stderr // standard output is for the events, or the command's
	}
	terminal := screenOf(out, os.Getenv)
	ci := findCI(os.Getenv)
	screen := &output{more: make(chan struct{}, 1)}
	options := o.runOptions(packages, goTest, targets, expect)
	options.TLS = o.tls
	options.Ambient = named.Ambient && o.discover != "off" && o.instrument != "off" && o.trace != "off"
	options.Perturb, options.Baseline, options.Output, options.Launch = o.perturb, known, screen, o.launch
	if options.Shard, err = o.shard.read(os.Getenv); err != nil {
		return &run.Problem{Err: err}
	}
	plan, err := prepare(ctx, options)
	if err != nil {
		return err
	}
	defer plan.Close()
	file, err := o.create()
	if err != nil {
		return &run.Problem{Err: err}
	}
	defer file.Close()
	shown, err := live.New(live.Options{Bare: o.json || o.launch != nil, Events: o.events(stdout), Out: out, Err: stderr, Format: o.format, Status: terminal.status, Width: terminal.width, Scrub: ci.scrub(plan.Secrets().Text), Name: ci.scrub(plan.Secrets().Name)})
	if err != nil {
		return err
	}
	screen.show(shown)
	for _, note := range append(named.Notes, plan.Absent()...) {
		screen.Say("tracetest: " + note)
	}
	if mode, reason := plan.Mode(); mode == record.ModeEvents && o.instrument != "off" {
		screen.Say("tracetest: the tests cannot be synchronized with snapshots, so changes are ambiguous and only suspects are known: " + reason)
	}
	if on, reason := plan.Trace(); !on && o.instrument != "off" && o.trace != "off" {
		if mode, _ := plan.Mode(); mode == record.ModeInstrumented {
			screen.Say("tracetest: the tests' connections cannot be traced, so the line that made a change stays unknown: " + reason)
		}
	}
	seen := &watching{analysis: triage.New(), screen: screen}
	writer := record.NewWriter(file, seen.entry)
	atOnce := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(processors(atOnce))
	plan.Run(ctx, writer)
	runtime.GOMAXPROCS(atOnce)
	hidden := plan.Redact(file) // before names are read from it
	liveErr := screen.Close()
	done := func(f *findings.Findings) { shown.Say(claims.DoneLine(f)) }
	if o.prove {
		if err := o.proveIt(ctx, file, plan, options, writer, done, shown.Say); err != nil {
			shown.Say("tracetest: nothing was proved: " + err.Error())
		}
	}

	problems := []error{hidden}
	if err := writer.Err(); err != nil {
		seen.analysis.Unwritten(err)
		problems = append(problems, err)
	}
	found := wording.Add(seen.analysis.Findings())
	seen.analysis = nil // of a long run it is large, and the record is about to be read again
	if err := plan.Redact(file); err != nil {
		problems = append(problems, err)
	} else {
		problems = append(problems, showRecord(file))
	}
	if errors.Join(problems...) == nil {
		text, err := written(file)
		if text != nil {
			reread, bad := analyseFrom(text, file.Name(), nil)
			if err = errors.Join(err, bad); bad == nil {
				found = reread // what the record says counts, as for `tracetest report`
			}
		}
		if err = errors.Join(err, file.Close()); err != nil {
			problems = append(problems, err)
		}
	}
	problems = append(problems, liveErr)
	reportPath := filepath.Join(o.out, "report.html")
	if !o.prove {
		done(found)
	}
	if err := o.reports.write(o.out, found); err != nil {
		problems, reportPath = append(problems, err), ""
	}
	fmt.Fprintln(out)
	problems = append(problems, terminal.summary(ci.harmless(out), found, reportPath))
	if err := ci.annotate(out, found); err != nil { // the run is what it is without
		printer(stderr, plan.Secrets())("%v", err)
	}
	code := found.Run.Exit
	if o.gitBisect {
		code = gitVerdict(found, o.leak)
	}
	if err := errors.Join(problems...); err != nil {
		printer(stderr, plan.Secrets())("%v", err)
		if code == triage.ExitClean {
			code = triage.ExitUnable
		}
	}
	if code != triage.ExitClean {
		return exitCode(code)
	}
	return nil
}

// events is what the events of the tests are written to, or nil.
func (o *options) events(stdout io.Writer) io.Writer {
	if !o.json {
		return nil
	}
	return stdout
}

// processors is how many processors tracetest uses while tests run, of those
// that there are. A test, tracetest and Redis wait for each other in turn, so a
// second one makes nothing faster, and where there are two only it is taken
// from the test or from Redis at each boundary: 5,000 tests of one GET took 4.9
// to 6.0 s with both and 4.2 to 4.7 s with one, in turn.
func processors(all int) int {
	if all <= 2 {
		return 1
	}
	return all
}

// proveIt re-runs what settles the failures of a record, and adds to it. It first
// tells how the run itself was done.
func (o *options) proveIt(ctx context.Context, file *os.File, plan *run.Plan, options run.Options, writer *record.Writer, done func(*findings.Findings), say func(string)) error {
	text, err := written(file)
	if err != nil {
		return err
	}
	f, err := analyseFrom(text, file.Name(), nil)
	if err != nil {
		return err
	}
	done(f)
	options.Output = reruns{say: say}
	if !f.Run.Complete {
		return errors.New("the run is incomplete")
	}
	ready := plan.AsBefore
	if o.flush {
		ready = func(ctx context.Context) error {
			if err := plan.AsBefore(ctx); err != nil {
				return err
			}
			return plan.Flush(ctx)
		}
	}
	left := prove.Prove(ctx, f, prove.Options{Run: options, Trials: o.trials, Budget: o.proveTime, Ready: ready, Print: say,
		Append: func(t record.Trial) { writer.Append(record.Entry{Trial: &t}) }})
	if err := plan.AsBefore(ctx); err != nil {
		say("tracetest: " + err.Error())
	}
	if left != "" {
		text := "Not everything could be proved by re-runs: " + left + "."
		say("tracetest: " + text)
		writer.Append(record.Entry{Notice: &record.Notice{Code: "not-proved", Text: text}})
	}
	return nil
}

// reruns shows of the tests that are run again what tracetest says, and nothing of theirs.
type reruns struct {
	trial.Silence
	say func(string)
}

// Say is of run.Output.
func (r reruns) Say(text string) { r.say(text) }

// runOptions are what the flags say of each run of the tests.
func (o *options) runOptions(packages, goTest []string, targets []snapshot.Target, expect map[string]string) run.Options {
	return run.Options{
		Command: o.command(targets), Packages: packages, Args: goTest,
		Targets: targets, AllowPartial: o.allowPartial, Container: o.container, Expect: expect, Instrument: o.instrument, Trace: instrument.Trace(o.trace), Discover: o.discover, Sync: run.Sync(o.sync),
		Restore: run.Restore(o.restore), Timeout: o.timeout, Signals: o.signals, Secrets: redact.New(),
	}
}

// prepare gets everything ready, and stops when a signal comes.
func prepare(ctx context.Context, o run.Options) (*run.Plan, error) {
	signals := o.Signals.Listen()
	defer o.Signals.Leave(signals)
	ctx, cancel := context.WithCancelCause(ctx)
	ready := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			cancel(fmt.Errorf("interrupted (%v)", s))
		case <-ready:
		}
	}()
	plan, err := run.Prepare(ctx, o)
	close(ready)
	if cause := context.Cause(ctx); cause != nil && err != nil {
		return nil, &run.Problem{Err: cause}
	}
	return plan, err
}

// create makes the record in the output folder, and removes the reports
// of an earlier run: were this one killed, they would pass for its own.
func (o *options) create() (*os.File, error) {
	for _, old := range slices.Sorted(maps.Keys(o.reports.renderings())) {
		if err := os.Remove(filepath.Join(o.out, old)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("removing the report of an earlier run: %w", err)
		}
	}
	return createRecord(filepath.Join(o.out, "run.jsonl"))
}

// command is the command line as a person would repeat it elsewhere: with the
// server, also where it came from the environment.
func (o *options) command(targets []snapshot.Target) []string {
	words := []string{"tracetest"}
	given := func(word string) bool { return word == "--redis" || strings.HasPrefix(word, "--redis=") }
	if !slices.ContainsFunc(os.Args[1:], given) {
		for _, t := range targets {
			words = append(words, "--redis", t.Address())
		}
	}
	return append(words, os.Args[1:]...)
}

// watching follows the record while it is written, to tell of a leak the
// moment it is certain.
type watching struct {
	analysis *triage.Analysis
	screen   *output
	leaks    int
}

func (w *watching) entry(e record.Entry) {
	leaks := w.analysis.Add(e)
	w.leaks += len(leaks)
	if e.Test != nil || e.Boundary != nil {
		tests := w.analysis.Tests()
		w.screen.Counts(tests.Total, tests.Failed, w.leaks)
	}
	for _, line := range claims.LeakLines(leaks) {
		w.screen.Say("tracetest: " + line)
	}
	if e.Server != nil {
		start := wording.Add(w.analysis.Start())
		for _, u := range start.UnmetExpectations {
			if u.Server == e.Server.Address {
				w.screen.Say("tracetest: " + claims.UnmetLine(u))
			}
		}
		for _, p := range start.Drift {
			if p.Server == e.Server.Address {
				w.screen.Say("tracetest: " + claims.DriftLine(p))
			}
		}
	}
}

// output is there before the screen is: whatever can fail without a test having
// run fails before anything is shown.
//
// Whoever watches the tests must not wait for a screen that takes nothing (a
// pager, a full pipe): the tests would give up the barrier. So its lines queue.
type output struct {
	*live.Live
	mu     sync.Mutex
	lines  []string
	more   chan struct{} // of capacity 1
	closed chan struct{}
}

// Say queues a line.
func (o *output) Say(text string) {
	o.mu.Lock()
	o.lines = append(o.lines, text)
	o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
}

// show starts to show the lines.
func (o *output) show(l *live.Live) {
	o.Live, o.closed = l, make(chan struct{})
	go func() {
		defer close(o.closed)
		for more := true; more; {
			_, more = <-o.more
			o.mu.Lock()
			lines := o.lines
			o.lines = nil
			o.mu.Unlock()
			for _, line := range lines {
				l.Say(line)
			}
		}
	}()
}

// Close shows the lines that are left and ends the output.
func (o *output) Close() error {
	close(o.more)
	<-o.closed
	return o.Live.Close()
}
