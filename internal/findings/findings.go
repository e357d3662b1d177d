// Package findings holds what a record means: the types that triage fills, that findings.json
// holds and that every report reads, so that no two of them can disagree.
//
// It judges what follows from the findings alone, such as whether a run may be called clean.
// It knows neither how they were found nor how they are worded.
package findings

import (
	"time"

	"tracetest/internal/record"
)

// Schema names the format of findings.json.
const Schema = "tracetest.findings/1"

// Findings is what a record says: the content of findings.json, and all that a
// report needs. Slices are never nil, so that they are [] in JSON.
type Findings struct {
	Schema     string       `json:"schema"`
	Run        Run          `json:"run"`
	Servers    []Server     `json:"servers"`
	Leaks      []Change     `json:"leaks"`    // in run order, one for each unit and parameter
	Reverted   []Change     `json:"reverted"` // changes that were undone before their unit ended
	Failures   []Failure    `json:"failures"`
	Growth     []Growth     `json:"growth"`      // units that left most behind, largest first
	Memory     []Memory     `json:"memory"`      // how each server stood when it first refused writes for want of memory
	IgnoredOOM []IgnoredOOM `json:"ignored_oom"` // who passed although commands of it were refused

	Tests    Tests     `json:"tests"`
	Packages []Package `json:"packages"`
	Changed  []Changed `json:"changed"`  // parameters that were not at their initial value when the run ended, before any restore
	Restored []Restore `json:"restored"` // what tracetest wrote to the servers
	Gaps     []Gap     `json:"gaps"`     // stretches in which a server could not be seen
	Restarts []Restart `json:"restarts"`
	// Failovers are changes of a server's master that no test made: no leaks.
	Failovers         []Failover         `json:"failovers"`
	Writes            []Write            `json:"writes"`             // commands of the tests that change a server rather than data
	Refused           []Refusal          `json:"refused"`            // OOM errors that the tests' clients got
	Endpoints         []Endpoint         `json:"endpoints"`          // addresses that the tests spoke to as a Redis
	Drift             []Drift            `json:"drift"`              // changed before the run began
	Dirty             []Dirty            `json:"dirty"`              // at a value before the first test that it should not have, or that failures met
	UnmetExpectations []UnmetExpectation `json:"unmet_expectations"` // --expect that the server did not meet when the run began
	Notices           []Notice           `json:"notices"`
	Baseline          Baseline           `json:"baseline"` // of known leaks
	Code              []record.Code      `json:"code"`     // of the checkout, around calls that changed a server

	// What is drawn and listed in full, and is no part of findings.json.
	Cases     *Cases     `json:"-"` // those that Tests counts
	Timelines []Timeline `json:"-"` // of Servers, in their order
}

// Run is how the run went as a whole.
type Run struct {
	Started           time.Time      `json:"started"`
	Finished          time.Time      `json:"finished"`
	Command           []string       `json:"command"`
	Dir               string         `json:"dir"`
	Source            *record.Source `json:"source"` // the checkout, where it is known
	Shard             *record.Shard  `json:"shard"`  // which part of the suite it is; null: all of it
	Go                string         `json:"go"`
	Mode              record.Mode    `json:"mode"`
	ModeReason        string         `json:"mode_reason"` // why events and not the barrier; empty for the barrier
	Traced            bool           `json:"traced"`
	TraceReason       string         `json:"trace_reason"` // why there is no trace; empty when there is
	Complete          bool           `json:"complete"`
	Incomplete        string         `json:"incomplete"`         // why it is not complete, see report/wording
	IncompleteBecause *Reason        `json:"incomplete_because"` // the same as a kind; nil where it is complete
	Exit              int            `json:"exit"`               // of tracetest
	GoExit            int            `json:"go_exit"`            // of the go command
	Restore           string         `json:"restore"`            // never, run or test
	GoTest            []string       `json:"go_test"`            // the go command that was run
	Launched          bool           `json:"launched"`           // it is a command of the user's that starts the tests
}
