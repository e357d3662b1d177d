package main

import (
	"sync"

	"tracetest/internal/live"
	"tracetest/internal/record"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/wording"
	"tracetest/internal/triage"
)

// watching follows the record while it is written, to tell of a leak the
// moment it is certain.
type watching struct {
	analysis *triage.Analysis
	screen   *output
	leaks    int
}

func (w *watching) entry(e record.Entry) {
	leaks := w.analysis.Add(e)
	w.leaks += len(leaks)
	if e.Test != nil || e.Boundary != nil {
		tests := w.analysis.Tests()
		w.screen.Counts(tests.Total, tests.Failed, w.leaks)
	}
	for _, line := range claims.LeakLines(leaks) {
		w.screen.Say("tracetest: " + line)
	}
	if e.Server != nil {
		start := wording.Add(w.analysis.Start())
		for _, u := range start.UnmetExpectations {
			if u.Server == e.Server.Address {
				w.screen.Say("tracetest: " + claims.UnmetLine(u))
			}
		}
		for _, p := range start.Drift {
			if p.Server == e.Server.Address {
				w.screen.Say("tracetest: " + claims.DriftLine(p))
			}
		}
	}
}

// output is there before the screen is: whatever can fail without a test having
// run fails before anything is shown.
//
// Whoever watches the tests must not wait for a screen that takes nothing (a
// pager, a full pipe): the tests would give up the barrier. So its lines queue.
type output struct {
	*live.Live
	mu     sync.Mutex
	lines  []string
	more   chan struct{} // of capacity 1
	closed chan struct{}
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

// Say queues a line.
func (o *output) Say(text string) {
	o.mu.Lock()
	o.lines = append(o.lines, text)
	o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
}

// show starts to show the lines.
func (o *output) show(l *live.Live) {
	o.Live, o.closed = l, make(chan struct{})
	queued := o.more
	go func() {
		defer close(o.closed)
		for more := true; more; {
			_, more = <-queued
			o.mu.Lock()
			lines := o.lines
			o.lines = nil
			o.mu.Unlock()
			for _, line := range lines {
				l.Say(line)
			}
		}
	}()
}

// Close shows the lines that are left and ends the output, until it shows others.
func (o *output) Close() error {
	close(o.more)
	<-o.closed
	o.more = make(chan struct{}, 1)
	return o.Live.Close()
}
