package report

import "tracetest/internal/triage"

// memory says whether the limit was lowered or the memory filled, for each
// server that refused writes.
func (p *page) memory() []string {
	var all []string
	for _, m := range p.Memory {
		limit := func(n int64) string {
			if n == 0 {
				return "no limit"
			}
			return human(n)
		}
		text := "When " + p.k.name(m.Server) + " was first seen refusing writes, " + human(m.Used) + " were in use: "
		switch m.Reason {
		case "limit":
			text += "within " + limit(m.Baseline) + ", which the run began with, but not within the " + limit(m.Limit) + " of then. So the limit was lowered, and it is not that tests filled the memory."
			if m.Baseline == 0 {
				text = "When " + p.k.name(m.Server) + " was first seen refusing writes, " + human(m.Used) + " were in use and the limit was " + limit(m.Limit) +
					"; the run began without one. So the limit was lowered, and it is not that tests filled the memory."
			}
		case "before":
			text += "the limit was " + limit(m.Limit) + ", and the server was started with " + limit(m.Started) + ". So the limit was lowered before this run, and it is not that tests filled the memory."
		case "both":
			text += "more than the " + limit(m.Limit) + " of then, and more than the " + limit(m.Baseline) + " that the run began with. So the limit was lowered, and the memory was full as well."
		case "unseen":
			text += p.unseenLimit(m, limit)
		default:
			text += p.full(m, limit)
		}
		all = append(all, text)
	}
	return all
}

// full says of a limit that was not lowered in the run what else is known of it:
// only where the server was started with it was it the memory alone.
func (p *page) full(m triage.Memory, limit func(int64) string) string {
	text := "the limit was " + limit(m.Limit) + ", as when the run began. "
	if m.Reason == "start" {
		text = "the limit was " + limit(m.Limit) + ", as when the run began, and " + human(m.Began) + " were in use then already. So no test of this run filled it. "
	}
	switch {
	case m.Expected != nil && *m.Expected != m.Limit:
		text += upper(limit(*m.Expected)) + " was expected (`--expect`): either the server was started so, or the limit was lowered before this run."
	case m.Started < 0 && m.Reason == "start":
		text += "What the server was started with is not known, so either it was started so, or the limit was lowered before this run."
	case m.Started < 0:
		text += "What the server was started with is not known, so either the limit had been lowered before the run, or the memory was full. `--expect maxmemory=...` settles it."
	case m.Reason == "start" && m.Started == m.Limit:
		text += "The server was started with that limit."
	case m.Started == 0 || m.Started > m.Limit:
		text += "The server was started with " + limit(m.Started) + ", which would have been reached as well. So the limit was lowered before this run, and the memory was full all the same."
	default:
		text += "The server was started with " + limit(m.Started) + ". So the memory was full."
	}
	if len(p.Growth) > 0 {
		text += " [Growth](#growth) lists what tests added."
	}
	return text
}

// unseenLimit says of writes that were refused under no limit that was seen what
// can have been: it claims neither where nothing tells which it was.
func (p *page) unseenLimit(m triage.Memory, limit func(int64) string) string {
	text := "there was no limit at that look, nor at the one before. So one was set between the two, and which is not known."
	if m.Limit != 0 {
		text = "within " + limit(m.Limit) + ", the lowest limit that was seen. So either the limit was lower for a moment between two looks, or the memory was full and was freed again."
	}
	switch n := int(m.UnheardSets); {
	case n > 0 && p.Run.Tap:
		text += " The server had counted " + count(n, "call") + " of CONFIG SET that no test was heard making."
	case n > 0:
		text += " The server had counted " + count(n, "call") + " of CONFIG SET; without the tap nobody knows whose."
	}
	return text
}

// impact counts what the changes cost.
func (p *page) impact() {
	tied, inside := p.leakFailures(), p.containedFailures()
	if len(tied)+len(inside) == 0 {
		return
	}
	p.text("## Impact")
	t := table{columns: []column{{title: "Tests"}, {title: "Number", right: true}}}
	add := func(what string, n int) {
		if n > 0 {
			t.add(what, itoa(n))
		}
	}
	add("passed", p.Tests.Passed)
	add("failed, and "+met(tied)+" while a leak was in force", len(tied))
	add("failed, and "+met(inside)+" while a change was in force that was undone later", len(inside))
	for _, part := range p.unexplainedParts() {
		add("failed, and "+met(part)+" "+p.unexplainedBy(part), len(part))
	}
	add("failed for other reasons", len(p.others))
	add("not run (skipped or pending)", p.Tests.Skipped)
	add("all", p.Tests.Total)
	p.table(&t)
	if p.Run.Complete && len(tied) > 0 {
		most := p.Tests.Passed + len(tied)
		p.text("Without " + plural(len(p.groups), "the leak", "the leaks") + ", up to " + itoa(most) + " of " + itoa(p.Tests.Total) + " would have passed instead of " + itoa(p.Tests.Passed) +
			", if what met " + plural(len(p.groups), "it", "them") + " fails for no other reason. `--restore=test` shows it.")
	}
}

// swallowed lists who passed although commands were refused: by chance, or
// because the test does not look.
func (p *page) swallowed() {
	if len(p.Swallowed) == 0 {
		return
	}
	p.text("### Passed, though commands were refused: " + itoa(len(p.Swallowed)))
	t := table{columns: []column{{title: "Test"}, {title: "OOM errors", right: true}}}
	for _, s := range p.Swallowed[:min(len(p.Swallowed), maxBlocks)] {
		t.add(p.cell.owner(s.Owner), itoa(int(s.OOMErrors)))
	}
	t.more = max(0, len(p.Swallowed)-maxBlocks)
	p.table(&t)
}
