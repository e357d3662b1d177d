package rerun

import "tracetest/internal/record"

// Outcomes follows how the tests of a run end. A test that failed once has
// failed: with -count it runs again.
type Outcomes struct {
	of       map[record.Name]string
	packages map[int]string // by process
	owners   map[int64]record.Name
}

// NewOutcomes returns one that has seen nothing.
func NewOutcomes() *Outcomes {
	return &Outcomes{of: map[record.Name]string{}, packages: map[int]string{}, owners: map[int64]record.Name{}}
}

// Of is how a test ended: pass, fail, skip, or empty where it did not.
func (o *Outcomes) Of(name record.Name) string { return o.of[name] }

// Add takes in the next entry of a record.
func (o *Outcomes) Add(e record.Entry) {
	switch {
	case e.Process != nil:
		o.packages[e.Process.Index] = e.Process.Package
	case e.Test != nil && e.Test.Test != "" && (e.Test.Action == "pass" || e.Test.Action == "fail" || e.Test.Action == "skip"):
		o.end(e.Test.Name(), e.Test.Action)
	case e.Boundary != nil && e.Boundary.Begin != nil:
		b := e.Boundary.Begin
		if b.Kind == record.KindSpec {
			o.owners[b.ID] = record.Name{Package: o.packages[e.Boundary.Process], Test: o.owners[b.Parent].Test, Spec: b.Name}
		} else {
			o.owners[b.ID] = record.Name{Package: o.packages[e.Boundary.Process], Test: b.Name}
		}
	case e.Boundary != nil && e.Boundary.End != nil:
		if name := o.owners[e.Boundary.Owner]; name.Spec != "" {
			status := e.Boundary.End.Status
			if status == "panic" {
				status = "fail"
			}
			o.end(name, status)
		}
	}
}

func (o *Outcomes) end(name record.Name, status string) {
	if o.of[name] != "fail" {
		o.of[name] = status
	}
}
