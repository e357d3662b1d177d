// Package report writes what triage found for people and for programs: as
// Markdown, as JSON and as a summary for a terminal.
//
// It is pure: findings in, text out. It opens nothing, asks no clock and no
// environment, and never changes the findings, so that the same record gives
// the same bytes on every machine.
//
// There are three layers. [survey] computes once what all formats say
// (which leaks belong together, which failures are tied to which of them, what
// could not be seen), words.go and verdict.go turn that into sentences, and
// the renderers lay the sentences out. A renderer decides nothing.
//
// Invariants:
//   - Certainty is never raised. A narrowed change names suspects, not a
//     culprit; a correlated failure "met" something, it was not caused by it.
//   - A run that was not fully watched is never called clean.
//   - Names, values and output come from tests and servers and are hostile.
//     They reach a format only through an [ink], which makes them harmless.
package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// indented writes JSON as people read it, with a final newline.
func indented(w io.Writer, value any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // "<" in a test name is no danger here, and \u003c is hard to grep
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		return fmt.Errorf("encoding JSON: %w", err)
	}
	return flush(w, &b)
}

// flush writes a finished report at once, so that a report that could not be
// rendered leaves nothing behind.
func flush(w io.Writer, b *bytes.Buffer) error {
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	return nil
}

func errNoFindings() error { return errors.New("rendering report: no findings") }
