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
	if m.Limit == 0 {
		return "there was no limit any more at that look. One was in force between two looks only, and which is not known."
	}
	text := "the limit was " + limit(m.Limit) + ", and this run had not lowered it. "
	switch {
	case m.Started < 0:
		text += "What the server was started with is not known, so either the limit had been lowered before the run, or the memory was full. `--expect maxmemory=...` settles it."
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
	add("failed, and "+met(p.unexplained)+" "+p.unexplainedBy(p.unexplained), len(p.unexplained))
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
