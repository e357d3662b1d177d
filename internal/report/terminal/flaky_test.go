package terminal_test

import (
	"strings"
	"testing"

	"tracetest/internal/bisect"
	"tracetest/internal/findings"
	"tracetest/internal/flaky"
	"tracetest/internal/record"
	"tracetest/internal/report/terminal"
	"tracetest/internal/rerun"
)

func TestFlaky(t *testing.T) {
	suite := func(failed ...findings.Failure) *bisect.Suite {
		s := &bisect.Suite{Findings: &findings.Findings{Failures: failed, Leaks: []findings.Change{{Parameter: "maxmemory", By: &record.Name{Package: "p", Test: "TestLeak"}}}}}
		for i, test := range []string{"TestA\x1b[31m", "TestLeak"} {
			status := "pass"
			if i < len(failed) {
				status = "fail"
			}
			s.Units = append(s.Units, bisect.Unit{Test: rerun.Test{Name: record.Name{Package: "p", Test: test}}, Status: status})
		}
		return s
	}
	s := &flaky.View{Shuffled: true}
	s.Add(suite(findings.Failure{Package: "p", Test: "TestA\x1b[31m", Cause: findings.CauseOOM, Leak: new(int)}), "7")
	s.Add(suite(), "8")
	var out strings.Builder
	if err := terminal.Flaky(&out, s, s.Rows()); err != nil {
		t.Fatal(err)
	}
	want := `tracetest: 2 runs, 1 flaky, 0 that failed each time, of 2 tests
Failed  95 %     Leaked  Test      Kind                                                    Orders
1/2     9-91 %           TestA     victim of TestLeak: OOM, each time after what that left  7
0/2              2/2     TestLeak                                                           
`
	if got := out.String(); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
