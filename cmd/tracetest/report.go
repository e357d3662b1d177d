package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report"
	reportci "tracetest/internal/report/ci"
	"tracetest/internal/report/page"
	"tracetest/internal/report/wording"
	"tracetest/internal/run"
	"tracetest/internal/triage"
)

func reportCommand() *cobra.Command {
	out, known, reports := "tracetest-out", "", reports{}
	cmd := &cobra.Command{
		Use:   "report run.jsonl",
		Short: "Write the reports of a recorded run again",
		Long: "report reads a record (run.jsonl) and writes the reports of its run. With the\n" +
			"same flags they are the same, byte for byte. The record may come from another\n" +
			"machine, or from a run that was killed.",
		Example: "  tracetest report --out again tracetest-out/run.jsonl",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("report takes one record, such as tracetest-out/run.jsonl, and was given %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: completeRecord,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := reports.choice().check(); err != nil {
				return err
			}
			marks, err := readBaseline(known)
			if err != nil {
				return &unable{err}
			}
			findings, err := analyseWith(args[0], marks)
			if err != nil {
				return &run.Problem{Err: err}
			}
			if err := makeOut(out); err != nil {
				return &run.Problem{Err: err}
			}
			if err := reports.write(out, findings); err != nil {
				return &run.Problem{Err: err}
			}
			w := cmd.OutOrStdout()
			return screenOf(w, os.Getenv).summary(findCI(os.Getenv).harmless(w), findings, filepath.Join(out, "report.html"))
		},
	}
	cmd.Flags().StringVar(&known, "baseline", "", "`FILE` known leaks, to mark them; changes no exit code")
	cmd.Flags().StringVar(&out, "out", out, "`DIR` folder of report.html, report.md, junit.xml and findings.json")
	complete(cmd, "out", completeDirs)
	reports.flags(cmd.Flags())
	leaks := reports.choice()
	complete(cmd, leaks.flag, cobra.FixedCompletions(leaks.words, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// analyse reads a record and says what it means.
func analyse(path string) (*findings.Findings, error) { return analyseWith(path, nil) }

// analyseWith marks the leaks by this baseline in place of the one that the run
// was given. It may be nil.
func analyseWith(path string, marks *record.Baseline) (*findings.Findings, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the record: %w", err)
	}
	defer file.Close()
	return analyseFrom(file, path, marks)
}

// analyseFrom is the same for a record that is open.
func analyseFrom(file io.Reader, path string, marks *record.Baseline) (*findings.Findings, error) {
	a := triage.New()
	a.Mark(marks)
	lines, err := a.Read(record.Read(file))
	if err != nil {
		return nil, fmt.Errorf("reading the record %q: %w", path, err)
	}
	if lines == 0 {
		return nil, fmt.Errorf("reading the record %q: it is empty", path)
	}
	return wording.Add(a.Findings()), nil
}

// reports are the flags that say which reports to write and how.
type reports struct {
	junitLeaks  string
	sarif       bool
	codeQuality bool
}

func (r *reports) flags(f *pflag.FlagSet) {
	f.StringVar(&r.junitLeaks, "junit-leaks", "failure", "`WHAT` what a leak is in junit.xml: failure, error or none")
	f.BoolVar(&r.sarif, "sarif", false, "also write tracetest.sarif, for code scanning")
	f.BoolVar(&r.codeQuality, "code-quality", false, "also write gl-code-quality-report.json, for GitLab")
}

func (r *reports) choice() choice {
	return choice{"junit-leaks", &r.junitLeaks, []cobra.Completion{"failure", "error", cobra.CompletionWithDesc("none", "leaks mark no test")}}
}

// A rendering writes findings as a report.
type rendering func(io.Writer, *findings.Findings) error

// renderings are all reports and their names in the output folder.
func (r *reports) renderings() map[string]rendering {
	return map[string]rendering{
		"report.html":   page.HTML,
		"report.md":     report.Markdown,
		"findings.json": report.JSON,
		"junit.xml": func(w io.Writer, f *findings.Findings) error {
			return reportci.JUnit(w, f, reportci.JUnitOptions{Leaks: r.junitLeaks})
		},
		"tracetest.sarif":             reportci.SARIF,
		"gl-code-quality-report.json": reportci.CodeQuality,
	}
}

// wanted reports whether a report is to be written.
func (r *reports) wanted(name string) bool {
	switch name {
	case "tracetest.sarif":
		return r.sarif
	case "gl-code-quality-report.json":
		return r.codeQuality
	}
	return true
}

// manyTests is from how many tests on reports are written one after another: each holds in memory
// what it says of all of them, and by then the run has taken longer than that makes a difference.
const manyTests = 100_000

// write writes each report whole or not at all, all at once unless there are many tests.
func (r *reports) write(dir string, f *findings.Findings) error {
	var all sync.WaitGroup
	var turn sync.Mutex
	var mu sync.Mutex
	var errs []error
	for name, render := range r.renderings() {
		if !r.wanted(name) {
			continue
		}
		all.Go(func() {
			if f.Tests.Total > manyTests {
				turn.Lock()
				defer turn.Unlock()
			}
			if err := writeWhole(filepath.Join(dir, name), func(w io.Writer) error { return render(w, f) }); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, fmt.Errorf("writing %s: %w", name, err))
			}
		})
	}
	all.Wait()
	slices.SortFunc(errs, func(x, y error) int { return strings.Compare(x.Error(), y.Error()) })
	return errors.Join(errs...)
}

// writeWhole writes a report beside its place and moves it there, so that a
// report of a million tests is not held in memory and no part of one is left.
func writeWhole(path string, render func(io.Writer) error) error {
	file, err := beside(path)
	if err != nil {
		return err
	}
	err = errors.Join(render(file), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}
