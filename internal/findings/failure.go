package findings

import "tracetest/internal/record"

// Cause is why a test failed, as far as Redis is concerned.
type Cause string

const (
	CauseOOM      Cause = "oom"
	CauseEviction Cause = "eviction"
	CauseOther    Cause = "other"
)

// Redis reports whether a server did that to the test, which a change can be behind.
func (c Cause) Redis() bool { return c == CauseOOM || c == CauseEviction }

// Failure is a failed test or spec. The parent of a failed subtest is not
// listed beside it unless it failed by itself.
type Failure struct {
	Package   string `json:"package"`
	Test      string `json:"test"` // empty: the package failed outside its tests
	Spec      string `json:"spec"`
	Cause     Cause  `json:"cause"`
	Certainty string `json:"certainty"` // correlated, proved or refuted
	Leak      *int   `json:"leak"`      // index into Leaks
	Reverted  *int   `json:"reverted"`  // index into Reverted
	OOMErrors int64  `json:"oom_errors"`
	OOMCall   *Call  `json:"oom_call"` // where it met the first, as far as the trace saw
	Evicted   int64  `json:"evicted"`  // keys, while it ran
	// OOMInOutput is set when its output speaks of an OOM error, anywhere.
	OOMInOutput bool   `json:"oom_in_output"`
	Message     string `json:"message"`  // what it said: the first lines, or those from where it speaks of a failure
	Location    string `json:"location"` // file:line where known
	Status      string `json:"status"`   // fail, panic, died, build
	// SpecLocation is file:line of the spec; empty for anything else.
	SpecLocation string `json:"spec_location"`
	Proof        *Proof `json:"proof"` // what re-runs said; nil without any
	// Dirty is an index into Dirty: it met what was there before the first test, and
	// no change of this run is behind it. Nil otherwise.
	Dirty *int `json:"dirty"`
	// Observed is what it asked a watched server for whose answer shows tracetest's own
	// commands and connection too, such as "SLOWLOG GET"; not where it is correlated
	// with a change.
	Observed []string `json:"observed"`
	// Waited is set where it met the time limit of go test: how long, in seconds, the
	// tests of its process had waited by then, at least. The limit was put off by
	// as long, up to 45 s.
	Waited float64 `json:"waited"`
	// Unreachable is what it could not connect to, as it says last; nil where that says
	// nothing of it, where the server was there all the time, or where its cause is known.
	Unreachable *Unreachable `json:"unreachable"`
	// Output is what it printed, its middle cut out where it is long. Of a run
	// with very many failures the last ones have none.
	Output string `json:"-"`
}

// Unreachable is a connection that could not be made.
type Unreachable struct {
	Address string `json:"address"` // host:port, a host that has no address, or the path of a socket
	Error   string `json:"error"`   // such as "connection refused"
}

// Growth is what a unit left behind in the server.
type Growth struct {
	By     record.Name `json:"by"`
	Server string      `json:"server"`
	Bytes  int64       `json:"bytes"` // of used_memory, in which the buffers of connections count too
	Keys   int64       `json:"keys"`
	// Databases are the keys by database, such as "db0", where there were more
	// or fewer.
	Databases map[string]int64 `json:"databases"`
}

// IgnoredOOM is a test that passed although a command of it was refused.
type IgnoredOOM struct {
	By        record.Name `json:"by"`
	OOMErrors int64       `json:"oom_errors"`
}

// Proof is what trials say of a failure: in how many of each kind it failed.
type Proof struct {
	Verdict  string `json:"verdict"`  // proved, refuted, not reproduced, unsettled
	Without  string `json:"without"`  // failed/ran, without the test that leaks; such as 0/2
	With     string `json:"with"`     // after the test that leaks
	Restored string `json:"restored"` // the same, with what it changes restored in between
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
	Instrumented bool   `json:"instrumented"` // its test binary said hello to the barrier
	Ran          bool   `json:"ran"`          // it ran at least one test
}

// Correlated reports whether the failure is put down to a change: by a re-run, or
// because it met what such a change brings and no re-run has refuted it.
func (x *Failure) Correlated() bool {
	return (x.Certainty == "proved" || x.Cause.Redis() && x.Certainty != "refuted") && (x.Leak != nil || x.Reverted != nil)
}

// Name names the test that failed.
func (f *Failure) Name() record.Name {
	return record.Name{Package: f.Package, Test: f.Test, Spec: f.Spec}
}
