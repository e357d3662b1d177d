package triage

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
	Changed  []Changed `json:"changed"`  // parameters that were not at their baseline when the run ended, before any restore
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

	// What is drawn and listed in full, and is no part of findings.json.
	Cases     *Cases     `json:"-"` // those that Tests counts
	Timelines []Timeline `json:"-"` // of Servers, in their order
}

// Run is how the run went as a whole.
type Run struct {
	Started     time.Time      `json:"started"`
	Finished    time.Time      `json:"finished"`
	Command     []string       `json:"command"`
	Dir         string         `json:"dir"`
	Source      *record.Source `json:"source"` // the checkout, where it is known
	Go          string         `json:"go"`
	Mode        record.Mode    `json:"mode"`
	ModeReason  string         `json:"mode_reason"` // why events and not the gate; empty for the gate
	Traced      bool           `json:"traced"`
	TraceReason string         `json:"trace_reason"` // why there is no tap; empty when there is
	Complete    bool           `json:"complete"`
	Incomplete  string         `json:"incomplete"` // why it is not complete
	Exit        int            `json:"exit"`       // of tracetest
	GoExit      int            `json:"go_exit"`    // of the go command
	Restore     string         `json:"restore"`    // never, run or test
	GoTest      []string       `json:"go_test"`    // the go command that was run
}

// Server is a watched server as the run found it.
type Server struct {
	Address      string                   `json:"address"`
	TLS          bool                     `json:"tls"`
	Flavor       string                   `json:"flavor"`
	Version      string                   `json:"version"`
	RunID        string                   `json:"run_id"`
	StartedWith  map[string]record.Origin `json:"started_with"`
	Perturbed    map[string]string        `json:"perturbed"`     // what parameters were before --perturb moved them
	StartUnknown string                   `json:"start_unknown"` // why not all of that is known; empty when it is
	Partial      string                   `json:"partial"`       // why only INFO was watched; empty when everything was
	Parameters   int                      `json:"parameters"`
	Snapshots    int                      `json:"snapshots"` // snapshots taken
	// ConfigSets is how many calls of CONFIG SET the server counted during the run
	// (Redis 7.0 and later), without tracetest's own; HeardSets how many of them
	// the trace heard.
	ConfigSets int64 `json:"config_sets"`
	TracedSets int64 `json:"traced_sets"`
	// Config is every parameter as the run found it. It is no part of findings.json.
	Config map[string]string `json:"-"`
	// Gone is set where nobody named it and it was not there any more at the end: the
	// tests had started it, and have stopped it.
	Gone      bool `json:"gone"`
	Failovers int  `json:"failovers"` // how many of Findings.Failovers are of this server
}

// Owner names who made a change.
type Owner struct {
	Package string `json:"package"`
	Test    string `json:"test"` // empty for a package's own code: init, TestMain, between its tests
	Spec    string `json:"spec"` // full text of a Ginkgo spec, or a suite node such as [BeforeSuite]
}

// Certainty says how an owner is known.
type Certainty string

const (
	// Exact: the owner's own goroutine was seen writing the change.
	Exact Certainty = "exact"
	// Bracketed: it happened between the held begin and end of this owner
	// while no other was open, but nobody saw the write.
	Inferred Certainty = "inferred"
	// Narrowed: several owners were open; Suspects holds them all.
	Ambiguous Certainty = "ambiguous"
)

// Change is a parameter that a unit left changed (a leak), or changed and put
// back (contained).
type Change struct {
	Server     string    `json:"server"` // address
	Parameter  string    `json:"parameter"`
	From       string    `json:"from"` // the value when the unit began
	To         string    `json:"to"`   // a leak: when it ended; contained: the last that differed
	Initial    string    `json:"initial"`
	By         *Owner    `json:"by"` // nil when narrowed
	Certainty  Certainty `json:"certainty"`
	Suspects   []Owner   `json:"suspects"`    // when narrowed, else empty
	AndEarlier int       `json:"and_earlier"` // then: how many more tests of the process, most of which had ended, may be the one and are not in Suspects
	Call       *Call     `json:"call"`        // nil while nobody saw the write
	RestoredBy *Owner    `json:"restored_by"`
	// RestoredByTool is set when tracetest itself restore it (--restore).
	RestoredByTool bool      `json:"restored_by_tool"`
	At             time.Time `json:"at"` // when the change was first seen

	Unit         string `json:"unit"`         // what should have put it back, in words: "test", "spec", "package", ...
	Location     string `json:"location"`     // file:line of the owner where Ginkgo says it; else empty
	Ended        string `json:"ended"`        // pass, fail, skip, panic, "died" when its process ended first; "" when narrowed
	Together     int    `json:"together"`     // leaks of one owner seen in one look, as of one CONFIG SET, share this number, from 1
	Secret       bool   `json:"secret"`       // the values are hidden
	Caveat       string `json:"caveat"`       // what weakens the attribution, a sentence; often empty
	Disambiguate string `json:"disambiguate"` // what would settle it, a command; empty unless narrowed
	// Constant is set on a leak whose owner changed the parameter and then set it
	// again, to something else than it had found: a restore that is hard-coded,
	// most likely.
	Constant bool `json:"constant"`
	// Again is how often re-runs of the owner by itself left it changed again, such
	// as 2/2; empty without any.
	Again string `json:"again"`
	// Unheard is set when the trace was on and heard no test binary write it: it
	// was another program.
	Untraced bool `json:"untraced"`
	// Strangers are the clients that were connected then, other than tracetest
	// and the test binaries.
	OtherClients []record.Client `json:"other_clients"`
	// AlsoSetBy are others that set the same value later, when it changed nothing, and
	// did not restore it: a leak masks theirs.
	AlsoSetBy []Setter `json:"also_set_by"`
	Known     *Known   `json:"known"` // of a leak: the entry of the baseline that covers it; nil where none does
}

// Call is the line that made a change.
type Call struct {
	Function string   `json:"function" redact:"-"`
	File     string   `json:"file" redact:"-"`
	Line     int      `json:"line"`
	Stack    []string `json:"stack" redact:"-"` // the whole, innermost first, "function file:line"
	Chain    []string `json:"chain" redact:"-"` // what of it is the user's code, from the call to the test
	// Found says how the call is known: "stack", it is on the stack of the
	// goroutine that wrote; "waiting", it is on that of a goroutine which waited
	// for the client's reply, because the client writes on goroutines of its own.
	Found string `json:"found" redact:"-"`
}

// Cause is why a test failed, as far as Redis is concerned.
type Cause string

const (
	CauseOOM      Cause = "oom"
	CauseEviction Cause = "eviction"
	CauseOther    Cause = "other"
)

// Failure is a failed test or spec. The parent of a failed subtest is not
// listed beside it unless it failed by itself.
type Failure struct {
	Package   string `json:"package"`
	Test      string `json:"test"` // empty: the package failed outside its tests
	Spec      string `json:"spec"`
	Cause     Cause  `json:"cause"`
	Certainty string `json:"certainty"` // correlated, proved or refuted
	Leak      *int   `json:"leak"`      // index into Leaks
	Reverted  *int   `json:"reverted"`  // index into Contained
	OOMErrors int64  `json:"oom_errors"`
	OOMCall   *Call  `json:"oom_call"` // where it met the first, as far as the tap saw
	Evicted   int64  `json:"evicted"`  // keys, while it ran
	// OOMSaid is set when its output speaks of an OOM error, anywhere.
	OOMSaid  bool   `json:"oom_said"`
	Message  string `json:"message"`  // what it said: the first lines, or those from where it tells of a failure
	Location string `json:"location"` // file:line where known
	Status   string `json:"status"`   // fail, panic, died, build
	// SpecLocation is file:line of the spec; empty for anything else.
	SpecLocation string `json:"spec_location"`
	Proof        *Proof `json:"proof"` // what re-runs said; nil without any
	// Dirty is an index into Dirty: it met what was there before the first test, and
	// no change of this run is behind it. Nil otherwise.
	Dirty *int `json:"dirty"`
	// Shown is what it asked a watched server for whose answer shows tracetest's own
	// commands and connection too, such as "SLOWLOG GET"; not where it is tied to a
	// change.
	Observed []string `json:"observed"`
	// Held is set where it met the time limit of go test: how long, in seconds, the
	// tests of its process had been held by then, at least. The limit was put off by
	// as long, up to 45 s.
	Waited float64 `json:"waited"`
	// Output is what it printed, its middle cut out where it is long. Of a run
	// with very many failures the last ones have none.
	Output string `json:"-"`
}

// Tied reports whether the failure is put down to a change: by a re-run, or
// because it met what such a change brings and no re-run has refuted it.
func (x *Failure) Correlated() bool {
	redis := x.Cause == CauseOOM || x.Cause == CauseEviction
	return (x.Certainty == "proved" || redis && x.Certainty != "refuted") && (x.Leak != nil || x.Reverted != nil)
}

// Growth is what a unit left behind in the server.
type Growth struct {
	By     Owner  `json:"by"`
	Server string `json:"server"`
	Bytes  int64  `json:"bytes"` // of used_memory, in which the buffers of connections count too
	Keys   int64  `json:"keys"`
	// Databases are the keys by database, such as "db0", where there were more
	// or fewer.
	Databases map[string]int64 `json:"databases"`
}

// Tests counts what ran: tests without subtests, subtests, specs, examples, benchmarks.
// A test that only groups subtests or specs is not counted beside them.
type Tests struct {
	Total   int `json:"total"`
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"` // also pending specs
	Specs   int `json:"specs"`   // how many of Total are Ginkgo specs
}

// Package says how a package was watched.
type Package struct {
	Path         string `json:"path"`
	Outcome      string `json:"outcome"`      // pass, fail, skip (no tests), died, "" when it never ended
	Instrumented bool   `json:"instrumented"` // its test binary shook hands with the gate
	Ran          bool   `json:"ran"`          // it ran at least one test
}

// Changed is a parameter that the run left changed.
type Changed struct {
	Server    string `json:"server"`
	Parameter string `json:"parameter"`
	Value     string `json:"value"`
	Initial   string `json:"initial"`
	Secret    bool   `json:"secret"`
	// Repaired is set when tracetest restore it and read it back. Why says why it left
	// it alone; empty where it did not, or was told to (--restore=never).
	Repaired bool       `json:"repaired"`
	Why      record.Why `json:"why"`
	Command  string     `json:"command"` // that puts it back by hand; empty for a secret
}

// Restore is a write of tracetest's own.
type Restore struct {
	Server  string            `json:"server"`
	When    string            `json:"when"`
	After   *Owner            `json:"after"` // nil at the end of the run
	Values  map[string]string `json:"values"`
	Error   string            `json:"error"`
	Command string            `json:"command"`
}

// Blind is a stretch in which a server could not be seen.
type Gap struct {
	Server string    `json:"server"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to,omitzero"` // missing when it was never seen again
	Active []Owner   `json:"active"`      // open when the sight was lost
	Reason string    `json:"reason"`
}

// Write is what the tests' own connections sent to change a server: all calls
// of one owner at one place with one command.
type Write struct {
	Server     string    `json:"server"`  // address
	Watched    bool      `json:"watched"` // whether tracetest watched it
	Command    []string  `json:"command"` // of the first, secrets hidden
	Count      int       `json:"count"`
	Others     int       `json:"others"` // owners that did the same at the same place, beside this one
	By         *Owner    `json:"by"`     // nil when narrowed
	Certainty  Certainty `json:"certainty"`
	Suspects   []Owner   `json:"suspects"`
	AndEarlier int       `json:"and_earlier"` // see Change
	Call       *Call     `json:"call"`
	Reply      string    `json:"reply"` // to the first; empty where it was not seen
	At         time.Time `json:"at"`    // of the first
}

// Refusal is OOM errors that one owner met at one place.
type Refusal struct {
	Server     string    `json:"server"`
	By         *Owner    `json:"by"` // nil when narrowed
	Certainty  Certainty `json:"certainty"`
	Suspects   []Owner   `json:"suspects"`
	AndEarlier int       `json:"and_earlier"` // see Change
	Count      int64     `json:"count"`
	Text       string    `json:"text"`
	Call       *Call     `json:"call"`
}

// Spoken is an address that test binaries spoke to as a Redis.
type Endpoint struct {
	Address  string   `json:"address"`
	TLS      bool     `json:"tls"`
	Packages []string `json:"packages"`
	Server   string   `json:"server"`  // the watched server that is there; empty where it is not watched
	Inside   bool     `json:"inside"`  // a test binary itself listens there: a fake
	Foreign  bool     `json:"foreign"` // what answers there is no Redis
	Problem  string   `json:"problem"` // why it is not watched
}

// Restart is a new run_id at a known address.
type Restart struct {
	Server string    `json:"server"`
	At     time.Time `json:"at"`
	Active []Owner   `json:"active"` // open while it happened
}

// Failover is another master of a server, which a cluster or Sentinel gave it, or a command
// that asks for a failover.
type Failover struct {
	// Through says what brought it about: "cluster", "sentinel" or "command" (a test had
	// asked for it).
	Through string    `json:"through"`
	Server  string    `json:"server"`
	At      time.Time `json:"at"`
	From    string    `json:"from"` // "host port", or empty: it was a master
	To      string    `json:"to"`
	Active  []Owner   `json:"active"` // open while it happened
}

// Unmet is an expectation that did not hold when the run began.
type UnmetExpectation struct {
	Server    string `json:"server"`
	Parameter string `json:"parameter"`
	Expected  string `json:"expected"`
	Value     string `json:"value"`
	Command   string `json:"command"` // that puts it right
}

// Notice is a sentence on how the run was watched.
type Notice struct {
	Code    string `json:"code"`
	Text    string `json:"text"`
	Package string `json:"package"`
}
