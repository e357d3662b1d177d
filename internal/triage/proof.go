package triage

import (
	"fmt"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// tally counts the trials of one kind.
type tally struct{ failed, ran int }

func (t tally) String() string { return fmt.Sprintf("%d/%d", t.failed, t.ran) }

// Verdict says what trials prove of a test that failed while a leak was in
// force. Trials of it alone count before those that it shared with others.
//
//   - proved: it passes without the test that leaks, fails after it, and passes
//     when what that changed is restored in between; each time.
//   - refuted: it fails without the test that leaks as well, each time.
//   - not reproduced: it passes after the test that leaks.
//   - unsettled: anything else, such as now this and now that.
func Verdict(name record.Name, trials []record.Trial) string { return proof(name, trials).Verdict }

func proof(name record.Name, trials []record.Trial) findings.Proof {
	alone := false
	for _, t := range trials {
		alone = alone || len(t.Tests) == 1 && t.Tests[0].Name == name
	}
	count := map[record.TrialKind]*tally{record.TrialWithout: {}, record.TrialWith: {}, record.TrialRestored: {}}
	for _, t := range trials {
		if alone && len(t.Tests) != 1 || count[t.Kind] == nil {
			continue
		}
		for _, tried := range t.Tests {
			if tried.Name != name || tried.Outcome != "pass" && tried.Outcome != "fail" {
				continue // it did not run, which says nothing
			}
			count[t.Kind].ran++
			if tried.Outcome == "fail" {
				count[t.Kind].failed++
			}
		}
	}
	without, with, restored := *count[record.TrialWithout], *count[record.TrialWith], *count[record.TrialRestored]
	p := findings.Proof{Verdict: "unsettled", Without: without.String(), With: with.String(), Restored: restored.String()}
	switch {
	case without.ran > 0 && without.failed == without.ran:
		p.Verdict = "refuted"
	case without.ran > 0 && with.ran > 0 && restored.ran > 0 && without.failed == 0 && with.failed == with.ran && restored.failed == 0:
		p.Verdict = "proved"
	case without.ran > 0 && with.ran > 0 && without.failed == 0 && with.failed == 0:
		p.Verdict = "not reproduced"
	}
	return p
}

// again says how often the one that leaks left the same changed again, of the
// trials that ran it; empty without any.
func again(culprit record.Name, trials []record.Trial) string {
	var t tally
	for _, trial := range trials {
		if trial.Culprit == culprit && trial.Kind == record.TrialAlone && trial.Error == "" {
			t.ran++
			if trial.Leaked {
				t.failed++
			}
		}
	}
	if t.ran == 0 {
		return ""
	}
	return t.String()
}

// prove lays what the trials say over the failures that are tied to a leak.
func (a *Analysis) prove(f *findings.Findings) {
	if len(a.trials) == 0 {
		return
	}
	for i := range f.Leaks {
		if o := f.Leaks[i].By; o != nil {
			f.Leaks[i].Again = again(*o, a.trials)
		}
	}
	for i := range f.Failures {
		failure := &f.Failures[i]
		if failure.Leak == nil || f.Leaks[*failure.Leak].By == nil {
			continue
		}
		culprit := f.Leaks[*failure.Leak].By
		name := failure.Name()
		var of []record.Trial
		for _, t := range a.trials {
			if t.Culprit == *culprit {
				of = append(of, t)
			}
		}
		p := proof(name, of)
		if p.Without == "0/0" && p.With == "0/0" && p.Restored == "0/0" {
			continue // it was never tried
		}
		failure.Proof = &p
		if p.Verdict == "proved" || p.Verdict == "refuted" {
			failure.Certainty = p.Verdict
		}
	}
}
