package report

import (
	"strings"

	"tracetest/internal/triage"
)

// clean reports whether the run may be said to have left nothing behind.
func (v *survey) clean() bool {
	return len(v.Leaks) == 0 && v.Run.Complete && len(v.doubts) == 0
}

// headline is the verdict in one line, the same in every format. It holds no
// name, so that it needs no escaping.
func (v *survey) headline() string {
	clauses := []string{v.leakClause()}
	clauses = append(clauses, v.failureClauses()...)
	if n := len(v.Polluted); n > 0 {
		clauses = append(clauses, count(n, "parameter")+" changed before the run")
	}
	if n := len(v.Unmet); n > 0 {
		clauses = append(clauses, count(n, "expectation")+" not met at the start")
	}
	text := strings.Join(clauses, ", ")
	if len(v.Leaks) == 0 && len(v.doubts) > 0 || strings.Contains(clauses[0], ", ") {
		text = strings.Join(clauses, "; ")
	}
	if !v.Run.Complete {
		return "incomplete run: " + text
	}
	return text
}

func (v *survey) leakClause() string {
	switch n := len(v.doubts); {
	case len(v.Leaks) > 0:
		return v.leaked() + v.ofThemKnown()
	case v.clean() && len(v.Failures) == 0 && v.Run.GoExit == 0 && len(v.Unmet)+len(v.Polluted)+len(v.Dirty) == 0:
		return "clean: nothing leaked"
	case v.clean():
		return "nothing leaked"
	case n == 0: // incomplete
		return "no leak was seen in the part that ran"
	case n == 1:
		return "no leak was seen, but " + v.doubts[0].short
	default:
		return "no leak was seen, but " + v.doubts[0].short + " and " + count(n-1, "more doubt")
	}
}

// leaked says how much leaked and by how many.
func (v *survey) leaked() string {
	var (
		parameters, culprits, suspects, present []string
		kinds, presentKinds                     []string
		narrowed, unheard                       int
	)
	for _, c := range v.Leaks {
		parameters = append(parameters, c.Server+"\x00"+c.Parameter)
		if c.Owner == nil {
			narrowed++
			for _, s := range c.Suspects {
				suspects = append(suspects, s.Package+"\x00"+s.Test+"\x00"+s.Spec)
			}
			continue
		}
		if c.Unheard {
			unheard++
			present = append(present, c.Owner.Package+"\x00"+c.Owner.Test+"\x00"+c.Owner.Spec)
			presentKinds = append(presentKinds, kindOf(*c.Owner))
			continue
		}
		culprits = append(culprits, c.Owner.Package+"\x00"+c.Owner.Test+"\x00"+c.Owner.Spec)
		kinds = append(kinds, kindOf(*c.Owner))
	}
	what := count(len(v.Leaks), "leak") + " of " + count(len(unique(parameters)), "parameter")
	if len(unique(parameters)) == len(v.Leaks) {
		what = count(len(v.Leaks), "parameter") + " leaked"
	}
	who := func(owners, kinds []string) string {
		noun := "owner"
		if kinds = unique(kinds); len(kinds) == 1 {
			noun = kinds[0]
		}
		return count(len(unique(owners)), noun)
	}
	switch {
	case unheard == len(v.Leaks):
		return what + " while " + who(present, presentKinds) + " ran, by a hand that was not seen"
	case narrowed+unheard == 0:
		return what + " by " + who(culprits, kinds)
	case len(culprits) > 0:
		return what + " by " + who(culprits, kinds) + " and others that are not settled"
	case unheard == 0 && len(v.groups) == 1 && len(unique(suspects)) > 1 && v.groups[0].changes[0].AndEarlier == 0:
		return what + " by one of " + itoa(len(unique(suspects))) + " suspects"
	}
	return what + ", by whom is not settled"
}

// failureClauses says what the failures have to do with it.
func (v *survey) failureClauses() []string {
	total := len(v.Failures)
	if total == 0 {
		return []string{v.passed()}
	}
	var clauses []string
	tied, inside := v.leakFailures(), v.containedFailures()
	if len(tied) > 0 {
		clauses = append(clauses, of(len(tied), total)+" "+met(tied)+" afterwards")
	}
	if len(inside) > 0 {
		clauses = append(clauses, of(len(inside), total)+" "+met(inside)+" during a contained change")
	}
	for _, part := range v.unexplainedParts() {
		clauses = append(clauses, of(len(part), total)+" "+met(part)+" "+v.unexplainedBy(part))
	}
	switch {
	case len(clauses) > 0:
		return clauses
	case len(v.Leaks) > 0:
		return []string{count(total, "failure") + " that nothing ties to it"}
	}
	return []string{count(total, "failure") + " that nothing ties to Redis"}
}

func (v *survey) passed() string {
	switch {
	case v.Run.Complete && v.Run.GoExit != 0:
		return "go test exited with " + itoa(v.Run.GoExit) + " without a failed test"
	case !v.Run.Complete || v.Tests.Total == 0:
		return "no failures"
	case v.Tests.Skipped > 0:
		return count(v.Tests.Passed, "test") + " passed and " + itoa(v.Tests.Skipped) + " skipped"
	}
	return plural(v.Tests.Total, "the only test passed", "all "+itoa(v.Tests.Total)+" tests passed")
}

// of writes a share of the failures.
func of(n, total int) string {
	switch {
	case n == total && n == 1:
		return "the only failure"
	case n == total:
		return "all " + itoa(n) + " failures"
	}
	return itoa(n) + " of " + count(total, "failure")
}

// met says what failures have in common, without calling it their cause
// unless each is proved.
func met(failures []triage.Failure) string {
	var oom, evicted, proved bool
	proved = true
	for _, f := range failures {
		oom = oom || f.Cause == triage.CauseOOM
		evicted = evicted || f.Cause == triage.CauseEviction
		proved = proved && f.Certainty == "proved"
	}
	switch {
	case oom && evicted:
		return "met OOM rejections or evictions"
	case evicted:
		return "met evictions"
	case oom:
		return "met OOM rejections"
	case proved:
		return "failed, proved by a re-run,"
	}
	return "failed"
}

// broke says what the changes broke, a sentence for each cause.
func (v *survey) broke(k ink) []string {
	total := len(v.Failures)
	if total == 0 {
		return []string{"Nothing that was seen: " + v.passed() + "."}
	}
	var out []string
	tied := 0
	for _, g := range v.groups {
		n := len(g.failures)
		if n == 0 {
			continue
		}
		tied += n
		while := "while leak " + itoa(g.no) + " was in force"
		if len(v.groups) == 1 {
			while = "while this leak was in force"
		}
		out = append(out, upper(of(n, total))+" "+met(g.failures)+" "+while+evidence(g.failures)+".")
	}
	if len(out) > 4 {
		out = []string{upper(of(tied, total)) + " " + met(v.leakFailures()) + " while a leak was in force" + evidence(v.leakFailures()) + "."}
	}
	if inside := v.containedFailures(); len(inside) > 0 {
		out = append(out, upper(of(len(inside), total))+" "+met(inside)+
			" while a change was in force that was undone later"+evidence(inside)+".")
	}
	hint := v.unmetHint(k)
	for _, part := range v.unexplainedParts() {
		out = append(out, upper(of(len(part), total))+" "+met(part)+" "+v.unexplainedBy(part)+evidence(part)+"."+hint)
		hint = ""
	}
	refuted := 0
	for _, f := range v.others {
		if f.Certainty == "refuted" {
			refuted++
		}
	}
	if refuted > 0 {
		out = append(out, itoa(refuted)+" met it as well and "+plural(refuted, "fails", "fail")+" without it too, as re-runs showed: "+
			plural(refuted, "it was no victim", "they were no victims")+".")
	}
	switch n := len(v.others); {
	case n == total:
		out = append(out, upper(plural(n, "the only failure cannot", "none of the "+itoa(n)+" failures can"))+
			" be tied to an OOM rejection or an eviction; other consequences are not looked for.")
	case n > 0:
		out = append(out, "Nothing ties the other "+plural(n, "failure", itoa(n))+" to it.")
	}
	out = append(out, v.shown(k)...)
	if len(v.others) > 0 && len(v.Blind)+len(v.Restarts) > 0 {
		out = append(out, "A server was out of sight or restarted in this run, which can make tests fail as well.")
	}
	return out
}

// evidence adds what a reader of the tests' output would not see.
func evidence(failures []triage.Failure) string {
	var parts []string
	if n := silent(failures); n > 0 {
		parts = append(parts, itoa(n)+" of them without a word of OOM in the output")
	}
	proved := 0
	for _, f := range failures {
		if f.Certainty == "proved" {
			proved++
		}
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
	return " (" + strings.Join(parts, "; ") + ")"
}

// unmetHint points at a server that was wrong before the first test.
func (v *survey) unmetHint(k ink) string {
	if text := v.before(k, true); text != "" {
		return " " + text
	}
	for _, p := range v.Polluted {
		if strings.HasPrefix(p.Parameter, "maxmemory") {
			return " The run began with " + k.name(p.Parameter) + " at " + k.value(p.Parameter, p.Value, false) +
				" where the server was started with " + k.value(p.Parameter, p.Started, false) + " (" + k.say(p.Source) + ")."
		}
	}
	for _, u := range v.Unmet {
		if strings.HasPrefix(u.Parameter, "maxmemory") {
			return " The run began with " + k.name(u.Parameter) + " at " + k.value(u.Parameter, u.Value, false) +
				" where " + k.value(u.Parameter, u.Expected, false) + " was expected."
		}
	}
	return ""
}
