package claims

import (
	"tracetest/internal/report/doc"
	"tracetest/internal/triage"
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
			text += "The limit was " + limit(m.Limit) + "; its initial value was " + limit(m.Baseline) + ". Cause: the limit was lowered; the data would have fit the original one."
		case "before":
			text += "The limit was " + limit(m.Limit) + "; the server was started with " + limit(m.Started) + ". Cause: the limit was lowered before this run; the data would have fit the original one."
		case "both":
			text += "The limit was " + limit(m.Limit) + "; its initial value was " + limit(m.Baseline) + ". Cause: the limit was lowered, and the data exceeded the original one as well."
		default:
			text += v.full(m)
		}
		all = append(all, text)
	}
	return all
}

// full says of a limit that was not lowered in the run what else is known of it:
// only where the server was started with it was it the memory alone.
func (v *View) full(m triage.Memory) Text {
	if m.Limit == 0 {
		return "By that snapshot no limit was left. One was set between two snapshots, and its value is not known."
	}
	text := "The limit was " + limit(m.Limit) + ", and this run had not lowered it. "
	switch {
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

// impact counts what the changes cost.
func (v *View) impact() []doc.Block {
	tied, inside := v.victims(), v.revertedVictims()
	if len(tied)+len(inside) == 0 {
		return nil
	}
	type row struct {
		what Text
		n    int
	}
	var rows []row
	for _, r := range []row{
		{"passed", v.Tests.Passed},
		{"failed and " + Got(tied) + " while a leak lasted", len(tied)},
		{"failed and " + Got(inside) + " while a change lasted that was reverted later", len(inside)},
		{"failed and " + Got(v.unexplained) + " " + v.unexplainedBy(v.unexplained), len(v.unexplained)},
		{"failed for other reasons", len(v.others)},
		{"not run (skipped or pending)", v.Tests.Skipped},
		{"all", v.Tests.Total},
	} {
		if r.n > 0 {
			rows = append(rows, r)
		}
	}
	blocks := append([]doc.Block{h2("Impact")}, doc.Rows(rows, 0, file,
		doc.Column[row]{Title: "Tests", Cell: func(r row) Text { return r.what }},
		doc.Column[row]{Title: "Number", Cell: func(r row) Text { return itoa(r.n) }, Right: true})...)
	if v.Run.Complete && len(tied) > 0 {
		blocks = append(blocks, para("Without "+Plural(len(v.Groups), "the leak", "the leaks")+" up to "+itoa(v.Tests.Passed+len(tied))+" of "+itoa(v.Tests.Total)+
			" tests would pass ("+itoa(v.Tests.Passed)+" did), assuming the affected tests have no other defect. `--restore=test` shows it."))
	}
	return blocks
}
