package triage

import (
	"os"
	"strings"
	"testing"

	"tracetest/internal/triage/story"
)

// Guards against a rule that no recorded run needs, and that nobody can judge.
func TestRulesHaveRuns(t *testing.T) {
	for _, r := range rules() {
		if len(r.runs) == 0 {
			t.Errorf("%s: no run", r.name)
		}
		for _, run := range r.runs {
			if _, err := story.Find(run); err != nil {
				t.Errorf("%s: %v", r.name, err)
			}
		}
	}
}

// The rules are the table in docs/design.md, row by row: who reads the one knows
// the other.
func TestRulesAreTheTableOfDesign(t *testing.T) {
	text, err := os.ReadFile("../../docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| what is known of the goroutine | who it is | proves |\n|---|---|---|\n")
	if !found {
		t.Fatal("docs/design.md has no table of rules")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	rows, all := strings.Split(table, "\n"), rules()
	if len(rows) != len(all) {
		t.Fatalf("%d rows, %d rules", len(rows), len(all))
	}
	for i, r := range all {
		cells := strings.Split(strings.Trim(rows[i], "| "), " | ")
		known, _, _ := strings.Cut(cells[0], " (") // behind it are examples
		known, _, _ = strings.Cut(known, ": ")     // or how it is told
		if known != r.name {
			t.Errorf("row %d is %q, and rule %q", i+1, known, r.name)
		}
		if proves := cells[len(cells)-1]; (proves == "yes") != r.proves {
			t.Errorf("%s: proves %s, and the rule %v", r.name, proves, r.proves)
		}
	}
}
