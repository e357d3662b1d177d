// Package run drives `go test`, the barrier and the snapshots, and writes the
// record. It judges nothing: what it observed is in the record, and package
// triage says what that means.
//
// A run has one watcher, a single goroutine, through which everything passes
// that is to stand in the record in order: tests that wait at the barrier, test
// events and the end of the go command. Around it are the go command, whose
// process group is ours to signal, and the live output.
package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"tracetest/internal/barrier"
	"tracetest/internal/gotest"
	"tracetest/internal/instrument"
	"tracetest/internal/record"
	"tracetest/internal/redact"
	"tracetest/internal/redisconf"
	"tracetest/internal/snapshot"
	"tracetest/internal/source"
)

// Restore says when to restore what tests left changed.
type Restore string

const (
	RestoreNever Restore = "never"
	RestoreRun   Restore = "run"
	RestoreTest  Restore = "test"
)

// Options say what to run and how to watch it.
type Options struct {
	Command  []string // the tracetest command line, for the record
	Packages []string // before "--"
	Args     []string // behind "--"
	Launch   []string // a command that starts the tests in place of the go command; see launch.go
	Serve    bool     // nobody is started: tests that others start are watched as they come; see serve.go

	Targets      []snapshot.Target
	TLS          snapshot.TLS // how to speak TLS to servers that are discovered
	Ambient      bool         // nobody named the targets: those that are not there are left out
	AllowPartial bool
	Perturb      bool   // move parameters off their usual values first
	Container    string // name of the container that the server is in; empty: to be found
	Expect       map[string]string
	Baseline     *record.Baseline // the leaks that are known, for the record; may be nil
	Instrument   string           // auto, on or off
	Trace        instrument.Trace
	Sync         Sync   // who waits at boundaries; empty: everybody
	Discover     string // auto or off: whether servers are watched that the tests turn out to speak to
	Restore      Restore
	Keep         []string      // parameters that RestoreTest leaves as they are
	Owned        bool          // the targets are servers of tracetest's own, on which everything may be restored
	Env          []string      // of the tests, further to ours
	Timeout      time.Duration // of one snapshot; zero: 5 s
	Grace        time.Duration // between the first signal and a kill; zero: 10 s

	// Secrets learns those of the run. Runs of one process share them, so that a
	// test has one name in all of them. Nil: the run has its own.
	Secrets *redact.Redactor
	Shard   *Shard // which part of the suite to run; nil: all of it
	Output  Output
	Signals *Signals // to stop the run; a second one kills
	// Units is called while the tests wait, before a unit begins and after it
	// has ended while nobody else was active; with nil before, with its last owner
	// after. It may be nil.
	Units func(ctx context.Context, ended *record.Ref)
}

// Output is shown what happens while it happens.
type Output interface {
	Event(gotest.Event, []byte)
	Error(text string)
	Say(text string)
}

// A Problem means that tracetest could not do its job and that no test was run.
type Problem struct{ Err error }

func (p *Problem) Error() string { return p.Err.Error() }
func (p *Problem) Unwrap() error { return p.Err }

// A Plan is a run that is ready to start: everything that can be refused was
// checked, and nothing was written to the record.
type Plan struct {
	o       Options
	args    *gotest.Args
	tools   *gotest.Toolchain
	listed  []*gotest.Package
	shard   *record.Shard
	parts   *parts // what the test processes are told to run; nil: what they are asked for
	servers []*snapshot.Server
	absent  []string // targets that nobody named and that are not there or are a Sentinel, and why
	begin   []record.Server
	dir     string // private, for the overlay and the socket
	root    string // of the checkout, or the folder of the run
	overlay *instrument.Overlay
	barrier *barrier.Server
	source  *source.Source
	out     *record.Writer
	knew    int    // secrets, when all of the record had passed the door
	reason  string // why there is no instrumentation
	// baseline is what the servers were when the run began, once it has ended.
	baseline []snapshot.Mark
	gone     map[int]bool // servers that the tests had started and ended
	written  []Written
	before   []snapshot.Mark // of --perturb, until it was undone
	moved    []snapshot.Mark // what it made of them
}

// Prepare checks everything that a run needs. Its error is a *Problem.
// A Plan must be closed.
func Prepare(ctx context.Context, o Options) (*Plan, error) {
	if o.Secrets == nil {
		o.Secrets = redact.New()
	}
	for name, value := range o.Expect {
		if redisconf.IsSecret(name) {
			o.Secrets.Add(value)
		}
	}
	o.Secrets.Environment(slices.Concat(os.Environ(), o.Env))
	p := &Plan{o: o, source: source.New()}
	if err := p.prepare(ctx); err != nil {
		p.Close()
		return nil, &Problem{err}
	}
	return p, nil
}

func (p *Plan) prepare(ctx context.Context) (err error) {
	// What the arguments say about -C decides where the toolchain is asked,
	// and GOFLAGS, which it reports, belongs to the arguments.
	if p.args, err = gotest.ParseArgs(p.o.Packages, p.o.Args, ""); err != nil {
		return err
	}
	if p.tools, err = gotest.FindToolchain(ctx, p.args.Dir()); err != nil {
		return err
	}
	if p.args, err = gotest.ParseArgs(p.o.Packages, p.o.Args, p.tools.GOFLAGS); err != nil {
		return err
	}
	if err := p.findLauncher(); err != nil {
		return err
	}
	if p.o.Shard != nil && !p.launched() {
		if err := p.divide(ctx); err != nil {
			return err
		}
	}
	listing, stop := context.WithCancel(ctx)
	defer stop() // where something else fails, nobody waits for it
	list := p.list(listing)
	if err := p.openServers(ctx); err != nil {
		return err
	}
	if err := p.openBarrier(ctx, list); err != nil {
		return err
	}
	p.findSentinels(ctx)
	return nil
}

// openServers connects to the servers that were named, and reads their initial values.
func (p *Plan) openServers(ctx context.Context) error {
	p.servers, p.begin, p.absent = nil, nil, nil
	for _, target := range p.o.Targets {
		i := len(p.servers)
		server, begin, err := snapshot.Open(ctx, target, i, snapshot.Options{
			AllowPartial: p.o.AllowPartial, Timeout: p.o.Timeout, Expect: p.o.Expect, Secrets: p.o.Secrets,
		})
		if err != nil && p.o.Ambient && (errors.Is(err, snapshot.ErrAbsent) || errors.Is(err, snapshot.ErrSentinel)) {
			p.absent = append(p.absent, snapshot.Briefly(err))
			continue
		}
		if err != nil {
			return err
		}
		begin.StartedWith, begin.StartUnknown = StartedWith(ctx, server, p.o.Container)
		p.servers, p.begin = append(p.servers, server), append(p.begin, begin)
		if p.o.Perturb {
			p.before = append(p.before, server.Mark())
			p.begin[i].Perturbed, err = server.Perturb(ctx)
			p.moved = append(p.moved, server.Mark())
			if err != nil {
				return fmt.Errorf("--perturb: moving the parameters of %s: %w", target.Address(), err)
			}
			p.begin[i].Config = server.Shown()
			if snap := server.Sample(ctx); snap.Counters != nil {
				p.begin[i].Counters = snap.Counters // our own write is counted by now
			}
		}
	}
	return snapshot.CheckNames(p.servers, p.o.Expect)
}

// Absent says which servers that nobody named are not there. What the tests use instead is discovered.
func (p *Plan) Absent() []string {
	var notes []string
	for _, why := range p.absent {
		notes = append(notes, "nothing to watch at "+why+"; servers that the tests use are discovered")
	}
	return notes
}

// findSentinels notes which servers Sentinels look after: what gives them another master then is
// no secret. Without the trace nothing else distinguishes a failover from a test that does it.
func (p *Plan) findSentinels(ctx context.Context) {
	for i, s := range p.servers {
		clients, err := s.Clients(ctx)
		p.begin[i].Sentinels = err == nil && slices.ContainsFunc(clients, func(c record.Client) bool { return strings.HasPrefix(c.Name, "sentinel-") })
	}
}

// Close removes what Prepare made and closes the connections.
func (p *Plan) Close() error {
	var errs []error
	p.unperturb(context.Background(), func(r *record.Restore) {
		if r.Error != "" {
			errs = append(errs, errors.New("undoing --perturb: "+r.Error))
		}
	})
	if p.barrier != nil {
		errs = append(errs, p.barrier.Close())
	}
	for _, s := range p.servers {
		s.Close()
	}
	if p.dir != "" {
		errs = append(errs, os.RemoveAll(p.dir))
	}
	return errors.Join(errs...)
}

// Secrets knows what must not be shown of the run.
func (p *Plan) Secrets() *redact.Redactor { return p.o.Secrets }

// door is what each entry passes through on its way into the record.
func (p *Plan) door(e record.Entry) record.Entry { return redact.Deep(p.o.Secrets, e) }

// Redact hides in a record that was written what became known to be secret since.
func (p *Plan) Redact(file *os.File) error {
	if now := p.o.Secrets.Known(); now == p.knew {
		return nil
	} else {
		p.knew = now
	}
	return p.out.Again(file, p.o.Secrets.Text, p.door)
}

// Mode says how the tests will be watched, and why not with the barrier.
func (p *Plan) Mode() (record.Mode, string) {
	if p.barrier == nil {
		return record.ModeEvents, p.reason
	}
	return record.ModeInstrumented, ""
}

// Trace says whether the tests' connections will be traced, and why not.
func (p *Plan) Trace() (on bool, reason string) {
	if p.barrier == nil {
		return false, "the tests are not instrumented"
	}
	return p.overlay.Traced, p.overlay.NoTrace
}

// Run runs the tests and writes the record. Whatever happens, it ends in an End.
func (p *Plan) Run(ctx context.Context, out *record.Writer) {
	p.out = out
	out.Through(p.door)
	p.knew = p.o.Secrets.Known()
	built := &instrument.Overlay{}
	if p.barrier != nil {
		built = p.overlay
	}
	path, env := p.tools.Command(built.GOROOT)
	flags := built.Flags
	if dir, err := os.Getwd(); err == nil && p.args.Dir() == "" {
		flags = built.FlagsIn(dir)
	}
	args := p.args.GoTest(built.File, flags)
	env = append(env, p.o.Env...)
	if p.barrier != nil {
		env = append(env, p.barrier.Env())
		env = append(env, p.quietLabels()...)
	}
	begin := func() (*command, error) { return start(path, args, env) }
	goTest := append([]string{path}, p.args.GoTest(built.File, nil)...) // how it is compiled is ours
	switch {
	case p.o.Serve:
		begin, goTest = func() (*command, error) { return served(), nil }, nil
	case p.launched():
		begin, goTest = func() (*command, error) { return p.launch(built, env) }, p.o.Launch
	}
	p.header(goTest)
	w := newWatcher(p)
	end := w.watch(ctx, begin)
	p.baseline, p.gone = w.initial, w.repair.gone
	for i := range p.begin {
		p.written = append(p.written, Written{Names: w.ledgers[i].wrote(), At: p.servers[i].Mark()})
	}
	if len(p.before) > 0 {
		p.unperturb(ctx, func(done *record.Restore) { p.out.Append(record.Entry{Restore: done}) })
	}
	for _, c := range w.tracer.code.code() {
		p.out.Append(record.Entry{Code: &c})
	}
	p.out.Append(record.Entry{End: &end})
}
