package report

import (
	"fmt"
	"path"
	"strings"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/triage"
)

// count writes a number with its noun.
func count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "ry"):
		return itoa(n) + " " + strings.TrimSuffix(noun, "y") + "ies"
	case strings.HasSuffix(noun, "ss") || strings.HasSuffix(noun, "x"):
		return itoa(n) + " " + noun + "es"
	}
	return itoa(n) + " " + noun + "s"
}

// list joins items as a sentence does; from the limit on it counts them.
func list(items []string, limit int) string {
	if len(items) > limit {
		rest := len(items) - limit + 1 // never "and 1 more": that one could have been named
		return strings.Join(items[:limit-1], ", ") + " and " + itoa(rest) + " more"
	}
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

// upper begins a sentence.
func upper(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// period ends a sentence that came without an end.
func period(s string) string {
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// leftAlone says why tracetest did not put a parameter back.
func leftAlone(why record.Why) string {
	switch why {
	case record.WhyRole:
		return "tracetest never changes who is the master"
	case record.WhyRestarted:
		return "the server restarted, or another one has its address, and its values are its own"
	case record.WhyUntraced:
		return "no test was heard setting it"
	case record.WhyUnheld:
		return "tests were not held while it changed"
	case record.WhyOthers:
		return "another program may have set it"
	case record.WhyUnknown:
		return "INFO does not tell whether the server is still the one that it was set on"
	}
	return string(why)
}

// kindOf says what an owner is. Findings do not tell it; names do.
func kindOf(o triage.Owner) string {
	switch {
	case o.SuiteNode():
		return "suite node"
	case o.Spec != "":
		return "spec"
	case o.Test == "":
		return "package"
	case strings.Contains(o.Test, "/"):
		return "subtest"
	case strings.HasPrefix(o.Test, "Example"):
		return "example"
	case strings.HasPrefix(o.Test, "Benchmark"):
		return "benchmark"
	}
	return "test"
}

// owner names an owner shortly, for tables and lists.
func (k ink) owner(o triage.Owner) string {
	switch {
	case o.Spec != "":
		return k.name(o.Spec)
	case o.Test != "":
		return k.name(o.Test)
	}
	return "package " + k.name(o.Package) + " outside its tests"
}

// by names who a change is put down to. One that was not heard making it is not
// who.
func (k ink) by(c triage.Change) string {
	switch {
	case c.Owner != nil && c.Unheard:
		return "somebody unseen, while " + k.owner(*c.Owner) + " ran"
	case c.Owner != nil:
		return k.owner(*c.Owner)
	case len(c.Suspects) == 0:
		return "somebody"
	}
	return "one of " + count(len(c.Suspects), "suspect") + orEarlier(c.AndEarlier)
}

// orEarlier says that a list of suspects leaves some out.
func orEarlier(n int) string {
	if n == 0 {
		return ""
	}
	return " or of " + itoa(n) + " that are not listed, most of which had ended before"
}

// ownerFull names an owner and where it lives.
func (k ink) ownerFull(o triage.Owner) string {
	kind := kindOf(o)
	switch {
	case kind == "package":
		return "The package " + k.name(o.Package) + " outside its tests (init, TestMain or between them)"
	case o.Spec != "" && o.Test != "":
		return k.owner(o) + " (" + kind + " of " + k.name(o.Test) + " in " + k.name(o.Package) + ")"
	}
	return k.owner(o) + " (" + kind + " in " + k.name(o.Package) + ")"
}

func (k ink) owners(owners []triage.Owner, limit int) string {
	names := make([]string, len(owners))
	for i, o := range owners {
		names[i] = k.owner(o)
	}
	return list(names, limit)
}

// ended says how an owner ended, as the end of a sentence about it.
func ended(status string) string {
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

// meaning explains a certainty of a change or of a failure in a sentence. Of a
// change that is bracketed although the tap was on it says more.
func (v *survey) meaning(certainty string) string {
	if v.Run.Tap && certainty == string(triage.Bracketed) {
		return "the change happened between the held begin and end of this owner, while no other was open, but it was not heard making it"
	}
	return meaning(certainty)
}

func meaning(certainty string) string {
	switch certainty {
	case string(triage.Exact):
		return "its own goroutine was seen writing the change"
	case string(triage.Bracketed):
		return "the change happened between the held begin and end of this owner, while no other was open; nobody saw the write itself, so that a goroutine left behind by an earlier test, or somebody outside the tests, could have made it in that time"
	case string(triage.Narrowed):
		return "each suspect was open, or may have been, when the change happened; the record does not tell which of them made it"
	case "correlated":
		return "the test failed while the change was in force and met what such a change brings; no re-run has proved the connection"
	case "proved":
		return "a re-run showed that the change makes this test fail"
	case "refuted":
		return "a re-run showed that this test fails without the change too"
	}
	return ""
}

// clock writes an instant in UTC and its distance from the start of the run.
func (v *survey) clock(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	text := t.UTC().Format("15:04:05.000") + " UTC"
	if v.Run.Started.IsZero() {
		return text
	}
	return fmt.Sprintf("%s (%+.3f s)", text, t.Sub(v.Run.Started).Seconds())
}

// rel makes a path relative to the folder that the run was started in.
func (v *survey) rel(file string) string { return v.Run.Rel(file) }

// place says where a change was made: the call where it was seen, else the
// line of its owner; empty when neither is known.
func (v *survey) place(k ink, c triage.Change) string {
	switch {
	case c.Call != nil:
		return v.callPlace(k, c.Call)
	case c.Location != "":
		return v.linked(k, k.name(v.rel(c.Location)), c.Location)
	}
	return ""
}

// callPlace says where a call is, and which line of a test led to it.
func (v *survey) callPlace(k ink, c *triage.Call) string {
	place := c.File + ":" + itoa(c.Line)
	text := v.linked(k, k.name(v.rel(place)), place)
	if c.Function != "" {
		text += " in " + k.name(path.Base(c.Function))
	}
	if origin := outermost(c); origin != "" {
		text += ", called from " + v.linked(k, k.name(v.rel(origin)), origin)
	}
	return text
}

// outermost is the outermost line of the user's code that led to a call, which
// is a test's; empty where that is the call itself.
func outermost(c *triage.Call) string {
	if len(c.Chain) < 2 {
		return ""
	}
	_, place, _ := strings.Cut(c.Chain[len(c.Chain)-1], " ") // the name of a function has no space
	return place
}
