package findings

import "tracetest/internal/record"

// A Caveat weakens what is said of a change.
type Caveat struct {
	Kind      CaveatKind    `json:"kind"`
	Owners    []record.Name `json:"owners,omitempty"`    // whom it is about, a few of them
	More      int           `json:"more,omitempty"`      // how many more there are, of units or of places
	Functions []string      `json:"functions,omitempty"` // tests whose code it is
	Places    []string      `json:"places,omitempty"`    // file:line, a few of them
	Unit      Unit          `json:"unit,omitempty"`      // that should have restored it
	Command   string        `json:"command,omitempty"`   // that was seen, such as EVAL
	Text      string        `json:"text"`                // as a sentence, see report/wording
}

// A CaveatKind says what a caveat is about.
type CaveatKind string

// Of the goroutine that made a call.
const (
	CaveatOutlived         CaveatKind = "outlived"           // it was started by whoever made it and went on after its end; Owners ran then
	CaveatWorker           CaveatKind = "worker"             // Owners started it; tests that share it can have given it the call
	CaveatFamily           CaveatKind = "family"             // it runs code of Functions, any subtest of which it may be
	CaveatClosureOfAnother CaveatKind = "closure-of-another" // it ran a closure that another test had made
	CaveatFuncOfAnother    CaveatKind = "function-of-another"
	CaveatTestMain         CaveatKind = "testmain"     // its code is of TestMain
	CaveatTimer            CaveatKind = "timer"        // a timer or a finalizer ran it
	CaveatCalledLater      CaveatKind = "called-later" // it runs what somebody has left to be called
	CaveatLostStarter      CaveatKind = "lost-starter" // the goroutine that started it has ended
)

// Of a call that another process or a client's own goroutine made.
const (
	CaveatBinary        CaveatKind = "test-binary"              // of a test binary that whoever made it had started
	CaveatBinaryOfOne   CaveatKind = "test-binary-of-one"       // one of the suspects had started it
	CaveatBinaryLate    CaveatKind = "test-binary-after-end"    // it made the call after the end of whoever made it
	CaveatSeveralWaited CaveatKind = "several-waited"           // for replies of the client; the call is of the one whose code sets a parameter
	CaveatCallsWaited   CaveatKind = "several-calls-waited"     // at Places
	CaveatOtherValue    CaveatKind = "other-value-sent"         // a test binary was seen setting it to another value, at Places
	CaveatCanSet        CaveatKind = "command-that-can-set"     // a test binary was seen sending Command
	CaveatNoAnswer      CaveatKind = "no-answer-seen"           // a test that has ended had sent this value; no answer, or a late one
	CaveatNoSnapshot    CaveatKind = "between-snapshots"        // it was set and restored between two of them
	CaveatMayBeFailover CaveatKind = "record-ends-before-peers" // the record ends before it says who was connected
)

// Of how it ended.
const (
	CaveatRecordEnds    CaveatKind = "record-ends"           // before Unit did
	CaveatOutOfSight    CaveatKind = "out-of-sight"          // the server was, when Unit ended
	CaveatEarlyLeak     CaveatKind = "restored-after-one"    // it was there when Owners ended, and was restored before the others had
	CaveatRestarted     CaveatKind = "server-restarted"      // later, and the value was gone
	CaveatRestoredIdle  CaveatKind = "restored-by-nobody"    // later, while no test ran
	CaveatRestoredByOne CaveatKind = "restored-by-several"   // later, by one of several
	CaveatRestoredSelf  CaveatKind = "restored-perhaps-self" // by somebody who may be the same test
	CaveatContainer     CaveatKind = "ordered-container"     // a BeforeAll or AfterAll counts as part of the spec
)

// A Unit is what should leave the server as it found it: the kind of a test, or one of these.
type Unit string

const (
	UnitPackage   Unit = "package"
	UnitContainer Unit = "container" // an Ordered container of Ginkgo
	UnitSeveral   Unit = "several"   // tests that ran at the same time
)

// A Disambiguation is what would show which suspect it was.
type Disambiguation struct {
	Kind  DisambiguationKind `json:"kind"`
	Tests []string           `json:"tests,omitempty"` // those to be run one by one
}

// A DisambiguationKind says how to run the same again.
type DisambiguationKind string

const (
	DisambiguateInstrument DisambiguationKind = "instrument" // with tests that are synchronized
	DisambiguateWait       DisambiguationKind = "wait"       // with more patience for the server
	DisambiguateSerial     DisambiguationKind = "serial"     // one test after the other
	DisambiguateSpecs      DisambiguationKind = "serial-specs"
	DisambiguateAlone      DisambiguationKind = "alone" // each of Tests by itself
)

// A Reason is why a run is not complete, or does not end with 0.
type Reason struct {
	Kind    ReasonKind `json:"kind"`
	Server  string     `json:"server,omitempty"`
	Package string     `json:"package,omitempty"`
	PID     int        `json:"pid,omitempty"`
	Command []string   `json:"command,omitempty"`
	Unended []string   `json:"unended,omitempty"` // tests that never ended
	Missing []string   `json:"missing,omitempty"` // tests that never ran
	Problem string     `json:"problem,omitempty"` // as it was met: by the system, or in the record
}

// A ReasonKind is the condition that a run does not meet.
type ReasonKind string

// In the order in which they are listed.
const (
	ReasonArguments     ReasonKind = "arguments"        // the go command did not understand them
	ReasonNoEnd         ReasonKind = "no-end"           // the record has none
	ReasonCutShort      ReasonKind = "cut-short"        // Problem says by what, or is empty
	ReasonUnwritten     ReasonKind = "unwritten"        // not all of the record could be written
	ReasonDamaged       ReasonKind = "damaged"          // the record is
	ReasonNoServer      ReasonKind = "no-server"        // none was watched
	ReasonUnseenAtEnd   ReasonKind = "unseen-at-end"    // Server was
	ReasonUnwatched     ReasonKind = "unwatched-server" // the tests used Server
	ReasonOnlyUnwatched ReasonKind = "only-unwatched"   // the tests used Server, and no other that was watched
	ReasonUnsampled     ReasonKind = "unsampled-write"  // Server accepted Command, and no snapshot shows it
	ReasonSilent        ReasonKind = "silent-launcher"  // no test process of the command that was started reported
	ReasonUnended       ReasonKind = "unended-tests"    // the test binary of Package ended with status 0 before its tests
	ReasonUnreported    ReasonKind = "unreported-end"   // of Package
	ReasonLasting       ReasonKind = "lasting-process"  // a test binary of Package still ran
	ReasonGoTest        ReasonKind = "go-test-failed"
	ReasonFailed        ReasonKind = "tests-failed"
	ReasonLeaked        ReasonKind = "leaked"
	ReasonExpect        ReasonKind = "expect-unmet"
)
