package claims

import (
	"path"
	"slices"

	"tracetest/internal/findings"
	"tracetest/internal/report/doc"
)

// A Mood is the verdict at a glance, which is never all that says it.
type Mood string

// The moods.
const (
	Leaking  Mood = "leak"
	Doubtful Mood = "doubt"
	Good     Mood = "clean"
)

// Mood is the colour of the verdict.
func (v *View) Mood() Mood {
	switch {
	case len(v.Leaks) > v.knownLeaks():
		return Leaking
	case len(v.Leaks) == 0 && v.spotless():
		return Good
	}
	return Doubtful
}

// spotless reports whether there is nothing else to say of a clean run either.
func (v *View) spotless() bool {
	return v.Clean() && len(v.Failures)+len(v.UnmetExpectations)+len(v.Drift)+len(v.Dirty) == 0 && v.Run.GoExit == 0
}

// Headline is the verdict in one sentence, the same in every format: who left what
// changed, and what failed after it.
func (v *View) Headline() Text {
	leak, failed := []Text{v.leakClause()}, v.failureClauses()
	var state []Text
	if n := len(v.Drift); n > 0 {
		state = append(state, Count(n, "parameter")+" drifted before the run")
	}
	if n := len(v.UnmetExpectations); n > 0 {
		state = append(state, Count(n, "expectation")+" not met at the start")
	}
	var text Text
	switch before := v.dirtyClause(failed); {
	case len(v.Leaks) > 0:
		text = leak[0] + ": " + doc.Join(append(failed, state...), "; ")
	case before != "":
		text = doc.Join(slices.Concat([]Text{before}, leak, state), "; ")
	case v.cutOff(), v.Tests.Total == 0 && len(v.unbuilt) > 0:
		text = doc.Join(slices.Concat(failed, leak, state), "; ")
	case v.Clean():
		text = doc.Join(slices.Concat(leak, failed, state), ", ")
	default:
		text = doc.Join(slices.Concat(leak, failed, state), "; ")
	}
	if !v.Run.Complete {
		return "incomplete run: " + text
	}
	return text
}

func (v *View) leakClause() Text {
	switch n := len(v.doubts); {
	case len(v.Leaks) > 0:
		text := v.left(v.Groups[0])
		if more := len(v.Groups) - 1; more > 0 {
			text += ", and " + Count(more, "more leak")
		}
		return text + v.ofThemKnown()
	case v.spotless():
		return "clean: no configuration leaked"
	case v.Clean():
		return "no configuration leaked"
	case v.Tests.Total == 0 && len(v.unbuilt) > 0:
		return "no test ran"
	case n == 0: // incomplete
		return "no leak was seen in the part that ran"
	case n == 1 && v.Run.Complete && v.doubts[0].kind == findings.DoubtUntraced:
		return "no configuration leaked on the servers that were watched, but " + v.doubts[0].short
	case n == 1:
		return "no leak was seen, but " + v.doubts[0].short
	default:
		return "no leak was seen, but " + v.doubts[0].short + " and " + Count(n-1, "more doubt")
	}
}

// left says a group as a colleague would: what was left at which value, by whom, and
// at which line of a test.
func (v *View) left(g Group) Text {
	c := g.lead()
	text := code(c.Parameter) + " left at " + shortValue(c.Parameter, c.To, c.Secret) + " (was " + shortValue(c.Parameter, c.From, c.Secret) + ")"
	switch more := g.besides(c); {
	case len(more) == 1:
		text += ", with " + code(more[0]) + ","
	case len(more) > 1:
		text += ", with " + Count(len(more), "more parameter") + ","
	}
	switch {
	case c.By != nil && c.Untraced:
		return text + " while " + Owner(*c.By) + " ran, by an unidentified writer"
	case c.By != nil:
		text += " by " + Owner(*c.By)
	case len(c.Suspects) > 0:
		text += " by one of " + Count(len(c.Suspects), "suspect") + orEarlier(c.AndEarlier)
	default:
		text += " by an unidentified writer"
	}
	if where := v.shortPlace(c); where != "" {
		text += ", at " + where
	}
	return text
}

// shortPlace is the line of the test that made a change, and that of the helper that
// it called.
func (v *View) shortPlace(c findings.Change) Text {
	if c.Call == nil {
		return ""
	}
	base := func(place string) Text { return doc.Link(code(path.Base(place)), place) }
	if _, place := c.Call.Helper(); place != "" {
		return base(c.Call.Outermost()) + " through " + base(place)
	}
	return base(c.Call.Place())
}

// lead is the change of a group that says most: that of the limit, where there is one.
func (g Group) lead() findings.Change {
	for _, c := range g.Changes {
		if c.Parameter == "maxmemory" {
			return c
		}
	}
	return g.Changes[0]
}

// besides are the parameters of a group but for that of one change.
func (g Group) besides(lead findings.Change) []string {
	var names []string
	for _, c := range g.Changes {
		names = append(names, c.Parameter)
	}
	return slices.DeleteFunc(Unique(names), func(name string) bool { return name == lead.Parameter })
}

// failureClauses says what the failures have to do with it.
func (v *View) failureClauses() []Text {
	total := len(v.Failures)
	switch {
	case total == 0 && v.Tests.Total == 0 && v.Run.Complete && v.Run.GoExit == 0 && len(v.Leaks) == 0:
		return nil // the doubt says that no test ran
	case total == 0:
		return []Text{v.Passed()}
	}
	var clauses []Text
	correlated, inside := v.victims(), v.revertedVictims()
	if len(correlated) > 0 {
		clauses = append(clauses, of(len(correlated), total)+" "+are(correlated)+" that followed"+reRuns(correlated))
	}
	if len(inside) > 0 {
		clauses = append(clauses, of(len(inside), total)+" "+Got(inside)+" during a reverted change")
	}
	for _, part := range v.unexplainedParts() {
		clauses = append(clauses, of(len(part), total)+" "+Got(part)+" "+v.unexplainedBy(part))
	}
	if len(v.unreachable) > 0 {
		clauses = append(clauses, v.cutOffClause())
	}
	if len(v.unbuilt) > 0 {
		clauses = append(clauses, v.unbuiltClause())
	}
	switch {
	case len(clauses) > 0:
		return clauses
	case len(v.Leaks) > 0:
		return []Text{Count(total, "failure") + " not correlated with " + Plural(len(v.Groups), "it", "them")}
	}
	return []Text{Count(total, "failure") + " not correlated with a change of the server"}
}

// reRuns says how many of the failures re-runs proved.
func reRuns(failures []findings.Failure) Text {
	n := 0
	for _, f := range failures {
		if f.Certainty == "proved" {
			n++
		}
	}
	switch {
	case n == 0:
		return ""
	case n == 1 && len(failures) == 1:
		return ", proved by re-runs"
	}
	return ", " + itoa(n) + " of " + itoa(len(failures)) + " proved by re-runs"
}

// Passed says how the tests went where none failed.
func (v *View) Passed() Text {
	switch {
	case v.Run.Complete && v.Run.GoExit != 0:
		return v.launcher() + " exited with " + itoa(v.Run.GoExit) + " without a failed test"
	case !v.Run.Complete || v.Tests.Total == 0:
		return "no failures"
	case v.Tests.Skipped > 0:
		return Count(v.Tests.Passed, "test") + " passed and " + itoa(v.Tests.Skipped) + " skipped"
	}
	return Plural(v.Tests.Total, "the only test passed", "all "+itoa(v.Tests.Total)+" tests passed")
}

// of writes a share of the failures.
func of(n, total int) Text {
	switch {
	case n == total && n == 1:
		return "the only failure"
	case n == total && n == 2:
		return "both failures"
	case n == total:
		return "all " + itoa(n) + " failures"
	}
	return itoa(n) + " of " + Count(total, "failure")
}

func kinds(failures []findings.Failure) (oom, evicted, proved bool) {
	proved = true
	for _, f := range failures {
		oom = oom || f.Cause == findings.CauseOOM
		evicted = evicted || f.Cause == findings.CauseEviction
		proved = proved && f.Certainty == "proved"
	}
	return oom, evicted, proved
}

// are says what failures are.
func are(failures []findings.Failure) Text {
	oom, evicted, _ := kinds(failures)
	text := Text("failures")
	switch {
	case oom && evicted:
		text = "OOM errors or evictions"
	case evicted:
		text = "evictions"
	case oom:
		text = "OOM errors"
	}
	if len(failures) == 1 && !evicted && oom {
		return "is an OOM error"
	}
	return Plural(len(failures), "is of ", "are ") + text
}

// Got says what failures have in common, without calling it their cause
// unless each is proved.
func Got(failures []findings.Failure) Text {
	switch oom, evicted, proved := kinds(failures); {
	case oom && evicted:
		return "got OOM errors or lost evicted keys"
	case evicted:
		return "lost evicted keys"
	case oom:
		return "got OOM errors"
	case proved:
		return "failed, proved by a re-run,"
	}
	return "failed"
}
