package claims

import (
	"strings"

	"tracetest/internal/diff"
	"tracetest/internal/findings"
	"tracetest/internal/report/doc"
)

// diffFile is where everything is that the tables leave out.
const diffFile = "tracetest diff --json"

// Diff is what a change of the code did.
func Diff(d *diff.Diff) []doc.Block {
	blocks := []doc.Block{
		doc.Heading{Level: 1, Text: "Redis triage of a change: " + DiffHeadline(d)},
		para("Old: " + code(d.Old.File) + ". New: " + code(d.New.File) + "."),
	}
	for _, caution := range DiffCautions(d) {
		blocks = append(blocks, sentences("Not everything is known.", caution))
	}
	if len(d.Leaks) > 0 {
		blocks = append(append(blocks, h2("Leaks")), doc.Rows(d.Leaks, 0, diffFile,
			doc.Column[diff.Leak]{Title: "Leak", Cell: func(l diff.Leak) Text { return StateWord(l.State) }},
			doc.Column[diff.Leak]{Title: "Parameter", Cell: func(l diff.Leak) Text { return code(l.Parameter) }},
			doc.Column[diff.Leak]{Title: "By", Cell: func(l diff.Leak) Text { return DiffBy(l).Text(maxNamed) }},
			doc.Column[diff.Leak]{Title: "Of package", Cell: func(l diff.Leak) Text { return packageOf(later(l).By) }, Optional: true},
			doc.Column[diff.Leak]{Title: "Old", Cell: func(l diff.Leak) Text { return diffValue(l, l.Old) }, Optional: true},
			doc.Column[diff.Leak]{Title: "New", Cell: func(l diff.Leak) Text { return diffValue(l, l.New) }, Optional: true},
			doc.Column[diff.Leak]{Title: "Where", Cell: Moved, Optional: true},
			doc.Column[diff.Leak]{Title: "Known", Cell: func(l diff.Leak) Text { return known(later(l).Known) }, Optional: true},
			doc.Column[diff.Leak]{Title: "Remark", Cell: func(l diff.Leak) Text { return say(l.Why) }, Optional: true})...)
	}
	if len(d.Failures) > 0 {
		blocks = append(append(blocks, h2("Failures")), doc.Rows(d.Failures, 0, diffFile,
			doc.Column[diff.Failure]{Title: "Failure", Cell: func(f diff.Failure) Text { return StateWord(f.State) }},
			doc.Column[diff.Failure]{Title: "Test", Cell: func(f diff.Failure) Text { return Owner(f.Name) }},
			doc.Column[diff.Failure]{Title: "Package", Cell: func(f diff.Failure) Text { return code(f.Package) }},
			doc.Column[diff.Failure]{Title: "Old", Cell: func(f diff.Failure) Text { return Cause(f.Old) }, Optional: true},
			doc.Column[diff.Failure]{Title: "New", Cell: func(f diff.Failure) Text { return Cause(f.New) }, Optional: true},
			doc.Column[diff.Failure]{Title: "Message", Cell: func(f diff.Failure) Text {
				if f.New == nil {
					return ""
				}
				return named(f.New.Message)
			}, Optional: true},
			doc.Column[diff.Failure]{Title: "Remark", Cell: func(f diff.Failure) Text { return say(f.Why) }, Optional: true})...)
	}
	return blocks
}

// DiffHeadline says what a change did. It holds no name.
func DiffHeadline(d *diff.Diff) Text {
	passed := itoa(d.Old.Tests.Passed) + " of " + itoa(d.Old.Tests.Total) + " passed, now " + itoa(d.New.Tests.Passed) + " of " + itoa(d.New.Tests.Total)
	leaks, failures := map[diff.State]int{}, map[diff.State]int{}
	unsure := !d.New.Complete || len(d.New.Doubts) > 0
	for _, l := range d.Leaks {
		leaks[l.State]++
		unsure = unsure || l.State == diff.Unsettled && l.New != nil
	}
	for _, f := range d.Failures {
		failures[f.State]++
	}
	return passed + "; " + changes("leak", leaks, unsure) + "; " + changes("failure", failures, !d.New.Complete)
}

// changes counts what became of leaks or failures. That none is new is only said
// where that is known.
func changes(noun Text, n map[diff.State]int, unsure bool) Text {
	total := n[diff.Gone] + n[diff.New] + n[diff.Kept] + n[diff.Moved] + n[diff.Unsettled]
	fresh := Text(", none new")
	switch {
	case n[diff.New] > 0:
		fresh = ", " + itoa(n[diff.New]) + " new"
	case unsure:
		fresh = ", none known to be new"
	}
	if total == 0 {
		if unsure {
			return "no " + noun + " seen"
		}
		return "no " + noun + "s"
	}
	text := Count(n[diff.Gone], noun) + " gone" + fresh
	if n[diff.Gone] == 0 {
		text = "no " + noun + " gone" + fresh
	}
	for _, part := range []struct {
		state diff.State
		text  Text
	}{{diff.Moved, " of another cause"}, {diff.Kept, " as before"}, {diff.Unsettled, " undecided"}} {
		if c := n[part.state]; c > 0 {
			text += ", " + itoa(c) + part.text
		}
	}
	return text
}

// DiffCautions say what neither list covers.
func DiffCautions(d *diff.Diff) []Text {
	var all []Text
	for _, side := range []struct {
		which Text
		run   diff.Run
	}{{"old", d.Old}, {"new", d.New}} {
		if !side.run.Complete {
			reason := say(side.run.Incomplete)
			if reason == "" {
				reason = "it did not come to its end"
			}
			all = append(all, "The "+side.which+" run is incomplete: "+reason.Period())
		}
		if len(side.run.Doubts) > 0 {
			all = append(all, "Of the "+side.which+" run: "+say(strings.Join(side.run.Doubts, "; ")).Period())
		}
	}
	if !d.Old.Listed || !d.New.Listed {
		all = append(all, "Which tests passed is not in findings.json. Compare the records (run.jsonl) to know more.")
	}
	if d.Old.Mode != d.New.Mode || d.Old.Traced != d.New.Traced {
		all = append(all, "The runs were watched differently: the old one "+Watching(d.Old.Mode, d.Old.Traced)+", the new one "+Watching(d.New.Mode, d.New.Traced)+".")
	}
	return all
}

// later is a leak as the new run has it, or else the old one.
func later(l diff.Leak) *diff.LeakOfSide {
	if l.New != nil {
		return l.New
	}
	return l.Old
}

// StateWord says what became of a leak or a failure.
func StateWord(s diff.State) Text {
	switch s {
	case diff.Kept:
		return "as before"
	case diff.Moved:
		return "another cause"
	case diff.Unsettled:
		return "undecided"
	}
	return say(string(s))
}

// DiffBy is who it was, or the suspects.
func DiffBy(l diff.Leak) By {
	s := later(l)
	return By{Owner: s.By, Untraced: s.Untraced, Suspects: s.Suspects, Earlier: s.AndEarlier}
}

func diffValue(l diff.Leak, s *diff.LeakOfSide) Text {
	if s == nil {
		return ""
	}
	text := Value(l.Parameter, s.From, s.Secret) + " -> " + Value(l.Parameter, s.To, s.Secret)
	if s.Count > 1 {
		text += ", " + times(s.Count)
	}
	return text
}

// Moved says where a leak is, and where it was if that is another line.
func Moved(l diff.Leak) Text {
	side := later(l)
	if side.Place == "" {
		return ""
	}
	text := code(side.Place)
	if l.Old != nil && l.New != nil && l.Old.Place != "" && l.Old.Place != l.New.Place {
		text += ", was " + code(l.Old.Place)
	}
	return text
}

// Cause says what a failure has to do with Redis, in a few words.
func Cause(s *diff.FailureOfSide) Text {
	if s == nil {
		return ""
	}
	text := say(s.Status)
	switch {
	case s.Cause.Redis():
		text = Got([]findings.Failure{{Cause: s.Cause}})
	case text == "":
		text = "failed"
	}
	if s.Correlated {
		text += " after a change of " + code(s.Parameter)
		if s.Culprit != nil {
			text += " by " + Owner(*s.Culprit)
		}
	}
	if s.Count > 1 {
		text += ", " + times(s.Count)
	}
	return text
}
