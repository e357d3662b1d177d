// Package rerun runs chosen tests on restored servers, through package run and with a
// record of its own, and says how they ended and what they left changed.
//
// It is the one way in which tests are re-run: `--prove`, `bisect` and `flaky` differ in
// what they choose and in what they make of it.
package rerun

import (
	"context"
	"io"

	"tracetest/internal/findings"
	"tracetest/internal/gotest"
	"tracetest/internal/record"
	"tracetest/internal/report/wording"
	"tracetest/internal/run"
	"tracetest/internal/triage"
)

// Result is one command that was run.
type Result struct {
	Outcomes *Outcomes
	Findings *findings.Findings // nil where nothing was run
	Written  []run.Written      // what is left of what the tests have set
	Err      error              // why no test was run
}

// Whole says that the run came to its end. Else it was interrupted, and what did
// not happen says nothing.
func (r Result) Whole() bool { return r.Err == nil && r.Findings.Run.Complete }

// Run runs one command as these options say. The record is shown to more, which
// may be nil, and not kept.
func Run(ctx context.Context, o run.Options, more func(record.Entry)) Result {
	r := Result{Outcomes: NewOutcomes()}
	if o.Output == nil {
		o.Output = Silence{}
	}
	plan, err := run.Prepare(ctx, o)
	if err != nil {
		r.Err = err
		return r
	}
	defer plan.Close()
	analysis := triage.New()
	plan.Run(ctx, record.NewWriter(io.Discard, func(e record.Entry) {
		r.Outcomes.Add(e)
		analysis.Add(e)
		if more != nil {
			more(e)
		}
	}))
	r.Findings = wording.Add(analysis.Findings())
	r.Written = plan.Written()
	return r
}

// Silence shows nothing of a trial.
type Silence struct{}

// Event is of run.Output.
func (Silence) Event(gotest.Event, []byte) {}

// Error is of run.Output.
func (Silence) Error(string) {}

// Say is of run.Output.
func (Silence) Say(string) {}
