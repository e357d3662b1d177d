// Package diff says what a change did: how two runs differ in what leaked and in
// what failed. It is pure: the findings of two runs in, the difference out.
//
// Invariants:
//   - That a leak is gone is only said where the new run would have shown it: its
//     test ran and passed, everything was watched, and the parameter was not at
//     that value already. That one is new is only said where the old run would have
//     shown it, or did not have the test. Everything else is unsettled, and why is
//     said.
//   - Which of several suspects it was is not concluded from the other run.
//
// A leak is the same one if the same owner (package, test, spec) leaves the same
// parameter changed in the same direction from what the run began with. Its line
// may have moved, its values may be random, it may have been seen several times
// with -count, and on another server.
package diff

import (
	"slices"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// Schema names the format of the JSON.
const Schema = "tracetest.diff/1"

// Exit codes.
const (
	ExitNone       = 0 // no leak is new
	ExitUnreported = 2 // whether one is cannot be told
	ExitNew        = 3 // a leak is new
)

// A Side is one of the runs that are compared.
type Side struct {
	File     string
	Findings *findings.Findings
	Doubts   []string // why what was not seen in it may still have happened
}

// Diff is how two runs differ. Slices are never nil.
type Diff struct {
	Schema   string    `json:"schema"`
	Exit     int       `json:"exit"`
	Old      Run       `json:"old"`
	New      Run       `json:"new"`
	Leaks    []Leak    `json:"leaks"`
	Failures []Failure `json:"failures"`
}

// Run is what counts of a run when two are compared.
type Run struct {
	File       string         `json:"file"`
	Started    time.Time      `json:"started"`
	Mode       record.Mode    `json:"mode"`
	Traced     bool           `json:"traced"`
	Complete   bool           `json:"complete"`
	Incomplete string         `json:"incomplete"`
	Doubts     []string       `json:"doubts"`
	Listed     bool           `json:"listed"` // the tests that passed are known by name: it is a record
	Tests      findings.Tests `json:"tests"`
}

// State says what became of a leak or of a failure.
type State string

const (
	Gone      State = "gone"
	New       State = "new"
	Kept      State = "kept"
	Moved     State = "moved"     // a failure: it has another cause now
	Unsettled State = "unsettled" // what became of it cannot be told; see Why
)

// Leak is a leak of one of the runs, or of both.
type Leak struct {
	State     State       `json:"state"`
	Why       string      `json:"why"` // why it is unsettled, or what else is to be known; often empty
	Parameter string      `json:"parameter"`
	Direction string      `json:"direction"` // raised, lowered or changed
	Old       *LeakOfSide `json:"old"`       // nil where that run does not have it
	New       *LeakOfSide `json:"new"`
	owners    leakOwners
}

// LeakOfSide is a leak as one run saw it.
type LeakOfSide struct {
	By         *record.Name       `json:"by"` // nil where it is not settled
	Suspects   []record.Name      `json:"suspects"`
	AndEarlier int                `json:"and_earlier"` // others that may be the one, and are not listed
	Certainty  findings.Certainty `json:"certainty"`
	From       string             `json:"from"`
	To         string             `json:"to"`
	Secret     bool               `json:"secret"`
	Untraced   bool               `json:"untraced"`
	Place      string             `json:"place"` // file:line, relative to the folder of the run; may be empty
	Count      int                `json:"count"` // times that it was seen
	Known      *findings.Known    `json:"known"` // by the baseline of that run
	server     string             // of the first
	to         []string           // each value that it was left at
}

// Failure is a test that failed in one of the runs, or in both.
type Failure struct {
	State State  `json:"state"`
	Why   string `json:"why"`
	record.Name
	Old *FailureOfSide `json:"old"`
	New *FailureOfSide `json:"new"`
}

// FailureOfSide is a failure as one run saw it.
type FailureOfSide struct {
	Status     string         `json:"status"`
	Cause      findings.Cause `json:"cause"`
	Correlated bool           `json:"correlated"` // to a change of that run
	Culprit    *record.Name   `json:"culprit"`    // then: who made it; nil where that is not settled
	Parameter  string         `json:"parameter"`  // then: of what
	Message    string         `json:"message"`
	Count      int            `json:"count"`
}

// Compare compares two runs.
func Compare(before, after Side) *Diff {
	d := &Diff{Schema: Schema, Old: runOf(before), New: runOf(after), Leaks: []Leak{}, Failures: []Failure{}}
	c := &comparison{before: newView(before), after: newView(after)}
	d.Leaks = append(d.Leaks, c.leaks()...)
	d.Failures = append(d.Failures, c.failures()...)
	d.Exit = d.exit()
	return d
}

func (d *Diff) exit() int {
	code := ExitNone
	if !d.New.Complete {
		code = ExitUnreported
	}
	for _, l := range d.Leaks {
		switch {
		case l.State == New:
			return ExitNew
		case l.State == Unsettled && l.New != nil:
			code = ExitUnreported
		}
	}
	return code
}

func runOf(s Side) Run {
	f := s.Findings
	return Run{File: s.File, Started: f.Run.Started, Mode: f.Run.Mode, Traced: f.Run.Traced, Complete: f.Run.Complete, Incomplete: f.Run.Incomplete,
		Doubts: append([]string{}, s.Doubts...), Listed: f.Cases != nil, Tests: f.Tests}
}

// comparison is two runs while they are compared.
type comparison struct{ before, after *view }

// view is what one run can tell.
type view struct {
	Side
	ran      map[record.Name]string
	packages map[string]findings.Package
}

func newView(s Side) *view { return &view{Side: s, packages: map[string]findings.Package{}} }

// ask finds out how these owners ended.
func (v *view) ask(owners map[record.Name]bool) {
	v.ran = v.Findings.Ran(owners)
	for _, p := range v.Findings.Packages {
		v.packages[p.Path] = p
	}
}

// blurred says why a leak of the other run can have happened in a run without being
// seen; empty where it cannot.
func (v *view) blurred(which string, other *view, server string) string {
	if !v.Findings.Run.Complete {
		return "the " + which + " run is incomplete"
	}
	// The other's server was named too where it had no trace, or is the same one.
	watched := !other.Findings.Run.Traced || slices.ContainsFunc(v.Findings.Servers, func(s findings.Server) bool { return s.Address == server })
	kinds := v.Findings.Doubts() // Doubts are these in words
	for i, doubt := range v.Doubts {
		if !watched || i >= len(kinds) || kinds[i].Kind != findings.DoubtUntraced { // which is about servers that were not watched
			return "of the " + which + " run: " + doubt
		}
	}
	return ""
}

// lacks reports whether it is known that none of these ran.
func (v *view) lacks(owners []record.Name) bool {
	return v.Findings.Cases != nil && !slices.ContainsFunc(owners, func(o record.Name) bool {
		outside := o.Test == "" && o.Spec == "" || o.SuiteNode()
		_, ran := v.ran[o]
		return ran || outside && v.packages[o.Package].Ran
	})
}

// passed says why it is not known that an owner ran and passed; empty where it is.
func (v *view) passed(o record.Name, which string) string {
	outside := o.Test == "" && o.Spec == "" || o.SuiteNode()
	if outside {
		switch p, known := v.packages[o.Package]; {
		case !known || !p.Ran:
			return "its package did not run in the " + which + " run"
		case p.Outcome != "pass" && p.Outcome != "fail":
			return "its package did not come to its end in the " + which + " run"
		}
		return ""
	}
	if v.Findings.Cases == nil {
		return "the findings.json of the " + which + " run does not say if its test passed"
	}
	switch status, ran := v.ran[o]; {
	case !ran:
		return "its test did not run in the " + which + " run"
	case status == "skip" || status == "pending":
		return "its test was skipped in the " + which + " run"
	case status != "pass":
		return "its test failed in the " + which + " run, perhaps before it came to it"
	}
	return ""
}

// stateOrder is the order in which states are listed.
func stateOrder(s State) int { return slices.Index([]State{New, Unsettled, Moved, Gone, Kept}, s) }
