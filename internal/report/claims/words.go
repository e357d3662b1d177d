package claims

import (
	"fmt"
	"strings"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/doc"
)

// Text is a line of spans.
type Text = doc.Text

func code(s string) Text { return doc.Code(s) }
func say(s string) Text  { return doc.Say(s) }
func itoa(n int) Text    { return doc.Int(n) }

// Count writes a number with its noun.
func Count(n int, noun Text) Text {
	s := string(noun)
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(s, "ry"):
		return itoa(n) + " " + Text(strings.TrimSuffix(s, "y")) + "ies"
	case strings.HasSuffix(s, "ss") || strings.HasSuffix(s, "x"):
		return itoa(n) + " " + noun + "es"
	}
	return itoa(n) + " " + noun + "s"
}

// List joins items as a sentence does; from the limit on it counts them.
func List(items []Text, limit int) Text {
	if len(items) > limit {
		rest := len(items) - limit + 1 // never "and 1 more": that one could have been named
		return doc.Join(items[:limit-1], ", ") + " and " + itoa(rest) + " more"
	}
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	return doc.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

// Names are names as code.
func Names(all []string) []Text {
	named := make([]Text, len(all))
	for i, s := range all {
		named[i] = code(s)
	}
	return named
}

// Unique keeps the first of equals, in order.
func Unique[T comparable](all []T) []T {
	seen := make(map[T]bool)
	var kept []T
	for _, s := range all {
		if !seen[s] {
			seen[s] = true
			kept = append(kept, s)
		}
	}
	return kept
}

// Plural picks a word by a number.
func Plural(n int, one, many Text) Text {
	if n == 1 {
		return one
	}
	return many
}

// times writes how often.
func times(n int) Text {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return itoa(n) + " times"
}

// some writes a number, or nothing for zero.
func some(n int) Text {
	if n == 0 {
		return ""
	}
	return itoa(n)
}

// kindOf says what an owner is. Findings do not say it; names do.
func kindOf(o record.Name) Text {
	switch {
	case o.SuiteNode():
		return "suite node"
	case o.Spec != "":
		return "spec"
	case o.Test == "":
		return "package"
	case o.Subtest():
		return "subtest"
	case strings.HasPrefix(o.Test, "Example"):
		return "example"
	case strings.HasPrefix(o.Test, "Benchmark"):
		return "benchmark"
	}
	return "test"
}

// packageOf is the package of an owner for a table that names the owner too; empty where
// that is the package.
func packageOf(o *record.Name) Text {
	if o == nil || kindOf(*o) == "package" {
		return ""
	}
	return code(o.Package)
}

// Owner names an owner shortly, for tables and lists.
func Owner(o record.Name) Text {
	switch {
	case o.Spec != "":
		return code(o.Spec)
	case o.Test != "":
		return code(o.Test)
	}
	return "package " + code(o.Package) + " outside its tests"
}

// ownerFull names an owner and where it lives.
func ownerFull(o record.Name) Text {
	kind := kindOf(o)
	switch {
	case kind == "package":
		return "The package " + code(o.Package) + " outside its tests (init, TestMain or between them)"
	case o.Spec != "" && o.Test != "":
		return Owner(o) + " (" + kind + " of " + code(o.Test) + " in " + code(o.Package) + ")"
	}
	return Owner(o) + " (" + kind + " in " + code(o.Package) + ")"
}

// owners names several; from the limit on it counts them.
func owners(owners []record.Name, limit int) Text {
	names := make([]Text, len(owners))
	for i, o := range owners {
		names[i] = Owner(o)
	}
	return List(names, limit)
}

// A By is who made a change, as far as that is known: one owner, one that was only
// there meanwhile, or suspects.
type By struct {
	Owner    *record.Name
	Untraced bool // the change was not traced to the owner
	Suspects []record.Name
	More     int // suspects that are not listed here
	Earlier  int // others that may be the one, and that nobody listed
}

func by(c findings.Change) By {
	return By{Owner: c.By, Untraced: c.Untraced, Suspects: c.Suspects, Earlier: c.AndEarlier}
}

// Text names who it was; of suspects at most limit.
func (b By) Text(limit int) Text {
	n := len(b.Suspects) + b.More
	switch {
	case b.Owner != nil && b.Untraced:
		return "an unidentified writer while " + Owner(*b.Owner) + " ran"
	case b.Owner != nil:
		return Owner(*b.Owner)
	case n == 0:
		return "not identified"
	case limit == 0:
		return "one of " + Count(n, "suspect") + orEarlier(b.Earlier)
	case b.More > 0:
		return "one of " + itoa(n) + ": " + owners(b.Suspects, limit) + orEarlier(b.Earlier)
	}
	return "one of: " + owners(b.Suspects, limit) + orEarlier(b.Earlier)
}

// orEarlier says that a list of suspects leaves some out.
func orEarlier(n int) Text {
	if n == 0 {
		return ""
	}
	return ", or of " + itoa(n) + " more that are not listed, most of which had ended before"
}

// suspectList names owners with their packages where these differ.
func suspectList(all []record.Name, limit int) Text {
	var packages []string
	for _, o := range all {
		packages = append(packages, o.Package)
	}
	if len(Unique(packages)) < 2 {
		text := owners(all, limit)
		if len(all) > 0 && all[0].Package != "" {
			text += ", of " + code(all[0].Package)
		}
		return text
	}
	names := make([]Text, len(all))
	for i, o := range all {
		names[i] = Owner(o)
		if kindOf(o) != "package" {
			names[i] += " of " + code(o.Package)
		}
	}
	return List(names, limit)
}

// ended says how an owner ended, as the end of a sentence about it.
func ended(status string) Text {
	switch status {
	case "pass":
		return "passed"
	case "fail":
		return "failed"
	case "skip":
		return "was skipped"
	case "panic":
		return "panicked"
	case "died":
		return "did not end: its process died first"
	}
	return ""
}

// OwnerNote says what an owner is and how it ended. That it passed is why nobody
// would suspect it.
func OwnerNote(c findings.Change) Text {
	var notes []Text
	if kind := kindOf(*c.By); kind != "package" {
		notes = append(notes, kind)
	}
	if c.Ended == "died" {
		notes = append(notes, "died")
	} else if end := ended(c.Ended); end != "" {
		notes = append(notes, end)
	}
	if len(notes) == 0 {
		return ""
	}
	return " (" + doc.Join(notes, ", ") + ")"
}

// Sure is the word for a certainty.
func Sure(c findings.Certainty) Text { return say(string(c)) }

// meaning explains the certainty of a change in a sentence.
func (v *View) meaning(c findings.Certainty) Text {
	switch c {
	case findings.Exact:
		return "the trace saw its own goroutine write the change"
	case findings.Inferred:
		if v.Run.Traced {
			return "the change happened between its synchronized begin and end, with no other test active"
		}
		return "the change happened between its synchronized begin and end, with no other test active; the write was not seen, so an earlier test's goroutine or another program could have made it"
	case findings.Ambiguous:
		return "each suspect was active, or may have been, when the change happened"
	}
	return ""
}

// failureMeaning explains the certainty of a failure.
func failureMeaning(certainty string) Text {
	switch certainty {
	case "correlated":
		return "the test failed with the errors that such a change brings, while it lasted; no re-run has proved the connection"
	case "proved":
		return "a re-run showed that the change makes this test fail"
	case "refuted":
		return "a re-run showed that this test fails without the change too"
	}
	return ""
}

// Clock writes an instant in UTC and its distance from the start of the run.
func (v *View) Clock(t time.Time) Text {
	if t.IsZero() {
		return "an unknown time"
	}
	text := Text(t.UTC().Format("15:04:05.000")) + " UTC"
	if v.Run.Started.IsZero() {
		return text
	}
	return text + Text(fmt.Sprintf(" (%+.3f s)", t.Sub(v.Run.Started).Seconds()))
}

// By names who a change is put down to, without naming suspects.
func (v *View) By(c findings.Change) Text { return by(c).Text(0) }

// MadeBy is who made a change.
func MadeBy(c findings.Change) By { return by(c) }
