package report

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"tracetest/internal/diff"
	"tracetest/internal/record"
	"tracetest/internal/triage"
)

// DiffJSON writes a difference as it is.
func DiffJSON(w io.Writer, d *diff.Diff) error { return indented(w, d) }

// DiffMarkdown writes what a change did for people.
func DiffMarkdown(w io.Writer, d *diff.Diff) error {
	var b bytes.Buffer
	text := func(s string) { b.WriteString(s + "\n\n") }
	k, cell := ink{markdown: true, limit: 240}, ink{markdown: true, limit: 100}
	text("# Redis triage of a change: " + diffHeadline(d))
	text("Old: " + k.name(d.Old.File) + ". New: " + k.name(d.New.File) + ".")
	for _, caution := range diffCautions(k, d) {
		text("**Not everything is known.** " + caution)
	}
	var errs []error
	leaks := table{columns: []column{{title: "Leak"}, {title: "Parameter"}, {title: "By"}, {title: "Of package", optional: true}, {title: "Old", optional: true},
		{title: "New", optional: true}, {title: "Where", optional: true}, {title: "Known", optional: true}, {title: "Remark", optional: true}}, file: diffFile}
	for _, l := range d.Leaks {
		side := later(l)
		pkg := ""
		if side.Owner != nil && kindOf(*side.Owner) != "package" {
			pkg = cell.name(side.Owner.Package)
		}
		known := ""
		if side.Known != nil {
			known = cell.known(triage.Change{Known: side.Known})
		}
		leaks.add(stateWord(l.State), cell.name(l.Parameter), diffOwner(cell, side), pkg, diffValue(cell, l, l.Old), diffValue(cell, l, l.New), moved(cell, l), known, remark(cell, l.Why))
	}
	if len(d.Leaks) > 0 {
		text("## Leaks")
		errs = append(errs, leaks.write(&b))
	}
	failures := table{columns: []column{{title: "Failure"}, {title: "Test"}, {title: "Package"}, {title: "Old", optional: true}, {title: "New", optional: true},
		{title: "Message", optional: true}, {title: "Remark", optional: true}}, file: diffFile}
	for _, f := range d.Failures {
		message := ""
		if f.New != nil && f.New.Message != "" {
			message = cell.name(f.New.Message)
		}
		failures.add(stateWord(f.State), cell.owner(f.Owner), cell.name(f.Package), cause(cell, f.Old), cause(cell, f.New), message, remark(cell, f.Why))
	}
	if len(d.Failures) > 0 {
		text("## Failures")
		errs = append(errs, failures.write(&b))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return flush(w, &b)
}

// diffFile is where everything is that the tables leave out.
const diffFile = "tracetest diff --json"

// diffHeadline says what a change did. It holds no name.
func diffHeadline(d *diff.Diff) string {
	passed := itoa(d.Old.Tests.Passed) + " of " + itoa(d.Old.Tests.Total) + " passed, now " + itoa(d.New.Tests.Passed) + " of " + itoa(d.New.Tests.Total)
	leaks, failures := map[diff.State]int{}, map[diff.State]int{}
	newUnsettled := 0
	for _, l := range d.Leaks {
		leaks[l.State]++
		if l.State == diff.Unsettled && l.New != nil {
			newUnsettled++
		}
	}
	for _, f := range d.Failures {
		failures[f.State]++
	}
	return passed + "; " + changes("leak", leaks, newUnsettled > 0 || !d.New.Complete || len(d.New.Doubts) > 0) + "; " + changes("failure", failures, !d.New.Complete)
}

// changes counts what became of leaks or failures. That none is new is only said
// where that is known.
func changes(noun string, n map[diff.State]int, untold bool) string {
	total := n[diff.Gone] + n[diff.New] + n[diff.Kept] + n[diff.Moved] + n[diff.Unsettled]
	fresh := ", none new"
	switch {
	case n[diff.New] > 0:
		fresh = ", " + itoa(n[diff.New]) + " new"
	case untold:
		fresh = ", none known to be new"
	}
	if total == 0 {
		if untold {
			return "no " + noun + " seen"
		}
		return "no " + noun + "s"
	}
	text := count(n[diff.Gone], noun) + " gone" + fresh
	if n[diff.Gone] == 0 {
		text = "no " + noun + " gone" + fresh
	}
	for _, part := range []struct {
		state diff.State
		text  string
	}{{diff.Moved, " of another cause"}, {diff.Kept, " as before"}, {diff.Unsettled, " that cannot be told"}} {
		if c := n[part.state]; c > 0 {
			text += ", " + itoa(c) + part.text
		}
	}
	return text
}

// diffCautions say what neither list can speak for.
func diffCautions(k ink, d *diff.Diff) []string {
	var all []string
	for _, side := range []struct {
		which string
		run   diff.Run
	}{{"old", d.Old}, {"new", d.New}} {
		if !side.run.Complete {
			all = append(all, "The "+side.which+" run is incomplete: "+period(k.say(orElse(side.run.Incomplete, "it did not come to its end"))))
		}
		if len(side.run.Doubts) > 0 {
			all = append(all, "Of the "+side.which+" run: "+period(k.say(strings.Join(side.run.Doubts, "; "))))
		}
	}
	if !d.Old.Listed || !d.New.Listed {
		all = append(all, "Which tests passed is not in findings.json. Compare the records (run.jsonl) to know more.")
	}
	if d.Old.Mode != d.New.Mode || d.Old.Tap != d.New.Tap {
		all = append(all, "The runs were not watched in the same way: the old one by "+watchedBy(d.Old)+", the new one by "+watchedBy(d.New)+".")
	}
	return all
}

func watchedBy(r diff.Run) string {
	text := "the gate"
	if r.Mode != record.ModeGate {
		text = "test events"
	}
	if r.Tap {
		text += " and the tap"
	}
	return text
}

// later is a leak as the new run has it, or else the old one.
func later(l diff.Leak) *diff.LeakOfSide {
	if l.New != nil {
		return l.New
	}
	return l.Old
}

func stateWord(s diff.State) string {
	switch s {
	case diff.Kept:
		return "as before"
	case diff.Moved:
		return "another cause"
	case diff.Unsettled:
		return "cannot be told"
	}
	return string(s)
}

func diffOwner(k ink, s *diff.LeakOfSide) string {
	switch {
	case s.Owner != nil && s.Unheard:
		return "somebody unseen, while " + k.owner(*s.Owner) + " ran"
	case s.Owner != nil:
		return k.owner(*s.Owner)
	case len(s.Suspects) == 0:
		return "not settled"
	}
	return "one of: " + k.owners(s.Suspects, maxTold) + orEarlier(s.AndEarlier)
}

func diffValue(k ink, l diff.Leak, s *diff.LeakOfSide) string {
	if s == nil {
		return ""
	}
	text := k.value(l.Parameter, s.From, s.Secret) + " -> " + k.value(l.Parameter, s.To, s.Secret)
	if s.Count > 1 {
		text += ", " + times(s.Count)
	}
	return text
}

// moved says where a leak is, and where it was if that is another line.
func moved(k ink, l diff.Leak) string {
	side := later(l)
	if side.Place == "" {
		return ""
	}
	text := k.name(side.Place)
	if l.Old != nil && l.New != nil && l.Old.Place != "" && l.Old.Place != l.New.Place {
		text += ", was " + k.name(l.Old.Place)
	}
	return text
}

func remark(k ink, why string) string {
	if why == "" {
		return ""
	}
	return k.say(why)
}

// cause says what a failure has to do with Redis, in a few words.
func cause(k ink, s *diff.FailureOfSide) string {
	if s == nil {
		return ""
	}
	text := s.Status
	switch s.Cause {
	case triage.CauseOOM:
		text = "met OOM rejections"
	case triage.CauseEviction:
		text = "met evictions"
	default:
		text = k.say(orElse(text, "failed"))
	}
	if s.Tied {
		text += " after a change of " + k.name(s.Parameter)
		if s.Culprit != nil {
			text += " by " + k.owner(*s.Culprit)
		}
	}
	if s.Count > 1 {
		text += ", " + times(s.Count)
	}
	return text
}

// DiffTerminal writes what a change did, of at most a screen.
func DiffTerminal(w io.Writer, d *diff.Diff, o TerminalOptions) error {
	p := newPlain(o)
	head := section{label: "tracetest", lines: wrap(diffHeadline(d), p.width, 4), paint: green}
	switch d.Exit {
	case diff.ExitNew:
		head.paint = bold + ";" + red
	case diff.ExitUntold:
		head.paint = yellow
	}
	unknown := section{label: "Not known", paint: yellow}
	for _, caution := range diffCautions(p.k, d) {
		unknown.lines = append(unknown.lines, wrap(caution, p.width, 2)...)
	}
	path := p.path(o.ReportPath)
	room := maxLines - p.lines(head, unknown, path)
	leaks := section{label: "Leaks"}
	for i, l := range d.Leaks {
		if len(leaks.lines)+5 > room*2/3 && i+1 < len(d.Leaks) || len(leaks.lines)+4 > room {
			leaks.lines = append(leaks.lines, fit("+"+itoa(len(d.Leaks)-i)+" more, see --json or --out", p.width))
			break
		}
		leaks.lines = append(leaks.lines, fit(stateWord(l.State)+": "+diffOwner(p.k, later(l))+" left "+p.k.name(l.Parameter)+" "+p.k.say(l.Direction), p.width))
		if where := moved(p.k, l); where != "" {
			leaks.lines = append(leaks.lines, fit("  at "+where, p.width))
		}
		if l.Why != "" {
			for _, line := range wrap(p.k.say(l.Why), p.width-2, 2) {
				leaks.lines = append(leaks.lines, "  "+line)
			}
		}
	}
	failures := section{label: "Failures"}
	room -= len(leaks.lines)
	for i, f := range d.Failures {
		if f.State == diff.Kept && f.Why == "" {
			continue // the last ones
		}
		if len(failures.lines)+2 > room {
			failures.lines = append(failures.lines, fit("+"+itoa(len(d.Failures)-i)+" more, see --json or --out", p.width))
			break
		}
		text := stateWord(f.State) + ": " + p.k.owner(f.Owner)
		switch {
		case f.State == diff.Moved:
			text += ": " + cause(p.k, f.Old) + ", now " + cause(p.k, f.New)
		case f.Why != "":
			text += ": " + p.k.say(f.Why)
		}
		failures.lines = append(failures.lines, fit(text, p.width))
	}
	return p.write(w, head, leaks, failures, unknown, path)
}
