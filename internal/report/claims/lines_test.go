package claims_test

import (
	"testing"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/report/claims"
)

// Guards against numbers on the screen that are not those of the reports.
func TestDoneLine(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	run := findings.Run{Started: began, Finished: began.Add(1530 * time.Millisecond)}
	for want, f := range map[string]findings.Findings{
		"DONE 0 tests":                                    {},
		"DONE 1 test in 1.530s":                           {Run: run, Tests: findings.Tests{Total: 1, Passed: 1}},
		"DONE 55 specs, 2 failures in 1.530s":             {Run: run, Tests: findings.Tests{Total: 55, Specs: 55}, Failures: make([]findings.Failure, 2)},
		"DONE 3 tests, 1 of them Ginkgo specs, 2 skipped": {Tests: findings.Tests{Total: 3, Specs: 1, Skipped: 2}},
	} {
		if got := claims.DoneLine(&f); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
