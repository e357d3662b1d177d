package record

import "strings"

// What the trace reports: the tests' own connections to Redis, as package net of a
// test binary saw them.

// Contact is the first command that a test binary is about to send to an
// address.
type Contact struct {
	Process int    `json:"process"`
	Network string `json:"network" redact:"-"` // tcp or unix
	Address string `json:"address" redact:"-"` // as the connection has it, a name resolved
	Local   string `json:"local,omitempty" redact:"-"`
	TLS     bool   `json:"tls,omitempty"`
	// Server is the index of the watched server that is there, or -1.
	Server int `json:"server"`
	// Inside is set where the test binary itself listens at the address, as with
	// a fake.
	Inside bool `json:"inside,omitempty"`
	// Vague is set where the first command was a line of text, which could also be
	// of another protocol.
	Vague bool `json:"vague,omitempty"`
	// Foreign is set where what answered at the address is no Redis.
	Foreign bool   `json:"foreign,omitempty"`
	Problem string `json:"problem,omitempty"` // why it is not watched
}

// NotDiscovered is the Problem of a server that is not watched because --discover=off
// says so.
const NotDiscovered = "--discover=off"

// By says whose goroutine did something.
type By struct {
	Label Label `json:"label,omitempty"`
	// Owner is set where the label is LabelOwner. It may have ended long ago,
	// so that all that names it stands here.
	Owner *Owner `json:"owner,omitempty"`
	Unit  int64  `json:"unit,omitempty"`               // the top-level test that a subtest is in, else the owner itself
	Test  string `json:"test,omitempty" redact:"name"` // of a spec: the test function that runs the suite
	// Perhaps are others of whom one can have started the goroutine as well: specs
	// of one Ginkgo suite, or its test. They have neither stack nor label.
	Perhaps []By `json:"perhaps,omitempty"`
	// Lost is set where Perhaps are not all.
	Lost  bool    `json:"lost,omitempty"`
	Stack []Frame `json:"stack,omitempty"` // innermost first
	// Started is the go statement that started the goroutine, where it is known
	// and the goroutine is not the owner's own.
	Started []Frame `json:"started,omitempty"`
	// Waiting are the goroutines that stood in a call of a Redis client at that
	// moment. It is recorded where the stack has no frame of a test: some clients
	// write on goroutines of their own.
	Waiting []By `json:"waiting,omitempty"`
	// Starts is set on one of Waiting: it started the goroutine that it waits for.
	Starts bool `json:"starts,omitempty"`
}

// Label is what the profiler label of a goroutine says.
type Label string

const (
	LabelOwner   Label = "owner"   // a test, subtest, spec, ... started it
	LabelPackage Label = "package" // init or TestMain did
	LabelNone    Label = ""        // it has none: a timer's, a finalizer's
)

// Frame is a call on a stack.
type Frame struct {
	Function string `json:"function" redact:"-"` // with the import path of its package
	File     string `json:"file" redact:"-"`
	Line     int    `json:"line"`
	Std      bool   `json:"std,omitempty"` // it is of the standard library
	// Sets is set on a frame of Waiting: whether the function that it is in
	// mentions CONFIG or a ConfigSet in its source.
	Sets bool `json:"sets,omitempty"`
	// Takes is set where the function does there what others can have handed to
	// it: in a loop, or with what it received.
	Takes bool `json:"takes,omitempty"`
}

// Write is a command that changes a server rather than data, about to be sent.
// Process and Number together name it.
type Write struct {
	Process int    `json:"process"`
	Number  int64  `json:"number"`
	Server  int    `json:"server"` // index, or -1 where it is not watched
	Address string `json:"address" redact:"-"`
	// Command is the command with its arguments, secrets hidden.
	Command []string `json:"command" redact:"value"`
	// Values are what it sets, by parameter, as CONFIG GET will say it: of
	// CONFIG SET and REPLICAOF.
	Values []Value `json:"values,omitempty"`
	By     By      `json:"by"`
	Site   *Site   `json:"site,omitempty"` // where a clean-up for it can stand; of one that sets parameters
	// Snapshots are taken before it is sent: what it finds, and what it takes with it of what was
	// counted.
	Snapshots []Snapshot `json:"snapshots,omitempty"`
}

// Value is what a write sets a parameter to.
type Value struct {
	Parameter string `json:"parameter" redact:"-"`
	Value     string `json:"value,omitempty" redact:"value"`
	Secret    bool   `json:"secret,omitempty"` // the value is not recorded
}

// Reply is the answer to a write. It has had its effect, if it had any.
type Reply struct {
	Process   int        `json:"process"`
	Number    int64      `json:"number"`
	Text      string     `json:"text"` // first line, such as "+OK"
	Snapshots []Snapshot `json:"snapshots,omitempty"`
}

// Refused are OOM errors that one owner met at one place in the code.
type Refused struct {
	Process int   `json:"process"`
	Number  int64 `json:"number"` // within the process; reported again with a further Count
	Count   int64 `json:"count"`
	// The rest is reported the first time.
	Server  int    `json:"server"` // index, or -1
	Address string `json:"address,omitempty" redact:"-"`
	Text    string `json:"text,omitempty"`
	By      By     `json:"by,omitzero"`
}

// Asked is a command whose reply shows what other clients do or are, tracetest
// among them: SLOWLOG, MONITOR, INFO commandstats, CLIENT LIST, ... It is reported
// before it is sent, once for each owner.
type Asked struct {
	Process int      `json:"process"`
	Server  int      `json:"server"` // index, or -1 where it is not watched
	Address string   `json:"address"`
	Command []string `json:"command"`
	By      By       `json:"by"`
}

// Clients are those that were connected when a parameter had changed and no
// test binary had been seen writing it: others than tracetest and the tests.
type Clients struct {
	Server    int      `json:"server"`
	Parameter []string `json:"parameters" redact:"-"` // that had changed
	Error     string   `json:"error,omitempty"`
	List      []Client `json:"list,omitempty"`
}

// Client is a line of CLIENT LIST.
type Client struct {
	Address string `json:"address" redact:"-"`
	Name    string `json:"name,omitempty"`
	Library string `json:"library,omitempty"`
	User    string `json:"user,omitempty"`
	Command string `json:"command,omitempty" redact:"-"` // its last, such as "config|set"
	Age     int64  `json:"age"`                          // seconds since it connected
	Idle    int64  `json:"idle"`                         // seconds since its last command
}

// Package returns the import path of the package that a function is of, from
// its name as the runtime has it: "a.b/c.(*T).M" is of "a.b/c". In the last
// element a dot is escaped.
func (f Frame) Package() string {
	path, _, _ := strings.Cut(f.Function, "[") // of a type parameter, which may have slashes
	from := strings.LastIndexByte(path, '/') + 1
	if at := strings.IndexByte(path[from:], '.'); at >= 0 {
		path = path[:from+at]
	}
	return strings.ReplaceAll(path, "%2e", ".")
}
