// Package rerun runs chosen tests on restored servers, through package run and with a
// record of its own, and says how they ended and what they left changed.
//
// It is the one way in which tests are re-run: `--prove`, `bisect` and `flaky` differ in
// what they choose and in what they make of it.
package rerun

import (
	"tracetest/internal/findings"
	"tracetest/internal/gotest"
	"tracetest/internal/run"
)

// Result is one command that was run.
type Result struct {
	Outcomes *Outcomes
	Findings *findings.Findings // nil where nothing was run
	Written  []run.Written      // what is left of what the tests have set
	Err      error              // why no test was run
}

// whole says that the run came to its end. Else it was interrupted, and what did
// not happen says nothing.
func (r Result) whole() bool { return r.Err == nil && r.Findings.Run.Complete }

// Silence shows nothing of a trial.
type Silence struct{}

// Event is of run.Output.
func (Silence) Event(gotest.Event, []byte) {}

// Error is of run.Output.
func (Silence) Error(string) {}

// Say is of run.Output.
func (Silence) Say(string) {}
