package report

import (
	"strings"

	"tracetest/internal/triage"
)

// maxBlocks is how many leaks get a block of their own. The others share a
// table, a row each.
const maxBlocks = 20

// leaks writes a block for each group of leaks.
func (p *page) leaks() {
	if len(p.groups) == 0 {
		return
	}
	p.text("## Leaks")
	for i, g := range p.groups {
		if i == maxBlocks {
			p.text("### Further leaks")
			p.leakTable(p.groups[i:])
			return
		}
		p.leak(g)
	}
}

func (p *page) leak(g group) {
	var names []string
	for _, c := range g.changes {
		names = append(names, c.Parameter)
	}
	p.text("### Leak " + itoa(g.no) + ": " + list(p.k.names(names), maxTold))
	if len(g.changes) > 1 {
		p.text("These changed together.")
	}
	t := table{columns: []column{
		{title: "Parameter"}, {title: "Before"}, {title: "After"},
		{title: "When the run began", optional: true}, {title: "Put back"},
	}}
	for _, c := range g.changes {
		began := ""
		if c.Baseline != c.From {
			began = p.cell.value(c.Parameter, c.Baseline, c.Secret)
		}
		t.add(p.cell.name(c.Parameter), p.cell.before(c), p.cell.after(c), began, p.putBack(c))
	}
	p.table(&t)
	p.bullets(p.evidence(g))
	for _, c := range oneOfEachChain(g.changes) {
		p.stack(c)
	}
	if c := g.changes[0]; c.Owner == nil && c.Settle != "" {
		p.text("To settle it:")
		p.fence("sh", compactCommands([]string{c.Settle}))
	}
}

// evidence is what is known of a group beyond its values.
func (p *page) evidence(g group) []string {
	c := g.changes[0]
	var items []string
	if c.Owner != nil && c.Unheard {
		owner := "By: not settled, while " + p.k.ownerFull(*c.Owner) + " ran"
		if end := ended(c.OwnerEnd); end != "" {
			owner += ", which " + end
		}
		items = append(items, owner)
	} else if c.Owner != nil {
		owner := "By: " + p.k.ownerFull(*c.Owner)
		if end := ended(c.OwnerEnd); end != "" {
			owner += ", which " + end
		}
		items = append(items, owner)
	} else {
		items = append(items, "By: not settled, see the suspects")
	}
	items = append(items, "First seen: "+p.clock(c.At)+" on "+p.k.name(c.Server))
	if where := p.places(g); len(where) > 0 {
		items = append(items, "Where: "+list(where, maxTold))
	}
	if c.Unit != "" && g.accused() {
		items = append(items, "Should have been put back by: the end of its "+p.k.say(c.Unit))
	}
	items = append(items, p.certainty("leaks", c))
	if c.Unheard {
		items = append(items, p.unheard(c))
	}
	for _, c := range g.changes {
		if c.Constant {
			items = append(items, p.constant(c))
		}
	}
	for _, c := range g.changes {
		if text := p.alsoSetBy(c); text != "" {
			items = append(items, text)
		}
	}
	if c.Again != "" {
		items = append(items, "Re-run by itself: it left it changed again, "+p.k.name(c.Again)+" times")
	}
	if c.Call != nil && c.Call.Found == "waiting" {
		items = append(items, "The call is on the stack of the goroutine that waited for the reply: this client writes on goroutines of its own")
	}
	for _, text := range p.k.knownOf(g.changes) {
		items = append(items, upper(text))
	}
	var reasons []string
	for _, c := range g.changes {
		if c.Known != nil {
			reasons = append(reasons, period(p.k.say(c.Known.Reason)))
		}
	}
	for _, text := range unique(reasons) {
		items = append(items, "It may stay until then: "+text)
	}
	var caveats []string
	for _, c := range g.changes {
		if c.Caveat != "" {
			caveats = append(caveats, period(p.k.say(c.Caveat)))
		}
	}
	for _, text := range unique(caveats) {
		items = append(items, "Caveat: "+text)
	}
	if n := len(c.Suspects); n > 0 {
		items = append(items, "Suspects ("+itoa(n)+"): "+p.k.suspects(c.Suspects, maxBlocks)+orEarlier(c.AndEarlier))
	}
	if n := len(g.failures); n > 0 {
		items = append(items, "Tied to it: "+count(n, "failure")+", see [Failures](#failures)")
	}
	return items
}

// suspects names owners with their packages where these differ.
func (k ink) suspects(owners []triage.Owner, limit int) string {
	var packages []string
	for _, o := range owners {
		packages = append(packages, o.Package)
	}
	if len(unique(packages)) < 2 {
		text := k.owners(owners, limit)
		if len(owners) > 0 && owners[0].Package != "" {
			text += ", of " + k.name(owners[0].Package)
		}
		return text
	}
	names := make([]string, len(owners))
	for i, o := range owners {
		names[i] = k.owner(o)
		if kindOf(o) != "package" {
			names[i] += " of " + k.name(o.Package)
		}
	}
	return list(names, limit)
}

// putBack says who ended the change.
func (p *page) putBack(c triage.Change) string {
	switch {
	case c.RestoredBy != nil:
		return "by " + p.cell.owner(*c.RestoredBy)
	case c.RestoredByTool:
		return "by tracetest"
	}
	for _, r := range p.Changed {
		if r.Server == c.Server && r.Parameter == c.Parameter && r.Repaired {
			return "by tracetest, after the run"
		}
	}
	return "no: still changed at the end of the run"
}

// stack shows the way to a call, when more than the call itself is known.
func (p *page) stack(c triage.Change) {
	if c.Call == nil || len(c.Call.Stack) == 0 {
		return
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
	dir := strings.TrimRight(p.Run.Dir, "/")
	for _, line := range lines {
		if dir != "" {
			line = strings.ReplaceAll(line, dir+"/", "")
		}
		shown = append(shown, line)
	}
	if more > 0 {
		shown = append(shown, "and "+itoa(more)+" more in findings.json")
	}
	p.fold("The call that changed "+chartText(c.Parameter), func() { p.fence("text", shown) })
}

// leakTable writes leaks in short, a row each.
func (p *page) leakTable(groups []group) {
	t := table{columns: []column{
		{title: "Leak", right: true}, {title: "Parameter"}, {title: "Before"}, {title: "After"}, {title: "By"},
		{title: "Certainty"}, {title: "First seen"}, {title: "Where", optional: true}, {title: "Put back"},
		{title: "Caveat", optional: true}, {title: "Failures", right: true, optional: true}, {title: "Known", optional: true},
	}}
	for _, g := range groups {
		failures := ""
		if n := len(g.failures); n > 0 {
			failures = itoa(n)
		}
		for _, c := range g.changes {
			t.add(itoa(g.no), p.cell.name(c.Parameter), p.cell.before(c), p.cell.after(c), p.by(c),
				p.cell.say(string(c.Certainty)), p.clock(c.At), p.place(p.cell, c), p.putBack(c), p.caveat(c), failures, p.cell.known(c))
		}
	}
	p.table(&t)
}

// by names the owner of a change, or the suspects, in a table.
func (p *page) by(c triage.Change) string {
	if c.Owner != nil {
		return p.cell.by(c)
	}
	if len(c.Suspects) == 0 {
		return "not settled"
	}
	return "one of: " + p.cell.owners(c.Suspects, maxTold) + orEarlier(c.AndEarlier)
}

func (p *page) caveat(c triage.Change) string {
	if c.Caveat == "" {
		return ""
	}
	return p.cell.say(c.Caveat)
}

// oneOfEachChain leaves out changes that were made in the same function on the
// same way there: one stack shows it.
func oneOfEachChain(changes []triage.Change) []triage.Change {
	var kept []triage.Change
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

// constant says that a restore is hard-coded.
func (p *page) constant(c triage.Change) string {
	how := ", most likely: " // it can also be a test that sets one value after the other
	because := ""
	for _, s := range p.Servers {
		if was, moved := s.Perturbed[c.Parameter]; moved && s.Address == c.Server && was == c.To {
			how, because = ": ", " (`--perturb` had moved it off that value)"
		}
	}
	return "A restore that is hard-coded" + how + p.k.name(c.Parameter) + " was changed and then set to " + p.k.after(c) + ", which is not what was found, " + p.k.before(c) + because
}
