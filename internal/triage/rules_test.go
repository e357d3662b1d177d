package triage

import (
	"os"
	"testing"
)

// Guards against a rule that no recorded run needs, and that nobody can judge.
func TestRulesHaveRuns(t *testing.T) {
	for _, r := range rules() {
		if len(r.runs) == 0 {
			t.Errorf("%s: no run", r.name)
		}
		for _, run := range r.runs {
			if _, err := os.Stat("testdata/" + run + ".txt"); err != nil {
				t.Errorf("%s: %v", r.name, err)
			}
		}
	}
}
