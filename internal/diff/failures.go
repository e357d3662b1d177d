package diff

import (
	"cmp"
	"slices"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// failures compares what failed.
func (c *comparison) failures() []Failure {
	before, after := failed(c.before.Findings), failed(c.after.Findings)
	wanted := map[record.Name]bool{}
	for _, all := range []map[record.Name]*FailureOfSide{before, after} {
		for o := range all {
			wanted[o] = true
		}
	}
	c.before.ask(wanted)
	c.after.ask(wanted)
	var result []Failure
	for o := range wanted {
		f := Failure{Name: o, Old: before[o], New: after[o]}
		switch {
		case f.Old == nil:
			c.judgeNewFailure(&f)
		case f.New == nil:
			c.judgeGoneFailure(&f)
		case f.Old.cause() != f.New.cause():
			f.State = Moved
		default:
			f.State = Kept
		}
		result = append(result, f)
	}
	slices.SortFunc(result, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(stateOrder(a.State), stateOrder(b.State)), a.Name.Compare(b.Name))
	})
	return result
}

func (c *comparison) judgeNewFailure(f *Failure) {
	f.State, f.Why = New, c.before.passed(f.Name, "old")
	if f.Why == "" {
		return
	}
	if !c.before.Findings.Run.Complete {
		f.State = Unsettled
	} else if c.before.Findings.Cases == nil {
		f.Why = "" // it is not among the failures of a whole run: it passed or was not there
	}
}

func (c *comparison) judgeGoneFailure(f *Failure) {
	f.State, f.Why = Gone, c.after.passed(f.Name, "new")
	p := c.after.packages[f.Package]
	switch {
	case f.Old.Status == "build" && p.Ran:
		f.Why = ""
	case f.Why == "" && (f.Test == "" && f.Spec == "" || f.SuiteNode()) && p.Outcome != "pass":
		f.Why = "its package failed in the new run"
	}
	if f.Why != "" {
		f.State = Unsettled
	}
}

// failed are the failures of a run by who failed. Of one that failed several
// times, the first that has to do with Redis counts.
func failed(f *findings.Findings) map[record.Name]*FailureOfSide {
	all := map[record.Name]*FailureOfSide{}
	for _, x := range f.Failures {
		side := sideOf(f, x)
		o := x.Name()
		was := all[o]
		switch {
		case was == nil:
			all[o] = side
		case !was.Correlated && side.Correlated, was.Cause == findings.CauseOther && side.Cause != findings.CauseOther && !was.Correlated:
			side.Count = was.Count + 1
			all[o] = side
		default:
			was.Count++
		}
	}
	return all
}

func sideOf(f *findings.Findings, x findings.Failure) *FailureOfSide {
	side := &FailureOfSide{Status: x.Status, Cause: x.Cause, Message: x.Message, Count: 1}
	if !x.Correlated() {
		return side
	}
	var change *findings.Change
	switch {
	case x.Leak != nil && *x.Leak >= 0 && *x.Leak < len(f.Leaks):
		change = &f.Leaks[*x.Leak]
	case x.Reverted != nil && *x.Reverted >= 0 && *x.Reverted < len(f.Reverted):
		change = &f.Reverted[*x.Reverted]
	default:
		return side
	}
	side.Correlated, side.Culprit, side.Parameter = true, change.By, change.Parameter
	return side
}

// cause is what makes two failures of one test the same.
func (s *FailureOfSide) cause() any {
	type cause struct {
		cause      findings.Cause
		correlated bool
		parameter  string
		culprit    record.Name
	}
	c := cause{cause: s.Cause, correlated: s.Correlated, parameter: s.Parameter}
	if s.Culprit != nil {
		c.culprit = *s.Culprit
	}
	return c
}
