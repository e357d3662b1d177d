package record

// Baseline is the leaks that were known when the run began. It is part of the
// record, so that whoever reads that comes to the same exit code.
//
// It has nothing to do with the baseline of a [Server], the values that it had
// then.
type Baseline struct {
	File  string  `json:"file" redact:"-"` // where it was read from
	Known []Known `json:"known"`
}

// Known is a leak that somebody knows of and looks after.
type Known struct {
	Name
	Parameter string `json:"parameter" redact:"-"`
	Owner     string `json:"owner"`              // who looks after it
	Reason    string `json:"reason"`             // why it may stay for now
	Expires   string `json:"expires" redact:"-"` // the last day on which it may, YYYY-MM-DD, in UTC
}
