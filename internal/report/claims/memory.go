package claims

import (
	"slices"

	"tracetest/internal/findings"
	"tracetest/internal/report/doc"
)

func limit(n int64) Text {
	if n == 0 {
		return "no limit"
	}
	return size(n)
}

// memory says whether the limit was lowered or the memory filled, for each
// server that refused writes.
func (v *View) memory() []Text {
	var all []Text
	for _, m := range v.Memory {
		text := "When " + code(m.Server) + " first refused writes, " + size(m.Used) + " were in use. "
		switch m.Reason {
		case "limit":
			text += "The limit was " + limit(m.Limit) + "; its initial value was " + limit(m.Initial) + ". Cause: the limit was lowered; the data would have fit the original one."
		case "before":
			text += "The limit was " + limit(m.Limit) + "; the server was started with " + limit(m.Started) + ". Cause: the limit was lowered before this run; the data would have fit the original one."
		case "both":
			text += "The limit was " + limit(m.Limit) + "; its initial value was " + limit(m.Initial) + ". Cause: the limit was lowered, and the data exceeded the original one as well."
		case "unseen":
			text += v.unseenLimit(m)
		default:
			text += v.full(m)
		}
		all = append(all, text)
	}
	return all
}

// full says of a limit that was not lowered in the run what else is known of it:
// only where the server was started with it was it the memory alone.
func (v *View) full(m findings.Memory) Text {
	text := "The limit was " + limit(m.Limit) + ", its initial value. "
	if m.Reason == "start" {
		text = "The limit was " + limit(m.Limit) + ", its initial value, and " + size(m.Began) + " were in use before the first test. No test of this run filled it. "
	}
	switch {
	case m.Expected != nil && *m.Expected != m.Limit:
		text += limit(*m.Expected).Upper() + " was expected (`--expect`): either the server was started so, or the limit was lowered before this run."
	case m.Started < 0 && m.Reason == "start":
		text += "The limit at the server's start is not known: either it was started so, or the limit was lowered before this run."
	case m.Reason == "start" && m.Started == m.Limit:
		text += "The server was started with that limit."
	case m.Started < 0:
		text += "The limit at the server's start is not known: either it had been lowered before the run, or the memory was full. `--expect maxmemory=...` answers it."
	case m.Started == 0 || m.Started > m.Limit:
		text += "The server was started with " + limit(m.Started) + ", which the data would have reached as well. Cause: the limit was lowered before this run, and the memory was full all the same."
	default:
		text += "The server was started with " + limit(m.Started) + ". Cause: the memory was full."
	}
	if len(v.Growth) > 0 {
		text += " " + doc.Anchor("Growth", "growth") + " lists what tests added."
	}
	return text
}

// unseenLimit says of writes that were refused under no limit that a snapshot shows
// what can have been: it claims neither where nothing tells which it was.
func (v *View) unseenLimit(m findings.Memory) Text {
	text := Text("Neither that snapshot nor the one before shows a limit. One was set between the two, and its value is not known.")
	if m.Limit != 0 {
		text = "That is within " + limit(m.Limit) + ", the lowest limit that a snapshot shows. Either the limit was lower for a moment between two snapshots, or the memory was full and was freed again."
	}
	switch n := int(m.UntracedSets); {
	case n > 0 && v.Run.Traced:
		text += " The server had counted " + Count(n, "call") + " of CONFIG SET that no test was traced making."
	case n > 0:
		text += " The server had counted " + Count(n, "call") + " of CONFIG SET; without the trace it is not known whose."
	}
	return text
}

// impact counts what the changes cost.
func (v *View) impact() []doc.Block {
	correlated, inside := v.victims(), v.revertedVictims()
	if len(correlated)+len(inside) == 0 {
		return nil
	}
	type row struct {
		what Text
		n    int
	}
	rows := []row{
		{"passed", v.Tests.Passed},
		{"failed and " + Got(correlated) + " while a leak lasted", len(correlated)},
		{"failed and " + Got(inside) + " while a change lasted that was reverted later", len(inside)},
	}
	for _, part := range v.unexplainedParts() {
		rows = append(rows, row{"failed and " + Got(part) + " " + v.unexplainedBy(part), len(part)})
	}
	if len(v.unreachable) > 0 {
		rows = append(rows, row{"failed and could not connect to " + refusedThem(v.unreachable), len(v.unreachable)})
	}
	rows = append(rows, row{"failed, not correlated with a change", len(v.others)}, row{"not run (skipped or pending)", v.Tests.Skipped}, row{"all", v.Tests.Total})
	rows = slices.DeleteFunc(rows, func(r row) bool { return r.n == 0 })
	blocks := append([]doc.Block{h2("Impact")}, doc.Rows(rows, 0, file,
		doc.Column[row]{Title: "Tests", Cell: func(r row) Text { return r.what }},
		doc.Column[row]{Title: "Number", Cell: func(r row) Text { return itoa(r.n) }, Right: true})...)
	if v.Run.Complete && len(correlated) > 0 {
		blocks = append(blocks, para("Without "+Plural(len(v.Groups), "the leak", "the leaks")+" up to "+itoa(v.Tests.Passed+len(correlated))+" of "+itoa(v.Tests.Total)+
			" tests would pass ("+itoa(v.Tests.Passed)+" did), assuming the affected tests have no other defect. `--restore=test` shows it."))
	}
	return blocks
}
