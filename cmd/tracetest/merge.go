package main

import (
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"tracetest/internal/merge"
	"tracetest/internal/printable"
	"tracetest/internal/report"
	reportci "tracetest/internal/report/ci"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/page"
	"tracetest/internal/report/terminal"
	"tracetest/internal/triage"
)

const mergeHelp = `merge writes one report from the records (run.jsonl) of many runs: the shards of
one suite, or one suite over time. It says what leaked in how many runs, which
tests were victims or failed, and which runs show nothing. A leak of one run is
never taken for the cause of a failure in another.

An argument is a record, a folder with *.jsonl files below it, a quoted
pattern, or "-" for a list of these on standard input.

From the shards of one suite (tracetest --shard) it also writes junit.xml, adds
annotations of the lines that leak, and says which shards are missing.`

const mergeExits = `  0  all were read, whatever they show
  2  one could not be read; the others are reported
With --exit:
  as of one run, and 1 if a shard is missing or a record cannot be read`

func mergeCommand() *cobra.Command {
	o := mergeOptions{out: "tracetest-out", reports: reports{junitLeaks: "failure"}}
	cmd := &cobra.Command{
		Use:   "merge run.jsonl ...",
		Short: "Make one report of the records of many runs",
		Long:  mergeHelp,
		Example: "  tracetest merge shards/*/run.jsonl\n" +
			"  find . -name run.jsonl | tracetest merge --out merged -\n" +
			"  tracetest merge --exit shards/*/run.jsonl",
		Annotations: map[string]string{exitCodes: mergeExits},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("merge takes records, such as shards/*/run.jsonl, and was given none")
			}
			return nil
		},
		ValidArgsFunction: completeRecords,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.merge(args, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&o.out, "out", o.out, "`DIR` folder of merged.html, merged.md, merged.json and junit.xml")
	cmd.Flags().BoolVar(&o.exit, "exit", false, "end with the exit code of all runs together, as that of one run; a missing shard makes it 1")
	complete(cmd, "out", completeDirs)
	return cmd
}

// mergeOptions are the flags of merge.
type mergeOptions struct {
	out     string
	exit    bool
	reports reports
}

// merge merges what the arguments name. What cannot be read costs the exit
// code, and not the report of the others.
func (o *mergeOptions) merge(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	all, err := inputs(args, stdin)
	if err != nil {
		return &unable{err}
	}
	ci := findCI(os.Getenv)
	s, counted := mergeAll(all, ci.harmless(stderr))
	if len(s.Runs) == 0 {
		return &unable{fmt.Errorf("none of %d inputs could be read as a record, so there is nothing to merge", len(all))}
	}
	if err := makeOut(o.out); err != nil {
		return &unable{err}
	}
	if err := o.write(s, counted); err != nil {
		return &unable{err}
	}
	if err := terminal.Merged(ci.harmless(stdout), s, screenOf(stdout, os.Getenv).options(filepath.Join(o.out, "merged.html"))); err != nil {
		return &unable{err}
	}
	if len(s.Shards) > 0 {
		if err := ci.annotateMerged(stdout, s, again(counted)); err != nil {
			fmt.Fprintln(ci.harmless(stderr), printable.Text("tracetest: "+err.Error()))
		}
	}
	code := triage.ExitClean
	if len(s.Unreadable) > 0 {
		code = triage.ExitUnable
	}
	if o.exit {
		code = s.Exit
	}
	if code != triage.ExitClean {
		return exitCode(code)
	}
	return nil
}

// mergeAll returns what the inputs show, and those that count.
func mergeAll(all []input, stderr io.Writer) (*merge.Summary, []string) {
	m := merge.New(merge.DefaultLimits())
	known := map[uint64]string{}
	var counted []string
	for r := range reading(all) {
		switch {
		case r.err != nil:
			m.Unreadable(r.path, r.err.Error())
			fmt.Fprintln(stderr, printable.Text(fmt.Sprintf("tracetest: %s: %v", r.path, r.err)))
		case r.of != "":
			m.Duplicate(r.path, r.of)
		case known[r.sum] != "":
			m.Duplicate(r.path, known[r.sum])
		default:
			known[r.sum] = r.path
			counted = append(counted, r.path)
			m.Add(r.one)
		}
	}
	return m.Summary(), counted
}

// write writes the reports. Of the shards of a suite CI gets one junit.xml, as of one run.
func (o *mergeOptions) write(s *merge.Summary, counted []string) error {
	files := map[string]func(io.Writer) error{
		"merged.md":   func(w io.Writer) error { return report.MergedMarkdown(w, s) },
		"merged.json": func(w io.Writer) error { return report.MergedJSON(w, s) },
		"merged.html": func(w io.Writer) error { return page.Merged(w, s) },
	}
	if len(s.Shards) > 0 {
		files["junit.xml"] = func(w io.Writer) error {
			return reportci.JUnitMerged(w, again(counted), reportci.JUnitOptions{Leaks: o.reports.junitLeaks})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := writeWhole(filepath.Join(o.out, name), files[name]); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

// again reads records once more, one at a time: all of them together may not fit into memory.
func again(paths []string) iter.Seq2[reportci.Run, error] {
	return func(yield func(reportci.Run, error) bool) {
		for _, path := range paths {
			f, err := analyse(path)
			if !yield(reportci.Run{Name: path, Findings: f}, err) || err != nil {
				return
			}
		}
	}
}

// A readRun is an input that was read.
type readRun struct {
	input
	one *merge.One
	sum uint64 // of its bytes, to know a copy of a record
}

// reading reads inputs, several at a time, and gives them back in order.
func reading(all []input) <-chan readRun {
	workers := runtime.GOMAXPROCS(0)
	seed := maphash.MakeSeed()
	queue := make(chan chan readRun, workers)
	slots := make(chan struct{}, workers)
	go func() {
		defer close(queue)
		for _, in := range all {
			slots <- struct{}{}
			result := make(chan readRun, 1)
			queue <- result
			go func() {
				result <- in.read(seed)
				<-slots
			}()
		}
	}()
	ordered := make(chan readRun)
	go func() {
		defer close(ordered)
		for result := range queue {
			ordered <- <-result
		}
	}()
	return ordered
}

func (in input) read(seed maphash.Seed) readRun {
	r := readRun{input: in}
	if r.err != nil || r.of != "" {
		return r
	}
	file, err := os.Open(in.path)
	if err != nil {
		r.err = err
		return r
	}
	defer file.Close()
	var sum maphash.Hash
	sum.SetSeed(seed)
	f, err := analyseFrom(io.TeeReader(file, &sum), in.path, nil)
	if err != nil {
		r.err = err
		return r
	}
	r.one, r.sum = merge.Of(in.path, f, claims.Doubts(f)), sum.Sum64()
	return r
}
