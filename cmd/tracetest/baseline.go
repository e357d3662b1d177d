package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"tracetest/internal/baseline"
	"tracetest/internal/record"
	"tracetest/internal/report/claims"
)

const baselineHelp = `baseline writes a file of the known leaks of a recorded run, for --baseline.
With it a run fails only because of leaks that are not in the file, and of those
whose entry has expired. Edit each entry: who owns the leak, why it may stay and
until when. Entries that the record knew stay as they were.

Leaks with suspects only, and leaks that no test was traced making, are left
out: an entry would hide what innocent tests leak later.`

func baselineCommand() *cobra.Command {
	var defaults baseline.Defaults
	cmd := &cobra.Command{
		Use:   "baseline run.jsonl",
		Short: "Write a file of the leaks of a run, for --baseline",
		Long:  baselineHelp,
		Example: "  tracetest baseline tracetest-out/run.jsonl >baseline.json\n" +
			"  tracetest --baseline baseline.json ./...",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("baseline takes one record, such as tracetest-out/run.jsonl, and was given %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: completeRecord,
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := time.Parse(time.DateOnly, defaults.Expires); err != nil && defaults.Expires != "" {
				return fmt.Errorf("--expires %q is no day: write it as YYYY-MM-DD, such as 2027-01-31", defaults.Expires)
			}
			f, err := analyse(args[0])
			if err != nil {
				return &unable{err}
			}
			b, unsettled := baseline.Of(f, defaults)
			stderr := findCI(os.Getenv).harmless(cmd.ErrOrStderr())
			for _, line := range claims.LeakLines(unsettled) {
				fmt.Fprintf(stderr, "tracetest: not in the baseline, because the writer was not identified: %s\n", line)
			}
			if !f.Run.Complete {
				fmt.Fprintln(cmd.ErrOrStderr(), "tracetest: the run is incomplete, so that there may be more leaks than these")
			}
			if err := baseline.Write(findCI(os.Getenv).harmlessJSON(cmd.OutOrStdout()), b); err != nil {
				return &unable{fmt.Errorf("writing the baseline: %w", err)}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&defaults.Owner, "owner", "", "`NAME` who owns leaks that are not known yet (default \"nobody yet\")")
	f.StringVar(&defaults.Reason, "reason", "", "`TEXT` why they may stay for now (default the day of the run)")
	f.StringVar(&defaults.Expires, "expires", "", "`YYYY-MM-DD` the last day on which they may (default 90 days after the run)")
	for _, flag := range []string{"owner", "reason", "expires"} {
		complete(cmd, flag, cobra.NoFileCompletions)
	}
	return cmd
}

// maxBaseline is how many bytes of a baseline are read.
const maxBaseline = 64 << 20

// readBaseline reads the file of --baseline; nil where there is none.
func readBaseline(path string) (*record.Baseline, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--baseline: %w: write a first one with: tracetest baseline tracetest-out/run.jsonl >%s", err, path)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxBaseline+1))
	if err != nil {
		return nil, fmt.Errorf("--baseline: %w", err)
	}
	if len(text) > maxBaseline {
		return nil, fmt.Errorf("--baseline: %s has more than %d MiB: it is no baseline, write one with: tracetest baseline tracetest-out/run.jsonl", path, maxBaseline>>20)
	}
	b, err := baseline.Parse(path, text)
	if err != nil {
		return nil, fmt.Errorf("--baseline: %w", err)
	}
	return b, nil
}
