package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tracetest/internal/bisect"
	"tracetest/internal/record"
	"tracetest/internal/redact"
	"tracetest/internal/rediscli"
	"tracetest/internal/redisconf"
	"tracetest/internal/report/terminal"
	"tracetest/internal/rerun"
	"tracetest/internal/run"
	"tracetest/internal/snapshot"
)

// bisectOptions are the flags of bisect.
type bisectOptions struct {
	options
	victim  string
	from    string
	resume  bool
	maxRuns int
	maxTime time.Duration
	yes     bool
	flushes bool
	times   int
	shuffle string
	param   string
	git     bool
	spawns  bool
	env     []string
}

const bisectHelp = `bisect finds the tests that make another one fail. A victim fails in the suite
and passes by itself: other tests (polluters) leave something behind. A brittle
test fails by itself: it needs another test (a state-setter) before it. bisect
names a test only where re-runs confirm it, and says through what it acts.

It starts from the record of a run (--from tracetest-out/run.jsonl), or runs the
suite once itself. With --param it needs no failing test: it finds who leaves
that parameter changed.`

const bisectExits = `  0  the question is answered
  1  it is not: not reproduced, trials contradict each other, out of budget
  2  bisect could not run: usage, Redis unreachable, no such test
With --git-bisect:
  0  good: the test passes in any order, or nobody leaves the parameter changed
  1  bad: it depends on the order, or somebody does
  125  undecided; 128 and more on signals`

func bisectCommand() *cobra.Command {
	o := &bisectOptions{}
	cmd := &cobra.Command{
		Use:   "bisect --victim TEST [flags] [packages] [-- go test flags and -args]",
		Short: "Find the tests that make another one fail",
		Long:  bisectHelp,
		Example: "  tracetest bisect --victim TestCache --from tracetest-out/run.jsonl\n" +
			"  tracetest bisect --victim TestCacheOfNothing ./test/... -- -count=1\n" +
			"  tracetest bisect --param maxmemory --trials 1 ./test/integration/...",
		Annotations: map[string]string{exitCodes: bisectExits},
		Args:        cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			packages, goTest := args, []string(nil)
			if n := cmd.ArgsLenAtDash(); n >= 0 {
				packages, goTest = args[:n], args[n:]
			}
			if o.from == "" && !o.resume {
				packages = projectPackages(cmd, packages, goTest)
			}
			if err := checkPackages(cmd.Context(), cmd, packages, goTest); err != nil {
				return err
			}
			o.signals = run.Catch()
			defer o.signals.Stop()
			err := o.bisect(cmd.Context(), packages, goTest, cmd.OutOrStdout(), cmd.ErrOrStderr())
			if o.git {
				return gitExit(err, o.signals.First(), cmd.ErrOrStderr())
			}
			return err
		},
	}
	o.bisectFlags(cmd)
	return cmd
}

func (o *bisectOptions) bisectFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.victim, "victim", "", "`TEST` the test that fails: its name, a subtest's path, the text of a spec or a part of it, package.TestName, file:line of a spec, or what only it says when it fails")
	f.StringVar(&o.param, "param", "", "`PARAM` instead of --victim: find who leaves this parameter changed")
	f.StringVar(&o.from, "from", "", "`FILE` record of the suite to start from (run.jsonl); without it the suite runs once first")
	f.StringVar(&o.shuffle, "shuffle", "", "`SEED` order of the tests, as go test -shuffle")
	group(f, "Question", "victim", "param", "from", "shuffle")
	f.IntVar(&o.times, "trials", 3, "`N` number of trials of each end and of each confirmation")
	f.IntVar(&o.maxRuns, "max-runs", 0, "`N` stop after so many trials, if it is not 0")
	f.DurationVar(&o.maxTime, "max-time", 0, "`TIME` stop after it, if it is not 0")
	f.BoolVar(&o.resume, "resume", false, "continue the search in bisect.jsonl in --out")
	f.BoolVar(&o.git, "git-bisect", false, "exit codes for git bisect run")
	group(f, "Search", "trials", "max-runs", "max-time", "resume", "git-bisect")
	o.site(cmd)
	f.StringVar(&o.out, "out", "tracetest-out", "`DIR` folder of bisect.jsonl and, without --from, run.jsonl and its reports")
	group(f, "Output", "out")
	completeVictim(cmd)
}

// completeVictim completes what bisect and flaky have of their own.
func completeVictim(cmd *cobra.Command) {
	none := []string{"victim", "trials", "max-runs", "max-time", "runs"}
	for _, name := range none {
		if cmd.Flags().Lookup(name) != nil {
			complete(cmd, name, cobra.NoFileCompletions)
		}
	}
	if cmd.Flags().Lookup("param") != nil {
		complete(cmd, "param", cobra.FixedCompletions([]cobra.Completion{"maxmemory", "maxmemory-policy", "timeout", "notify-keyspace-events"}, cobra.ShellCompDirectiveNoFileComp))
		complete(cmd, "from", cobra.FixedCompletions([]cobra.Completion{"jsonl"}, cobra.ShellCompDirectiveFilterFileExt))
		complete(cmd, "shuffle", cobra.NoFileCompletions)
	} else {
		complete(cmd, "shuffle", cobra.FixedCompletions([]cobra.Completion{"off", "on"}, cobra.ShellCompDirectiveNoFileComp))
	}
	complete(cmd, "spawn-env", cobra.NoFileCompletions)
	complete(cmd, "out", completeDirs)
	cmd.ValidArgsFunction = completeTests
}

// site are the flags that say how and on which server tests are re-run.
func (o *bisectOptions) site(cmd *cobra.Command) {
	f := cmd.Flags()
	o.where(f)
	f.BoolVar(&o.flushes, "flush", false, "delete all data of the server before each trial; then bisect tests whether data is what they act through")
	f.BoolVar(&o.yes, "yes", false, "with --flush: also of a server that is not this machine's")
	f.BoolVar(&o.spawns, "spawn", false, "start a redis-server (or valkey-server) of its own for each trial, with --expect; they run at the same time")
	f.StringArrayVar(&o.env, "spawn-env", nil, "`NAME` variable from which the tests read its address, beside REDIS_ADDR, REDIS_URL, REDIS_HOST and REDIS_PORT; repeatable")
	group(f, "Server", "flush", "yes", "spawn", "spawn-env")
	f.StringVar(&o.instrument, "instrument", "auto", "`MODE` synchronize tests with snapshots at their boundaries: auto, on or off")
	f.StringVar(&o.trace, "trace", "auto", "`MODE` trace the tests' own Redis connections: auto, on or off")
	f.StringVar(&o.discover, "discover", "auto", "`MODE` also watch servers that the tests turn out to use: auto or off")
	group(f, "Tests", "instrument", "trace", "discover")
	completeWhere(cmd)
	for _, c := range o.choices() {
		if f.Lookup(c.flag) != nil {
			complete(cmd, c.flag, cobra.FixedCompletions(c.words, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder))
		}
	}
	// which have no flags here
	o.restore, o.sync, o.format, o.reports.junitLeaks, o.shard.by = string(run.RestoreRun), string(run.SyncAlways), "pkgname", "failure", run.ShardByPackage
}

// checkSite refuses what cannot be of them.
func (o *bisectOptions) checkSite(targets []snapshot.Target) error {
	switch {
	case o.spawns && (o.flushes || len(o.redis) > 0):
		return errors.New("--spawn has servers of its own: leave --redis and --flush away")
	case len(o.env) > 0 && !o.spawns:
		return errors.New("--spawn-env goes with --spawn")
	}
	for _, t := range targets {
		if o.flushes && !t.Local() && !o.yes {
			return fmt.Errorf("--flush deletes all data of %s, which is not this machine's; if that is what you want, add --yes", t.Address())
		}
	}
	return nil
}

// check refuses what cannot be, before anything is run.
func (o *bisectOptions) check(targets []snapshot.Target) error {
	switch {
	case o.victim == "" && o.param == "":
		return errors.New("--victim says which test it is about: its name, or the text of a spec. With --param maxmemory it is who leaves that changed")
	case o.victim != "" && o.param != "":
		return errors.New("--victim and --param are two questions: ask one of them")
	case o.git && o.from != "":
		return errors.New("--git-bisect tests another commit each time, and a record (--from, --resume) is of one")
	case o.shuffle != "" && strings.Trim(o.shuffle, "-0123456789") != "":
		return fmt.Errorf("--shuffle=%q: it is a number, the seed of an order that is to come again", o.shuffle)
	case o.times < 1:
		return fmt.Errorf("--trials=%d: it must be positive", o.times)
	case o.maxRuns < 0 || o.maxTime < 0:
		return errors.New("--max-runs and --max-time must not be negative")
	}
	return o.checkSite(targets)
}

func (o *bisectOptions) bisect(ctx context.Context, packages, goTest []string, stdout, stderr io.Writer) error {
	if err := o.validate(); err != nil {
		return err
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
	header := &bisect.Header{Schema: bisect.Schema, Command: o.command(targets), Victim: o.victim, Param: strings.ToLower(o.param), Packages: packages, Args: goTest, From: o.from, Flush: o.flushes, Spawn: o.spawns, SpawnEnv: o.env}
	var known []bisect.Trial
	if o.resume {
		if header, known, err = o.resumed(packages, goTest); err != nil {
			return &unable{err}
		}
		o.victim, o.param, o.from, o.flushes, o.spawns, o.env, packages, goTest = header.Victim, header.Param, header.From, header.Flush, header.Spawn, header.SpawnEnv, header.Packages, header.Args
	}
	if err := o.check(targets); err != nil {
		return err
	}
	if o.shuffle != "" {
		goTest = rerun.Before(goTest, "-shuffle="+o.shuffle)
	}
	options := o.runOptions(packages, goTest, targets, expect)
	release, err := lockOut(o.out)
	if err != nil {
		return &unable{err}
	}
	defer release()
	secrets := options.Secrets
	ci := findCI(os.Getenv)
	stdout, stderr = ci.harmless(stdout), ci.harmless(stderr)
	say := printer(stderr, secrets)
	runner, err := rerun.Open(ctx, rerun.Options{Run: options, Flush: o.flushes, Spawn: o.spawns, SpawnEnv: o.env}) // what is there before the suite runs
	if err != nil {
		return &unable{err}
	}
	defer closeRunner(runner, say)
	suite, err := o.suite(ctx, runner, &options, header, say)
	if errors.Is(err, errInterrupted) {
		say("%v", err)
		return exitCode(1)
	}
	if err != nil {
		return &unable{err}
	}
	question, err := o.question(suite, secrets)
	if err != nil {
		return &unable{err}
	}
	header.Packages, header.Args, header.Orders = options.Packages, options.Args, suite.Orders
	runner.Suit(options, suite.Orders)
	log, err := o.log(header, known, secrets)
	if err != nil {
		return &unable{err}
	}
	defer log.Close()
	var writeErr error
	note := func(l bisect.Line) { writeErr = errors.Join(writeErr, bisect.Write(log, redact.Deep(secrets, l))) }
	answer := bisect.Run(ctx, question, runner, bisect.Options{
		Trials: o.times, MaxRuns: o.maxRuns, MaxTime: o.maxTime, Args: secrets.Args(options.Args), Orders: suite.Orders, Parallel: o.parallel(),
		Data: o.flushes || o.spawns, Private: o.spawns, Fresh: o.spawns || o.flushes && o.from == "", Known: known,
		Append: func(t bisect.Trial) { note(bisect.Line{Trial: &t}) },
		Progress: func(p bisect.Progress) {
			best := ""
			if p.Best > 0 {
				best = fmt.Sprintf(", smallest set so far %d", p.Best)
			}
			say("trial %d: %s (%d before it%s)", p.Trial, p.Step, p.Remaining, best)
		},
	})
	answer.Exit = exitOf(answer)
	if !o.spawns {
		answer.Restore = restoring(answer, targets)
	}
	if o.git {
		answer.Exit = gitAnswer(answer)
	}
	note(bisect.Line{Answer: answer})
	writeErr = errors.Join(writeErr, record.Again(log, secrets.Text, func(l bisect.Line) bisect.Line { return redact.Deep(secrets, l) }))
	if err := terminal.Bisect(stdout, redact.Deep(secrets, answer), workingDir()); err != nil {
		return err
	}
	if answer.Stopped {
		fmt.Fprintf(stdout, "Go on     %s\n", rediscli.Join([]string{"tracetest", "bisect", "--resume", "--out", o.out}))
	}
	if writeErr != nil {
		say("writing %s: %v", log.Name(), writeErr)
	}
	if answer.Exit != 0 {
		return exitCode(answer.Exit)
	}
	return nil
}

// closeRunner puts back what trials changed, and says what of it was not.
func closeRunner(runner *rerun.Runner, say func(string, ...any)) {
	if err := runner.Close(); err != nil {
		say("%v", err)
	}
}

// parallel is how many trials are run at the same time.
func (o *bisectOptions) parallel() int {
	if o.spawns {
		return runtime.NumCPU()
	}
	return 1
}

// question is what is searched.
func (o *bisectOptions) question(suite *bisect.Suite, secrets *redact.Redactor) (c bisect.Case, err error) {
	if o.param != "" {
		if err := suite.Whole(); err != nil {
			return c, err
		}
		return suite.CaseOfParameter(strings.ToLower(o.param)), nil
	}
	victim, err := suite.Find(o.victim)
	if err != nil { // by the name that it is shown by
		if other, errToo := suite.Find(secrets.Name(o.victim)); errToo == nil {
			victim, err = other, nil
		}
	}
	if err != nil {
		return c, err
	}
	if victim.Hosts {
		return c, fmt.Errorf("%s runs Ginkgo specs: name one of these, by its text or its file:line", victim.Label())
	}
	if why := victim.Unable(); why != "" {
		return c, fmt.Errorf("%s cannot be re-run: %s", victim.Label(), why)
	}
	return suite.CaseOf(victim), nil
}

// restoring are the commands that undo what the reproduction of an answer leaves on the servers:
// it is plain go test, which restores nothing.
func restoring(a *bisect.Answer, targets []snapshot.Target) []string {
	commands := []string{}
	for _, t := range targets {
		values := map[string]string{}
		for _, c := range a.Culprits {
			for _, left := range c.Left {
				if _, known := values[left.Parameter]; left.Server == t.Address() && !known && !redisconf.IsRole(left.Parameter) {
					values[left.Parameter] = left.From
				}
			}
		}
		if command := rediscli.Restore(t.CLI(), values, false); command != "" && len(a.Commands) > 0 {
			commands = append(commands, command)
		}
	}
	return commands
}

// exitOf is the exit code of an answer.
func exitOf(a *bisect.Answer) int {
	switch {
	case a.Unable:
		return 2
	case a.Settled():
		return 0
	}
	return 1
}

func workingDir() string {
	dir, _ := os.Getwd() // without it names stay as they are
	return dir
}

// resumed reads the search that is to go on.
func (o *bisectOptions) resumed(packages, goTest []string) (*bisect.Header, []bisect.Trial, error) {
	if len(packages)+len(goTest) > 0 || o.from != "" {
		return nil, nil, errors.New("--resume goes on as the search began: leave packages, --from and what stands behind \"--\" away")
	}
	path := filepath.Join(o.out, "bisect.jsonl")
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("--resume: %w", err)
	}
	defer file.Close()
	header, trials, err := bisect.Read(file)
	if err != nil {
		return nil, nil, fmt.Errorf("--resume: reading %s: %w", path, err)
	}
	if o.victim != "" && o.victim != header.Victim {
		return nil, nil, fmt.Errorf("--resume: the search in %s is about %q", path, header.Victim)
	}
	if dir := workingDir(); dir != header.Dir {
		return nil, nil, fmt.Errorf("--resume: the search began in %s: go on there", header.Dir)
	}
	return header, trials, nil
}

// log opens the record of the search, with the trials of before.
func (o *bisectOptions) log(header *bisect.Header, known []bisect.Trial, secrets *redact.Redactor) (*os.File, error) {
	header.Dir = workingDir()
	header.Command, header.Args = secrets.Args(header.Command), secrets.Args(header.Args)
	file, err := record.Create(filepath.Join(o.out, "bisect.jsonl"), 0o666)
	if err != nil {
		return nil, fmt.Errorf("writing to --out %q: %w", o.out, err)
	}
	err = bisect.Write(file, redact.Deep(secrets, bisect.Line{Header: header}))
	for _, t := range known {
		err = errors.Join(err, bisect.Write(file, redact.Deep(secrets, bisect.Line{Trial: &t})))
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
