package report

import (
	"strings"

	"tracetest/internal/triage"
)

// What the formats for CI say of a leak and of a failure that is tied to one.
// They are read a line at a time and far from each other, so that each says who,
// what, and how sure that is.

// accused reports whether one owner is known to have made the changes of a
// group. The others get no test marked red: with several suspects, or with a
// hand that was not seen, most likely an innocent one.
func (g group) accused() bool {
	c := g.changes[0]
	return c.Owner != nil && !c.Unheard
}

// known reports whether all of a group is in the baseline of known leaks. It then
// fails nothing, in CI either.
func (g group) known() bool {
	for _, c := range g.changes {
		if c.Known == nil {
			return false
		}
	}
	return true
}

// set says what a group changed.
func (v *survey) set(k ink, g group) []string {
	var set []string
	for i, c := range g.changes {
		if i == maxTold {
			set = append(set, itoa(len(g.changes)-i)+" more parameters")
			break
		}
		s := k.name(c.Parameter)
		if i == 0 {
			s += " changed"
		}
		s += " from " + k.before(c) + " to " + k.after(c)
		if c.Baseline != c.From {
			s += " (the run began with " + k.value(c.Parameter, c.Baseline, c.Secret) + ")"
		}
		set = append(set, s)
	}
	return set
}

// leakSentence says a group in a sentence, and in another one that it is known.
func (v *survey) leakSentence(k ink, g group) string {
	text := v.leakClaim(k, g)
	for _, known := range k.knownOf(g.changes) {
		text += " " + upper(known) + "."
	}
	return text
}

func (v *survey) leakClaim(k ink, g group) string {
	c := g.changes[0]
	set := list(v.set(k, g), maxTold+1) + " on " + k.name(c.Server)
	switch {
	case c.Owner == nil && len(c.Suspects) > 0:
		return "Not settled: one of " + count(len(c.Suspects), "suspect") + orEarlier(c.AndEarlier) + " left " + set + ". Suspects: " + k.suspects(c.Suspects, maxTold) + "."
	case c.Owner == nil:
		return "Not settled: somebody left " + set + "."
	case c.Unheard:
		return "While " + k.owner(*c.Owner) + " ran, " + set + ", and stayed so; it was not heard making the change."
	}
	who := k.owner(*c.Owner)
	if kindOf(*c.Owner) == "package" {
		who = upper(who) // a word of ours
	}
	return who + " left " + set + " (" + string(c.Certainty) + ")."
}

// leakStory adds what it broke.
func (v *survey) leakStory(k ink, g group) string {
	text := v.leakSentence(k, g)
	if n := len(g.failures); n > 0 {
		text += " " + count(n, "failure") + " " + met(g.failures) + " afterwards."
	}
	return text
}

// cure says how to stop a leak, in a sentence or two.
func (v *survey) cure(k ink, g group) string {
	c := g.changes[0]
	if c.Owner == nil {
		if c.Settle == "" {
			return ""
		}
		return "To settle it: " + clean(c.Settle)
	}
	var names []string
	for _, c := range g.changes {
		names = append(names, k.name(c.Parameter))
	}
	how := "a clean-up (t.Cleanup)"
	switch kindOf(*c.Owner) {
	case "spec", "suite node":
		how = "a clean-up (DeferCleanup)"
	case "package":
		how = "TestMain, behind m.Run"
	case "benchmark":
		how = "a clean-up (b.Cleanup)"
	case "example":
		how = "a deferred function"
	}
	values := plural(len(names), "value", "values")
	return "Save the " + values + " of " + list(names, maxTold) + " before the change, and put the saved " + values + " back in " + how + "."
}

// tieSentence says what a failure is tied to; empty where to nothing.
func (v *survey) tieSentence(k ink, i int) string {
	f := v.Failures[i]
	met := upper(met([]triage.Failure{f}))
	var why string
	switch t := v.ties[i]; {
	case t.leak >= 0:
		g := v.groups[t.leak]
		why = met + " while leak " + itoa(g.no) + " was in force: " + v.leakSentence(k, g)
		if at := v.place(k, g.changes[0]); at != "" {
			why += " " + upper(strings.TrimSpace(k.at(g.changes[0])+at)) + "."
		}
	case t.contained >= 0:
		c := v.contained[t.contained].change
		why = met + " while a change was in force that was undone later: " + k.name(c.Parameter) + " from " + k.before(c) + " to " + k.after(c)
		if c.Owner != nil {
			why += " by " + k.owner(*c.Owner)
		}
		why += "."
	default:
		return ""
	}
	return why + " This is " + f.Certainty + ": " + meaning(f.Certainty) + "."
}
