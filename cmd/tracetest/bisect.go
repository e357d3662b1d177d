package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

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
