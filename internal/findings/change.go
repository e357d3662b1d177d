package findings

import (
	"slices"
	"time"

	"tracetest/internal/record"
)

// Certainty says how it is known who made a change.
type Certainty string

const (
	// Exact: the own goroutine of whoever made the change was traced writing it.
	Exact Certainty = "exact"
	// Inferred: it happened between the synchronized begin and end of this one
	// while no other was open, but nobody saw the write.
	Inferred Certainty = "inferred"
	// Ambiguous: several were open; Suspects holds them all.
	Ambiguous Certainty = "ambiguous"
)

// Change is a parameter that a unit left changed (a leak), or changed and put
// back (reverted).
type Change struct {
	Server     string        `json:"server"` // address
	Nodes      []string      `json:"nodes"`  // of a cluster: where the same unit did the same at the same line, Server first; else empty
	Parameter  string        `json:"parameter"`
	From       string        `json:"from"` // the value when the unit began
	To         string        `json:"to"`   // a leak: when it ended; reverted: the last that differed
	Initial    string        `json:"initial"`
	By         *record.Name  `json:"by"` // nil when ambiguous
	Certainty  Certainty     `json:"certainty"`
	Suspects   []record.Name `json:"suspects"`    // when ambiguous, else empty
	AndEarlier int           `json:"and_earlier"` // then: how many more tests of the process, most of which had ended, may be the one and are not in Suspects
	Call       *Call         `json:"call"`        // nil while nobody saw the write
	// First is the call with which the unit changed the parameter first; nil where that is Call.
	First *Call `json:"first"`
	// Site is where a clean-up for that one can stand; nil where the source does not show it.
	Site       *record.Site `json:"site"`
	RestoredBy *record.Name `json:"restored_by"`
	// RestoredByTool is set when tracetest itself restored it (--restore).
	RestoredByTool bool      `json:"restored_by_tool"`
	At             time.Time `json:"at"` // when the change was first seen

	Unit           Unit            `json:"unit"`            // what should have restored it
	Location       string          `json:"location"`        // file:line of the spec where Ginkgo says it; else empty
	Ended          string          `json:"ended"`           // pass, fail, skip, panic, "died" when its process ended first; "" when ambiguous
	Together       int             `json:"together"`        // leaks of one unit seen in one snapshot, as of one CONFIG SET, share this number, from 1
	Ephemeral      bool            `json:"ephemeral"`       // of a server that the tests started and ended: nothing of it outlives them
	Secret         bool            `json:"secret"`          // the values are hidden
	Caveats        []Caveat        `json:"caveats"`         // what weakens the attribution
	DisambiguateBy *Disambiguation `json:"disambiguate_by"` // what would settle it; nil unless ambiguous
	Disambiguate   string          `json:"disambiguate"`    // as a command, see report/wording
	// Cleanups are those that the source has for it, and that did not reach the server at the end.
	Cleanups []Cleanup `json:"cleanups"`
	// Constant is set on a leak of a unit that changed the parameter and then set it
	// again, to something else than it had found: a restore that is hard-coded,
	// most likely.
	Constant bool `json:"constant"`
	// Again is how often re-runs of the unit by itself left it changed again, such
	// as 2/2; empty without any.
	Again string `json:"again"`
	// Untraced is set when the trace was on and saw no test binary write it: it
	// was another program.
	Untraced bool `json:"untraced"`
	// OtherClients are the clients that were connected then, other than tracetest
	// and the test binaries.
	OtherClients []record.Client `json:"other_clients"`
	// AlsoSetBy are others that set the same value later, when it changed nothing, and
	// did not restore it: a leak masks theirs.
	AlsoSetBy []Setter `json:"also_set_by"`
	Known     *Known   `json:"known"` // of a leak: the entry of the baseline that covers it; nil where none does
}

// Servers are those that it is on.
func (c *Change) Servers() []string {
	if len(c.Nodes) > 0 {
		return c.Nodes
	}
	return []string{c.Server}
}

// On reports whether it is on a server.
func (c *Change) On(server string) bool { return slices.Contains(c.Servers(), server) }

// Cleanup is code that is there to restore a parameter, and of which no write was traced, or
// one that was sent before the change.
type Cleanup struct {
	Location string `json:"location" redact:"-"` // file:line
	Why      string `json:"why" redact:"-"`      // at-once, cancelled, closed; empty where the source does not show it
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

// Known says of a leak that it is in the baseline of known leaks.
type Known struct {
	Owner   string `json:"owner"`   // who looks after it
	Reason  string `json:"reason"`  // why it may stay for now
	Expires string `json:"expires"` // the last day on which it may, YYYY-MM-DD
}

// Baseline is what the run made of the entries of the baseline of known leaks.
// Those that are in no list matched a leak.
type Baseline struct {
	File    string         `json:"file"` // empty without one
	Entries int            `json:"entries"`
	Expired []record.Known `json:"expired"` // they count no more
	// Gone are entries whose test ran, passed and was watched from its begin to
	// its end, and left the parameter as it was, as did everybody else: they can go.
	Gone []record.Known `json:"gone"`
	// Undecided are entries of which this run shows nothing: their test did not run
	// or pass, or it can have leaked unseen.
	Undecided []record.Known `json:"undecided"`
}

// Write is what the tests' own connections sent to change a server: all calls
// of one test at one place with one command.
type Write struct {
	Server     string        `json:"server"`  // address
	Watched    bool          `json:"watched"` // whether tracetest watched it
	Command    []string      `json:"command"` // of the first, secrets hidden
	Count      int           `json:"count"`
	Others     int           `json:"others"` // those that did the same at the same place, beside this one
	By         *record.Name  `json:"by"`     // nil when ambiguous
	Certainty  Certainty     `json:"certainty"`
	Suspects   []record.Name `json:"suspects"`
	AndEarlier int           `json:"and_earlier"` // see Change
	Call       *Call         `json:"call"`
	Reply      string        `json:"reply"` // to the first; empty where it was not seen
	At         time.Time     `json:"at"`    // of the first
}

// Refusal is OOM errors that one test met at one place.
type Refusal struct {
	Server     string        `json:"server"`
	By         *record.Name  `json:"by"` // nil when ambiguous
	Certainty  Certainty     `json:"certainty"`
	Suspects   []record.Name `json:"suspects"`
	AndEarlier int           `json:"and_earlier"` // see Change
	Count      int64         `json:"count"`
	Text       string        `json:"text"`
	Call       *Call         `json:"call"`
}
