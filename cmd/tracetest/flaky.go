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
	expect, named, err := o.servers()
	if err != nil {
		return err
	}
	if err := o.checkSite(named.Targets); err != nil {
		return err
	}
	r := &repeated{flakyOptions: o, goTest: goTest, of: o.runOptions(packages, goTest, named.Targets, expect)}
	if r.seed, r.shuffled, err = seedOf(o.shuffle); err != nil {
		return err
	}
	if r.ginkgo, err = onlyGinkgo(ctx, packages, goTest); err != nil {
		return &unable{err}
	}
	release, err := lockOut(o.out)
	if err != nil {
		return &unable{err}
	}
	defer release()
	if r.runner, err = rerun.Open(ctx, rerun.Options{Run: r.of, Flush: o.flushes, Spawn: o.spawns, SpawnEnv: o.env}); err != nil {
		return &unable{err}
	}
	r.say = printer(findCI(os.Getenv).harmless(stderr), r.of.Secrets)
	defer closeRunner(r.runner, r.say)
	if err := r.run(ctx); err != nil {
		return &unable{err}
	}
	rows := r.view.Rows()
	if o.settle {
		r.settleRows(ctx, rows)
	}
	announced := viewed{Schema: "tracetest.flaky/1", Runs: r.view.Runs, Asked: o.runs, Shuffled: r.shuffled, Stopped: r.stopped, Tests: rows,
		Exit: exitOfRows(rows, r.view.Runs == 0 || r.view.Runs < o.runs && !r.view.Done(), r.worst)}
	if err := o.tellFlaky(stdout, redact.Deep(r.of.Secrets, announced), r.view); err != nil {
		return err
	}
	if announced.Exit != 0 {
		return exitCode(announced.Exit)
	}
	return nil
}

// repeated is a suite that is run again and again.
type repeated struct {
	*flakyOptions
	goTest   []string
	of       run.Options
	seed     int64
	shuffled bool
	ginkgo   bool // each package takes its flags
	runner   *rerun.Runner
	say      func(string, ...any)

	view    *flaky.View
	args    [][]string // of each run
	worst   int        // exit code
	stopped string     // why there were fewer runs than asked for
}

// run runs the suite as often as it is asked for, or until that tells nothing more.
func (r *repeated) run(ctx context.Context) error {
	r.view = &flaky.View{Shuffled: r.shuffled}
	for n := 1; n <= r.runs && r.stopped == ""; n++ {
		args, order := r.goTest, "run "+strconv.Itoa(n)
		if r.shuffled {
			order = strconv.FormatInt(r.seed+int64(n)-1, 10)
			args = ordered(r.goTest, order, r.ginkgo)
		}
		suite, err := r.suite(ctx, n, args)
		if err != nil {
			return err
		}
		f := suite.Findings
		if !f.Run.Complete {
			r.stopped = f.Run.Incomplete // the run is not counted
			break
		}
		r.view.Add(suite, order)
		if r.worst == 0 || f.Run.Exit == 1 {
			r.worst = f.Run.Exit // also what no test of the table is accused of
		}
		r.args = append(r.args, args)
		r.say("run %d of %d, %s: %d of %d failed", n, r.runs, order, f.Tests.Failed, f.Tests.Total)
		if r.view.Done() && n < r.runs {
			r.stopped = "each flaky test has failed and passed several times, and the last runs brought nothing new"
		}
	}
	return nil
}

// record is the path of the record of a run.
func (r *repeated) record(n int) string {
	return filepath.Join(r.out, fmt.Sprintf("flaky-%d.jsonl", n))
}

// suite runs the suite once.
func (r *repeated) suite(ctx context.Context, n int, args []string) (*bisect.Suite, error) {
	err := r.runner.Whole(ctx, func(options run.Options) error {
		options.Args = args
		return r.bisectOptions.record(ctx, options, r.record(n))
	})
	if err != nil {
		return nil, err
	}
	suite, err := readSuite(r.record(n))
	if err != nil {
		return nil, err
	}
	f := suite.Findings
	if built := slices.IndexFunc(f.Failures, isBuild); built >= 0 {
		return nil, fmt.Errorf("the tests of %s could not be built: %s", f.Failures[built].Package, f.Failures[built].Message)
	}
	if len(f.UnmetExpectations) > 0 {
		return nil, errors.New(claims.UnmetLine(f.UnmetExpectations[0]))
	}
	return suite, nil
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

// settleRows bisects flaky tests. Victims of one unit are bisected once, unless that fails.
func (r *repeated) settleRows(ctx context.Context, rows []*flaky.Row) {
	for _, group := range flaky.Together(rows) {
		for i, row := range group {
			if i == 0 || !row.Like(group[0]) {
				r.settleRow(ctx, row)
			}
		}
	}
}

// settleRow bisects a flaky test: from the first run in which it failed and, where
// it fails by itself too, from the first in which it passed.
func (r *repeated) settleRow(ctx context.Context, row *flaky.Row) {
	a := r.bisectRow(ctx, row, row.First)
	if a == nil {
		return
	}
	if a.Kind == bisect.NotOrderDependent && a.Alone.Ran > 0 && a.Alone.Failed == a.Alone.Ran && row.Passed > 0 {
		if other := r.bisectRow(ctx, row, row.Passed); other != nil && other.Kind == bisect.Brittle {
			a = other
		}
	}
	row.Settle(a)
}

// bisectRow bisects a test from the record of one of the runs. The answer is nil
// where that cannot be.
func (r *repeated) bisectRow(ctx context.Context, row *flaky.Row, from int) *bisect.Answer {
	suite, err := readSuite(r.record(from))
	if err != nil {
		r.say("%s is not bisected: %v", row.Test, err)
		return nil
	}
	at := slices.IndexFunc(suite.Units, func(u bisect.Unit) bool { return u.Name == row.Name })
	if at < 0 || suite.Units[at].Unable() != "" {
		return nil // what a package does outside of its tests
	}
	r.say("bisecting %s, from run %d", suite.Units[at].Label(), from)
	options := r.of
	options.Packages, options.Args = suite.Packages, r.args[from-1]
	r.runner.Suit(options, suite.Orders)
	return bisect.Run(ctx, suite.CaseOf(&suite.Units[at]), r.runner, bisect.Options{
		Trials: r.times, MaxRuns: r.maxRuns, Parallel: r.parallel(), Args: options.Secrets.Args(options.Args), Orders: suite.Orders,
		Data: r.flushes || r.spawns, Private: r.spawns, Fresh: r.spawns,
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
