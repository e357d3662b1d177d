package run

import (
	"context"

	"tracetest/internal/printable"
	"tracetest/internal/record"
	"tracetest/internal/snapshot"
)

// repair restores after each unit what it left changed (--restore=test).
//
// What a unit found is remembered when the first unit begins within a package
// or, for specs, within a test; it is restored when the last of those that
// overlap has ended and nothing else is open that could still need it. What of
// it may be restored, the ledgers say.
type repair struct {
	w     *watcher
	marks map[place][]then
	gone  map[int]bool // servers that the tests had started and ended
}

// then is how a server was at an instant.
type then struct {
	mark  snapshot.Mark
	clock int // of its ledger
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
	var marks []then
	for i, s := range r.w.servers {
		marks = append(marks, then{s.Mark(), r.w.ledgers[i].clock})
	}
	r.marks[at] = marks
	if r.w.p.o.Units != nil && at.owner != inPackage {
		r.w.p.o.Units(ctx, nil)
	}
}

// after restores what was found, when a unit has ended.
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
			r.restore(ctx, record.Restore{When: "test", Process: b.Process, Owner: b.Owner}, marks)
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

// restore puts the servers back to what they were, as far as tests of this run changed
// it, and records what it did. At the end of the run it is recorded as well what was left
// alone, and why.
func (r *repair) restore(ctx context.Context, as record.Restore, marks []then) {
	for i, s := range r.w.servers {
		if r.gone[i] {
			continue
		}
		if i >= len(marks) {
			marks = append(marks, then{r.w.initial[i], 0}) // it is watched since
		}
		ledger := r.w.ledgers[i]
		keep := r.w.p.o.Keep
		if as.When == "run" {
			keep = nil
		}
		done := s.Restore(ctx, ledger.undo(marks[i].mark, marks[i].clock, keep)).Wrote
		if done != nil {
			ledger.restored(done, s.Mark(), r.w.witness(ctx, i))
		} else {
			done = &record.Restore{Server: i}
		}
		if as.When == "run" {
			done.Left = ledger.left()
		}
		if len(done.Values) == 0 && len(done.Left) == 0 {
			continue
		}
		done.When, done.Process, done.Owner = as.When, as.Process, as.Owner
		r.w.append(record.Entry{Restore: done})
		if done.Error != "" {
			r.w.p.o.Output.Say("tracetest: could not restore what was changed on " + s.Target().Address() + ": " + printable.Line(done.Error) + "\n  by hand: " + done.Command)
		}
	}
}
