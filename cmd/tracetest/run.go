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

	"tracetest/internal/findings"
	"tracetest/internal/instrument"
	"tracetest/internal/live"
	"tracetest/internal/record"
	"tracetest/internal/redact"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/wording"
	"tracetest/internal/rerun"
	"tracetest/internal/run"
	"tracetest/internal/snapshot"
	"tracetest/internal/triage"
)

// run runs the tests, writes the record and the reports, and returns the exit
// code as an error.
func (o *options) run(ctx context.Context, packages, goTest []string, stdout, stderr io.Writer) error {
	if err := o.validate(); err != nil {
		return err
	}
	r := &running{options: o, stdout: stdout, stderr: stderr, out: stdout, ci: findCI(os.Getenv), screen: newOutput()}
	if o.json || o.launched() {
		r.out = stderr // standard output is for the events, or the command's
	}
	if err := r.read(packages, goTest); err != nil {
		return err
	}
	release, err := lockOut(o.out)
	if err != nil {
		return &run.Problem{Err: err}
	}
	defer release()
	if r.plan, err = prepare(ctx, r.of); err != nil {
		return err
	}
	defer r.plan.Close()
	r.notes = append(r.named.Notes, r.plan.Absent()...)
	if o.serve.on {
		return r.serveLaunches(ctx)
	}
	code, err := r.once(ctx)
	if err == nil && code != triage.ExitClean {
		err = exitCode(code)
	}
	return err
}

// once runs the tests, or watches those that others start, and returns the exit code.
func (r *running) once(ctx context.Context) (code int, err error) {
	if r.file, err = r.create(); err != nil {
		return 0, &run.Problem{Err: err}
	}
	defer r.file.Close()
	r.problems = nil
	if err := r.show(); err != nil {
		return 0, err
	}
	r.watch(ctx)
	return r.report(r.findings()), nil
}

// running is one run of the tests, or with --serve one after the other.
type running struct {
	*options
	stdout, stderr io.Writer
	out            io.Writer // what people read of it goes there
	ci             ci
	screen         *output
	named          snapshot.Named // the servers
	notes          []string       // to be said before the tests
	of             run.Options
	plan           *run.Plan
	file           *os.File // the record
	shown          *live.Live
	look           screen
	shownErr       error
	writer         *record.Writer
	seen           *watching // of what was written to the record
	problems       []error
}

// read says what is to be run, and where.
func (r *running) read(packages, goTest []string) error {
	expect, named, err := r.servers()
	if err != nil {
		return err
	}
	for _, t := range named.Targets {
		if r.flush && !t.Local() {
			return fmt.Errorf("--flush deletes all data of %s, which is not this machine's: flush a server of your own", t.Address())
		}
	}
	r.named, r.of = named, r.runOptions(packages, goTest, named.Targets, expect)
	r.of.TLS = r.tls
	r.of.Ambient = named.Ambient && r.discover != "off" && r.instrument != "off" && r.trace != "off"
	r.of.Perturb, r.of.Output, r.of.Launch, r.of.Serve = r.perturb, r.screen, r.launch, r.serve.on
	if r.of.Baseline, err = readBaseline(r.baseline); err != nil {
		return &run.Problem{Err: err}
	}
	if r.of.Shard, err = r.shard.read(os.Getenv); err != nil {
		return &run.Problem{Err: err}
	}
	return nil
}

// servers are those that the flags name, and what is expected of them.
func (o *options) servers() (expect map[string]string, named snapshot.Named, err error) {
	if expect, err = o.expectations(); err != nil {
		return nil, named, err
	}
	named, err = snapshot.Targets(o.redis, o.tls, os.Getenv)
	return expect, named, err
}

// show opens the screen, and says there how the tests are watched.
func (r *running) show() (err error) {
	r.look = screenOf(r.out, os.Getenv)
	r.shown, err = live.New(live.Options{Bare: r.json || r.launched(), Events: r.events(r.stdout), Out: r.out, Err: r.stderr, Format: r.format,
		Status: r.look.status, Width: r.look.width, Scrub: r.ci.scrub(r.plan.Secrets().Text), Name: r.ci.scrub(r.plan.Secrets().Name)})
	if err != nil {
		return err
	}
	r.screen.show(r.shown)
	for _, note := range r.notes {
		r.screen.Say("tracetest: " + note)
	}
	mode, reason := r.plan.Mode()
	if mode == record.ModeEvents && r.instrument != "off" {
		r.screen.Say("tracetest: the tests cannot be synchronized with snapshots, so changes are ambiguous and only suspects are known: " + reason)
	}
	if on, reason := r.plan.Trace(); !on && r.instrument != "off" && r.trace != "off" && mode == record.ModeInstrumented {
		r.screen.Say("tracetest: the tests' connections cannot be traced, so the line that made a change stays unknown: " + reason)
	}
	return nil
}

// watch runs the tests and writes the record.
func (r *running) watch(ctx context.Context) {
	r.seen = &watching{analysis: triage.New(), screen: r.screen}
	r.writer = record.NewWriter(r.file, r.seen.entry)
	atOnce := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(processors(atOnce))
	r.plan.Run(ctx, r.writer)
	runtime.GOMAXPROCS(atOnce)
	hidden := r.plan.Redact(r.file) // before names are read from it
	r.shownErr = r.screen.Close()
	if r.prove {
		if err := r.proveIt(ctx, r.writer); err != nil {
			r.shown.Say("tracetest: nothing was proved: " + err.Error())
		}
	}
	if err := r.writer.Err(); err != nil {
		r.seen.analysis.Unwritten(err)
		r.problems = append(r.problems, err)
	}
	r.problems = append(r.problems, hidden)
}

// findings are what the record says, as for `tracetest report`: what was written to it, and where it holds
// something else by now, which can be read, that.
func (r *running) findings() *findings.Findings {
	found := wording.Add(r.seen.analysis.Findings())
	r.seen.analysis = nil // of a long run it is large, and the record may have to be read again
	bad := r.plan.Redact(r.file)
	if bad == nil {
		bad = showRecord(r.file)
	}
	r.problems = append(r.problems, bad)
	if errors.Join(r.problems...) != nil {
		return found
	}
	text, err := written(r.file)
	if text != nil && !r.writer.Kept(text) {
		text.Seek(0, io.SeekStart)
		reread, bad := analyseFrom(text, r.file.Name(), nil)
		if err = errors.Join(err, bad); bad == nil {
			found = reread
		}
	}
	r.problems = append(r.problems, err, r.file.Close())
	return found
}

// report writes the reports, and returns the exit code.
func (r *running) report(found *findings.Findings) int {
	r.problems = append(r.problems, r.shownErr)
	path := filepath.Join(r.options.out, "report.html")
	if !r.prove {
		r.shown.Say(claims.DoneLine(found))
	}
	if err := r.reports.write(r.options.out, found); err != nil {
		r.problems, path = append(r.problems, err), ""
	}
	fmt.Fprintln(r.out)
	r.problems = append(r.problems, r.look.summary(r.ci.harmless(r.out), found, path))
	say := printer(r.stderr, r.plan.Secrets())
	if err := r.ci.annotate(r.out, found); err != nil { // the run is what it is without
		say("%v", err)
	}
	code := found.Run.Exit
	if r.gitBisect {
		code = gitVerdict(found, r.leak)
	}
	if err := errors.Join(r.problems...); err != nil {
		say("%v", err)
		if code == triage.ExitClean {
			code = triage.ExitUnable
		}
	}
	return code
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
func (r *running) proveIt(ctx context.Context, writer *record.Writer) error {
	text, err := written(r.file)
	if err != nil {
		return err
	}
	f, err := analyseFrom(text, r.file.Name(), nil)
	if err != nil {
		return err
	}
	say := r.shown.Say
	say(claims.DoneLine(f))
	if !f.Run.Complete {
		return errors.New("the run is incomplete")
	}
	again := r.of
	again.Output = reruns{say: say}
	runner := rerun.Behind(r.plan, rerun.Options{Run: again, Flush: r.flush})
	left := rerun.Prove(ctx, f, rerun.Proof{Runner: runner, Trials: r.trials, Budget: r.proveTime, Print: say,
		Append: func(t record.Trial) { writer.Append(record.Entry{Trial: &t}) }})
	if err := runner.Close(); err != nil {
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
	rerun.Silence
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
