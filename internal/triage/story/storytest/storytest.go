// Package storytest says for tests what stories mean: each goes through its record, triage and
// the wording of findings, as a run does.
package storytest

import (
	"bytes"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/wording"
	"tracetest/internal/triage"
	"tracetest/internal/triage/story"
)

// Findings is what the story of this name means.
func Findings(t testing.TB, name string) *findings.Findings {
	t.Helper()
	c, err := story.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return Of(t, c)
}

// Of is what a story means. Each call makes findings of its own.
func Of(t testing.TB, c story.Case) *findings.Findings {
	t.Helper()
	text, err := c.JSONL()
	if err != nil {
		t.Fatal(err)
	}
	return Read(t, text)
}

// Read is what a record means. Each call makes findings of its own.
func Read(t testing.TB, text []byte) *findings.Findings {
	t.Helper()
	a := triage.New()
	if _, err := a.Read(record.Read(bytes.NewReader(text))); err != nil {
		t.Fatal(err)
	}
	return wording.Add(a.Findings())
}
