package run

import (
	"time"

	"tracetest/internal/record"
)

// Between two top-level tests that run one after the other, package testing
// runs no code of the user's. What is left that can change a server is a
// goroutine of an earlier test, or TestMain between two runs, which the trace
// sees, and another program, which may as well act a moment later. So the begin
// of a test that comes at once behind the end of the one before is the same
// instant, and gets no snapshot of its own: that halves the snapshots of a run of quick
// tests.

// instant is how far apart the snapshot at the end of a test and the begin of the
// next may be. A program that a test started takes longer to do anything.
const instant = 500 * time.Microsecond

// lastEnd is a top-level test that ended at the boundary before, with which
// nothing in its process is open any more but the package.
type lastEnd struct {
	process int
	sampled time.Time // when the last answer came; zero where there is no such test
}

// end returns what a boundary is for a begin that comes next.
func (w *watcher) end(b *record.Boundary) lastEnd {
	e := lastEnd{process: b.Process}
	if b.Verb != record.VerbEnd || len(b.Snapshots) < len(w.servers) || !quiet(b.Snapshots) {
		return lastEnd{}
	}
	for _, snap := range b.Snapshots {
		if snap.Received.After(e.sampled) {
			e.sampled = snap.Received
		}
	}
	return e
}

// coalesces reports whether the snapshots at the last end count for a boundary.
func (w *watcher) coalesces(last lastEnd, b *record.Boundary, came time.Time) bool {
	return came.Sub(last.sampled) <= instant && w.alone(last, b)
}

// alone reports whether a boundary is the begin of a test with which nobody else is
// open, behind the end of another.
func (w *watcher) alone(last lastEnd, b *record.Boundary) bool {
	if b.Verb != record.VerbBegin || b.Begin.Kind != record.KindTest || b.Begin.Parent != 0 {
		return false
	}
	if last.sampled.IsZero() || last.process != b.Process {
		return false
	}
	if on, _ := w.p.Trace(); !on || len(w.tracer.open) > 0 { // a write without its reply may have an effect yet
		return false
	}
	active := w.open.Active()
	return len(active) == 1 && active[0].Process == b.Process && active[0].Owner == 0 && w.open.Children(b.Process, 0) == 0
}
