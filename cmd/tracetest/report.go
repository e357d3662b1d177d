package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"tracetest/internal/record"
	"tracetest/internal/report"
	"tracetest/internal/run"
	"tracetest/internal/triage"
)

func reportCommand() *cobra.Command {
	out := "tracetest-out"
	cmd := &cobra.Command{
		Use:   "report run.jsonl",
		Short: "Write the reports of a recorded run again",
		Long: "report reads a record (run.jsonl) and writes the reports that its run wrote,\n" +
			"byte for byte. The record may come from another machine, and from a run that\n" +
			"was killed.",
		Example: "  tracetest report --out again tracetest-out/run.jsonl",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("report takes one record, such as tracetest-out/run.jsonl, and was given %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: completeRecord,
		RunE: func(cmd *cobra.Command, args []string) error {
			findings, err := analyse(args[0])
			if err != nil {
				return &run.Problem{Err: err}
			}
			if err := os.MkdirAll(out, 0o700); err != nil {
				return &run.Problem{Err: fmt.Errorf("making the folder of --out: %w", err)}
			}
			if err := writeReports(out, findings); err != nil {
				return &run.Problem{Err: err}
			}
			w := cmd.OutOrStdout()
			return screenOf(w, os.Getenv).summary(w, findings, filepath.Join(out, "report.html"))
		},
	}
	cmd.Flags().StringVar(&out, "out", out, "`DIR` for report.html, report.md and findings.json")
	complete(cmd, "out", completeDirs)
	return cmd
}

// analyse reads a record and says what it means.
func analyse(path string) (*triage.Findings, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the record: %w", err)
	}
	defer file.Close()
	a := triage.New()
	empty := true
	for entry, err := range record.Read(file) {
		var bad *record.SyntaxError
		switch {
		case errors.As(err, &bad):
			a.Damaged(bad.Line, bad.Err)
		case err != nil:
			return nil, fmt.Errorf("reading the record %q: %w", path, err)
		default:
			a.Add(entry)
		}
		empty = false
	}
	if empty {
		return nil, fmt.Errorf("reading the record %q: it is empty", path)
	}
	return a.Findings(), nil
}

// renderings are the reports and their names in the output folder.
func renderings() map[string]func(io.Writer, *triage.Findings) error {
	return map[string]func(io.Writer, *triage.Findings) error{
		"report.html":   report.HTML,
		"report.md":     report.Markdown,
		"findings.json": report.JSON,
	}
}

func reportNames() []string {
	var names []string
	for name := range renderings() {
		names = append(names, name)
	}
	return names
}

// writeReports writes each report whole or not at all.
func writeReports(dir string, f *triage.Findings) error {
	var errs []error
	for name, render := range renderings() {
		if err := writeWhole(filepath.Join(dir, name), f, render); err != nil {
			errs = append(errs, fmt.Errorf("writing %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func writeWhole(path string, f *triage.Findings, render func(io.Writer, *triage.Findings) error) error {
	var text bytes.Buffer
	if err := render(&text, f); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-") // of mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(text.Bytes())
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}
