package triage

import (
	"slices"
	"strings"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
)

// What a test asked for that shows tracetest too. It is said of a test that
// failed for no reason that Redis gave: there it can be why.

// asked notes a command of SLOWLOG, MONITOR, INFO commandstats and the like for
// whoever sent it, and those around it.
func (a *Analysis) asked(q *record.Asked) {
	if q.Server < 0 || q.Server >= len(a.servers) {
		return // tracetest does not speak to it
	}
	words := q.Command
	if rediscmd.Of(words).Args != rediscmd.Sections {
		words = words[:min(2, len(words))]
	}
	what := strings.ToUpper(strings.Join(words, " "))
	for _, ref := range a.author(q.Process, q.By).refs {
		if ref.Owner == 0 {
			if p := a.processes[ref.Process]; p != nil && !slices.Contains(p.asked, what) {
				p.asked = append(p.asked, what)
			}
		}
		for o := a.owners[ref.Owner]; o != nil; o = a.owners[o.Parent] {
			if !slices.Contains(o.asked, what) {
				o.asked = append(o.asked, what)
			}
		}
	}
}

// showing is what a failed test asked for, or its package outside of its tests.
func (a *Analysis) showing(f *outcome) []string {
	shown := []string{}
	if f.owner == nil {
		return shown
	}
	shown = append(shown, f.owner.asked...)
	if p := a.processes[f.owner.process]; p != nil {
		for _, what := range p.asked {
			if !slices.Contains(shown, what) {
				shown = append(shown, what)
			}
		}
	}
	slices.Sort(shown)
	return shown
}

// waited notes that a test of a process waited for tracetest in a stretch of
// time. Where several wait at once, the time is counted once.
func (a *Analysis) waited(process int, from, to time.Time) {
	p := a.processes[process]
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

// waitedBy is how long, in seconds, the tests of a process had waited in which
// one met the time limit of go test; zero where it was not that.
func (a *Analysis) waitedBy(f *outcome) float64 {
	if f.owner == nil || !f.output.late {
		return 0
	}
	if p := a.processes[f.owner.process]; p != nil {
		return p.waited.Seconds()
	}
	return 0
}
