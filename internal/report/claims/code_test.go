package claims

import (
	"slices"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/doc"
)

// Guards against a line that is marked as the one that leaks and is another.
func TestCodeFrame(t *testing.T) {
	t.Parallel()
	v := New(&findings.Findings{Code: []record.Code{
		{File: "/s/a_test.go", First: 8, Lines: []string{"func TestA(t *testing.T) {", "\tset(t, 1)", "}"}},
		{File: "/s/helpers_test.go", First: 99, Lines: []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"}},
	}})
	if got, want := v.codeFrame("/s/a_test.go:9"), []string{"   8 | func TestA(t *testing.T) {", ">  9 |     set(t, 1)", "  10 | }"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := v.codeFrame("/s/helpers_test.go:103"); len(got) != 7 || got[3] != "> 103 | e" || got[0] != "  100 | b" {
		t.Errorf("%q", got)
	}
	for _, place := range []string{"", "/s/a_test.go:7", "/s/a_test.go:11", "/s/b_test.go:9", "a_test.go:9"} {
		if got := v.codeFrame(place); got != nil {
			t.Errorf("%s: %q", place, got)
		}
	}
	// What all tests call is no place: the line of the test comes first, then that of the helper of tests.
	c := findings.Change{Call: &findings.Call{Function: "s.(*Store).Do", File: "/s/rds.go", Line: 24, Chain: []string{"s.(*Store).Do /s/rds.go:24", "s.set /s/helpers_test.go:103", "s.TestA /s/a_test.go:9"}}}
	if got, want := v.CallPlace(c.Call).Plain(0), "/s/a_test.go:9 through /s/helpers_test.go:103 in s.set"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	blocks := v.codeFrames(c)
	if len(blocks) != 4 || blocks[1].(doc.Fence).Lines[1] != ">  9 |     set(t, 1)" {
		t.Errorf("%+v", blocks)
	}
}
