package run

import (
	"context"
	"slices"
	"sync"
	"time"

	"tracetest/internal/barrier"
	"tracetest/internal/gotest"
	"tracetest/internal/record"
	"tracetest/internal/snapshot"
)

// watcher is the one goroutine that samples the servers and appends to the
// record while the tests run.
type watcher struct {
	p       *Plan
	out     *record.Writer
	servers []server // those that were named first
	// discover is of Plan.
	discover func(ctx context.Context, at snapshot.Target, runIDs []string) (server, record.Server, error)
	open     *record.Open
	outputs  *gotest.Outputs // of the goroutine that reads, until it has ended
	repair   *repair
	// container is the Ordered container of the last spec, by process.
	container map[int]string
	initial   []snapshot.Mark // of the servers; of one that restarted, as of then
	runIDs    []string
	ledgers   []*ledger
	counted   []*record.Counters // as of the last snapshot
	greeted   time.Time          // when the first test binary had started
	tracer    *tracer
	aloof     *aloof
	ahead     *ahead
	ended     lastEnd
	ends      ends
	reports   *reports // of the test processes where there is no go test -json; else nil
}

func newWatcher(p *Plan) *watcher {
	w := &watcher{p: p, out: p.out, discover: p.discover, open: record.NewOpen(), outputs: gotest.NewOutputs(), container: map[int]string{},
		ends: ends{ran: map[string]bool{}, began: map[string]map[string]bool{}}}
	for i, s := range p.servers {
		w.meet(s, p.begin[i])
	}
	w.tracer, w.aloof, w.ahead = newTracer(w), newAloof(w), newAhead(w)
	w.repair = &repair{w: w, marks: map[place][]then{}, gone: map[int]bool{}}
	if p.launched() {
		w.reports = newReports(w)
	}
	return w
}

// meet takes in a server that is watched from now on.
func (w *watcher) meet(s server, begin record.Server) {
	w.servers = append(w.servers, s)
	w.initial = append(w.initial, s.Mark())
	w.runIDs = append(w.runIDs, begin.RunID)
	w.ledgers = append(w.ledgers, newLedger(begin, s.Mark()))
	w.counted = append(w.counted, begin.Counters)
	if w.ahead != nil {
		w.ahead.meet(begin)
	}
}

// append records an entry and takes it in. What was noted (its time is known), or tells of
// nothing but that tests go on, is written with the next, or when there is nothing else to do.
func (w *watcher) append(e record.Entry) {
	if b, t := e.Boundary, e.Test; !e.At.IsZero() || b != nil && b.Coalesced || t != nil && (t.Action == "run" || t.Action == "pass") {
		w.out.Later(e)
	} else {
		w.out.Append(e)
	}
	w.open.Apply(e)
}

// watch runs the go command to its end and returns how it went.
func (w *watcher) watch(ctx context.Context, start func() (*command, error)) record.End {
	events := newBacklog()
	cmd, err := start()
	if err != nil {
		w.finish(ctx)
		return record.End{GoExit: -1, Reason: err.Error()}
	}
	go w.read(cmd, events)
	ended := make(chan record.End, 1)
	signals := w.p.o.Signals.Listen()
	defer w.p.o.Signals.Leave(signals)
	go func() { ended <- cmd.wait(signals, w.p.o.Grace, w.p.o.Output.Say) }()

	var end *record.End
	read := false // the output of the go command, to its end
	slow := time.After(3 * time.Second)
	said := w.p.barrier.Messages()
	quiet, hush := w.ticks()
	defer hush()
	for end == nil || !read {
		if w.arrived(ctx) {
			continue
		}
		w.out.Flush()
		select {
		case <-slow:
			if on, _ := w.p.Trace(); on && w.greeted.IsZero() {
				w.p.o.Output.Say("tracetest: still building the tests; the first build with --trace compiles some packages of the standard library once more, and those that import them; later ones reuse that. --trace=off does without.")
			}
		case m := <-said:
			if h := w.p.barrier.Take(ctx, m); h != nil {
				w.boundary(ctx, h)
			}
		case <-events.some:
			var tests []*record.Test
			tests, read = events.take()
			w.events(ctx, tests)
		case <-quiet:
			if w.reports.quiet() {
				quiet = nil
				cmd.over()
			}
		case result := <-ended:
			end, ended = &result, nil
		}
	}
	if w.p.barrier != nil {
		w.drain(ctx, w.p.barrier.Next)
	}
	w.reports.finish()
	for _, t := range w.unended(*end) {
		w.append(record.Entry{Test: t})
	}
	for _, cut := range w.outputs.Rest() {
		w.append(record.Entry{Test: cut})
	}
	w.finish(ctx)
	return *end
}

// read hands the output of the go command to the screen and to the watcher, and
// waits for neither.
func (w *watcher) read(cmd *command, events *backlog) {
	defer events.close()
	if cmd.stdout == nil {
		return
	}
	show := w.p.o.Output
	var both sync.WaitGroup
	both.Go(func() {
		gotest.Scan(cmd.stderr, func(_ gotest.Event, line []byte) { show.Error(string(line)) }, show.Error)
	})
	gotest.Scan(cmd.stdout, func(e gotest.Event, line []byte) {
		show.Event(e, line)
		if t := w.outputs.Add(e); t != nil {
			events.add(t)
		}
	}, show.Error)
	both.Wait()
}

// arrived takes in one of those that came while others were taken in, and reports
// whether there was one.
func (w *watcher) arrived(ctx context.Context) bool {
	if w.p.barrier == nil {
		return false
	}
	h := w.p.barrier.Queued(ctx)
	if h != nil {
		w.boundary(ctx, h)
	}
	return h != nil
}

// drain takes in the ends of test binaries that come after the go command's own, also
// of those that tests started: they must not act behind the last snapshot.
func (w *watcher) drain(ctx context.Context, next func(context.Context) *barrier.Arrival) {
	until, stop := context.WithTimeout(ctx, 2*time.Second) // something that a test started may outlive the run
	defer stop()
	for w.open.Lasting() {
		h := next(until)
		if h == nil {
			return
		}
		w.boundary(ctx, h)
	}
}

// boundary takes in a test process that waits, and lets it go.
//
// Where the snapshots of a boundary show nothing new, the process goes on while it
// is recorded: whatever ends tracetest in between loses that nothing had
// happened. What has changed is recorded first.
func (w *watcher) boundary(ctx context.Context, h *barrier.Arrival) {
	defer h.Release()
	if !h.Passed && (h.Process != nil || h.Message != nil) {
		// It may be of a child, whose are those that are open in the process that started it: these
		// can have noted that they began.
		w.catchUp(ctx)
	}
	if w.reported(ctx, h) {
		return
	}
	if h.Process != nil {
		w.process(h.Process)
		w.reports.process(h.Process)
	}
	b := h.Boundary
	last := w.ended
	w.ended = lastEnd{}
	if b.Verb == "" || b.Verb != record.VerbQuit && b.Verb != record.VerbGone && b.Process != 0 && !w.open.Present(b.Process) {
		return // nothing to sample, or from a process that was given up
	}
	if !h.Waiting() {
		b = record.Boundary{Verb: record.VerbQuit, Process: b.Process}
	}
	w.closeContainer(ctx, &b)
	if b.Coalesced = w.coalesces(last, &b, h.Since()); b.Coalesced {
		// The snapshots of the end before it count.
	} else if b.Verb != record.VerbGone || w.open.Present(b.Process) { // else it was synchronized when it exited
		b.Snapshots = w.sample(ctx, w.aloof.at(&b))
	}
	b.Waited = time.Since(h.Since())
	if b.Verb != record.VerbQuit && !h.Waiting() {
		// It gave up while the snapshot was taken, so what was seen may be what it did
		// since. It goes on without being synchronized.
		b = record.Boundary{Verb: record.VerbQuit, Process: b.Process, Snapshots: b.Snapshots}
	}
	if b.Verb == record.VerbQuit {
		w.gaveUp(b.Process)
	}
	h.Ahead = w.ahead.may(b.Process)
	if w.p.o.Restore != RestoreTest && w.p.o.Units == nil && quiet(b.Snapshots) {
		h.Release() // nobody is asked, and nothing is restored
	}
	w.seen(ctx, b.Snapshots)
	w.repair.before(ctx, &b)
	report := w.reports.before(h, &b)
	w.append(record.Entry{Boundary: &b})
	report()
	w.otherClients(ctx, b.Snapshots)
	w.repair.after(ctx, &b)
	h.Ahead = w.ahead.may(b.Process)
	w.ended = w.end(&b)
}

// reported takes in what is no boundary at which a process waits, and reports whether it was that.
func (w *watcher) reported(ctx context.Context, h *barrier.Arrival) bool {
	switch {
	case h.Passed:
		w.pass(ctx, h)
	case h.Message != nil:
		w.ended = lastEnd{}
		w.tracer.receive(ctx, h.Message, time.Time{})
		h.Ahead = w.ahead.may(h.From)
	case h.Ran != "":
		w.ends.ran[h.Ran] = true
		w.reports.ran(h) // it waits at the next boundary
	case h.Said != nil:
		w.reports.receive(h)
	default:
		return false
	}
	return true
}

// gaveUp notes that a process goes on without being synchronized.
func (w *watcher) gaveUp(process int) {
	w.append(record.Entry{Notice: &record.Notice{Code: "not-waiting", Package: w.open.Package(process),
		Text: "The test binary of this package stopped waiting for tracetest: it had no answer for a minute, or could not reach it. From there on its tests were not synchronized, and changes are ambiguous: only suspects are known."}})
}

// process takes in a test binary that is new, or of which the package became known.
func (w *watcher) process(p *record.Process) {
	if w.greeted.IsZero() {
		w.greeted = time.Now()
	}
	if w.p.launched() && !w.open.Lasting() {
		w.p.source.Forget() // files may have been edited, as below ginkgo watch
	}
	if p.Host != nil {
		host := *p.Host
		for _, ref := range w.open.In(host.Process) {
			if ref.Owner != 0 {
				host.Owners = append(host.Owners, ref.Owner)
			}
		}
		p.Host = &host
	}
	p.Args = w.p.o.Secrets.Args(p.Args)
	w.append(record.Entry{Process: p})
}

// quiet reports whether snapshots show what the ones before did.
func quiet(snaps []record.Snapshot) bool {
	return !slices.ContainsFunc(snaps, func(l record.Snapshot) bool { return l.Error != "" || l.RunID != "" || len(l.Config) > 0 })
}

// otherClients asks, where the trace would have shown the tests, who else may have
// changed what has changed.
func (w *watcher) otherClients(ctx context.Context, snaps []record.Snapshot) {
	if on, _ := w.p.Trace(); on {
		w.tracer.otherClients(ctx, snaps)
	}
}

// closeContainer notes that a Ginkgo Ordered container has ended, which Ginkgo
// does not say: its specs run one after another, so it has when anything else
// begins, or its suite ends.
func (w *watcher) closeContainer(ctx context.Context, b *record.Boundary) {
	last := w.container[b.Process]
	now := last
	switch b.Verb {
	case record.VerbBegin:
		if b.Begin.Kind == record.KindSpec {
			now = b.Begin.Container
		}
	case record.VerbSuiteEnd, record.VerbExit, record.VerbGone:
		now = ""
	case record.VerbEnd:
		if owner, ok := w.open.Owner(b.Owner); ok && owner.Kind != record.KindSpec {
			now = ""
		}
	}
	if last == now {
		return
	}
	w.container[b.Process] = now
	if last == "" {
		return
	}
	closed := &record.Boundary{Verb: record.VerbClose, Process: b.Process, Container: last, Before: b.Verb}
	closed.Snapshots = w.snapshot(ctx, w.aloof.at(closed))
	w.append(record.Entry{Boundary: closed})
	w.otherClients(ctx, closed.Snapshots)
	w.repair.after(ctx, closed)
}

// events takes in test events, and samples the servers where a package is not
// synchronized at its boundaries. A snapshot behind all of them shows as much as one behind
// each.
func (w *watcher) events(ctx context.Context, tests []*record.Test) {
	w.catchUp(ctx) // what events report was reported before
	due := false
	for _, t := range tests {
		w.ending(t)
		w.append(record.Entry{Test: t})
		due = due || !w.open.Greeted(t.Package)
	}
	if due {
		b := &record.Boundary{Verb: record.VerbEvent}
		b.Snapshots = w.snapshot(ctx, w.aloof.at(b))
		w.append(record.Entry{Boundary: b})
	}
}

// finish takes the last snapshot and restores what the tests left changed.
func (w *watcher) finish(ctx context.Context) {
	last := &record.Boundary{Verb: record.VerbFinish}
	last.Snapshots = w.snapshot(ctx, w.aloof.at(last))
	w.append(record.Entry{Boundary: last})
	w.otherClients(ctx, last.Snapshots)
	if w.p.o.Restore == RestoreNever {
		return
	}
	for i, snap := range last.Snapshots {
		if i >= len(w.p.begin) && snap.Gone {
			w.repair.gone[i] = true // the tests' own, and they have ended it
		}
	}
	var begin []then
	for _, mark := range w.initial {
		begin = append(begin, then{mark, 0})
	}
	w.repair.restore(ctx, record.Restore{When: "run"}, begin)
}
