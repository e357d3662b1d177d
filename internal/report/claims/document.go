package claims

import (
	"cmp"
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/doc"
)

const (
	maxNamed  = 5               // changes or names that a sentence lists before it counts
	maxBlocks = 20              // leaks that get a block of their own; the others share a table
	file      = "findings.json" // where everything is that a table leaves out
)

func h2(t Text) doc.Block   { return doc.Heading{Level: 2, Text: t} }
func h3(t Text) doc.Block   { return doc.Heading{Level: 3, Text: t} }
func para(t Text) doc.Block { return doc.Para{Text: t} }

// sentences is a paragraph behind a label.
func sentences(label Text, all ...Text) doc.Block {
	text := doc.Strong(label)
	for _, s := range all {
		if s != "" {
			text += " " + s
		}
	}
	return para(text)
}

// Document is the whole report: first who changed the server, what that broke and
// how to stop it, then the leaks and the failures, then the evidence.
func (v *View) Document() []doc.Block {
	return slices.Concat([]doc.Block{doc.Heading{Level: 1, Text: "Redis triage: " + v.Headline()}},
		v.Answers(), v.Stop(), v.leaks(), v.failures(), v.timeline(), v.evidenceBehind())
}

// Evidence is the sections behind the answers.
func (v *View) Evidence() []doc.Block {
	return slices.Concat(v.leaks(), v.failures(), v.evidenceBehind())
}

func (v *View) evidenceBehind() []doc.Block {
	var blocks []doc.Block
	for _, section := range []func() []doc.Block{
		v.impact, v.alternatives, v.revertedChanges, v.writes, v.leftChanged, v.beforeFirst, v.drift,
		v.expectations, v.baseline, v.restarts, v.failovers, v.growth, v.watched, v.unobserved,
	} {
		blocks = append(blocks, section()...)
	}
	return blocks
}

// Answers are who changed the server and what that broke.
func (v *View) Answers() []doc.Block {
	var blocks []doc.Block
	if !v.Run.Complete {
		reason := Text(".")
		if v.Run.Incomplete != "" {
			reason = ": " + say(v.Run.Incomplete).Period()
		}
		blocks = append(blocks, para(doc.Strong("This run is incomplete")+reason+" What would have come after is not known."))
	}
	blocks = append(blocks, sentences("Who.", v.who(), v.Unused()))
	if len(v.Groups) == 1 {
		blocks = append(blocks, v.valueTable(v.Groups[0].Changes)...)
	}
	if len(v.Groups) > 1 {
		var items doc.List
		for i, g := range v.Groups {
			if i == maxNamed {
				items = append(items, "and "+itoa(len(v.Groups)-i)+" more under "+doc.Anchor("Leaks", "leaks"))
				break
			}
			text := v.left(g)
			if n := len(g.Failures); n > 0 {
				text += ": " + Count(n, "failure")
			}
			items = append(items, text+". "+v.sure(g))
		}
		blocks = append(blocks, items)
	}
	return append(blocks, sentences("What it broke.", append(v.Impact(), v.memory()...)...))
}

// who answers the first question where one sentence can.
func (v *View) who() Text {
	switch {
	case len(v.Groups) == 1:
		return v.story(v.Groups[0])
	case len(v.Groups) > 1:
		return Count(len(v.Groups), "leak") + ", the most harmful first:"
	}
	reverted := ""
	if n := len(v.Reverted); n > 0 {
		reverted = string(Count(n, "change") + " " + Plural(n, "was", "were") + " reverted in time")
	}
	if v.Clean() {
		text := "Nobody: every snapshot ends with the initial values. " + v.everything()
		if reverted != "" {
			text += " " + Text(reverted) + "."
		}
		return text
	}
	text := Text("No leak was seen.")
	if reverted != "" {
		text += " " + Text(reverted) + "."
	}
	if len(v.doubts) == 0 {
		return text
	}
	text += " That does not rule one out."
	for i, d := range v.doubts {
		if i == maxNamed {
			return text + " There is more under " + doc.Anchor("What could not be observed", "what-could-not-be-observed") + "."
		}
		text += " " + d.full.Upper()
	}
	return text
}

// everything says what a clean run is clean of.
func (v *View) everything() Text {
	parameters, snapshots := 0, 0
	var servers []string
	for _, s := range v.Servers {
		parameters += s.Parameters
		snapshots += s.Snapshots
		servers = append(servers, s.Address)
	}
	return "Compared: " + Count(parameters, "parameter") + " of " + List(Names(servers), maxNamed) + " in " + Count(snapshots, "synchronized snapshot") + "."
}

// story says who made a group of leaks and where, and no more than its certainty
// allows. The values stand in a table below it.
func (v *View) story(g Group) Text {
	first := g.Changes[0]
	what := " left " + g.parameters() + " changed"
	var text Text
	switch {
	case first.By == nil && len(first.Suspects) == 0:
		text = "An unidentified writer" + what
	case first.By == nil:
		text = "One of " + Count(len(first.Suspects), "suspect") + orEarlier(first.AndEarlier) + what
	case first.Untraced:
		text = "While " + ownerFull(*first.By) + " ran, an unidentified writer" + what
	default:
		text = ownerFull(*first.By) + what
	}
	if where := v.places(g); len(where) > 0 && first.By != nil {
		text += ", " + List(where, maxNamed)
	}
	text += "."
	if first.By == nil && len(first.Suspects) > 0 {
		text += " Suspects: " + owners(first.Suspects, maxNamed) + "."
	}
	if end := ended(first.Ended); end != "" && first.By != nil {
		text += " The " + kindOf(*first.By) + " itself " + end + "."
	}
	return text + " " + v.sure(g)
}

// sure says how a group is known, and what weakens that.
func (v *View) sure(g Group) Text {
	first := g.Changes[0]
	text := v.certainty("answers", first)
	if first.By == nil && v.Run.Mode != record.ModeInstrumented {
		text += " Tests were not synchronized with the snapshots, so the record does not show it."
	}
	if first.Untraced {
		text += " " + v.untraced(first)
	}
	if caveat := Caveat(first); caveat != "" {
		text += " " + caveat
	}
	for _, known := range KnownOf(g.Changes) {
		text += " " + known.Upper() + "."
	}
	return text
}

// places are the different places of a group. Calls in one function that was
// called once are named together.
func (v *View) places(g Group) []Text {
	var all, lines []Text
	first := g.Changes[0].Call
	together := first != nil
	for _, c := range g.Changes {
		together = together && c.Call != nil && c.Call.Function == first.Function && c.Call.Outermost() == first.Outermost()
		if together {
			_, place := c.Call.Helper()
			lines = append(lines, v.link(cmp.Or(place, c.Call.Place())))
		}
		if place := v.Place(c); place != "" {
			all = append(all, at(c)+place)
		}
	}
	if lines = Unique(lines); together && len(lines) > 1 {
		function, _ := first.Helper()
		calls := List(lines, maxNamed) + inFunction(cmp.Or(function, first.Function))
		if origin := first.Outermost(); origin != "" {
			return []Text{"at " + v.link(origin) + " through " + calls}
		}
		return []Text{"at " + calls}
	}
	return Unique(all)
}

// certainty names a certainty, and explains it the first time in a part of the report.
func (v *View) certainty(part Text, c findings.Change) Text {
	m := v.meaning(c.Certainty)
	if m == "" {
		return "How this is known is not recorded."
	}
	text := Sure(c.Certainty).Upper()
	if key := part + text; !v.explained[key] {
		v.explained[key] = true
		text += ": " + m
	}
	return text + "."
}

// untraced says what it means that no traced write explains a change.
func (v *View) untraced(c findings.Change) Text {
	text := Text("No traced write explains it: another program made it, or the test wrote on a connection that is not traced.")
	if len(c.OtherClients) == 0 {
		return text + " No other client was connected then."
	}
	var names []Text
	for _, s := range c.OtherClients {
		name := code(s.Address)
		if s.Name != "" {
			name += " (" + code(s.Name) + ")"
		}
		if s.Command != "" {
			name += ", last command " + code(s.Command)
		}
		names = append(names, name)
	}
	return text + " Other clients that were connected then: " + List(names, maxNamed) + "."
}

// chained reports whether a stack has frames of a package.
func chained(c *findings.Call, prefix string) bool {
	for _, line := range c.Stack {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}
