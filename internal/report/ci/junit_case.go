package ci

import (
	"time"

	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// A testcase is one as it is written.
type testcase struct {
	name, class      string
	took             time.Duration
	element          string // failure, error, skipped, or empty for one that passed
	kind             string // of the failure, for programs
	message, details string
	output           string
}

// element is what a status is in JUnit: a failure is one that a test reports.
func element(status string) string {
	switch status {
	case "pass":
		return ""
	case "skip", "pending":
		return "skipped"
	case "fail":
		return "failure"
	}
	return "error"
}

// made makes the testcase of a case.
func (j *junit) made(n int, c claims.FoundCase) testcase {
	t := testcase{name: c.Test, class: c.Package, element: element(c.Status)}
	if c.Spec != "" {
		t.name = c.Spec
	}
	if !c.Begin.IsZero() {
		t.took = max(0, c.End.Sub(c.Begin))
	}
	switch c.Status {
	case "fail", "panic":
		t.kind, t.message = c.Status, plain(claims.Ended(c.Status).Upper())
	case "died":
		t.kind, t.message = c.Status, "Its process ended first"
	case "pending":
		t.message = "pending"
	}
	if c.Failure >= 0 {
		j.failed(&t, c.Failure)
	}
	j.leaked(&t, j.leaking[n])
	return t
}

// failed adds a failure.
func (j *junit) failed(t *testcase, i int) {
	f := j.Failures[i]
	t.kind = f.Status
	if f.Cause.Redis() {
		t.kind = string(f.Cause)
	}
	if message := doc.CutEnd(claims.OneLine(f.Message), 240); message != "" {
		t.message = message
	}
	t.add(f.Message)
	if f.Location != "" {
		t.add("at " + j.Run.Rel(f.Location))
	}
	t.add(plain(j.CorrelationSentence(i)))
	t.add(plain(claims.ByTracetest(f)))
	t.output = f.Output
}

// leaked makes a failure of a test that leaked, and adds to one that it is.
func (j *junit) leaked(t *testcase, groups []claims.Group) {
	for _, g := range groups {
		sentence := plain(j.LeakSentence(g))
		if t.element == "" || t.element == "skipped" {
			t.element, t.kind, t.message = j.element, "leak", sentence
		} else if t.kind == "leak" {
			t.message += " " + sentence
		}
		t.add(sentence)
		for _, c := range g.Changes {
			t.add(plain(j.PlaceSentence(c)))
		}
		t.add(plain(j.Cure(g)))
		for _, c := range g.Changes {
			t.add(plain(claims.Caveat(c)))
		}
	}
}

func (t *testcase) add(text string) {
	if text == "" {
		return
	}
	if t.details != "" {
		t.details += "\n"
	}
	t.details += text
}
