package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"tracetest/internal/bisect"
	"tracetest/internal/flaky"
	"tracetest/internal/gotest"
	"tracetest/internal/printable"
	"tracetest/internal/redact"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/terminal"
	"tracetest/internal/rerun"
	"tracetest/internal/run"
	"tracetest/internal/snapshot"
)

// flakyOptions are the flags of flaky: those of bisect that say where to run, and
// its own.
type flakyOptions struct {
	bisectOptions
	runs   int
	settle bool
	json   bool
}

const flakyHelp = `flaky runs a suite many times. It says how often each test failed, with the 95 %
interval of the true rate (Wilson), and how often the test left the server
changed. It says why a test fails, as far as the runs show: another test left
something behind, Redis refused, evicted, restarted or did not answer, or the
test itself. --bisect re-runs the tests that may depend on the order.

It stops early when each flaky test has failed and passed several times, and
several runs brought nothing new.`

const flakyExits = `  0  no test failed in any run, and nothing leaked
  1  a test failed in some run, or it was interrupted
  2  flaky could not run: usage, Redis unreachable, the build failed
  3  no test failed, but state leaked`

func flakyCommand() *cobra.Command {
	o := &flakyOptions{}
	cmd := &cobra.Command{
		Use:   "flaky [flags] [packages] [-- go test flags and -args]",
		Short: "Run a suite many times and say how flaky each test is, and why",
		Long:  flakyHelp,
		Example: "  tracetest flaky --runs 3 --shuffle on ./test/...\n" +
			"  tracetest flaky --runs 2 --bisect --json ./test/integration/...",
		Annotations: map[string]string{exitCodes: flakyExits},
		Args:        cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			packages, goTest := args, []string(nil)
			if n := cmd.ArgsLenAtDash(); n >= 0 {
				packages, goTest = args[:n], args[n:]
			}
			packages = projectPackages(cmd, packages, goTest)
			if err := checkPackages(cmd.Context(), cmd, packages, goTest); err != nil {
				return err
			}
			o.signals = run.Catch()
			defer o.signals.Stop()
			return o.flaky(cmd.Context(), packages, goTest, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.runs, "runs", 10, "`N` most runs of the suite")
	f.StringVar(&o.shuffle, "shuffle", "off", "`ORDER` order of the tests: off, on (another one each time), or the seed of the first")
	group(f, "Runs", "runs", "shuffle")
	f.BoolVar(&o.settle, "bisect", false, "bisect the flaky tests that may depend on the order")
	f.IntVar(&o.times, "trials", 3, "`N` number of trials of each end and of each confirmation")
	f.IntVar(&o.maxRuns, "max-runs", 60, "`N` most trials for each test")
	group(f, "Search", "bisect", "trials", "max-runs")
	o.site(cmd)
	f.StringVar(&o.out, "out", "tracetest-out", "`DIR` folder of flaky.json and the records of the runs, flaky-N.jsonl")
	f.BoolVar(&o.json, "json", false, "write JSON instead of the table")
	group(f, "Output", "out", "json")
	completeVictim(cmd)
	return cmd
}

// viewed is flaky.json.
type viewed struct {
	Schema   string       `json:"schema"`
	Runs     int          `json:"runs"`
	Asked    int          `json:"asked"` // --runs
	Shuffled bool         `json:"shuffled"`
	Stopped  string       `json:"stopped"` // why there were fewer runs than asked for
	Exit     int          `json:"exit"`
	Tests    []*flaky.Row `json:"tests"`
}

func (o *flakyOptions) flaky(ctx context.Context, packages, goTest []string, stdout, stderr io.Writer) error {
	if err := o.validate(); err != nil {
		return err
	}
	if o.runs < 1 || o.times < 1 || o.maxRuns < 1 {
		return fmt.Errorf("--runs=%d --trials=%d --max-runs=%d: they must be positive", o.runs, o.times, o.maxRuns)
	}
	expect, err := o.expectations()
	if err != nil {
		return err
	}
	named, err := snapshot.Targets(o.redis, o.tls, os.Getenv)
	if err != nil {
		return err
	}
	targets := named.Targets
	if err := o.checkSite(targets); err != nil {
		return err
	}
	seed, shuffled, err := seedOf(o.shuffle)
	if err != nil {
		return err
	}
	options := o.runOptions(packages, goTest, targets, expect)
	ginkgo, err := onlyGinkgo(ctx, packages, goTest)
	if err != nil {
		return &unable{err}
	}
	release, err := lockOut(o.out)
	if err != nil {
		return &unable{err}
	}
	defer release()
	runner, err := rerun.Open(ctx, rerun.Options{Run: options, Flush: o.flushes, Spawn: o.spawns, SpawnEnv: o.env})
	if err != nil {
		return &unable{err}
	}
	ci := findCI(os.Getenv)
	say := printer(ci.harmless(stderr), options.Secrets)
	defer closeRunner(runner, say)
	announced := viewed{Schema: "tracetest.flaky/1", Asked: o.runs, Shuffled: shuffled}
	view := &flaky.View{Shuffled: shuffled}
	var args [][]string // of each run
	worst := 0
	for n := 1; n <= o.runs && announced.Stopped == ""; n++ {
		here, order := goTest, "run "+strconv.Itoa(n)
		if shuffled {
			order = strconv.FormatInt(seed+int64(n)-1, 10)
			here = ordered(goTest, order, ginkgo)
		}
		path := filepath.Join(o.out, fmt.Sprintf("flaky-%d.jsonl", n))
		err := runner.Whole(ctx, func(options run.Options) error {
			options.Args = here
			return o.record(ctx, options, path)
		})
		if err != nil {
			return &unable{err}
		}
		suite, err := readSuite(path)
		if err != nil {
			return &unable{err}
		}
		if built := slices.IndexFunc(suite.Findings.Failures, isBuild); built >= 0 {
			return &unable{fmt.Errorf("the tests of %s could not be built: %s", suite.Findings.Failures[built].Package, suite.Findings.Failures[built].Message)}
		}
		if len(suite.Findings.UnmetExpectations) > 0 {
			return &unable{errors.New(claims.UnmetLine(suite.Findings.UnmetExpectations[0]))}
		}
		if !suite.Findings.Run.Complete {
			announced.Stopped = suite.Findings.Run.Incomplete // the run is not counted
			break
		}
		view.Add(suite, order)
		if exit := suite.Findings.Run.Exit; worst == 0 || exit == 1 {
			worst = exit // also what no test of the table is accused of
		}
		args = append(args, here)
		say("run %d of %d, %s: %d of %d failed", n, o.runs, order, suite.Findings.Tests.Failed, suite.Findings.Tests.Total)
		if view.Done() && n < o.runs {
			announced.Stopped = "each flaky test has failed and passed several times, and the last runs brought nothing new"
		}
	}
	rows := view.Rows()
	announced.Runs, announced.Tests = view.Runs, rows
	if o.settle {
		for _, group := range flaky.Together(rows) {
			for i, r := range group {
				if i == 0 || !r.Like(group[0]) {
					o.settleRow(ctx, runner, options, r, args, say)
				}
			}
		}
	}
	announced.Exit = exitOfRows(rows, view.Runs == 0 || view.Runs < o.runs && !view.Done(), worst)
	if err := o.tellFlaky(stdout, redact.Deep(options.Secrets, announced), view); err != nil {
		return err
	}
	if announced.Exit != 0 {
		return exitCode(announced.Exit)
	}
	return nil
}

func exitOfRows(rows []*flaky.Row, cut bool, worst int) int {
	code := worst
	if code == 0 && len(rows) > 0 {
		code = 3
	}
	if cut || slices.ContainsFunc(rows, func(r *flaky.Row) bool { return r.Failed > 0 }) {
		code = 1
	}
	return code
}

func (o *flakyOptions) tellFlaky(out io.Writer, announced viewed, view *flaky.View) error {
	text, err := json.MarshalIndent(announced, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	write := func(w io.Writer) error { _, err := w.Write(text); return err }
	if err := writeWhole(filepath.Join(o.out, "flaky.json"), write); err != nil {
		return &unable{fmt.Errorf("writing flaky.json: %w", err)}
	}
	ci := findCI(os.Getenv)
	if o.json {
		_, err := ci.harmlessJSON(out).Write(text)
		return err
	}
	out = ci.harmless(out)
	if err := terminal.Flaky(out, view, announced.Tests); err != nil {
		return err
	}
	if announced.Stopped != "" {
		_, err = fmt.Fprintf(out, "Stopped after %d of %d runs: %s.\n", announced.Runs, announced.Asked, announced.Stopped)
	}
	return err
}

// printer writes lines of tracetest's own.
func printer(out io.Writer, secrets *redact.Redactor) func(format string, args ...any) {
	return func(format string, args ...any) {
		fmt.Fprintln(out, printable.Text(secrets.Text("tracetest: "+fmt.Sprintf(format, args...))))
	}
}

// settleRow bisects a flaky test: from the first run in which it failed and, where
// it fails by itself too, from the first in which it passed.
func (o *flakyOptions) settleRow(ctx context.Context, runner *rerun.Runner, options run.Options, r *flaky.Row, args [][]string, say func(string, ...any)) {
	a := o.bisectRow(ctx, runner, options, r, r.First, args, say)
	if a == nil {
		return
	}
	if a.Kind == bisect.NotOrderDependent && a.Alone.Ran > 0 && a.Alone.Failed == a.Alone.Ran && r.Passed > 0 {
		if other := o.bisectRow(ctx, runner, options, r, r.Passed, args, say); other != nil && other.Kind == bisect.Brittle {
			a = other
		}
	}
	r.Settle(a)
}

// bisectRow bisects a test from the record of one of the runs. The answer is nil
// where that cannot be.
func (o *flakyOptions) bisectRow(ctx context.Context, runner *rerun.Runner, options run.Options, r *flaky.Row, from int, args [][]string, say func(string, ...any)) *bisect.Answer {
	suite, err := readSuite(filepath.Join(o.out, fmt.Sprintf("flaky-%d.jsonl", from)))
	if err != nil {
		say("%s is not bisected: %v", r.Test, err)
		return nil
	}
	at := slices.IndexFunc(suite.Units, func(u bisect.Unit) bool { return u.Name == r.Name })
	if at < 0 || suite.Units[at].Unable() != "" {
		return nil // what a package does outside of its tests
	}
	say("bisecting %s, from run %d", suite.Units[at].Label(), from)
	options.Packages, options.Args = suite.Packages, args[from-1]
	runner.Suit(options, suite.Orders)
	return bisect.Run(ctx, suite.CaseOf(&suite.Units[at]), runner, bisect.Options{
		Trials: o.times, MaxRuns: o.maxRuns, Parallel: o.parallel(), Args: options.Secrets.Args(options.Args), Orders: suite.Orders,
		Data: o.flushes || o.spawns, Private: o.spawns, Fresh: o.spawns,
	})
}

// seedOf reads --shuffle.
func seedOf(text string) (first int64, shuffled bool, err error) {
	switch text {
	case "off", "":
		return 0, false, nil
	case "on":
		return 1, true, nil
	}
	first, err = strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("--shuffle=%q: use off, on, or a number", text)
	}
	return first, true, nil
}

// ordered are arguments of go test with an order.
func ordered(args []string, seed string, ginkgo bool) []string {
	flags := []string{"-shuffle=" + seed}
	if ginkgo {
		flags = append(flags, "-ginkgo.randomize-all", "-ginkgo.seed="+seed)
	}
	return rerun.Before(args, flags...)
}

// onlyGinkgo reports whether all packages with tests use Ginkgo, whose flags the
// others would not know.
func onlyGinkgo(ctx context.Context, packages, goTest []string) (bool, error) {
	args, err := gotest.ParseArgs(packages, goTest, "")
	if err != nil {
		return false, err
	}
	if len(args.Embedded()) > 0 {
		return false, errors.New("the packages stand behind \"--\"; put them before it")
	}
	listed, err := gotest.List(ctx, args)
	if err != nil {
		return false, err
	}
	uses := false
	for _, p := range listed {
		if len(p.TestDeps) == 0 {
			continue
		}
		if !slices.Contains(p.TestDeps, "github.com/onsi/ginkgo/v2") {
			return false, nil
		}
		uses = true
	}
	return uses, nil
}
