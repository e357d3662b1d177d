// Package record is the recorded run: its types and its JSON Lines file.
//
// The record is the seam of tracetest. Everything observed during a run goes
// through it, and everything said after a run is computed from it alone, so
// that `tracetest report run.jsonl` writes on another machine what the run
// itself wrote.
//
// Invariants:
//   - The first entry is a [Run], then come the [Server] entries (their values
//     are the initial values of the run), then what happened, then one [End]. A
//     record without an End is of a run that was cut short. The Server entry of
//     one that the tests turned out to use comes when they first did, and
//     its initial values are those of then.
//   - A [Write] stands before every snapshot that can show its effect, and its
//     [Reply], where there is one, behind: what the snapshot in it shows of this
//     write is there by then.
//   - Entries are appended in the order in which tracetest observed them. Seq
//     counts up by one; At never says more than Seq about order, because test
//     events reach us later than they happened.
//   - Each line ends in a checksum over itself and all before it, and refers
//     only to what stands before it: see seal.go and check.go.
//   - No secret is ever in it: values of secret parameters are replaced by
//     "(hidden N)" before they arrive here, where N distinguishes equal values from
//     different ones; the empty value stays empty.
package record

import "time"

// Schema names the format of the file. It stands in the first line.
const Schema = "tracetest.record/1"

// Entry is one line of the record. Exactly one of the pointers is set.
type Entry struct {
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`

	Run      *Run      `json:"run,omitempty"`
	Server   *Server   `json:"server,omitempty"`
	Process  *Process  `json:"process,omitempty"`
	Boundary *Boundary `json:"boundary,omitempty"`
	Contact  *Contact  `json:"contact,omitempty"`
	Write    *Write    `json:"write,omitempty"`
	Reply    *Reply    `json:"reply,omitempty"`
	Refused  *Refused  `json:"refused,omitempty"`
	Asked    *Asked    `json:"asked,omitempty"`
	Clients  *Clients  `json:"clients,omitempty"`
	Test     *Test     `json:"test,omitempty"`
	Restore  *Restore  `json:"restore,omitempty"`
	Notice   *Notice   `json:"notice,omitempty"`
	End      *End      `json:"end,omitempty"`
	Trial    *Trial    `json:"trial,omitempty"`
	Code     *Code     `json:"code,omitempty"`
}

// Mode says how the tests were watched.
type Mode string

const (
	// ModeInstrumented: the tests were synchronized at each boundary while a snapshot was taken.
	ModeInstrumented Mode = "instrumented"
	// ModeEvents: snapshots were taken when `go test -json` events arrived,
	// which is always after the tests had gone on.
	ModeEvents Mode = "events"
)

// Run is the first entry: what was asked for and how it is watched.
type Run struct {
	Schema      string            `json:"schema" redact:"-"`
	Command     []string          `json:"command"`          // the tracetest command line, passwords removed
	Dir         string            `json:"dir" redact:"-"`   // the folder that it ran in; file names in reports are relative to it
	Source      *Source           `json:"source,omitempty"` // nil where the folder is in no checkout that is known
	Module      string            `json:"module,omitempty" redact:"-"`
	Go          string            `json:"go" redact:"-"` // of the tests' toolchain, such as "go1.26.8"
	Mode        Mode              `json:"mode"`
	ModeReason  string            `json:"mode_reason,omitempty"` // why the tests are not instrumented; empty when they are
	Traced      bool              `json:"traced"`
	TraceReason string            `json:"trace_reason,omitempty"`          // why the trace is not in use; empty when it is
	Restore     string            `json:"restore" redact:"-"`              // never, run or test
	Expect      map[string]string `json:"expect,omitempty" redact:"value"` // --expect, as `CONFIG GET` would say it
	Shard       *Shard            `json:"shard,omitempty"`                 // which part of the suite it is; nil: all of it
	Baseline    *Baseline         `json:"baseline,omitempty"`              // --baseline: the leaks that are known; nil without one
	GoTest      []string          `json:"go_test"`                         // the go command that was run, passwords removed
	// Launched is set where GoTest is a command of the user's that starts the tests,
	// such as ginkgo: test events are then what the test processes said themselves.
	Launched bool `json:"launched,omitempty"`
}

// Shard says which part of a suite a run is. Shards with the same Suite and Total are of one division of one suite: together
// they are all of it, and each test is in just one.
type Shard struct {
	Index int    `json:"index"` // from 1
	Total int    `json:"total"`
	By    string `json:"by" redact:"-"`    // package, test or spec
	Suite string `json:"suite" redact:"-"` // names the division
}

// Source is the checkout that a run was in. CI names files relative to its root.
type Source struct {
	Root string `json:"root" redact:"-"` // Dir or a folder above it, as Dir is written
	// URL is what the path of a file in the checkout is appended to for a page
	// that shows it as of the commit, with #L and the number of a line behind.
	// It is empty where the CI does not say it, or speaks of another checkout.
	URL string `json:"url,omitempty" redact:"-"`
}

// Code is lines of the checkout around calls that changed a server, as they were when
// the tests had ended. Strings in lines that speak of secrets are hidden.
type Code struct {
	File  string   `json:"file" redact:"-"`
	First int      `json:"first"` // number of the first of Lines
	Lines []string `json:"lines"`
}

// Server is a watched Redis as the run found it, with its initial values.
type Server struct {
	Index   int    `json:"index"`
	Address string `json:"address" redact:"-"` // host:port or the path of a unix socket, without credentials
	TLS     bool   `json:"tls,omitempty"`
	// TLSFiles is how it is spoken to over TLS, for lines that a person pastes.
	TLSFiles TLSFiles `json:"tls_files,omitzero"`
	Flavor   string   `json:"flavor" redact:"-"` // redis, valkey, redict, keydb, dragonfly or garnet
	Version  string   `json:"version" redact:"-"`
	RunID    string   `json:"run_id" redact:"-"`
	Cluster  bool     `json:"cluster,omitempty"`
	// Sentinels is set where a Sentinel was connected when the run began: it gives the server
	// another master when it finds that need.
	Sentinels bool              `json:"sentinels,omitempty"`
	Partial   string            `json:"partial,omitempty"`     // why only INFO could be watched; empty when everything is
	Config    map[string]string `json:"config" redact:"value"` // every parameter, under its current name, secrets hidden
	Counters  *Counters         `json:"counters,omitempty"`
	// StartedWith is what the server is known to have been started with, by
	// parameter. A parameter that is missing is not known.
	StartedWith map[string]Origin `json:"started_with,omitempty"`
	// Discovered is set on a server that nobody named: the tests used it.
	Discovered bool `json:"discovered,omitempty"`
	// Perturbed is what parameters were before --perturb moved them; Config has
	// what it moved them to.
	Perturbed map[string]string `json:"perturbed,omitempty" redact:"value"`
	// StartUnknown says why not all of that is known; empty when it is.
	StartUnknown string `json:"start_unknown,omitempty"`
}

// TLSFiles are the names of files, and what else redis-cli needs, to speak TLS. Empty is the default.
type TLSFiles struct {
	CACert     string `json:"cacert,omitempty" redact:"-"`
	Cert       string `json:"cert,omitempty" redact:"-"`
	Key        string `json:"key,omitempty" redact:"-"`
	ServerName string `json:"sni,omitempty" redact:"-"`
	Insecure   bool   `json:"insecure,omitempty"`
}

// Origin is a value and where it is known from. Records of earlier versions have
// expectations among them, of which Source is "--expect".
type Origin struct {
	Value  string `json:"value" redact:"value"`
	Source string `json:"source"`
}

// Process is a test binary that shook hands with the barrier.
type Process struct {
	Index   int      `json:"index"` // from 1
	PID     int      `json:"pid"`
	PPID    int      `json:"ppid"`
	Package string   `json:"package" redact:"-"` // import path under test; empty when it is not known
	Args    []string `json:"args,omitempty"`
	// Host is set on a nested process: a test binary that a test of another
	// process started. What it does belongs to these owners. It is never synchronized.
	Host *Host `json:"host,omitempty"`
	// Launcher is set on a process that runs the tests in place of the one that
	// started it, which has run none and waits for it (a TestMain that starts its
	// own binary with its own arguments). It is synchronized.
	Launcher int `json:"launcher,omitempty"`
	// OtherShard is set where other machines run all tests of the package: it ends without having
	// run one.
	OtherShard bool `json:"other_shard,omitempty"`
}

// Host is where a nested process belongs.
type Host struct {
	Process int     `json:"process"`
	Owners  []int64 `json:"owners,omitempty"` // open in that process when it started; none means its package
}

// Verb says what kind of instant a boundary is.
type Verb string

const (
	VerbHello      Verb = "hello"       // a test binary started; before the package's own init
	VerbBegin      Verb = "begin"       // an owner begins
	VerbPause      Verb = "pause"       // a test called t.Parallel and now waits
	VerbContinue   Verb = "continue"    // a parallel test goes on
	VerbEnd        Verb = "end"         // an owner ended, after its defers and clean-ups
	VerbSkip       Verb = "skip"        // a spec was skipped or pending, of which no node ran
	VerbSuiteBegin Verb = "suite-begin" // Ginkgo is about to run BeforeSuite
	VerbSuiteEnd   Verb = "suite-end"   // Ginkgo has run AfterSuite
	VerbSync       Verb = "sync"        // a process that passed boundaries is about to do what nobody traces, or what is counted
	VerbClose      Verb = "close"       // an Ordered container ended; comes before the boundary that showed it
	VerbExit       Verb = "exit"        // a test binary is about to exit, synchronized
	VerbQuit       Verb = "quit"        // a test binary goes on without being synchronized; see the notice
	VerbGone       Verb = "gone"        // a test binary is gone; what it had open is closed by this snapshot
	VerbEvent      Verb = "event"       // a `go test -json` event arrived; nothing was synchronized
	VerbFinish     Verb = "finish"      // the go command ended
)

// Boundary is an instant at which snapshots of the servers were taken.
type Boundary struct {
	Verb    Verb   `json:"verb"`
	Process int    `json:"process,omitempty"` // zero for event and finish
	Owner   int64  `json:"owner,omitempty"`   // zero where the boundary is not an owner's
	Begin   *Owner `json:"begin,omitempty"`   // on begin and skip
	// Coalesced is set on the begin of a test that came at once behind the end of
	// the one before, with nothing in between that could do something untraced. The
	// snapshots of that end count for it, and it has none of its own.
	Coalesced bool `json:"coalesced,omitempty"`
	// Passed is set where the process did not wait: it can have changed no server
	// unseen since the last boundary that it waited at. The next snapshot counts for
	// this one as well.
	Passed bool `json:"passed,omitempty"`
	// Container is the Ordered container that ended, on close, and Before the
	// boundary that showed it, which comes next. The container ended before
	// the snapshots of this one.
	Container string   `json:"container,omitempty" redact:"-"`
	Before    Verb     `json:"before,omitempty"`
	End       *Outcome `json:"end,omitempty"`   // on end and skip
	Nodes     []Node   `json:"nodes,omitempty"` // on suite-end: Ginkgo's suite nodes that ran
	// Waited is how long the test waited for its answer, in nanoseconds.
	Waited    time.Duration `json:"waited,omitempty"`
	Snapshots []Snapshot    `json:"snapshots,omitempty"`
}

// Kind is what an owner is.
type Kind string

const (
	KindTest      Kind = "test" // a top-level test or, with a Parent, a subtest
	KindExample   Kind = "example"
	KindBenchmark Kind = "benchmark"
	KindFuzz      Kind = "fuzz"
	KindSpec      Kind = "spec" // a Ginkgo spec
)

// Owner is somebody who can make a change: a test, a subtest, a spec.
type Owner struct {
	ID       int64  `json:"id"`               // unique in the run, from 1
	Parent   int64  `json:"parent,omitempty"` // zero: the package
	Kind     Kind   `json:"kind"`
	Name     string `json:"name" redact:"name"`            // t.Name(), or the full text of a spec
	Location string `json:"location,omitempty" redact:"-"` // file:line of a spec
	Until    int    `json:"until,omitempty"`               // the line in that file where the call that declares it ends
	// Beside is set on a subtest whose parent goes on while it runs, because
	// t.Run was called on another goroutine than the parent's.
	Beside bool `json:"beside,omitempty"`
	// Container is the file:line of the Ordered container that a spec is in.
	// Its specs count as one unit.
	Container string `json:"container,omitempty" redact:"-"`
}

// Outcome is how an owner ended.
type Outcome struct {
	Status   string `json:"status" redact:"-"` // pass, fail, skip, panic; for specs also pending
	Message  string `json:"message,omitempty"`
	Location string `json:"location,omitempty" redact:"-"` // file:line of the failure
	// Lingers is set when Ginkgo said that the spec timed out and that its code
	// is still running.
	Lingers bool `json:"lingers,omitempty"`
}

// Node is a Ginkgo suite node that ran, such as BeforeSuite.
type Node struct {
	Type     string  `json:"type" redact:"-"`
	Location string  `json:"location,omitempty" redact:"-"`
	Outcome  Outcome `json:"outcome"`
}

// Snapshot is one server as one boundary saw it.
type Snapshot struct {
	Server   int       `json:"server"`
	Sent     time.Time `json:"sent"`     // before the question left: what ended earlier is in the answer
	Received time.Time `json:"received"` // after the answer: what began later is not
	// Error says why the server could not be seen. Then nothing else is known.
	Error string `json:"error,omitempty"`
	// Gone is set with an Error that means that no server is there any more: the
	// connection was refused, or its socket does not exist. One that does not
	// answer, or not to us, may be as the tests left it.
	Gone bool `json:"gone,omitempty"`
	// RunID is set when it differs from that of the snapshot before: a restart.
	RunID string `json:"run_id,omitempty" redact:"-"`
	// Config holds the parameters that differ from the last good snapshot.
	Config map[string]string `json:"config,omitempty" redact:"value"`
	// Counters is nil where they could not be read.
	Counters *Counters `json:"counters,omitempty"`
}

// Counters are absolute figures of INFO, not differences. A figure below an
// earlier one means that the server restarted or that its statistics were
// reset, and that the difference is not known.
type Counters struct {
	UsedMemory int64            `json:"used_memory"`         // bytes
	Evicted    int64            `json:"evicted,omitempty"`   // keys, since the start or the last reset
	OOM        int64            `json:"oom,omitempty"`       // errorstat_OOM; not before Redis 6.2
	ConfigSet  int64            `json:"configset,omitempty"` // calls of CONFIG SET; not before Redis 7.0
	ResetStat  int64            `json:"resetstat,omitempty"` // calls of CONFIG RESETSTAT; not before Redis 7.0
	Keys       map[string]int64 `json:"keys,omitempty"`      // by database, such as "db0"
}

// Test is an event of `go test -json`, or in a run that is Launched what a test
// process said of itself, in the same words. Output is not recorded as it comes: what
// a failed test printed stands in the event that says so.
type Test struct {
	Time        time.Time `json:"time"` // when the go command read it: never before it happened
	Action      string    `json:"action" redact:"-"`
	Package     string    `json:"package,omitempty" redact:"-"`
	Test        string    `json:"test,omitempty" redact:"name"`
	FailedBuild string    `json:"failed_build,omitempty" redact:"-"`
	// Unended is set on the pass of a package of which nobody saw m.Run come to
	// its end: its process ended before, with status 0, which go test takes for
	// a pass.
	Unended bool `json:"unended,omitempty"`
	// Missing are, then, the tests of its files that never began, where no flag
	// chose among them.
	Missing []string `json:"missing,omitempty" redact:"name"`
	// Output of a failed test or package, joined, without its subtests'. Of
	// long output the beginning and the end.
	Output string `json:"output,omitempty"`
}

// Restore is what tracetest itself wrote to a server.
type Restore struct {
	Server  int               `json:"server"`
	When    string            `json:"when" redact:"-"`       // "test", "run" or, after --perturb, "perturb"
	Owner   int64             `json:"owner,omitempty"`       // the unit after which it was done; zero for a package
	Process int               `json:"process,omitempty"`     // of that unit; zero at the end of the run
	Values  map[string]string `json:"values" redact:"value"` // parameter to value, secrets hidden
	Error   string            `json:"error,omitempty"`       // empty when it was read back and is right
	Command string            `json:"command"`               // the same by hand, for a shell
	// Left are parameters that are not as the run found them and that are not tracetest's to
	// write, and why. It is recorded at the end of the run, also where nothing was written.
	Left map[string]Why `json:"left,omitempty"`
	// Snapshot is taken after it, so that the change is tracetest's own.
	Snapshot *Snapshot `json:"snapshot,omitempty"`
}

// Why says why tracetest does not put a parameter back.
type Why string

// Reasons. Only what a test of this run was seen writing is restored, on the server that it
// was written to, and while nobody else has set it since.
const (
	WhyRole           Why = "role"           // who is the master is not tracetest's business
	WhyRestarted      Why = "restarted"      // the server restarted, or another one has its address: its values are its own
	WhyUntraced       Why = "untraced"       // no test was seen writing it, though their connections were traced
	WhyUnsynchronized Why = "unsynchronized" // tests that were not synchronized at their boundaries ran, or none
	WhyOthers         Why = "others"         // somebody else may have set it meanwhile
	WhyUnknown        Why = "unknown"        // INFO does not say which run of the server it is: it may be another one by now
)

// Notice is something that the reader of the report must know about how the
// run was watched.
type Notice struct {
	Code    string `json:"code" redact:"-"` // for programs, such as "not-waiting"
	Text    string `json:"text"`            // a sentence for people
	Package string `json:"package,omitempty" redact:"-"`
}

// End is the last entry, but for the trials of a proof.
type End struct {
	GoExit   int    `json:"go_exit"`          // exit code of the go command; -1 when it was killed
	Complete bool   `json:"complete"`         // false when the run was interrupted
	Reason   string `json:"reason,omitempty"` // why it is not complete
}
