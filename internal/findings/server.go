package findings

import (
	"time"

	"tracetest/internal/record"
)

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
	// (Redis 7.0 and later), without tracetest's own; TracedSets how many of them
	// the trace saw.
	ConfigSets int64 `json:"config_sets"`
	TracedSets int64 `json:"traced_sets"`
	// Config is every parameter as the run found it. It is no part of findings.json.
	Config map[string]string `json:"-"`
	// TLSFiles are for lines that a person pastes; no part of it either.
	TLSFiles record.TLSFiles `json:"-"`
	// Gone is set where nobody named it and it was not there any more at the end: the
	// tests had started it, and have stopped it.
	Gone      bool `json:"gone"`
	Failovers int  `json:"failovers"` // how many of Findings.Failovers are of this server
}

// Memory is how a server stood when it first refused writes for want of it.
type Memory struct {
	Server   string    `json:"server"`
	At       time.Time `json:"at"`       // of the snapshot that first showed it
	Used     int64     `json:"used"`     // bytes, at that snapshot
	Limit    int64     `json:"limit"`    // bytes, maxmemory then, or at the snapshot before if that is lower; zero: none
	Initial  int64     `json:"initial"`  // bytes, maxmemory when the run began; zero: none
	Started  int64     `json:"started"`  // bytes, maxmemory that the server was started with; -1: not known
	Expected *int64    `json:"expected"` // bytes, what --expect says; null: nothing
	Began    int64     `json:"began"`    // bytes in use when the run began; -1: not known
	// UntracedSets is how many calls of CONFIG SET the server had counted by then that
	// were traced from no test; -1 where it does not count them.
	UntracedSets int64 `json:"untraced_sets"`
	// Reason is "limit" where the memory in use would have been within the limit
	// that the run began with, "before" where it would have been within that which
	// the server was started with, "start" where the limit is the one of then and was
	// reached before the first test, "memory" where it was not, and "both" where it was
	// lowered and would have been reached all the same. It is "unseen" where no limit
	// that a snapshot showed was reached: a lower one was set between two snapshots, or the
	// memory was full and freed again.
	Reason string `json:"reason"`
}

// Drift is a parameter that a server no longer had as it was started with,
// when the run began: somebody changed it before, and no test of this run.
type Drift struct {
	Server    string `json:"server"`
	Parameter string `json:"parameter"`
	Value     string `json:"value"`   // when the run began
	Started   string `json:"started"` // what it was started with
	Source    string `json:"source"`  // where that is known from
	Command   string `json:"command"` // that restores it
}

// Dirty is a parameter that was at a value before the first test which it should
// not have, or which failures met.
type Dirty struct {
	Server     string `json:"server"`
	Parameter  string `json:"parameter"`
	Value      string `json:"value"`      // when the run began
	Used       int64  `json:"used"`       // bytes in use then; -1: not known
	Discovered bool   `json:"discovered"` // nobody named the server: "then" is when a test first spoke to it
	Failures   int    `json:"failures"`   // failed tests that met it, under no change of this run
	Should     string `json:"should"`     // what it is to be put to
	// Source says why: "--expect", what says what the server was started with, or
	// "default" for Redis's own.
	Source  string   `json:"source"`
	Command string   `json:"command"` // that puts it right
	Likely  []Setter `json:"likely"`  // who of this run sets just that value and nothing else after it
}

// Setter is who was traced setting a parameter to one value, and to no other.
type Setter struct {
	By         *record.Name  `json:"by"`          // nil when it was one of Suspects
	Suspects   []record.Name `json:"suspects"`    // else empty
	AndEarlier int           `json:"and_earlier"` // see Change
	Count      int           `json:"count"`       // times: the last of several may restore what it found
	Call       *Call         `json:"call"`
}

// A Timeline is what the snapshots of one server showed over the run. It is for
// drawing: of a long run it holds less detail, and never more than a picture
// can show.
type Timeline struct {
	Samples []Sample // in order, without gaps but where the server was out of sight
	Values  []Values // of maxmemory and of the parameters that changed, by name
}

// A Sample is the snapshots of a stretch of time.
type Sample struct {
	From, To time.Time // when the first and the last of them were received
	Least    int64     // of used_memory, in bytes
	Most     int64
	OOM      int64 // commands refused since the sample before
	Evicted  int64 // keys evicted since then
}

// Values are what a parameter was, in order. The first is its initial value.
type Values struct {
	Parameter string
	Steps     []Step
	More      int // steps that were left out behind the last
}

// A Step is a value and when it was first seen.
type Step struct {
	At    time.Time
	Value string
}

// Gap is a stretch in which a server could not be seen.
type Gap struct {
	Server string        `json:"server"`
	From   time.Time     `json:"from"`
	To     time.Time     `json:"to,omitzero"` // missing when it was never seen again
	Active []record.Name `json:"active"`      // open when the sight was lost
	Reason string        `json:"reason"`
}

// Restart is a new run_id at a known address.
type Restart struct {
	Server string        `json:"server"`
	At     time.Time     `json:"at"`
	Active []record.Name `json:"active"` // open while it happened
}

// Failover is another master of a server, which a cluster or Sentinel gave it, or a command
// that asks for a failover.
type Failover struct {
	// Through says what brought it about: "cluster", "sentinel" or "command" (a test had
	// asked for it).
	Through string        `json:"through"`
	Server  string        `json:"server"`
	At      time.Time     `json:"at"`
	From    string        `json:"from"` // "host port", or empty: it was a master
	To      string        `json:"to"`
	Active  []record.Name `json:"active"` // open while it happened
}

// Endpoint is an address that test binaries used as a Redis.
type Endpoint struct {
	Address  string   `json:"address"`
	TLS      bool     `json:"tls"`
	Packages []string `json:"packages"`
	Server   string   `json:"server"`  // the watched server that is there; empty where it is not watched
	Inside   bool     `json:"inside"`  // a test binary itself listens there: a fake
	Foreign  bool     `json:"foreign"` // what answers there is no Redis
	Problem  string   `json:"problem"` // why it is not watched
}

// UnmetExpectation is an expectation that did not hold when the run began.
type UnmetExpectation struct {
	Server    string `json:"server"`
	Parameter string `json:"parameter"`
	Expected  string `json:"expected"`
	Value     string `json:"value"`
	Command   string `json:"command"` // that puts it right
}

// Changed is a parameter that the run left changed.
type Changed struct {
	Server    string `json:"server"`
	Parameter string `json:"parameter"`
	Value     string `json:"value"`
	Initial   string `json:"initial"`
	Secret    bool   `json:"secret"`
	// Repaired is set when tracetest restored it and read it back. Why says why it left
	// it alone; empty where it did not, or was asked to leave it (--restore=never).
	Repaired bool       `json:"repaired"`
	Why      record.Why `json:"why"`
	// Appeared is set for what the server did not have when the run began, as of a module.
	Appeared bool `json:"appeared"`
	// Failover is set for a role that nobody was traced giving: nobody is to undo a failover.
	Failover bool   `json:"perhaps_failover"`
	Command  string `json:"command"` // that restores it by hand, see report/wording; empty for a secret, a failover, and what appeared
}

// Restore is a write of tracetest's own.
type Restore struct {
	Server  string            `json:"server"`
	When    string            `json:"when"`
	After   *record.Name      `json:"after"` // nil at the end of the run
	Values  map[string]string `json:"values"`
	Error   string            `json:"error"`
	Command string            `json:"command"`
}

// Codes of the notices of triage.
const (
	NoticeNotWaiting      = "not-waiting"    // Test, where a record does not say it itself
	NoticeDamaged         = "record-damaged" // Entry or Line
	NoticeResultDropped   = "result-dropped" // go test says ok although a test failed
	NoticeNotInstrumented = "not-instrumented"
	NoticeOutsideChange   = "outside-change"
)

// Notice is something on how the run was watched.
type Notice struct {
	Code    string `json:"code"`
	Text    string `json:"text"` // as a sentence: of the record, else see report/wording
	Package string `json:"package"`

	Line      int    `json:"line,omitempty"`  // of the record that cannot be read, because of Error
	Entry     int64  `json:"entry,omitempty"` // before which entries of the record are missing
	Error     string `json:"error,omitempty"`
	Test      string `json:"test,omitempty"`  // whose end the test binary did not report, and go test did
	Tests     int    `json:"tests,omitempty"` // how many of the package were not synchronized; all of it where zero
	Server    string `json:"server,omitempty"`
	Parameter string `json:"parameter,omitempty"` // that changed while no test was running
	From      string `json:"from,omitempty"`
	To        string `json:"to,omitempty"`
}
