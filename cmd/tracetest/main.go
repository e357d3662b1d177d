// Command tracetest wraps `go test` for suites that share a real Redis: it says
// which test left the server's configuration changed, what that broke, and how
// to stop it. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tracetest/internal/printable"
	"tracetest/internal/redact"
	"tracetest/internal/run"
	"tracetest/internal/triage"
)

// heapGoal is the memory, in bytes, above which garbage is collected more often:
// tracetest runs beside tests that need the machine. A run of a million tests
// stays below it.
const heapGoal = 132 << 20

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heapGoal)
	}
	os.Exit(execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// An exitCode ends tracetest with this code; everything was said already.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// execute runs a command line and returns the exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	ours := args
	if dash := slices.Index(args, "--"); dash >= 0 {
		ours = args[:dash] // the rest is go test's
	}
	if slices.Contains(ours, "--version") && len(args) > 1 {
		fmt.Fprintln(stderr, "tracetest: --version stands alone: with anything else no test would run")
		return triage.ExitUnable
	}
	cmd, err := root.ExecuteContextC(ctx)
	said := "" // it may hold an argument, or what a server said
	if err != nil {
		said = printable.Text(redact.URL(err.Error()))
		stderr = findCI(os.Getenv).harmless(stderr)
	}
	var code exitCode
	var problem *run.Problem
	var unable *unable
	switch {
	case err == nil:
		return triage.ExitClean
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &problem):
		fmt.Fprintf(stderr, "tracetest: %s\nNo test was run.\n", said)
	case errors.As(err, &unable):
		fmt.Fprintf(stderr, "tracetest: %s\n", said)
	default:
		fmt.Fprintf(stderr, "tracetest: %s\nSee `%s --help`.\n", said, cmd.CommandPath())
		if slices.Contains(args, "--git-bisect") {
			return gitSkip // to git bisect any other code would be a bad commit
		}
	}
	return triage.ExitUnable
}

const help = `tracetest runs go test, looks at a shared Redis at every package, test and
Ginkgo-spec boundary, and says which test left maxmemory (or any other
parameter) changed, what that broke, and how to stop it.

Everything behind "--" goes to go test as it is. Packages default to ./... and
run one after another (-p 1) and uncached (-count=1) unless you say otherwise.`

const examples = `  tracetest ./test/integration/...
  tracetest --redis localhost:6390 --expect maxmemory=2gb ./...
  tracetest --restore test ./... -- -run 'TestCache' -shuffle on -v
  tracetest check --expect maxmemory=2gb --fix
  tracetest report tracetest-out/run.jsonl
  tracetest merge shards/*/run.jsonl
  tracetest diff main/run.jsonl tracetest-out/run.jsonl
  tracetest bisect --victim TestCache --from tracetest-out/run.jsonl`

const runExits = `  0  tests passed, nothing leaked but what --baseline knows
  1  tests failed (whether or not something leaked), or the run is incomplete
  2  tracetest could not do its job: usage, no Redis, cannot write --out
  3  tests passed, but state leaked, or the server was not as --expect says`

const runEnvironment = `  TRACETEST_REDIS, REDIS_URL, REDIS_ADDR  the server, without --redis
  TRACETEST_FORMAT, GOTESTSUM_FORMAT      the default of --format
  NO_COLOR                                not empty: no colours
  FORCE_HYPERLINK                         1: links to files, 0: none
  CI                                      not empty: no status line, no links`

func rootCommand() *cobra.Command {
	o := &options{}
	root := &cobra.Command{
		Use:           "tracetest [flags] [packages] [-- go test flags and -args]",
		Short:         "Find the test that left a shared Redis changed",
		Long:          help,
		Example:       examples,
		Annotations:   map[string]string{exitCodes: runExits, environment: runEnvironment},
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
		RunE: func(cmd *cobra.Command, args []string) error {
			packages, goTest := args, []string(nil)
			if n := cmd.ArgsLenAtDash(); n >= 0 {
				packages, goTest = args[:n], args[n:]
			}
			o.signals = run.Catch()
			defer o.signals.Stop()
			err := o.run(cmd.Context(), packages, goTest, cmd.OutOrStdout(), cmd.ErrOrStderr())
			if o.gitBisect {
				return gitExit(err, o.signals.First(), cmd.ErrOrStderr())
			}
			return err
		},
	}
	root.SetHelpFunc(showHelp)
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		usage(cmd.OutOrStderr(), cmd, 80)
		return nil
	})
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if cmd.HasParent() {
			return err
		}
		if strings.HasSuffix(err.Error(), "in -v") {
			return fmt.Errorf("-v is a flag of go test; did you mean `tracetest ./... -- -v`? --version prints the version")
		}
		return fmt.Errorf("%w\nFlags of go test belong behind \"--\": tracetest ./... -- -run TestName", err)
	})
	root.Flags().Bool("version", false, "version for tracetest") // without a short form: -v is go test's
	o.flags(root.Flags())
	completeRun(root, o)
	root.AddCommand(reportCommand(), checkCommand(), mergeCommand(), diffCommand(), baselineCommand(), bisectCommand(), flakyCommand(), completionCommand(), manCommand())
	return root
}
