package main

import (
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"tracetest/internal/merge"
	"tracetest/internal/printable"
	"tracetest/internal/report"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/terminal"
	"tracetest/internal/triage"
)

const mergeHelp = `merge reads the records (run.jsonl) of many runs, the shards of one suite or one
suite over time, and writes one report: what leaked in how many runs, which
tests fell victim or failed, on which shards, and which runs nothing can be
said of. What one run shows is not taken for the cause of another's failures.

An argument is a record, a folder with *.jsonl files below it, a quoted
pattern, or "-" for a list of these on standard input.`

const mergeExits = `  0  all were read, whatever they show
  2  one could not be read; the others are reported`

func mergeCommand() *cobra.Command {
	out := "tracetest-out"
	cmd := &cobra.Command{
		Use:   "merge run.jsonl ...",
		Short: "Make one report of the records of many runs",
		Long:  mergeHelp,
		Example: "  tracetest merge shards/*/run.jsonl\n" +
			"  find . -name run.jsonl | tracetest merge --out merged -",
		Annotations: map[string]string{exitCodes: mergeExits},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("merge takes records, such as shards/*/run.jsonl, and was given none")
			}
			return nil
		},
		ValidArgsFunction: completeRecords,
		RunE: func(cmd *cobra.Command, args []string) error {
			return mergeAll(args, out, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&out, "out", out, "`DIR` for merged.md and merged.json")
	complete(cmd, "out", completeDirs)
	return cmd
}

// mergeAll merges what the arguments name. What cannot be read costs the exit
// code, and not the report of the others.
func mergeAll(args []string, out string, stdin io.Reader, stdout, stderr io.Writer) error {
	all, err := inputs(args, stdin)
	if err != nil {
		return &unable{err}
	}
	stderr = findCI(os.Getenv).harmless(stderr)
	m := merge.New(merge.DefaultLimits())
	known := map[uint64]string{}
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
			m.Add(r.one)
		}
	}
	s := m.Summary()
	if len(s.Runs) == 0 {
		return &unable{fmt.Errorf("none of %d inputs could be read as a record, so there is nothing to merge", len(all))}
	}
	if err := os.MkdirAll(out, 0o700); err != nil {
		return &unable{fmt.Errorf("making the folder of --out: %w", err)}
	}
	for name, render := range map[string]func(io.Writer, *merge.Summary) error{"merged.md": report.MergedMarkdown, "merged.json": report.MergedJSON} {
		if err := writeWhole(filepath.Join(out, name), func(w io.Writer) error { return render(w, s) }); err != nil {
			return &unable{fmt.Errorf("writing %s: %w", name, err)}
		}
	}
	if err := terminal.Merged(findCI(os.Getenv).harmless(stdout), s, screenOf(stdout, os.Getenv).options(filepath.Join(out, "merged.md"))); err != nil {
		return &unable{err}
	}
	if len(s.Unreadable) > 0 {
		return exitCode(triage.ExitUnable)
	}
	return nil
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
