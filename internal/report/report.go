// Package report is what people and programs read of a run: the files that hold
// the blocks of claims as they are. The rooms below have the rest: doc is a document,
// claims is what findings allow us to say, page, terminal and ci show it.
//
// It is pure: findings in, text out. It opens nothing, asks no clock and no
// environment, and never changes the findings, so that the same record gives
// the same bytes on every machine.
package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"tracetest/internal/diff"
	"tracetest/internal/findings"
	"tracetest/internal/merge"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// Markdown writes report.md. Its first lines answer who changed the server,
// what that broke and how to stop it; the sections after them are the evidence.
func Markdown(w io.Writer, f *findings.Findings) error {
	if f == nil {
		return errNoFindings()
	}
	v := claims.New(f)
	return write(w, doc.Markdown{Link: v.SourceURL}.Write(v.Document()))
}

// MergedMarkdown writes merged.md.
func MergedMarkdown(w io.Writer, s *merge.Summary) error {
	return write(w, doc.Markdown{}.Write(claims.Merged(s)))
}

// DiffMarkdown writes what a change of the code did.
func DiffMarkdown(w io.Writer, d *diff.Diff) error {
	return write(w, doc.Markdown{}.Write(claims.Diff(d)))
}

// MergedJSON writes merged.json.
func MergedJSON(w io.Writer, s *merge.Summary) error { return indented(w, s) }

// DiffJSON writes a difference as it is.
func DiffJSON(w io.Writer, d *diff.Diff) error { return indented(w, d) }

// indented writes JSON as people read it, with a final newline.
func indented(w io.Writer, value any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // "<" in a test name is no danger here, and \u003c is hard to grep
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		return fmt.Errorf("encoding JSON: %w", err)
	}
	return write(w, b.String())
}

// write writes a finished report at once, so that a report that could not be
// rendered leaves nothing behind.
func write(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	return nil
}

func errNoFindings() error { return errors.New("rendering report: no findings") }
