package bisect

import (
	"tracetest/internal/record"
	"tracetest/internal/rerun"
)

// Kind is what the answer is.
type Kind string

const (
	// Polluters: the victim fails after them, and not without them.
	Polluters Kind = "polluters"
	// Brittle: the victim fails by itself, and passes after a state-setter.
	Brittle Kind = "brittle"
	// NotOrderDependent: it fails by itself, always or now and then; or it passes
	// everywhere.
	NotOrderDependent Kind = "not order-dependent"
	// NotReproduced: it failed in the suite, and did not again.
	NotReproduced Kind = "not reproduced"
	// Leaks: these leave the parameter changed.
	Leaks Kind = "leaks"
	// Clean: nobody does.
	Clean Kind = "clean"
	// Unsettled: the trials contradict each other, or there were too few.
	Unsettled Kind = "unsettled"
)

// StateKind is where polluters leave what the victim meets.
type StateKind string

const (
	StateConfig  StateKind = "configuration"
	StateData    StateKind = "data"
	StateServer  StateKind = "users or functions" // of the server: ACL, functions
	StateOther   StateKind = "server"             // it outlives the process, and is none of these as far as was tried
	StateProcess StateKind = "process"
	StateWithin  StateKind = "within one test"  // they are subtests of one, and nothing could be put back in between
	StateBeside  StateKind = "at the same time" // they ran beside it, and nothing could be put back in between
)

// State is that through which polluters act.
type State struct {
	Kind StateKind `json:"kind"`
	// Proved says that the victim passes when it is restored in between, and for
	// the process when it has one of its own.
	Proved bool     `json:"proved"`
	Names  []string `json:"names"`         // parameters, keys, users
	Why    string   `json:"why,omitempty"` // what is to be said of how it is known
}

// Tally is how often a test failed of how often it ran.
type Tally struct {
	Failed int `json:"failed"`
	Ran    int `json:"ran"`
}

// Culprit is a polluter or state-setter.
type Culprit struct {
	rerun.Test
	Evidence string       `json:"evidence,omitempty"` // of the record
	Left     []rerun.Left `json:"left,omitempty"`     // what it left changed, with the line where that was traced
}

// Answer is what a bisection found.
type Answer struct {
	Kind     Kind         `json:"kind"`
	Victim   record.Name  `json:"victim"`
	Param    string       `json:"param,omitempty" redact:"-"` // the question where there is no victim
	Culprits []Culprit    `json:"culprits"`                   // polluters or state-setters, in the order in which they run; never unconfirmed
	State    *State       `json:"state"`                      // of polluters
	Cleaners []rerun.Test `json:"cleaners"`                   // tests of the suite after which it passes

	Alone    Tally `json:"alone"`    // the victim by itself
	With     Tally `json:"with"`     // after the culprits; of leaks, how often they left it changed
	Restored Tally `json:"restored"` // after them, the state put back in between
	Suite    Tally `json:"suite"`    // after everything that ran before it
	Apart    Tally `json:"apart"`    // in a process of its own after them

	Message string `json:"message,omitempty"` // what it says when it fails after them
	Reason  string `json:"reason,omitempty"`  // why it is this kind, a sentence
	// Best is the smallest set that was seen to do it, where nothing was
	// confirmed.
	Best     []rerun.Test `json:"best"`
	Unable   bool         `json:"unable,omitempty"`  // trials could not be run
	Stopped  bool         `json:"stopped,omitempty"` // by an interrupt or a budget; it can be resumed
	Trials   int          `json:"trials"`            // that were run
	Resumed  int          `json:"resumed,omitempty"`
	Seconds  float64      `json:"seconds"`
	Commands []string     `json:"commands"` // the shortest reproduction
	Restore  []string     `json:"restore"`  // commands that undo what it leaves on the server
	Exit     int          `json:"exit"`
}

// Settled says that the answer is one.
func (a *Answer) Settled() bool { return a.Kind != Unsettled && a.Kind != NotReproduced }
