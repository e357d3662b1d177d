package claims

import (
	"tracetest/internal/findings"
	"tracetest/internal/report/doc"
	"tracetest/internal/report/wording"
)

// What is said of one leak or one failure alone: in CI it is read a line at a time
// and far from the rest, so that each sentence says who, what, and how sure that is.

// changesOf says what a group changed.
func changesOf(g Group) Text {
	var set []Text
	for i, c := range g.Changes {
		if i == maxNamed {
			set = append(set, itoa(len(g.Changes)-i)+" more parameters")
			break
		}
		s := code(c.Parameter)
		if i == 0 {
			s += " changed"
		}
		s += " from " + Before(c) + " to " + After(c)
		if c.Initial != c.From {
			s += " (initial value " + Value(c.Parameter, c.Initial, c.Secret) + ")"
		}
		set = append(set, s)
	}
	return List(set, maxNamed+1)
}

// servers are where a change is: one, or nodes of a cluster.
func servers(c findings.Change) Text { return List(Names(c.Servers()), maxNamed) }

// Nodes says on which nodes of a cluster a change is; nothing where that is one server.
func Nodes(c findings.Change) Text {
	if len(c.Nodes) == 0 {
		return ""
	}
	return "on " + servers(c)
}

// LeakSentence says a group in a sentence, and in another one that it is known.
func (v *View) LeakSentence(g Group) Text {
	text := v.leakClaim(g)
	for _, known := range KnownOf(g.Changes) {
		text += " " + known.Upper() + "."
	}
	return text
}

func (v *View) leakClaim(g Group) Text {
	c := g.Changes[0]
	set := changesOf(g) + " on " + servers(c)
	switch {
	case c.By == nil && len(c.Suspects) > 0:
		return "One of " + Count(len(c.Suspects), "suspect") + orEarlier(c.AndEarlier) + " left " + set + " (ambiguous). Suspects: " + suspectList(c.Suspects, maxNamed) + "."
	case c.By == nil:
		return "An unidentified writer left " + set + "."
	case c.Untraced:
		return "While " + Owner(*c.By) + " ran, an unidentified writer left " + set + "; no traced write of the test explains it."
	}
	return Owner(*c.By).Upper() + " left " + set + " (" + Sure(c.Certainty) + ")."
}

// LeakStory adds what it broke.
func (v *View) LeakStory(g Group) Text {
	text := v.LeakSentence(g)
	if n := len(g.Failures); n > 0 {
		text += " " + Count(n, "failure") + " " + Got(g.Failures) + " afterwards."
	}
	return text
}

// Cure says how to stop a leak, in a sentence or two.
func (v *View) Cure(g Group) Text {
	c := g.Changes[0]
	if c.By == nil || c.Untraced {
		if c.Disambiguate == "" {
			return ""
		}
		return "To find out who: " + doc.Whole(c.Disambiguate)
	}
	how := Text("a clean-up (t.Cleanup)")
	switch kindOf(*c.By) {
	case "spec", "suite node":
		how = "a clean-up (DeferCleanup)"
	case "package":
		how = "TestMain, after m.Run"
	case "benchmark":
		how = "a clean-up (b.Cleanup)"
	case "example":
		how = "a deferred function"
	}
	values := Plural(len(g.Changes), "value", "values")
	return "Save the " + values + " of " + g.parameters() + " before the change, and restore the saved " + values + " in " + how + "."
}

// CorrelationSentence says what a failure is correlated with; empty where with nothing.
func (v *View) CorrelationSentence(i int) Text {
	f := v.Failures[i]
	got := Got([]findings.Failure{f}).Upper()
	var why Text
	switch t := v.Ties[i]; {
	case t.Leak >= 0:
		g := v.Groups[t.Leak]
		why = got + " " + g.while() + " (leak " + itoa(g.No) + "): " + v.LeakSentence(g)
		if where := v.Place(g.Changes[0]); where != "" {
			why += " " + (at(g.Changes[0]) + where).Upper() + "."
		}
	case t.Reverted >= 0:
		c := v.reverted[t.Reverted].change
		why = got + " while a change lasted that was reverted later: " + code(c.Parameter) + " from " + Before(c) + " to " + After(c)
		if c.By != nil {
			why += " by " + by(c).Text(0)
		}
		why += "."
	default:
		return ""
	}
	return why + " This is " + Text(say(f.Certainty)) + ": " + failureMeaning(f.Certainty) + "."
}

// PlaceSentence says where a parameter was changed; empty where that is not known.
func (v *View) PlaceSentence(c findings.Change) Text {
	if where := v.Place(c); where != "" {
		return code(c.Parameter) + " " + at(c) + where
	}
	return ""
}

// Caveat says what weakens the attribution of a change; often empty.
func Caveat(c findings.Change) Text {
	text := wording.Caveats(c)
	if text == "" {
		return ""
	}
	return "Caveat: " + say(text).Period()
}
