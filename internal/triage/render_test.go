package triage_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// render says findings in one line each, for people who check a golden file.
func render(f *findings.Findings) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }

	complete := "complete"
	if !f.Run.Complete {
		complete = "NOT COMPLETE: " + because(*f.Run.IncompleteBecause)
	}
	line("exit %d, %s", f.Run.Exit, complete)
	for i, c := range f.Leaks {
		line("leak %d: %s, together %d", i, change(f, c), c.Together)
	}
	for i, c := range f.Reverted {
		line("reverted %d: %s", i, change(f, c))
	}
	for _, x := range f.Failures {
		text := fmt.Sprintf("failure (%s): %s: %s", x.Status, owner(x.Name()), x.Cause)
		if x.OOMErrors > 0 {
			text += fmt.Sprintf(", %d oom", x.OOMErrors)
		}
		if x.Unreachable != nil {
			text += fmt.Sprintf(", could not connect to %s (%s)", x.Unreachable.Address, x.Unreachable.Error)
		}
		if len(x.Observed) > 0 {
			text += ", which asked for " + strings.Join(x.Observed, ", ")
		}
		if x.OOMCall != nil {
			text += ", the first at " + call(x.OOMCall)
		}
		if x.Evicted > 0 {
			text += fmt.Sprintf(", %d evicted", x.Evicted)
		}
		if x.Leak != nil {
			text += fmt.Sprintf(", behind it leak %d", *x.Leak)
		}
		if x.Reverted != nil {
			text += fmt.Sprintf(", behind it reverted %d", *x.Reverted)
		}
		line("%s", text)
	}
	for _, c := range f.Changed {
		repaired := ""
		if c.Repaired {
			repaired = ", repaired"
		}
		if c.Why != "" {
			repaired = ", left alone: " + string(c.Why)
			if c.Command == "" {
				repaired += ", without a command"
			}
		}
		line("changed: %s%s %q, was %q%s", c.Parameter, at(f, c.Server), c.Value, c.Initial, repaired)
	}
	for _, r := range f.Restored {
		after := "the run"
		if r.After != nil {
			after = owner(*r.After)
		}
		var names []string
		for _, name := range slices.Sorted(maps.Keys(r.Values)) {
			names = append(names, name+" "+r.Values[name])
		}
		line("restored (%s) after %s: %s", r.When, after, strings.Join(names, ", "))
	}
	for _, g := range f.Growth {
		line("growth: %s: %d keys", owner(g.By), g.Keys)
	}
	for _, x := range f.Gaps {
		seen := ", never seen again"
		if !x.To.IsZero() {
			seen = ""
		}
		line("blind%s: open were %s%s", at(f, x.Server), owners(x.Active), seen)
	}
	for _, x := range f.Restarts {
		line("restart%s: open were %s", at(f, x.Server), owners(x.Active))
	}
	for _, x := range f.Failovers {
		line("failover%s: %q to %q, through %s, open were %s", at(f, x.Server), x.From, x.To, orNothing(x.Through), owners(x.Active))
	}
	for _, m := range f.Memory {
		if m.Reason == "unseen" || m.Reason == "start" {
			line("memory%s: %s, %d used of %d, %d when it began, %d calls of CONFIG SET untraced", at(f, m.Server), m.Reason, m.Used, m.Limit, m.Began, m.UntracedSets)
		}
	}
	for _, d := range f.Dirty {
		line("dirty: %s%s %q before the first test, should be %q (%s), %d failures met it", d.Parameter, at(f, d.Server), d.Value, d.Should, d.Source, d.Failures)
		for _, s := range d.Likely {
			line("  likely %s", setter(s))
		}
	}
	for i, l := range f.Leaks {
		for _, s := range l.AlsoSetBy {
			line("leak %d is also set %s", i, setter(s))
		}
	}
	for _, x := range f.UnmetExpectations {
		line("unmet: %s%s is %q, expected %q", x.Parameter, at(f, x.Server), x.Value, x.Expected)
	}
	for _, w := range f.Writes {
		text := fmt.Sprintf("write: %s to %s", strings.Join(w.Command, " "), w.Server)
		if !w.Watched {
			text += ", not watched"
		}
		if w.Count > 1 {
			text += fmt.Sprintf(", %d times", w.Count)
		}
		text += ", " + attributed(w.By, w.Certainty, w.Suspects)
		if w.Others > 0 {
			text += fmt.Sprintf(" and %d others", w.Others)
		}
		line("%s, at %s: %s", text, call(w.Call), orNothing(w.Reply))
	}
	for _, r := range f.Refused {
		line("refused: %d at %s, %s, at %s", r.Count, r.Server, attributed(r.By, r.Certainty, r.Suspects), call(r.Call))
	}
	for _, s := range f.Endpoints {
		is := s.Server
		switch {
		case s.Inside:
			is = "in the test binary"
		case is == "":
			is = "not watched: " + s.Problem
		}
		line("connected to: %s by %s: %s", s.Address, strings.Join(s.Packages, ", "), is)
	}
	for _, list := range []struct {
		what string
		of   []record.Known
	}{{"has expired", f.Baseline.Expired}, {"can go", f.Baseline.Gone}, {"is undecided", f.Baseline.Undecided}} {
		for _, k := range list.of {
			line("the entry %s of %s %s", k.Parameter, owner(k.Name), list.what)
		}
	}
	for _, n := range f.Notices {
		line("notice %s %s", n.Code, n.Package)
	}
	for _, p := range f.Packages {
		unsynchronized := ""
		if !p.Instrumented {
			unsynchronized = ", not synchronized"
		}
		if !p.Ran {
			unsynchronized += ", ran nothing"
		}
		line("package %s: %s%s", p.Path, orNothing(p.Outcome), unsynchronized)
	}
	t := f.Tests
	line("tests: %d = %d passed + %d failed + %d skipped; %d specs", t.Total, t.Passed, t.Failed, t.Skipped, t.Specs)
	return b.String()
}

func change(f *findings.Findings, c findings.Change) string {
	text := fmt.Sprintf("%s%s %q to %q", c.Parameter, at(f, c.Server), c.From, c.To)
	if c.Initial != c.From {
		text += fmt.Sprintf(" (baseline %q)", c.Initial)
	}
	if c.By != nil {
		text += " by " + owner(*c.By)
		if c.Ended != "" {
			text += " (" + c.Ended + ")"
		}
	}
	text += ", " + string(c.Certainty)
	if len(c.Suspects) > 0 {
		text += " to " + owners(c.Suspects)
	}
	if c.AndEarlier > 0 {
		text += fmt.Sprintf(" and %d earlier", c.AndEarlier)
	}
	text += ", of a " + string(c.Unit)
	if c.RestoredBy != nil {
		text += ", restored by " + owner(*c.RestoredBy)
	}
	if c.RestoredByTool {
		text += ", restored by tracetest"
	}
	if c.Call != nil {
		text += ", at " + call(c.Call)
	}
	if c.Untraced {
		text += ", untraced"
	}
	if len(c.OtherClients) > 0 {
		var names []string
		for _, s := range c.OtherClients {
			names = append(names, s.Name+" "+s.Command)
		}
		text += " among {" + strings.Join(names, ", ") + "}"
	}
	if c.Secret {
		text += ", secret"
	}
	for _, x := range c.Caveats {
		text += " (" + caveat(x) + ")"
	}
	if k := c.Known; k != nil {
		text += fmt.Sprintf(", KNOWN until %s (%s: %s)", k.Expires, k.Owner, k.Reason)
	}
	return text
}

// caveat says what weakens an attribution, as a kind with its arguments.
func caveat(c findings.Caveat) string {
	text := string(c.Kind)
	add := func(of string) {
		if of != "" {
			text += " " + of
		}
	}
	if len(c.Owners) > 0 {
		add(owners(c.Owners))
	}
	add(strings.Join(c.Functions, " "))
	add(strings.Join(c.Places, " "))
	add(string(c.Unit))
	add(c.Command)
	if c.More > 0 {
		add(fmt.Sprintf("and %d more", c.More))
	}
	return text
}

// has reports whether a change has a caveat.
func has(c findings.Change, kind findings.CaveatKind) bool {
	return slices.ContainsFunc(c.Caveats, func(x findings.Caveat) bool { return x.Kind == kind })
}

// because says why a run is incomplete.
func because(r findings.Reason) string {
	text := string(r.Kind)
	for _, of := range []string{r.Server, r.Package, strings.Join(r.Command, " "), strings.Join(r.Unended, " "), strings.Join(r.Missing, " "), r.Problem} {
		if of != "" {
			text += " " + of
		}
	}
	return text
}

// call says where a call is, and how that is known unless it is on the stack of
// who wrote.
func call(c *findings.Call) string {
	if c == nil {
		return "no known line"
	}
	text := fmt.Sprintf("%s:%d", strings.TrimPrefix(c.File, "/src/shop/"), c.Line)
	if c.Found != "stack" {
		text += " (found " + c.Found + ")"
	}
	return text
}

func attributed(by *record.Name, certainty findings.Certainty, suspects []record.Name) string {
	if by == nil {
		return string(certainty) + " to " + owners(suspects)
	}
	return "by " + owner(*by) + ", " + string(certainty)
}

func at(f *findings.Findings, server string) string {
	if len(f.Servers) < 2 {
		return ""
	}
	return " at " + server
}

func owner(o record.Name) string {
	text := o.Package
	for _, part := range []string{o.Test, o.Spec} {
		if part != "" {
			text += " > " + part
		}
	}
	return text
}

func owners(list []record.Name) string {
	if len(list) == 0 {
		return "nobody"
	}
	var texts []string
	for _, o := range list {
		texts = append(texts, owner(o))
	}
	return "{" + strings.Join(texts, ", ") + "}"
}

func orNothing(s string) string {
	if s == "" {
		return "nothing said"
	}
	return s
}

func setter(s findings.Setter) string {
	by := findings.Exact
	if s.By == nil {
		by = findings.Ambiguous
	}
	return fmt.Sprintf("%s, %d times, at %s", attributed(s.By, by, s.Suspects), s.Count, call(s.Call))
}
