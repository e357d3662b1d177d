package story

import (
	"fmt"

	"tracetest/internal/record"
)

// Process is a test binary.
type Process struct {
	Record  *Record
	Index   int
	Path    string
	open    []*Test
	Hidden  bool   // no events of its tests come
	ordered string // container of the last spec
	Follows bool   // tests begin at once behind the one before, and no snapshot is taken then
}

// Test is an owner.
type Test struct {
	Process *Process
	ID      int64
	Name    string
	Kind    record.Kind

	Owner  *record.Owner
	Parent *Test
}

// Unsynchronized is a package whose tests are not synchronized: only its events are seen.
type Unsynchronized struct {
	Record *Record
	Path   string
}

// Package starts a package whose test binary shakes hands.
func (r *Record) Package(path string) *Process {
	r.Starts(path)
	return r.Hello(path)
}

func (r *Record) Starts(path string) { r.Event("start", path, "", "") }

func (r *Record) Hello(path string) *Process {
	p := r.process(path, nil)
	r.boundary(record.Boundary{Verb: record.VerbHello, Process: p.Index})
	return p
}

// InParallel is a process of a Ginkgo suite that runs in several, which meet at one address.
func (r *Record) InParallel(path string, number int) *Process {
	p := r.process(path, nil)
	r.Entries[len(r.Entries)-1].Process.Args = []string{"-test.v", "--ginkgo.parallel.host=127.0.0.1:4711", fmt.Sprintf("--ginkgo.parallel.process=%d", number)}
	r.boundary(record.Boundary{Verb: record.VerbHello, Process: p.Index})
	return p
}

func (r *Record) process(path string, host *record.Host) *Process {
	r.Processes++
	r.add(record.Entry{Process: &record.Process{Index: r.Processes, PID: 4000 + r.Processes, PPID: 3999, Package: path, Host: host}})
	return &Process{Record: r, Index: r.Processes, Path: path}
}

// Nested is a process that these tests started. It is not synchronized.
func (p *Process) Nested(hosts ...*Test) *Process {
	host := &record.Host{Process: p.Index}
	for _, t := range hosts {
		host.Owners = append(host.Owners, t.ID)
	}
	return p.Record.process(p.Path, host)
}

func (p *Process) Begin(name string) *Test { return p.start(record.KindTest, name, nil) }

func (p *Process) start(kind record.Kind, name string, parent *Test) *Test {
	r := p.Record
	r.owners++
	t := &Test{Process: p, ID: r.owners, Name: name, Kind: kind}
	owner := &record.Owner{ID: t.ID, Kind: kind, Name: name}
	if parent != nil {
		owner.Parent = parent.ID
	}
	t.Owner, t.Parent = owner, parent
	b := record.Boundary{Verb: record.VerbBegin, Process: p.Index, Owner: t.ID, Begin: owner, Coalesced: p.Follows}
	if p.Follows {
		r.add(record.Entry{Boundary: &b})
	} else {
		r.boundary(b)
	}
	p.open = append(p.open, t)
	if !p.Hidden {
		r.Event("run", p.Path, name, "")
	}
	return t
}

// Run is a test of which nothing is to be told but how it ended.
func (p *Process) Run(name, status string) { p.Begin(name).End(status) }

func (t *Test) Begin(name string) *Test {
	return t.Process.start(t.Kind, t.Name+"/"+name, t)
}

func (t *Test) Pause() {
	t.Process.Record.boundary(record.Boundary{Verb: record.VerbPause, Process: t.Process.Index, Owner: t.ID})
	t.Process.Record.Event("pause", t.Process.Path, t.Name, "")
}

func (t *Test) Continue() {
	t.Process.Record.boundary(record.Boundary{Verb: record.VerbContinue, Process: t.Process.Index, Owner: t.ID})
	t.Process.Record.Event("cont", t.Process.Path, t.Name, "")
}

// End ends a test with a status of the barrier, and with what it printed.
func (t *Test) End(status string, output ...string) {
	t.ended(status)
	action := status
	if status == "panic" || status == "fail-below" {
		action = "fail"
	}
	text := ""
	if action == "fail" {
		text = fmt.Sprintf("=== RUN   %s\n", t.Name)
		for _, line := range output {
			text += "    a_test.go:10: " + line + "\n"
		}
		text += fmt.Sprintf("--- FAIL: %s (0.00s)\n", t.Name)
	}
	if !t.Process.Hidden {
		t.Process.Record.Event(action, t.Process.Path, t.Name, text)
	}
}

// ended is the boundary of an end whose event does not come, or comes later.
func (t *Test) ended(status string) {
	t.Process.Record.boundary(record.Boundary{Verb: record.VerbEnd, Process: t.Process.Index, Owner: t.ID, End: &record.Outcome{Status: status}})
	t.Process.forget(t)
}

func (p *Process) forget(t *Test) {
	for i, o := range p.open {
		if o == t {
			p.open = append(p.open[:i:i], p.open[i+1:]...)
		}
	}
}

// Ginkgo.

func (t *Test) SuiteBegin() {
	t.Process.Record.boundary(record.Boundary{Verb: record.VerbSuiteBegin, Process: t.Process.Index, Owner: t.ID})
}

func (t *Test) SuiteEnd(nodes ...record.Node) {
	t.Process.closeOrdered("", record.VerbSuiteEnd)
	t.Process.Record.boundary(record.Boundary{Verb: record.VerbSuiteEnd, Process: t.Process.Index, Owner: t.ID, Nodes: nodes})
}

func Node(kind, status string) record.Node {
	n := record.Node{Type: kind, Location: "/src/shop/suite_test.go:20", Outcome: record.Outcome{Status: status}}
	if status == "fail" {
		n.Outcome.Message = "the server does not answer"
	}
	return n
}

func (t *Test) spec(name string) *Test { return t.OrderedSpec("", name) }

func (t *Test) OrderedSpec(container, name string) *Test {
	p := t.Process
	p.closeOrdered(container, record.VerbBegin)
	p.Record.owners++
	s := &Test{Process: p, ID: p.Record.owners, Name: name, Kind: record.KindSpec}
	owner := &record.Owner{ID: s.ID, Parent: t.ID, Kind: record.KindSpec, Name: name, Location: "/src/shop/suite_test.go:40", Container: container}
	s.Owner, s.Parent = owner, t
	p.Record.boundary(record.Boundary{Verb: record.VerbBegin, Process: p.Index, Owner: s.ID, Begin: owner})
	return s
}

// linger ends a spec that timed out and whose code still runs.
func (t *Test) linger() {
	t.Process.Record.boundary(record.Boundary{Verb: record.VerbEnd, Process: t.Process.Index, Owner: t.ID,
		End: &record.Outcome{Status: "fail", Message: "A spec timeout occurred", Lingers: true}})
}

func (p *Process) closeOrdered(next string, before record.Verb) {
	if last := p.ordered; last != "" && last != next {
		p.Record.boundary(record.Boundary{Verb: record.VerbClose, Process: p.Index, Container: last, Before: before})
	}
	p.ordered = next
}

func (t *Test) EndSpec(status, message string) {
	t.Process.Record.boundary(record.Boundary{Verb: record.VerbEnd, Process: t.Process.Index, Owner: t.ID,
		End: &record.Outcome{Status: status, Message: message}})
}

// Ends of a test binary.

func (p *Process) Exit() {
	p.closeOrdered("", record.VerbExit)
	p.Record.boundary(record.Boundary{Verb: record.VerbExit, Process: p.Index})
}

// Gone after an exit: the snapshot was taken when it waited.
func (p *Process) Gone() {
	p.Record.add(record.Entry{Boundary: &record.Boundary{Verb: record.VerbGone, Process: p.Index}})
}

// Kill is an end at which nobody waited.
func (p *Process) Kill() {
	p.closeOrdered("", record.VerbGone)
	p.Record.boundary(record.Boundary{Verb: record.VerbGone, Process: p.Index})
}

// quit says that the process goes on without waiting.
func (p *Process) quit() {
	p.Record.notice("not-waiting", p.Path)
	p.Record.boundary(record.Boundary{Verb: record.VerbQuit, Process: p.Index})
}

// Done ends a package in the usual way.
func (p *Process) Done(action string, output ...string) {
	p.Exit()
	p.Gone()
	p.Ended(action, output...)
}

func (p *Process) Ended(action string, output ...string) {
	text := ""
	for _, line := range output {
		text += line + "\n"
	}
	p.Record.Event(action, p.Path, "", text)
}

// Packages that are not synchronized.

func (r *Record) Unsynchronized(path string) *Unsynchronized {
	u := &Unsynchronized{Record: r, Path: path}
	u.Event("start", "", "")
	return u
}

func (u *Unsynchronized) Event(action, test, output string) {
	u.Record.Event(action, u.Path, test, output)
	if !u.Record.Quiet {
		u.Record.TakeSnapshot()
	}
}

// Sync is the snapshot before a process does what nobody traces.
func (p *Process) Sync() { p.Record.boundary(record.Boundary{Verb: record.VerbSync, Process: p.Index}) }

// launch is a process that runs the tests in this one's place, as TestMain can have it.
func (p *Process) launch() *Process {
	r := p.Record
	r.Processes++
	child := &Process{Record: r, Index: r.Processes, Path: p.Path}
	r.add(record.Entry{Process: &record.Process{Index: child.Index, PID: 4000 + child.Index, PPID: 4000 + p.Index, Package: p.Path, Launcher: p.Index}})
	r.boundary(record.Boundary{Verb: record.VerbHello, Process: child.Index})
	return child
}

// rename says which package the binary is of, of which that was not known.
func (p *Process) rename(path string) {
	p.Path = path
	p.Record.add(record.Entry{Process: &record.Process{Index: p.Index, PID: 4000 + p.Index, PPID: 3999, Package: path}})
}
