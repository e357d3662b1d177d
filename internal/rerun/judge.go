package rerun

import (
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/snapshot"
)

// judge takes what a step showed into an outcome. Done says that the trial is
// over before its time.
func (out *Outcome) judge(ran Result, victim *Test, first bool, last record.Name) (done bool) {
	if ran.Err != nil {
		out.Error = ran.Err.Error()
		return true
	}
	for _, f := range ran.Findings.Failures {
		if f.Status == "build" {
			out.Error = "building the tests of " + f.Package + " failed: " + f.Message
			return true
		}
		if victim != nil && f.Name().In(victim.Name) && out.Message == "" {
			out.Message, out.Location = f.Message, f.Location
			out.Victim = "fail" // also where its process died and no end was heard
		}
	}
	if !ran.whole() {
		out.Error = ran.Findings.Run.Incomplete
		out.Interrupted = strings.HasPrefix(out.Error, "interrupted")
		return true
	}
	for _, r := range ran.Findings.Restored {
		touched := out.touched(last) // at the end of the step
		if r.After != nil {
			touched = out.touched(*r.After)
		}
		for name := range r.Values {
			touched(snapshot.Thing{What: "parameter", Name: name})
		}
	}
	if victim != nil {
		if how := ran.Outcomes.Of(victim.Name); how != "" && out.Victim != "fail" {
			out.Victim = how
		}
	}
	out.Silent = (first || out.Silent) && ran.Findings.Run.Traced && len(ran.Findings.Endpoints) == 0
	out.leave(ran.Findings)
	return false
}

// touched notes what is restored after somebody.
func (out *Outcome) touched(after record.Name) func(snapshot.Thing) {
	return func(t snapshot.Thing) {
		out.Touched = append(out.Touched, Touch{What: t.What, Name: t.Name, After: after})
	}
}

// leave notes what a step left changed.
func (out *Outcome) leave(f *findings.Findings) {
	for _, c := range f.Changed {
		left := Left{Server: c.Server, Parameter: c.Parameter, From: c.Initial, To: c.Value}
		if c.Secret {
			left.From, left.To = "(hidden)", "(hidden)"
		}
		for _, leak := range f.Leaks {
			if leak.On(c.Server) && leak.Parameter == c.Parameter && leak.By != nil && leak.To == c.Value {
				left.Owner, left.Call = leak.By, leak.Call
			}
		}
		if at := slices.IndexFunc(out.Left, func(l Left) bool { return l.Server == left.Server && l.Parameter == left.Parameter }); at >= 0 {
			left.From = out.Left[at].From // a step before had left it changed
			out.Left = slices.Delete(out.Left, at, at+1)
		}
		if left.From != left.To || c.Secret {
			out.Left = append(out.Left, left)
		}
	}
}
