package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"tracetest/internal/diff"
	"tracetest/internal/findings"
	"tracetest/internal/report"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/terminal"
)

const diffHelp = `diff compares two runs. It says which leaks and failures are gone, which are
new, and which failures have another cause now. OLD and NEW are records
(run.jsonl) or findings.json. Records show more: only they say which tests
passed. Two leaks are the same if the same test leaves the same parameter
changed in the same direction, on whichever line and server.`

const diffExits = `  0  no leak is new, as far as the new run was watched
  2  unknown: a file cannot be read, the new run is incomplete, or
     the old one could not have shown a leak that the new one has
  3  a leak is new`

func diffCommand() *cobra.Command {
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Compare two runs: which leaks and failures are gone or new",
		Long:  diffHelp,
		Example: "  tracetest diff main/run.jsonl tracetest-out/run.jsonl\n" +
			"  tracetest diff old.jsonl new.jsonl --out diff.md",
		Annotations: map[string]string{exitCodes: diffExits},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("diff takes two records, the old one and the new one, and was given %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: completeRecords,
		RunE: func(cmd *cobra.Command, args []string) error {
			return compare(args[0], args[1], out, asJSON, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` also write the difference as Markdown")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return cmd
}

func compare(before, after, out string, asJSON bool, stdout io.Writer) error {
	var sides [2]diff.Side
	for i, path := range []string{before, after} {
		f, err := readFindings(path)
		if err != nil {
			return &unable{err}
		}
		sides[i] = diff.Side{File: path, Findings: f, Doubts: claims.Doubts(f)}
	}
	d := diff.Compare(sides[0], sides[1])
	if out != "" {
		if err := os.MkdirAll(filepath.Dir(out), 0o777); err != nil {
			return &unable{fmt.Errorf("making the folder of --out: %w", err)}
		}
		if err := writeWhole(out, func(w io.Writer) error { return report.DiffMarkdown(w, d) }); err != nil {
			return &unable{fmt.Errorf("writing --out %q: %w", out, err)}
		}
	}
	var err error
	if asJSON {
		err = report.DiffJSON(findCI(os.Getenv).harmlessJSON(stdout), d)
	} else {
		err = terminal.Diff(findCI(os.Getenv).harmless(stdout), d, screenOf(stdout, os.Getenv).options(out))
	}
	if err != nil {
		return &unable{err}
	}
	if d.Exit != diff.ExitNone {
		return exitCode(d.Exit)
	}
	return nil
}

// readFindings reads a record, or findings.json.
func readFindings(path string) (*findings.Findings, error) {
	text, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading %w", err)
	}
	defer text.Close()
	var f findings.Findings
	decoder := json.NewDecoder(io.LimitReader(text, 1<<28)) // so that a file which is none is not read into memory
	var head struct{ Schema string }
	var whole json.RawMessage // of a record only its first line
	if err := decoder.Decode(&whole); err == nil && json.Unmarshal(whole, &head) == nil && head.Schema != "" {
		if head.Schema != findings.Schema {
			return nil, fmt.Errorf("%s is a %q, and diff takes two records (run.jsonl), or findings.json of the schema %q", path, head.Schema, findings.Schema)
		}
		if err := json.Unmarshal(whole, &f); err != nil {
			return nil, fmt.Errorf("reading the findings %q: %w", path, err)
		}
		return &f, nil
	}
	found, err := analyse(path)
	if err != nil {
		return nil, errors.Join(err, errors.New("diff takes two records (run.jsonl), or findings.json"))
	}
	return found, nil
}
