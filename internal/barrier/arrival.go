package barrier

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tracetest/internal/record"
)

// Arrival is a test process that waits at a boundary, or has something to say
// that is no boundary.
type Arrival struct {
	// Process is set when a process is new or its package became known. It
	// goes into the record before the boundary.
	Process *record.Process
	// Boundary is without snapshots. Its Verb is empty when there is to be none.
	Boundary record.Boundary
	// From is the process that says it, by its Index; zero where it has none yet.
	From int
	// Ran is the package of which m.Run has come to its end, with Status.
	Ran    string
	Status int
	// Output is, at the end of a test that failed, what it has said, if the server is
	// to know. Failed is set on an exit with a status other than 0.
	Output string
	Failed bool
	// Said is what a test says behind its end, or its process.
	Said *Said
	// Passed is set when the process does not wait, for it can have done nothing
	// unseen; AtOnce when it did not at the begin of a test that came at once behind
	// the end of the one before.
	Passed, AtOnce bool
	// Ahead is what the process is answered: whether it may pass the next boundaries.
	Ahead bool
	// Message is set when it is the trace that has something to say. Nothing else
	// is then.
	Message *Message

	answer   string
	came     time.Time
	waits    func() bool
	release  func(answer string)
	released bool
}

// Arrived is an arrival of then, with a process that waits as long as waits says and
// goes on when release is called.
func Arrived(then time.Time, waits func() bool, release func(answer string)) *Arrival {
	return &Arrival{answer: "go", came: then, waits: waits, release: release}
}

// Said is what a test says that panics, or without a Test what its process does.
type Said struct{ Test, Text string }

// Since is when the process began to wait.
func (h *Arrival) Since() time.Time { return h.came }

// Waiting reports whether the process still waits. One that has given up was
// not synchronized, and what is seen now may be its doing.
func (h *Arrival) Waiting() bool { return h.waits() }

// Release lets the process go on. Only the first call does something.
func (h *Arrival) Release() {
	if !h.released {
		h.released = true
		// To hello, the answer is who the process is: it waits at its next boundary in any case.
		if rest, ok := strings.CutPrefix(h.answer, "go"); ok && h.Ahead && h.Boundary.Verb != record.VerbHello {
			h.answer = "ahead" + rest
		}
		h.release(h.answer)
	}
}

// understand turns a message into a boundary. What it does not understand it
// lets pass.
func (s *Server) understand(h *Arrival, m message) {
	if hello, is := m.content.(helloMsg); is {
		s.hello(h, hello, m.shared)
		return
	}
	if m.process < 1 || m.process > len(s.processes) {
		return
	}
	p := s.processes[m.process-1]
	if p.gone {
		return // it quit, or this was said on another connection before it ended
	}
	if h.Message = s.message(p, m.content); h.Message != nil {
		return
	}
	if p.Host != nil && !is[goneMsg](m) {
		return // it never waits
	}
	b := record.Boundary{Process: p.Index}
	if s.boundary(h, &b, p, m.content); b.Verb != "" {
		h.Boundary = b
	}
}

// boundary completes the boundary that a message is, and leaves its verb empty if it is none.
func (s *Server) boundary(h *Arrival, b *record.Boundary, p *process, content any) {
	switch c := content.(type) {
	case mainMsg:
		s.main(h, p, c)
	case ranMsg:
		h.Ran, h.Status = p.Package, c.status
	case saidMsg:
		h.Said = &Said{c.test, c.text}
	case goneMsg:
		p.over()
		b.Verb = record.VerbGone
		if p.Host == nil && !p.exited && p.visible && s.outlives(p) {
			b.Verb = record.VerbQuit // it closed our connection and goes on
		}
	case quitMsg:
		p.over()
		b.Verb = record.VerbQuit
	case exitMsg:
		p.exited, b.Verb, h.Failed = true, record.VerbExit, c.failed
	case beginMsg:
		s.begin(b, p, c)
	case pauseMsg:
		p.step(b, record.VerbPause, c.id)
	case continueMsg:
		p.step(b, record.VerbContinue, c.id)
	case endMsg:
		if p.step(b, record.VerbEnd, c.id) {
			b.End, h.Output = &record.Outcome{Status: c.status}, c.said
			delete(p.owners, c.id)
			p.forget(b.Owner)
		}
	case suiteBeginMsg:
		b.Verb, b.Owner = record.VerbSuiteBegin, p.innermost()
	case suiteEndMsg:
		suiteEnd(b, p, c)
	case specBeginMsg:
		s.specBegin(b, p, c)
	case syncMsg:
		b.Verb = record.VerbSync
	case specEndMsg:
		specEnd(b, p, c)
	case specSkipMsg:
		s.specSkip(b, p, c)
	}
}

// main takes in which package a process is of, and says what of it this machine runs.
func (s *Server) main(h *Arrival, p *process, m mainMsg) {
	if m.pkg != "" && m.pkg != p.Package {
		p.Package = m.pkg
		known := p.Process
		h.Process = &known
	}
	if s.Part == nil {
		return
	}
	if p.part = s.Part(p.Package, p.Args, m.tests); len(p.part.Only) > 0 {
		p.part.Leave = slices.DeleteFunc(m.tests, func(name string) bool { return slices.Contains(p.part.Only, name) })
	}
	if p.part.Other || p.part.Aside {
		p.OtherShard = true
		known := p.Process
		h.Process = &known
	}
	h.answer = p.part.answer()
}

// begin completes the boundary at which a test begins.
func (s *Server) begin(b *record.Boundary, p *process, m beginMsg) {
	s.owners++
	b.Verb, b.Owner = record.VerbBegin, s.owners
	b.Begin = &record.Owner{ID: b.Owner, Parent: p.owners[m.parent], Kind: m.kind, Name: m.name, Beside: m.beside}
	p.owners[m.id], p.began = b.Owner, true
	p.number(m.id, b.Owner)
	p.tests = append(p.tests, openTest{id: b.Owner, parent: b.Begin.Parent, name: b.Begin.Name})
}

// step completes the boundary of an open test. It reports whether the test is open.
func (p *process) step(b *record.Boundary, verb record.Verb, id string) bool {
	owner, open := p.owners[id]
	if !open {
		return false
	}
	b.Verb, b.Owner = verb, owner
	for i := range p.tests {
		if p.tests[i].id == owner {
			p.tests[i].paused = verb == record.VerbPause
		}
	}
	return true
}

// hello takes in a process.
func (s *Server) hello(h *Arrival, m helloMsg, notes *shared) {
	p := &process{owners: map[string]int64{}, specOf: map[int64]record.By{}, specs: map[string]int64{}, conns: map[int64]string{}, visible: alive(m.pid)}
	p.Process = record.Process{Index: len(s.processes) + 1, PID: m.pid, PPID: m.ppid, Package: s.packages(m.dir), Args: m.args}
	h.answer = "go " + strconv.Itoa(p.Index)
	if m.host >= 1 && m.host <= len(s.processes) {
		// A process that replaced itself (exec) has the number of its former
		// self in the environment, and is nobody's child unless that was one.
		outer := s.processes[m.host-1]
		if outer.Host != nil {
			p.Host = &record.Host{Process: outer.Host.Process}
		} else if outer.PID != m.pid && outer.delegates(&p.Process) {
			p.Launcher = m.host
		} else if outer.PID != m.pid {
			p.Host = &record.Host{Process: m.host}
		}
		if p.Host != nil {
			h.answer = "nested " + strconv.Itoa(p.Index)
		}
	}
	if s.Key != "" || s.Whole || s.Part != nil {
		h.answer += " " + s.Key
	}
	if s.Whole {
		h.answer += " whole"
	}
	if s.Part != nil {
		h.answer += " part"
	}
	if !slices.ContainsFunc(s.processes, func(p *process) bool { return !p.gone }) {
		clear(s.ordered) // files may have been edited, as below ginkgo watch
	}
	s.processes = append(s.processes, p)
	known := p.Process
	h.Process = &known
	if p.Host == nil {
		p.shared = notes
		h.Boundary = record.Boundary{Verb: record.VerbHello, Process: p.Index}
	}
}
