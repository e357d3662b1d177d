package rerun

import (
	"slices"
	"strings"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// What cannot be chosen is left out with a reason, and never tried half.
func TestUnable(t *testing.T) {
	a, b := test("p", "TestA"), test("p", "TestB")
	tests := []struct {
		culprit Test
		victims []Test
		want    string
	}{
		{a, []Test{b}, ""},
		{test("p", ""), []Test{b}, "outside of its tests"},
		{a, []Test{test("q", "")}, "outside of its tests"},
		{a, []Test{test("p", "BenchmarkX")}, "benchmarks"},
		{spec("p", "[BeforeSuite]", ""), []Test{b}, "suite node"},
		{spec("p", "a", ""), []Test{b}, "where a spec stands"},
		{spec("p", "a", "/x:1"), []Test{b}, ""},
		{spec("p", "a", "/x:1"), []Test{test("q", "TestB")}, "in one command"},
	}
	for _, test := range tests {
		got := (&suspicion{culprit: test.culprit, victims: test.victims}).unable()
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%v, then %v: %q, want %q", test.culprit, test.victims, got, test.want)
		}
	}
}

// Leaks of one owner are one suspicion, with the failures of all of them; a
// leak that nobody is named for is none.
func TestSuspicions(t *testing.T) {
	owner := &record.Name{Package: "p", Test: "TestA"}
	zero, one, two := 0, 1, 2
	f := &findings.Findings{
		Leaks: []findings.Change{
			{Server: "s", Parameter: "maxmemory", By: owner}, {Server: "s", Parameter: "maxmemory-policy", By: owner}, {Server: "s", Parameter: "hz"},
			{Server: "s", Parameter: "timeout", By: &record.Name{Package: "p", Test: "TestNobodyMinds"}},
		},
		Failures: []findings.Failure{
			{Package: "p", Test: "TestV", Leak: &zero}, {Package: "p", Test: "TestW", Leak: &one}, {Package: "p", Test: "TestX", Leak: &two}, {Package: "p", Test: "TestY"},
		},
	}
	got := suspicions(f)
	if len(got) != 1 || got[0].culprit != test("p", "TestA") || !slices.Equal(got[0].victims, []Test{test("p", "TestV"), test("p", "TestW")}) ||
		!got[0].parameters["s maxmemory"] || !got[0].parameters["s maxmemory-policy"] {
		t.Errorf("%+v", got)
	}
}
