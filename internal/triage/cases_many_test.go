package triage_test

import (
	"fmt"
	"testing"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// Cases are kept in pieces. Guards against one that is lost, doubled or dated
// wrongly where a piece ends.
func TestManyCasesAreKeptInPieces(t *testing.T) {
	var cases findings.Cases
	at := func(i int) findings.Case {
		end := time.Unix(1_700_000_000, int64(i)*1_000_000).UTC()
		return findings.Case{Name: record.Name{Package: "m/p", Test: fmt.Sprintf("TestOfANameThatIsNotShort%06d", i)}, Kind: "test", Status: "pass",
			Begin: end.Add(-time.Millisecond), End: end}
	}
	const n = 30_000
	for i := range n {
		cases.Add(at(i))
	}
	for range 2 { // reading them changes nothing
		i := 0
		for c := range cases.All() {
			if c != at(i) {
				t.Fatalf("case %d is %+v, want %+v", i, c, at(i))
			}
			i++
		}
		if i != n || cases.Len() != n {
			t.Fatalf("%d cases were read and %d counted of %d", i, cases.Len(), n)
		}
	}
}
