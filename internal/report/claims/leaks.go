package claims

import (
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/doc"
	"tracetest/internal/report/wording"
)

// A column of changes.
type column = doc.Column[findings.Change]

var (
	parameterColumn = column{Title: "Parameter", Cell: func(c findings.Change) Text { return code(c.Parameter) }}
	beforeColumn    = column{Title: "Before", Cell: Before}
	byColumn        = column{Title: "By", Cell: func(c findings.Change) Text { return by(c).Text(maxNamed) }}
	sureColumn      = column{Title: "Certainty", Cell: func(c findings.Change) Text { return Sure(c.Certainty) }}
	caveatColumn    = column{Title: "Caveat", Cell: func(c findings.Change) Text { return say(wording.Caveats(c)) }, Optional: true}
)

func (v *View) whenColumn() column {
	return column{Title: "First seen", Cell: func(c findings.Change) Text { return v.Clock(c.At) }}
}

func (v *View) whereColumn() column {
	return column{Title: "Where", Cell: v.Place, Optional: true}
}

// leaks writes a block for each group of leaks.
func (v *View) leaks() []doc.Block {
	if len(v.Groups) == 0 {
		return nil
	}
	blocks := []doc.Block{h2("Leaks")}
	for i, g := range v.Groups {
		if i == maxBlocks {
			return append(append(blocks, h3("Further leaks")), v.leakTable(v.Groups[i:])...)
		}
		blocks = append(blocks, v.leak(g)...)
	}
	return blocks
}

func (v *View) leak(g Group) []doc.Block {
	blocks := []doc.Block{doc.Heading{Level: 3, Text: "Leak " + itoa(g.No) + ": " + g.parameters(), ID: "leak-" + string(itoa(g.No))}}
	if len(g.Changes) > 1 {
		blocks = append(blocks, para("These changed together."))
	}
	blocks = append(blocks, v.valueTable(g.Changes)...)
	blocks = append(blocks, v.codeOf(g.Changes)...)
	blocks = append(blocks, v.evidence(g))
	for _, c := range oneOfEachChain(g.Changes) {
		blocks = append(blocks, v.stack(c)...)
	}
	if c := g.Changes[0]; c.By == nil && c.Disambiguate != "" {
		blocks = append(blocks, para("To find out who:"), commands(c.Disambiguate))
	}
	if c := g.Changes[0]; g.No > 1 && c.Site != nil && !c.Untraced { // that of the first stands above
		blocks = append(blocks, doc.Fold{Title: "How to stop leak " + itoa(g.No), Blocks: v.fixBlocks(g, "")})
	}
	return blocks
}

// evidence is what is known of a group beyond its values.
func (v *View) evidence(g Group) doc.List {
	c := g.Changes[0]
	items := doc.List{v.byWhom(c), "First seen: " + v.Clock(c.At) + " on " + servers(c)}
	add := func(text Text, when bool) {
		if when {
			items = append(items, text)
		}
	}
	where := v.places(g)
	add("Where: "+List(where, maxNamed), len(where) > 0)
	add("Due to be restored by: the end of its "+say(wording.Unit(c.Unit)), c.Unit != "" && g.Accused())
	items = append(items, v.certainty("leaks", c))
	add(v.untraced(c), c.Untraced)
	for _, c := range g.Changes {
		add(v.constant(c), c.Constant)
	}
	for _, c := range g.Changes {
		for _, cleanup := range c.Cleanups {
			items = append(items, v.cleanup(c, cleanup))
		}
	}
	for _, c := range g.Changes {
		add(v.alsoSetBy(c), len(c.AlsoSetBy) > 0)
	}
	add("Re-run alone: leaked in "+code(c.Again)+" runs", c.Again != "")
	add("The call is on the stack of the goroutine that waited for the reply: this client writes on goroutines of its own", c.Call != nil && c.Call.Found == "waiting")
	for _, text := range KnownOf(g.Changes) {
		items = append(items, text.Upper())
	}
	var reasons, caveats []Text
	for _, c := range g.Changes {
		if c.Known != nil {
			reasons = append(reasons, "It may stay until then: "+say(c.Known.Reason).Period())
		}
		if caveat := Caveat(c); caveat != "" {
			caveats = append(caveats, caveat)
		}
	}
	items = append(append(items, Unique(reasons)...), Unique(caveats)...)
	n := len(c.Suspects)
	add("Suspects ("+itoa(n)+"): "+suspectList(c.Suspects, maxBlocks)+orEarlier(c.AndEarlier), n > 0)
	add("Correlated with it: "+Count(len(g.Failures), "failure")+", see "+doc.Anchor("Failures", "failures"), len(g.Failures) > 0)
	return items
}

// byWhom says who made a change and how that one ended.
func (v *View) byWhom(c findings.Change) Text {
	if c.By == nil {
		return "By: not identified, see the suspects"
	}
	text := "By: " + ownerFull(*c.By)
	if c.Untraced {
		text = "By: not identified, while " + ownerFull(*c.By) + " ran"
	}
	if end := ended(c.Ended); end != "" {
		text += ", which " + end
	}
	return text
}

// restored says who ended the change.
func (v *View) restored(c findings.Change) Text {
	switch {
	case c.RestoredBy != nil:
		return "by " + Owner(*c.RestoredBy)
	case c.RestoredByTool:
		return "by tracetest"
	}
	repaired := 0
	for _, r := range v.Changed {
		if c.On(r.Server) && r.Parameter == c.Parameter && r.Repaired {
			repaired++
		}
	}
	if repaired == len(c.Servers()) {
		return "by tracetest, after the run"
	}
	if v.stopped(c.Server) {
		return "no: the server is gone, the tests stopped it"
	}
	return "no: still changed at the end of the run"
}

// stopped reports whether the tests had started a server themselves, and stopped it.
func (v *View) stopped(server string) bool {
	return slices.ContainsFunc(v.Servers, func(s findings.Server) bool { return s.Address == server && s.Gone })
}

// LeftNothing says why nothing is left changed after leaks.
func (v *View) LeftNothing() Text {
	put := func(c findings.Change) bool { return c.RestoredByTool || c.RestoredBy != nil }
	switch {
	case !slices.ContainsFunc(v.Leaks, func(c findings.Change) bool { return !c.RestoredByTool }):
		return "nothing is left changed: tracetest restored every leak"
	case !slices.ContainsFunc(v.Leaks, func(c findings.Change) bool { return !put(c) }):
		return "nothing is left changed: every leak was restored later"
	case !slices.ContainsFunc(v.Leaks, func(c findings.Change) bool { return !put(c) && !v.stopped(c.Server) }):
		return "nothing is left changed: the server is gone, the tests stopped it"
	}
	return "nothing is left changed: the values of every leak are gone" // a restart, a failover
}

// stack shows the way to a call, when more than the call itself is known.
func (v *View) stack(c findings.Change) []doc.Block {
	if c.Call == nil || len(c.Call.Stack) == 0 {
		return nil
	}
	lines := c.Call.Chain
	if len(lines) == 0 {
		lines = c.Call.Stack
	}
	more := len(lines) - maxBlocks
	if more > 0 {
		lines = lines[:maxBlocks]
	}
	var shown []string
	dir := strings.TrimRight(v.Run.Dir, "/")
	for _, line := range lines {
		if dir != "" {
			line = strings.ReplaceAll(line, dir+"/", "")
		}
		shown = append(shown, line)
	}
	if more > 0 {
		shown = append(shown, string("and "+itoa(more)+" more in findings.json"))
	}
	return []doc.Block{doc.Fold{Title: "The call that changed " + Text(strings.ReplaceAll(chartText(c.Parameter), "$", " ")), Blocks: []doc.Block{doc.Fence{Lang: "text", Lines: shown}}}}
}

// leakTable writes leaks in short, a row each.
func (v *View) leakTable(groups []Group) []doc.Block {
	type row struct {
		Group
		findings.Change
	}
	var rows []row
	for _, g := range groups {
		for _, c := range g.Changes {
			rows = append(rows, row{g, c})
		}
	}
	columns := []doc.Column[row]{{Title: "Leak", Cell: func(r row) Text { return itoa(r.No) }, Right: true}}
	for _, c := range []column{parameterColumn, beforeColumn, {Title: "After", Cell: After}, byColumn, sureColumn, v.whenColumn(), v.whereColumn(), {Title: "Restored", Cell: v.restored}, caveatColumn} {
		columns = append(columns, doc.Column[row]{Title: c.Title, Cell: func(r row) Text { return c.Cell(r.Change) }, Right: c.Right, Optional: c.Optional})
	}
	return doc.Rows(rows, 0, file, append(columns,
		doc.Column[row]{Title: "Failures", Cell: func(r row) Text { return some(len(r.Failures)) }, Right: true, Optional: true},
		doc.Column[row]{Title: "Known", Cell: func(r row) Text { return known(r.Change.Known) }, Optional: true})...)
}

// oneOfEachChain leaves out changes that were made in the same function on the
// same way there: one stack shows it.
func oneOfEachChain(changes []findings.Change) []findings.Change {
	var kept []findings.Change
	seen := make(map[string]bool)
	for _, c := range changes {
		if c.Call != nil && len(c.Call.Chain) > 0 {
			key := c.Call.Function + "\x00" + strings.Join(c.Call.Chain[1:], "\x00")
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		kept = append(kept, c)
	}
	return kept
}

// cleanup says that a clean-up is there and did not help.
func (v *View) cleanup(c findings.Change, cleanup findings.Cleanup) Text {
	at := v.link(cleanup.Location)
	switch cleanup.Why {
	case record.WhyAtOnce:
		return "The defer at " + at + " sets " + code(c.Parameter) + " at once, and not when the function ends: the arguments of a deferred call are evaluated where it is deferred. Put it into a " + code("func() { ... }()")
	case record.WhyCancelled:
		return "A clean-up at " + at + " exists and did not reach the server: its context is that of the test, which is cancelled before clean-ups run. Use " + code("context.Background()")
	case record.WhyClosed:
		return "A clean-up at " + at + " exists and did not reach the server: its client is closed before clean-ups run"
	}
	return "A clean-up at " + at + " exists and did not reach the server"
}

// inCleanup reports whether a frame is of what runs clean-ups.
func inCleanup(frame string) bool {
	function, _, _ := strings.Cut(frame, " ")
	return strings.HasPrefix(function, "testing.(*common).runCleanup") || strings.Contains(function, ".TearDown")
}

// constant says that a restore is hard-coded.
func (v *View) constant(c findings.Change) Text {
	how := Text("Perhaps a hard-coded restore: ") // it can also be a test that sets one value after the other
	if c.Call != nil && slices.ContainsFunc(c.Call.Stack, inCleanup) {
		how = "Most likely a hard-coded restore: "
	}
	var because Text
	for _, s := range v.Servers {
		if was, moved := s.Perturbed[c.Parameter]; moved && s.Address == c.Server && was == c.To {
			how, because = "A hard-coded restore: ", " (`--perturb` had moved it off that value)"
		}
	}
	return how + code(c.Parameter) + " was changed and then set to " + After(c) + ", but had been " + Before(c) + because
}

// revertedChanges lists what was undone in time. It can have broken something
// in between.
func (v *View) revertedChanges() []doc.Block {
	if len(v.Reverted) == 0 {
		return nil
	}
	columns := []doc.Column[revertedChange]{{Title: "Change", Cell: func(r revertedChange) Text { return itoa(r.no) }, Right: true}}
	for _, c := range []column{parameterColumn, beforeColumn, {Title: "In between", Cell: After}, byColumn, sureColumn, v.whenColumn(), v.whereColumn(),
		{Title: "Reverted by", Cell: revertedBy, Optional: true}, caveatColumn} {
		columns = append(columns, doc.Column[revertedChange]{Title: c.Title, Cell: func(r revertedChange) Text { return c.Cell(r.change) }, Right: c.Right, Optional: c.Optional})
	}
	columns = append(columns, doc.Column[revertedChange]{Title: "Failures", Cell: func(r revertedChange) Text { return some(len(r.failures)) }, Right: true, Optional: true})
	blocks := append([]doc.Block{h2("Reverted changes"), para("These were undone before the test, spec or package that made them ended.")}, doc.Rows(v.reverted, 0, file, columns...)...)
	var legend []Text
	for _, c := range v.Reverted {
		if m := v.meaning(c.Certainty); m != "" {
			legend = append(legend, Sure(c.Certainty).Upper()+": "+m)
		}
	}
	return append(blocks, doc.List(Unique(legend)))
}

func revertedBy(c findings.Change) Text {
	switch {
	case c.RestoredBy != nil:
		return Owner(*c.RestoredBy)
	case c.RestoredByTool:
		return "tracetest"
	}
	return ""
}
