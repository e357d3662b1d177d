package rerun

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/redact"
)

// Test is a test, subtest, example or Ginkgo spec that can be chosen.
type Test struct {
	record.Name
	Location string `json:"location,omitempty" redact:"-"` // file:line of a spec
	// Among is set on a spec that shares its line with others, as those of a loop
	// do: it is chosen by its text as well.
	Among bool `json:"among,omitempty"`
}

// NoTest is the name of no test: a package of which it is chosen runs its init
// and TestMain, and nothing else.
const NoTest = "(none)"

// Label is what a person calls it.
func (t Test) Label() string {
	switch {
	case t.Test == NoTest:
		return "package " + t.Package + " outside of its tests"
	case t.Spec != "":
		return t.Spec
	case t.Test != "":
		return t.Test
	}
	return "package " + t.Package
}

// Unable says why a test cannot be chosen by itself, or "".
func (t Test) Unable() string {
	switch {
	case t.Test == "":
		return "what a package does outside of its tests cannot be left out of a run"
	case strings.HasPrefix(t.Test, "Benchmark"):
		return "benchmarks are not re-run"
	case strings.HasPrefix(t.Spec, "[") && t.Location == "":
		return "a suite node cannot be left out of a run"
	case t.Spec != "" && !strings.Contains(t.Location, ":"):
		return "Ginkgo did not say where a spec stands"
	}
	return ""
}

// maxPattern bounds the patterns of one command in bytes: Linux takes no
// argument of more than 128 KiB.
const maxPattern = 100 << 10

// choose returns the packages and arguments that run just these tests, after
// those of the run: the last -run counts. The tests of several packages are
// chosen by name alone, so that a test of the same name in another of them runs
// too.
func choose(tests []Test, args []string) (packages, with []string, err error) {
	whole := map[string]bool{} // top-level tests that run with all that is in them
	for _, t := range tests {
		whole[t.Test] = true
	}
	var top, paths, focus, texts []string
	among := 0
	for _, t := range tests {
		if !slices.Contains(packages, t.Package) {
			packages = append(packages, t.Package)
		}
		if t.Test == NoTest {
			continue
		}
		if path := t.Path(); !t.Subtest() {
			add(&top, pattern(t.Test))
		} else if !whole[path[0]] {
			add(&paths, anchored(path))
		}
		if t.Spec == "" {
			continue
		}
		at := strings.LastIndexByte(t.Location, ':')
		add(&focus, "-ginkgo.focus-file="+regexp.QuoteMeta(filepath.ToSlash(t.Location[:at]))+"$"+t.Location[at:])
		add(&texts, pattern(t.Spec))
		if t.Among {
			among++
		}
	}
	var names []string
	if len(top) > 0 {
		names = append(names, "^("+strings.Join(top, "|")+")$")
	}
	if len(top)+len(paths) == 0 {
		names = []string{"^$"}
	}
	flags := append([]string{"-run=" + strings.Join(append(names, paths...), "|")}, focus...)
	if among > 0 { // text and line must both match
		flags = append(flags, "-ginkgo.focus= ("+strings.Join(texts, "|")+")$")
	}
	if len(flags[0]) > maxPattern {
		return nil, nil, fmt.Errorf("choosing %d tests makes a -run of %d bytes, and a command takes no more than %d: name fewer packages", len(tests), len(flags[0]), maxPattern)
	}
	return packages, Before(args, flags...), nil
}

// Real are tests by the names that they have and not by those that they are shown
// by, which cannot be run.
func Real(tests []Test, secrets *redact.Redactor) ([]Test, error) {
	tests = slices.Clone(tests)
	for i := range tests {
		t := &tests[i]
		test, known := secrets.Real(t.Test)
		spec, knownToo := secrets.Real(t.Spec)
		if !known || !knownToo {
			return nil, fmt.Errorf("there is a secret in the name of %s, which no record holds: only the process that ran it can run it again, as --prove does, or bisect without --from", t.Label())
		}
		t.Test, t.Spec = test, spec
	}
	return tests, nil
}

// hidden is what stands in a name for a secret.
var hidden = regexp.MustCompile(`\\\(hidden \d+\\\)`)

// pattern matches a name. What is hidden in it may be anything.
func pattern(name string) string {
	return hidden.ReplaceAllLiteralString(regexp.QuoteMeta(name), ".*")
}

func add(to *[]string, text string) {
	if !slices.Contains(*to, text) {
		*to = append(*to, text)
	}
}

// anchored is the pattern of one subtest: each part of its path for itself.
func anchored(path []string) string {
	var parts []string
	for _, part := range path {
		parts = append(parts, "^"+pattern(part)+"$")
	}
	return strings.Join(parts, "/")
}

// Before puts flags of go test behind those that are there, and before what is
// the test binary's own.
func Before(args []string, flags ...string) []string {
	at := slices.IndexFunc(args, func(w string) bool { return w == "-args" || w == "--args" })
	if at < 0 {
		at = len(args)
	}
	return slices.Concat(args[:at], flags, args[at:])
}
