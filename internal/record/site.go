package record

// Site is what the source said, during the run, of the place where a clean-up for a write can
// stand: the innermost function of test code on the stack that can have one and can reach the
// client. Of a write without it the source was not found, or no such place is on the stack.
type Site struct {
	File string `json:"file" redact:"-"`
	Call int    `json:"call"` // the line that is on the stack
	// Line is that of the statement of the call, before which the clean-up can stand, and
	// Column, where other code stands before it on that line, where it begins.
	Line     int      `json:"line"`
	Column   int      `json:"column,omitempty"`
	Function int      `json:"function"` // the line at which the function begins whose end the clean-up is for
	Kind     SiteKind `json:"kind" redact:"-"`
	Node     string   `json:"node,omitempty" redact:"-"` // of Ginkgo, such as BeforeEach
	T        string   `json:"t,omitempty"`               // the expression of a testing.TB
	Client   string   `json:"client,omitempty"`          // the expression of the client; empty where none is in reach
	Library  string   `json:"library,omitempty" redact:"-"`
	Type     string   `json:"type,omitempty" redact:"-"` // of the client, in the package of its library
	Context  string   `json:"context,omitempty"`         // an expression; empty where none is in reach
	// Parameter is the expression of the parameter's name where the call has one, as a helper does
	// that sets any.
	Parameter string `json:"parameter,omitempty"`
	// Closes are the lines at which the client is closed before a clean-up would run. Defers
	// is set where a defer of the function itself, before the call, is all that does.
	Closes []Close `json:"closes,omitempty"`
	Defers bool    `json:"defers,omitempty"`
	// Cleanups are those of the function, and of what runs behind it, for what the write sets.
	Cleanups []Cleanup `json:"cleanups,omitempty"`
	Run      *Close    `json:"run,omitempty"` // of TestMain: the statement with m.Run
	// Nested is set where the statement is not of the function's own block, but of one within.
	Nested bool `json:"nested,omitempty"`
	// Imports are the names by which the file has packages that a clean-up needs: by path, and the
	// client's, by the name of its library. That of a dot import is ".".
	Imports map[string]string `json:"imports,omitempty" redact:"-"`
	// Taken are names of variables that a clean-up cannot declare there.
	Taken []string `json:"taken,omitempty" redact:"-"`
}

// Close is a statement of a line of its own, which an advice can replace; where it is not, its
// Text is empty.
type Close struct {
	File string `json:"file" redact:"-"`
	Line int    `json:"line"`
	Text string `json:"text,omitempty"`
	T    string `json:"t,omitempty"`  // of a defer before the call: the testing.TB of its function, which a clean-up there has
	Of   string `json:"of,omitempty"` // the expression of what it closes, as the function of the clean-up has it
}

// Cleanup is code that is there to set a parameter when a test ends: a defer, or what is given
// to Cleanup or DeferCleanup.
type Cleanup struct {
	File  string `json:"file" redact:"-"`
	Line  int    `json:"line"`
	Until int    `json:"until"` // its last line
	// Why says why it does not restore anything, as far as the source shows.
	Why string `json:"why,omitempty" redact:"-"`
}

// Why a clean-up does not restore anything.
const (
	WhyAtOnce    = "at-once"   // the arguments of a deferred call are evaluated when it is deferred
	WhyCancelled = "cancelled" // its context is that of the test
	WhyClosed    = "closed"    // its client is closed by then
)

// SiteKind says what runs a clean-up.
type SiteKind string

const (
	SiteTest    SiteKind = "test"    // t.Cleanup
	SiteGinkgo  SiteKind = "ginkgo"  // DeferCleanup
	SiteMain    SiteKind = "main"    // TestMain, or what it gives its m
	SiteExample SiteKind = "example" // a defer
)
