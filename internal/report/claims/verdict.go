package claims

import (
	"path"
	"slices"
	"strings"
	"time"

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

// while says how long a change lasted: while a parameter was at its value.
func (g Group) while() Text {
	c := g.lead()
	return "while " + code(c.Parameter) + " was " + shortValue(c.Parameter, c.To, c.Secret)
}

// Impact says what the changes broke, a sentence for each cause.
func (v *View) Impact() []Text {
	total := len(v.Failures)
	if total == 0 {
		return []Text{"None observed: " + v.Passed() + "."}
	}
	var out []Text
	correlated := 0
	for _, g := range v.Groups {
		n := len(g.Failures)
		if n == 0 {
			continue
		}
		correlated += n
		text := of(n, total).Upper() + " " + Got(g.Failures) + " " + g.while()
		if len(v.Groups) > 1 {
			text += " (leak " + itoa(g.No) + ")"
		}
		out = append(out, text+notes(g.Failures)+".")
	}
	if len(out) > 4 {
		out = []Text{of(correlated, total).Upper() + " " + Got(v.victims()) + " while a leak lasted" + notes(v.victims()) + "."}
	}
	if inside := v.revertedVictims(); len(inside) > 0 {
		out = append(out, of(len(inside), total).Upper()+" "+Got(inside)+" while a change lasted that was reverted later"+notes(inside)+".")
	}
	hint := v.wrongFromTheStart()
	for _, part := range v.unexplainedParts() {
		out = append(out, of(len(part), total).Upper()+" "+Got(part)+" "+v.unexplainedBy(part)+notes(part)+"."+hint)
		hint = ""
	}
	if len(v.unreachable) > 0 {
		out = append(out, v.cutOffClause().Upper()+".")
	}
	if len(v.unbuilt) > 0 {
		out = append(out, v.unbuiltClause().Upper()+".")
	}
	return append(out, v.otherFailures()...)
}

// otherFailures says of the failures that are no victims why not.
func (v *View) otherFailures() []Text {
	var out []Text
	total, refuted := len(v.Failures), 0
	for _, f := range v.others {
		if f.Certainty == "refuted" {
			refuted++
		}
	}
	if refuted > 0 {
		out = append(out, Count(refuted, "other failure")+" got the same errors, but re-runs fail without the change too.")
	}
	switch n := len(v.others) - refuted; {
	case n == total:
		out = append(out, Plural(n, "The only failure is", "None of the "+itoa(n)+" failures is")+Plural(n, " not", "")+
			" correlated with an OOM error or an eviction; other consequences are not examined.")
	case n > 0 && len(v.victims()) > 0:
		out = append(out, "The other "+Plural(n, "failure is", itoa(n)+" are")+" not correlated with "+Plural(len(v.Groups), "it", "them")+".")
	case n > 0:
		out = append(out, "The other "+Plural(n, "failure is", itoa(n)+" are")+" not correlated with a change of the server.")
	}
	named := 0
	for _, f := range v.others {
		if text := ByTracetest(f); text != "" && named < maxNamed {
			out, named = append(out, text), named+1
		}
	}
	if len(v.others)+len(v.unreachable) > 0 && len(v.Gaps)+len(v.Restarts) > 0 {
		out = append(out, "A server was unreachable or restarted in this run, which can make tests fail as well.")
	}
	return out
}

// ByTracetest says of a failure that tracetest itself may be behind it: the test asked
// for what shows it, or ran out of the time that tracetest took. Empty for others.
func ByTracetest(f findings.Failure) Text {
	switch {
	case f.Waited > 0:
		took := time.Duration(f.Waited * float64(time.Second)).Round(time.Millisecond)
		return Owner(f.Name()) + " exceeded the time limit of go test. Snapshots took " + Text(took.String()) + " of it, and the limit was extended by that (45 s at most)."
	case len(f.Observed) > 0:
		return Owner(f.Name()) + " asked for " + List(Names(f.Observed), maxNamed) + ", which shows what tracetest itself did. Run it with go test alone to see whether it fails because of that."
	}
	return ""
}

// notes add what a reader of the tests' output would not see.
func notes(failures []findings.Failure) Text {
	var parts []Text
	silent, proved := 0, 0
	for _, f := range failures {
		if f.Cause == findings.CauseOOM && !f.OOMInOutput && !strings.Contains(f.Message, "OOM") {
			silent++
		}
		if f.Certainty == "proved" {
			proved++
		}
	}
	if silent > 0 {
		parts = append(parts, itoa(silent)+" of them without OOM in the output")
	}
	switch {
	case proved == len(failures):
		parts = append(parts, "proved by re-runs")
	case proved > 0:
		parts = append(parts, itoa(proved)+" of them proved by re-runs")
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + doc.Join(parts, "; ") + ")"
}

// wrongFromTheStart points at a server that was wrong before the first test.
func (v *View) wrongFromTheStart() Text {
	if text := v.beforeMemory(); text != "" {
		return " " + text
	}
	for _, p := range v.Drift {
		if strings.HasPrefix(p.Parameter, "maxmemory") {
			return " The run began with " + code(p.Parameter) + " at " + Value(p.Parameter, p.Value, false) +
				"; the server was started with " + Value(p.Parameter, p.Started, false) + " (" + say(p.Source) + ")."
		}
	}
	for _, u := range v.UnmetExpectations {
		if strings.HasPrefix(u.Parameter, "maxmemory") {
			return " The run began with " + code(u.Parameter) + " at " + Value(u.Parameter, u.Value, false) +
				"; " + Value(u.Parameter, u.Expected, false) + " was expected."
		}
	}
	return ""
}
