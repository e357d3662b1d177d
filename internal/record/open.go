package record

import (
	"cmp"
	"maps"
	"slices"
)

// Ref points to somebody who can make a change: an owner, a package between
// its tests (Owner zero), or a package whose test binary has not shaken hands
// (Process zero as well).
type Ref struct {
	Package string
	Process int
	Owner   int64
}

// Open follows a record, entry by entry, and knows who is open. It is the one
// place that says who could have done something at an instant.
//
// It is asked at every boundary, so no answer takes time that grows with the
// owners that are open: thousands of tests can wait for their turn to run in
// parallel.
type Open struct {
	processes map[int]*openProcess
	present   map[int]*openProcess // those that have neither exited nor gone
	owners    map[int64]*openOwner
	started   map[string]bool // packages that began and did not shake hands yet
	greeted   map[string]bool // packages that ever did
	ended     map[string]bool // packages of which the end was reported
}

type openProcess struct {
	Process
	known     bool // its entry was read
	owners    map[int64]*openOwner
	active    map[int64]bool // those of owners that are innermost and do not wait
	lingering []int64        // specs that ended and whose code still runs
	children  map[int64]int  // how many of owners are open directly within another, or within the package
}

type openOwner struct {
	Owner
	process *openProcess
	paused  bool
	within  int // open owners at any depth within this one that do not wait
}

// NewOpen returns an Open for a record of which nothing was read.
func NewOpen() *Open {
	return &Open{processes: map[int]*openProcess{}, present: map[int]*openProcess{}, owners: map[int64]*openOwner{},
		started: map[string]bool{}, greeted: map[string]bool{}, ended: map[string]bool{}}
}

// Apply takes in the next entry of the record.
func (o *Open) Apply(e Entry) {
	switch {
	case e.Process != nil:
		o.process(*e.Process)
	case e.Boundary != nil:
		o.boundary(e.Boundary)
	case e.Test != nil && e.Test.Test == "":
		switch e.Test.Action {
		case "start":
			// The hello, and of a quick package even the end, can overtake
			// the event. A package starts once in a run.
			if !o.greeted[e.Test.Package] {
				o.started[e.Test.Package] = true
			}
		case "pass", "fail", "skip":
			o.ended[e.Test.Package] = true
			delete(o.started, e.Test.Package)
		}
	}
}

func (o *Open) process(said Process) {
	p := o.processes[said.Index]
	if p == nil {
		p = o.newProcess(said.Index)
	}
	if !p.known {
		p.known, o.present[said.Index] = true, p
	}
	p.Process = said
	if p.Host == nil && p.Package != "" {
		o.greeted[p.Package] = true
		delete(o.started, p.Package)
	}
}

func (o *Open) newProcess(index int) *openProcess {
	p := &openProcess{owners: map[int64]*openOwner{}, active: map[int64]bool{}, children: map[int64]int{}}
	o.processes[index] = p
	return p
}

// Greeted reports whether a test binary of the package is open.
func (o *Open) Greeted(pkg string) bool {
	for _, p := range o.present {
		if p.Package == pkg && p.Host == nil {
			return true
		}
	}
	return false
}

func (o *Open) boundary(b *Boundary) {
	switch b.Verb {
	case VerbBegin:
		if b.Begin != nil && o.owners[b.Owner] == nil {
			o.begin(b)
		}
	case VerbPause, VerbContinue:
		if owner := o.owners[b.Owner]; owner != nil && owner.paused != (b.Verb == VerbPause) {
			owner.paused = !owner.paused
			o.settle(owner)
			if owner.paused {
				o.spread(owner, -1)
			} else {
				o.spread(owner, 1)
			}
		}
	case VerbEnd:
		if owner := o.owners[b.Owner]; owner != nil {
			o.end(owner)
			if b.End != nil && b.End.Lingers {
				owner.process.lingering = append(owner.process.lingering, b.Owner)
			}
		}
	case VerbSuiteEnd:
		if p := o.processes[b.Process]; p != nil {
			p.lingering = nil // Ginkgo goes on without it, and so do we
		}
	case VerbExit, VerbGone, VerbQuit:
		if p := o.processes[b.Process]; b.Verb == VerbQuit && p != nil && p.Host == nil && !o.ended[p.Package] {
			o.started[p.Package] = true // it goes on as a package that is not synchronized
		}
		delete(o.present, b.Process)
		if p := o.processes[b.Process]; p != nil {
			for id := range p.owners {
				delete(o.owners, id)
			}
			clear(p.owners)
			clear(p.active)
			clear(p.children)
		}
	}
}

func (o *Open) begin(b *Boundary) {
	p := o.processes[b.Process]
	if p == nil { // its entry was damaged
		p = o.newProcess(b.Process)
		p.Index = b.Process
	}
	owner := &openOwner{Owner: *b.Begin, process: p}
	o.owners[b.Owner], p.owners[b.Owner] = owner, owner
	p.children[owner.Parent]++
	o.settle(owner)
	o.spread(owner, 1)
}

// end forgets an owner. What is still open within it, as after a panic, no
// longer counts for those around it.
func (o *Open) end(owner *openOwner) {
	n := owner.within
	if !owner.paused {
		n++
	}
	o.spread(owner, -n)
	p := owner.process
	delete(o.owners, owner.ID)
	delete(p.owners, owner.ID)
	delete(p.active, owner.ID)
	if p.children[owner.Parent]--; p.children[owner.Parent] == 0 {
		delete(p.children, owner.Parent)
	}
}

// spread lets those around an owner know that n more within them do not wait.
func (o *Open) spread(owner *openOwner, n int) {
	for !owner.Beside { // else those around it do not wait for it
		up := o.owners[owner.Parent]
		if up == nil {
			return
		}
		up.within += n
		o.settle(up)
		owner = up
	}
}

func (o *Open) settle(owner *openOwner) {
	if owner.within == 0 && !owner.paused {
		owner.process.active[owner.ID] = true
	} else {
		delete(owner.process.active, owner.ID)
	}
}

// Active returns the innermost open owners: of each process those that are not
// waiting for an owner within them, or for their turn to run in parallel. A
// nested process acts for the owners that started it. The order is fixed.
func (o *Open) Active() []Ref {
	var refs []Ref
	for _, p := range o.present {
		switch {
		case len(p.owners) == 0 && o.waits(p):
			// As a package whose test is open.
		case p.Host == nil:
			refs = append(refs, p.innermost()...)
			for _, owner := range p.lingering {
				refs = append(refs, Ref{Package: p.Package, Process: p.Index, Owner: owner})
			}
		case len(p.Host.Owners) == 0:
			refs = append(refs, Ref{Package: o.pkg(p.Host.Process), Process: p.Host.Process})
		default:
			for _, owner := range p.Host.Owners {
				refs = append(refs, Ref{Package: o.pkg(p.Host.Process), Process: p.Host.Process, Owner: owner})
			}
		}
	}
	for pkg := range o.started {
		refs = append(refs, Ref{Package: pkg})
	}
	slices.SortFunc(refs, func(a, b Ref) int {
		return cmp.Or(cmp.Compare(a.Process, b.Process), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Package, b.Package))
	})
	return slices.Compact(refs)
}

// waits reports whether a process has another one run its tests.
func (o *Open) waits(p *openProcess) bool {
	for _, other := range o.present {
		if other != p && other.Launcher == p.Index && p.known {
			return true
		}
	}
	return false
}

// In returns the innermost open owners of one process, in the order in which
// they began.
func (o *Open) In(process int) []Ref {
	if p := o.processes[process]; p != nil {
		return p.innermost()
	}
	return []Ref{{Process: process}}
}

func (p *openProcess) innermost() []Ref {
	if len(p.active) == 0 {
		return []Ref{{Package: p.Package, Process: p.Index}}
	}
	refs := make([]Ref, 0, len(p.active))
	for _, id := range slices.Sorted(maps.Keys(p.active)) {
		refs = append(refs, Ref{Package: p.Package, Process: p.Index, Owner: id})
	}
	return refs
}

// Owner returns an open owner.
func (o *Open) Owner(id int64) (Owner, bool) {
	if owner := o.owners[id]; owner != nil {
		return owner.Owner, true
	}
	return Owner{}, false
}

// Children returns how many owners are open directly within another one, or
// with owner zero within a package; also those that wait.
func (o *Open) Children(process int, owner int64) int {
	if p := o.processes[process]; p != nil {
		return p.children[owner]
	}
	return 0
}

// Package returns the package that a process tests, or "".
func (o *Open) Package(process int) string { return o.pkg(process) }

func (o *Open) pkg(process int) string {
	if p := o.processes[process]; p != nil {
		return p.Package
	}
	return ""
}

// Present reports whether a test binary has neither exited nor gone.
func (o *Open) Present(process int) bool { return o.present[process] != nil }

// Lasting reports whether any test binary is still there.
func (o *Open) Lasting() bool { return len(o.present) > 0 }
