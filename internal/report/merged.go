package report

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"tracetest/internal/merge"
)

// mergedFile is where everything is that the tables of merged.md leave out.
const mergedFile = "merged.json"

// MergedJSON writes merged.json.
func MergedJSON(w io.Writer, s *merge.Summary) error { return indented(w, s) }

// A sheet is merged.md being written.
type sheet struct {
	*merge.Summary
	b    bytes.Buffer
	k    ink
	cell ink
	errs []error
}

// MergedMarkdown writes merged.md: what leaked in how many runs, what failed, and
// which runs the counts cannot speak for.
func MergedMarkdown(w io.Writer, s *merge.Summary) error {
	p := &sheet{Summary: s, k: ink{markdown: true, limit: 240}, cell: ink{markdown: true, limit: 100}}
	p.text("# Redis triage of " + count(len(s.Runs), "run") + ": " + mergedHeadline(s))
	for _, warning := range mergedWarnings(p.k, s) {
		p.text("**" + warning.short + ".** " + warning.text)
	}
	p.text(mergedFailures(s))
	p.leaks()
	p.wrong()
	p.runs()
	p.servers()
	p.left()
	if err := errors.Join(p.errs...); err != nil {
		return err
	}
	return flush(w, &p.b)
}

func (p *sheet) text(s string) { p.b.WriteString(s + "\n\n") }

func (p *sheet) table(t *table) {
	t.file = mergedFile
	p.errs = append(p.errs, t.write(&p.b))
}

// mergedHeadline says how the runs went. It holds no name.
func mergedHeadline(s *merge.Summary) string {
	v := s.Verdicts
	var parts []string
	for _, part := range []struct {
		n    int
		text string
	}{{v.Leaked, "leaked"}, {v.Failed, "failed without a leak"}, {v.Incomplete, "incomplete"}, {v.Doubtful, "not fully watched"}, {v.Clean, "clean"}} {
		if part.n > 0 {
			parts = append(parts, itoa(part.n)+" "+part.text)
		}
	}
	if n := len(s.Unreadable); n > 0 {
		parts = append(parts, itoa(n)+" could not be read")
	}
	if len(parts) == 0 {
		return "nothing was read"
	}
	return strings.Join(parts, ", ")
}

// A warning is what the counts cannot speak for.
type warning struct{ short, text string }

func mergedWarnings(k ink, s *merge.Summary) []warning {
	var all []warning
	if n := len(s.Unreadable); n > 0 {
		var names []string
		for _, u := range s.Unreadable {
			names = append(names, u.File)
		}
		all = append(all, warning{upper(count(n, "input") + " could not be read"), "Nothing is known of " + list(k.names(names), maxTold) + ", and no count speaks for " + plural(n, "it", "them") + "."})
	}
	if n := s.Verdicts.Incomplete; n > 0 {
		var names []string
		for _, r := range s.Runs {
			if r.Verdict == merge.Incomplete {
				names = append(names, r.File)
			}
		}
		all = append(all, warning{upper(count(n, "run") + " " + plural(n, "is", "are") + " incomplete"), "What would have come after is not known: " + list(k.names(names), maxTold) + "."})
	}
	if n := len(s.Duplicates); n > 0 {
		var names []string
		for _, d := range s.Duplicates {
			names = append(names, d.File)
		}
		all = append(all, warning{upper(count(n, "input") + " " + plural(n, "was", "were") + " given twice"), "Counted once: " + list(k.names(names), maxTold) + "."})
	}
	for _, b := range s.Bounds {
		text := "There are more than " + itoa(b.Kept) + " different ones. " + upper(count(b.Dropped, "sighting")) + " of further ones " + plural(b.Dropped, "is", "are")
		switch b.What {
		case "tests":
			all = append(all, warning{"Not every test is counted", text + " not counted, so that it is not known in how many runs they ran."})
		case "wrong":
			all = append(all, warning{"Not every test that went wrong is listed", text + " in the sums alone."})
		default:
			all = append(all, warning{"Not all " + b.What + " are listed", text + " left out."})
		}
	}
	return all
}

// mergedFailures says what the failures have to do with Redis, within their runs.
func mergedFailures(s *merge.Summary) string {
	f, t := s.Failures, s.Tests
	text := itoa(t.Passed) + " of " + count(t.Total, "test") + " passed, in all runs together"
	if f.Total == 0 {
		return text + ", and none failed."
	}
	text += ". Of " + count(f.Total, "failure") + ", " + itoa(f.OOM) + " met OOM rejections and " + itoa(f.Eviction) + " met evictions; " +
		itoa(f.Tied) + " of " + plural(f.Total, "it", "them") + " " + plural(f.Tied, "is", "are") + " tied to a change of the same run"
	return text + ". What one run shows says nothing on the cause of a failure in another."
}

func (p *sheet) leaks() {
	if len(p.Leaks) == 0 {
		return
	}
	p.text("## Leaks")
	t := table{columns: []column{{title: "Runs", right: true}, {title: "Parameter"}, {title: "By"}, {title: "Of package", optional: true}, {title: "Where", optional: true},
		{title: "Changed"}, {title: "Certainty"}, {title: "First seen in"}, {title: "Failures tied to it", right: true, optional: true}, {title: "Known", optional: true}}}
	for _, l := range p.Leaks {
		pkg := ""
		if l.Owner != nil && (l.Owner.Test != "" || l.Owner.Spec != "") {
			pkg = p.cell.name(l.Owner.Package)
		}
		failures, place := "", ""
		if l.Failures > 0 {
			failures = itoa(l.Failures)
		}
		if l.Place != "" {
			place = p.cell.name(l.Place)
		}
		t.add(inRuns(l.InRuns, l.Ran), p.cell.name(l.Parameter), p.by(l), pkg, place, p.values(l), certainties(l), p.first(l.Runs), failures, knownTimes(l))
	}
	p.table(&t)
}

// inRuns says in how many of the runs in which it ran.
func inRuns(n, ran int) string {
	if ran < n {
		return itoa(n) // it is not known
	}
	return itoa(n) + " of " + itoa(ran)
}

func (p *sheet) by(l merge.Leak) string { return mergedOwner(p.cell, l) }

// mergedOwner names who it was, or the suspects.
func mergedOwner(k ink, l merge.Leak) string {
	switch {
	case l.Owner != nil && l.Unheard:
		return "somebody unseen, while " + k.owner(*l.Owner) + " ran"
	case l.Owner != nil:
		return k.owner(*l.Owner)
	case len(l.Suspects) == 0:
		return "not settled"
	case l.MoreSuspects > 0:
		return "one of " + itoa(len(l.Suspects)+l.MoreSuspects) + ": " + k.owners(l.Suspects, maxTold) + orEarlier(l.AndEarlier)
	}
	return "one of: " + k.owners(l.Suspects, maxTold) + orEarlier(l.AndEarlier)
}

// values are what it was changed from and to, the most frequent as they come.
func (p *sheet) values(l merge.Leak) string {
	var all []string
	for i, v := range l.Values {
		if i == 3 {
			break
		}
		all = append(all, mergedValue(p.cell, l, v))
	}
	text := strings.Join(all, ", ")
	if rest := len(l.Values) - len(all); rest > 0 || l.MoreValues > 0 {
		text += " and others"
	}
	return text
}

func mergedValue(k ink, l merge.Leak, v merge.Value) string {
	return k.value(l.Parameter, v.From, l.Secret) + " -> " + k.value(l.Parameter, v.To, l.Secret)
}

// knownTimes says how often the baseline of its run knew a leak.
func knownTimes(l merge.Leak) string {
	switch l.Known {
	case 0:
		return ""
	case l.Count:
		return "yes"
	}
	return itoa(l.Known) + " of " + itoa(l.Count)
}

func certainties(l merge.Leak) string {
	var all []string
	for _, c := range l.Certainties {
		all = append(all, string(c))
	}
	return list(all, 3)
}

// first names the first run of a list.
func (p *sheet) first(runs []int) string {
	if len(runs) == 0 || runs[0] < 0 || runs[0] >= len(p.Runs) {
		return ""
	}
	return p.cell.name(p.Runs[runs[0]].File)
}

func (p *sheet) wrong() {
	if len(p.Wrong) == 0 {
		return
	}
	p.text("## Tests")
	p.text("In how many runs each leaked, failed after a change that is not its own and is tied to it (victim), or failed at all, and in how many it ran.")
	t := table{columns: []column{{title: "Test"}, {title: "Package"}, {title: "Leaked", right: true, optional: true}, {title: "Victim", right: true, optional: true},
		{title: "Failed", right: true, optional: true}, {title: "Refused and passed", right: true, optional: true}, {title: "Ran", right: true}, {title: "First in"}, {title: "Message", optional: true}}}
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return itoa(n)
	}
	for _, w := range p.Wrong {
		first := w.FailedRuns
		if len(w.LeakedRuns) > 0 {
			first = w.LeakedRuns
		}
		message := ""
		if w.Message != "" {
			message = p.cell.name(w.Message)
		}
		ran := "not counted"
		if w.Ran >= 0 {
			ran = itoa(w.Ran)
		}
		t.add(p.cell.owner(w.Owner), p.cell.name(w.Package), number(w.Leaked), number(w.Victim), number(w.Failed), number(w.Swallowed), ran, p.first(first), message)
	}
	p.table(&t)
}

// runs lists those that are not clean.
func (p *sheet) runs() {
	t := table{columns: []column{{title: "Run", right: true}, {title: "File"}, {title: "How it went"}, {title: "Tests", right: true}, {title: "Leaks", right: true, optional: true},
		{title: "Failures", right: true, optional: true}, {title: "Victims", right: true, optional: true}, {title: "What is not known", optional: true}}}
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return itoa(n)
	}
	for i, r := range p.Runs {
		if r.Verdict == merge.Clean {
			continue
		}
		var unknown []string
		if r.Incomplete != "" {
			unknown = append(unknown, p.cell.say(r.Incomplete))
		}
		for _, d := range r.Doubts {
			unknown = append(unknown, p.cell.say(d))
		}
		t.add(itoa(i), p.cell.name(r.File), verdictWord(r.Verdict), itoa(r.Tests.Total), number(r.Leaks), number(r.Failures), number(r.Victims), strings.Join(unknown, "; "))
	}
	if len(t.rows) == 0 {
		return
	}
	p.text("## Runs that are not clean")
	p.table(&t)
}

func verdictWord(v merge.Verdict) string {
	if v == merge.Doubtful {
		return "not fully watched"
	}
	return string(v)
}

func (p *sheet) servers() {
	if len(p.Servers) == 0 {
		return
	}
	p.text("## Servers")
	t := table{columns: []column{{title: "Server"}, {title: "Version"}, {title: "Runs", right: true}, {title: "Leaks", right: true}, {title: "Restarts", right: true}, {title: "Out of sight", right: true}}}
	for _, s := range p.Servers {
		t.add(p.cell.name(s.Address), p.cell.say(strings.TrimSpace(s.Flavor+" "+s.Version)), itoa(s.Runs), itoa(s.Leaks), itoa(s.Restarts), itoa(s.Blind))
	}
	p.table(&t)
}

// left names the inputs that were not counted.
func (p *sheet) left() {
	if len(p.Unreadable)+len(p.Duplicates) == 0 {
		return
	}
	p.text("## Inputs that are not counted")
	t := table{columns: []column{{title: "Input"}, {title: "Why"}}}
	for _, u := range p.Unreadable {
		t.add(p.cell.name(u.File), p.cell.say(u.Error))
	}
	for _, d := range p.Duplicates {
		t.add(p.cell.name(d.File), "the same as "+p.cell.name(d.Of))
	}
	p.table(&t)
}
