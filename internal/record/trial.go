package record

// Trial is a re-run of chosen tests after the run, to prove what a leak did. It
// stands behind the End.
type Trial struct {
	Kind    TrialKind `json:"kind"`
	Culprit Name      `json:"culprit"` // who left something changed in the run
	// Tests are those that failed in the run, and how they ended now.
	Tests   []Tried `json:"tests"`
	Leaked  bool    `json:"leaked"`  // the culprit left it changed again
	Seconds float64 `json:"seconds"` // how long it took
	Error   string  `json:"error,omitempty"`
}

// TrialKind says what is run.
type TrialKind string

const (
	TrialWithout  TrialKind = "without"  // the failed tests without the culprit
	TrialWith     TrialKind = "with"     // the culprit, then they
	TrialAlone    TrialKind = "alone"    // the culprit by itself
	TrialRestored TrialKind = "restored" // the same, with what it changes restored in between
)

// Tried is how a test ended in a trial: pass, fail, skip, or empty where it did
// not run.
type Tried struct {
	Name
	Outcome string `json:"outcome" redact:"-"`
}
