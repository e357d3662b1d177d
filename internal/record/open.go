package record

import (
	"cmp"
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
type Open struct {
	processes map[int]*openProcess
	owners    map[int64]*openOwner
	started   map[string]bool // packages that began and did not shake hands yet
}

type openProcess struct {
	Process
	closed bool
}

type openOwner struct {
	Owner
	process int
	paused  bool
}

// NewOpen returns an Open for a record of which nothing was read.
func NewOpen() *Open {
	return &Open{processes: map[int]*openProcess{}, owners: map[int64]*openOwner{}, started: map[string]bool{}}
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
			o.started[e.Test.Package] = !o.Greeted(e.Test.Package)
		case "pass", "fail", "skip":
			delete(o.started, e.Test.Package)
		}
	}
}

func (o *Open) process(p Process) {
	if known := o.processes[p.Index]; known != nil {
		known.Process = p
	} else {
		o.processes[p.Index] = &openProcess{Process: p}
	}
	if p.Host == nil {
		delete(o.started, p.Package)
	}
}

// Greeted reports whether a test binary of the package is open. Its hello can
// overtake the event that says that the package starts.
func (o *Open) Greeted(pkg string) bool {
	for _, p := range o.processes {
		if p.Package == pkg && p.Host == nil && !p.closed {
			return true
		}
	}
	return false
}

func (o *Open) boundary(b *Boundary) {
	switch b.Verb {
	case VerbBegin:
		o.owners[b.Owner] = &openOwner{Owner: *b.Begin, process: b.Process}
	case VerbPause, VerbContinue:
		if owner := o.owners[b.Owner]; owner != nil {
			owner.paused = b.Verb == VerbPause
		}
	case VerbEnd:
		delete(o.owners, b.Owner)
	case VerbExit, VerbGone:
		if p := o.processes[b.Process]; p != nil {
			p.closed = true
		}
		for id, owner := range o.owners {
			if owner.process == b.Process {
				delete(o.owners, id)
			}
		}
	}
}

// Active returns the innermost open owners: of each process those that are not
// waiting for an owner within them, or for their turn to run in parallel. A
// nested process acts for the owners that started it. The order is fixed.
func (o *Open) Active() []Ref {
	var refs []Ref
	for _, p := range o.processes {
		switch {
		case p.closed:
		case p.Host == nil:
			refs = append(refs, o.innermost(p.Index)...)
		case len(p.Host.Owners) == 0:
			refs = append(refs, Ref{Package: o.pkg(p.Host.Process), Process: p.Host.Process})
		default:
			for _, owner := range p.Host.Owners {
				refs = append(refs, Ref{Package: o.pkg(p.Host.Process), Process: p.Host.Process, Owner: owner})
			}
		}
	}
	for pkg, waiting := range o.started {
		if waiting {
			refs = append(refs, Ref{Package: pkg})
		}
	}
	slices.SortFunc(refs, func(a, b Ref) int {
		return cmp.Or(cmp.Compare(a.Process, b.Process), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Package, b.Package))
	})
	return slices.Compact(refs)
}

// In returns the innermost open owners of one process.
func (o *Open) In(process int) []Ref { return o.innermost(process) }

func (o *Open) innermost(process int) []Ref {
	inner := map[int64]bool{} // owners that have an open, unpaused owner within them
	for _, owner := range o.owners {
		if owner.process != process || owner.paused {
			continue
		}
		for up := o.owners[owner.Parent]; up != nil; up = o.owners[up.Parent] {
			inner[up.ID] = true
		}
	}
	var refs []Ref
	for id, owner := range o.owners {
		if owner.process == process && !owner.paused && !inner[id] {
			refs = append(refs, Ref{Package: o.pkg(process), Process: process, Owner: id})
		}
	}
	if len(refs) == 0 {
		refs = append(refs, Ref{Package: o.pkg(process), Process: process})
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
	n := 0
	for _, child := range o.owners {
		if child.process == process && child.Parent == owner {
			n++
		}
	}
	return n
}

func (o *Open) pkg(process int) string {
	if p := o.processes[process]; p != nil {
		return p.Package
	}
	return ""
}

// Present reports whether a test binary has neither exited nor gone.
func (o *Open) Present(process int) bool {
	p := o.processes[process]
	return p != nil && !p.closed
}

// Running reports whether a test binary that is held at its boundaries is
// still there.
func (o *Open) Running() bool {
	for _, p := range o.processes {
		if p.Host == nil && !p.closed {
			return true
		}
	}
	return false
}
