package claims

import (
	"strings"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/report/doc"
)

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
