package run

import (
	"context"

	"tracetest/internal/printable"
	"tracetest/internal/record"
	"tracetest/internal/snapshot"
)

// repair puts back after each unit what it left changed (--restore=test).
//
// What a unit found is remembered when the first unit begins within a package
// or, for specs, within a test; it is put back when the last of those that
// overlap has ended and nothing else is open that could still need it.
type repair struct {
	w     *watcher
	marks map[place][]snapshot.Mark
	gone  map[int]bool // servers that the tests had started and ended
}

// place is where units stand beside each other: within a package (owner zero)
// or within the test that runs a Ginkgo suite. A package itself stands at
// owner inPackage.
type place struct {
	process int
	owner   int64
}

const inPackage = -1

// before remembers what a unit finds that is about to begin.
func (r *repair) before(ctx context.Context, b *record.Boundary) {
	if r.w.p.o.Restore != RestoreTest && r.w.p.o.Units == nil {
		return
	}
	var at place
	switch {
	case b.Verb == record.VerbHello:
		at = place{b.Process, inPackage}
	case b.Verb == record.VerbBegin && isUnit(*b.Begin) && r.w.open.Children(b.Process, b.Begin.Parent) == 0:
		at = place{b.Process, b.Begin.Parent}
	default:
		return
	}
	if _, known := r.marks[at]; known {
		return
	}
	var marks []snapshot.Mark
	for _, s := range r.w.p.servers {
		marks = append(marks, s.Mark().Without(r.w.p.o.Keep))
	}
	r.marks[at] = marks
	if r.w.p.o.Units != nil && at.owner != inPackage {
		r.w.p.o.Units(ctx, nil)
	}
}

// after puts back what was found, when a unit has ended.
func (r *repair) after(ctx context.Context, b *record.Boundary) {
	ended := b.Verb == record.VerbExit || b.Verb == record.VerbGone
	if !ended && b.Verb != record.VerbEnd && b.Verb != record.VerbClose {
		return
	}
	for at, marks := range r.marks {
		if at.process != b.Process || r.w.open.Children(at.process, at.owner) > 0 {
			continue
		}
		if ended != (at.owner == inPackage) {
			if ended {
				delete(r.marks, at) // what the package found counts
			}
			continue
		}
		if r.w.container[at.process] != "" && !ended {
			continue // an Ordered container is one unit, and it goes on
		}
		delete(r.marks, at)
		if !r.undisturbed(at) {
			continue
		}
		if r.w.p.o.Restore == RestoreTest {
			r.restore(ctx, "test", b.Process, b.Owner, marks)
		}
		if r.w.p.o.Units != nil {
			r.w.p.o.Units(ctx, &record.Ref{Package: r.w.open.Package(b.Process), Process: b.Process, Owner: b.Owner})
		}
	}
}

// undisturbed reports whether nobody but the parent of the unit that ended is
// active, so that nobody sees a parameter change while it runs.
func (r *repair) undisturbed(at place) bool {
	active := r.w.open.Active()
	if at.owner == inPackage {
		return len(active) == 0
	}
	return len(active) == 1 && active[0].Process == at.process && active[0].Owner == at.owner
}

func isUnit(o record.Owner) bool { return o.Parent == 0 || o.Kind == record.KindSpec }

// restore puts the servers back to marks and records what it did.
func (r *repair) restore(ctx context.Context, when string, process int, owner int64, marks []snapshot.Mark) {
	for i, s := range r.w.p.servers {
		if r.gone[i] {
			continue
		}
		if i >= len(marks) {
			marks = append(marks, r.w.baseline[i]) // it is watched since
		}
		done := s.Restore(ctx, marks[i])
		if done == nil {
			continue
		}
		done.When, done.Process, done.Owner = when, process, owner
		r.w.append(record.Entry{Restore: done})
		if done.Error != "" {
			r.w.p.o.Output.Say("tracetest: could not put back what was changed on " + s.Target().Address() + ": " + printable.Line(done.Error) + "\n  by hand: " + done.Command)
		}
	}
}
