package triage

import (
	"cmp"
	"slices"
	"time"

	"tracetest/internal/record"
)

// process is a test binary.
type process struct {
	record.Process
	suite     bool // Ginkgo said that it is about to run BeforeSuite
	specs     int  // specs that began
	nodes     []record.Node
	suiteTest int64
	specHost  int64    // the test that the last spec ran in
	ended     []*actor // who has ended last
	dropped   int      // how many more there were
	quit      bool     // it goes on without being synchronized
	asked     []string
	waited    time.Duration // for tracetest, at least
	until     time.Time     // up to when that is counted
}

// process takes in a test binary, or what is known of it by now.
func (w *window) process(p record.Process) {
	if known := w.processes[p.Index]; known != nil {
		known.Process = p
	} else {
		w.processes[p.Index] = &process{Process: p}
	}
	if p.Host != nil {
		for _, host := range p.Host.Owners { // they may end before it does
			w.keep(record.Ref{Owner: host})
		}
	}
}

// openIn are the actors that are open in a process.
func (w *window) openIn(process int) []*actor {
	var open []*actor
	for _, o := range w.actors {
		if o.process == process && o.status == "" {
			open = append(open, o)
		}
	}
	slices.SortFunc(open, func(x, y *actor) int { return cmp.Compare(x.ID, y.ID) })
	return open
}

// maxEnded is how many actors of a process are remembered that have ended.
const maxEnded = 256

// remember notes that an actor has ended.
func (p *process) remember(o *actor) {
	if len(p.ended) == maxEnded {
		p.ended, p.dropped = p.ended[1:], p.dropped+1
	}
	p.ended = append(p.ended, o)
}

// waited notes that a test of a process waited for tracetest in a stretch of
// time. Where several wait at once, the time is counted once.
func (w *window) waited(process int, from, to time.Time) {
	p := w.processes[process]
	if p == nil {
		return
	}
	if from.Before(p.until) {
		from = p.until
	}
	if to.After(from) {
		p.waited += to.Sub(from)
		p.until = to
	}
}

// asked notes what somebody asked for that shows tracetest too, for all around it as well. It is
// said of a test that failed for no reason that Redis gave: there it can be why.
func (w *window) asked(ref record.Ref, what string) {
	if ref.Owner == 0 {
		if p := w.processes[ref.Process]; p != nil && !slices.Contains(p.asked, what) {
			p.asked = append(p.asked, what)
		}
	}
	for o := w.actors[ref.Owner]; o != nil; o = w.actors[o.Parent] {
		if !slices.Contains(o.asked, what) {
			o.asked = append(o.asked, what)
		}
	}
}
