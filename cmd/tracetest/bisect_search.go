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

func (o *bisectOptions) bisect(ctx context.Context, packages, goTest []string, stdout, stderr io.Writer) error {
	if err := o.validate(); err != nil {
		return err
	}
	expect, named, err := o.servers()
	if err != nil {
		return err
	}
	s := &search{bisectOptions: o, targets: named.Targets, header: &bisect.Header{Schema: bisect.Schema, Command: o.command(named.Targets), Victim: o.victim,
		Param: strings.ToLower(o.param), Packages: packages, Args: goTest, From: o.from, Flush: o.flushes, Spawn: o.spawns, SpawnEnv: o.env}}
	if o.resume {
		if err := s.resume(packages, goTest); err != nil {
			return &unable{err}
		}
	}
	if err := o.check(s.targets); err != nil {
		return err
	}
	args := s.header.Args
	if o.shuffle != "" {
		args = rerun.Before(args, "-shuffle="+o.shuffle)
	}
	s.of = o.runOptions(s.header.Packages, args, s.targets, expect)
	release, err := lockOut(o.out)
	if err != nil {
		return &unable{err}
	}
	defer release()
	ci := findCI(os.Getenv)
	s.say = printer(ci.harmless(stderr), s.of.Secrets)
	s.runner, err = rerun.Open(ctx, rerun.Options{Run: s.of, Flush: o.flushes, Spawn: o.spawns, SpawnEnv: o.env}) // what is there before the suite runs
	if err != nil {
		return &unable{err}
	}
	defer closeRunner(s.runner, s.say)
	if err := s.prepare(ctx); errors.Is(err, errInterrupted) {
		s.say("%v", err)
		return exitCode(1)
	} else if err != nil {
		return &unable{err}
	}
	defer s.log.Close()
	return s.run(ctx, ci.harmless(stdout))
}

// search is one search.
type search struct {
	*bisectOptions
	targets []snapshot.Target
	of      run.Options
	header  *bisect.Header
	known   []bisect.Trial // of an earlier search
	runner  *rerun.Runner
	say     func(string, ...any)

	suite    *bisect.Suite
	question bisect.Case
	log      *os.File
}

// prepare reads the suite, or runs it, finds in it what is to be searched, and begins the log.
func (s *search) prepare(ctx context.Context) (err error) {
	if s.suite, err = s.suiteOf(ctx, s.runner, &s.of, s.header, s.say); err != nil {
		return err
	}
	if s.question, err = s.ask(s.suite, s.of.Secrets); err != nil {
		return err
	}
	s.header.Packages, s.header.Args, s.header.Orders = s.of.Packages, s.of.Args, s.suite.Orders
	s.runner.Suit(s.of, s.suite.Orders)
	return s.begin()
}

// run searches, and says what was found.
func (s *search) run(ctx context.Context, stdout io.Writer) error {
	secrets := s.of.Secrets
	var writeErr error
	note := func(l bisect.Line) { writeErr = errors.Join(writeErr, bisect.Write(s.log, redact.Deep(secrets, l))) }
	answer := bisect.Run(ctx, s.question, s.runner, bisect.Options{
		Trials: s.times, MaxRuns: s.maxRuns, MaxTime: s.maxTime, Args: secrets.Args(s.of.Args), Orders: s.suite.Orders, Parallel: s.parallel(),
		Data: s.flushes || s.spawns, Private: s.spawns, Fresh: s.spawns || s.flushes && s.from == "", Known: s.known,
		Append: func(t bisect.Trial) { note(bisect.Line{Trial: &t}) }, Progress: s.progress,
	})
	answer.Exit = exitOf(answer)
	if !s.spawns {
		answer.Restore = restoring(answer, s.targets)
	}
	if s.git {
		answer.Exit = gitAnswer(answer)
	}
	note(bisect.Line{Answer: answer})
	writeErr = errors.Join(writeErr, record.Again(s.log, secrets.Text, func(l bisect.Line) bisect.Line { return redact.Deep(secrets, l) }))
	if err := terminal.Bisect(stdout, redact.Deep(secrets, answer), workingDir()); err != nil {
		return err
	}
	if answer.Stopped {
		fmt.Fprintf(stdout, "Go on     %s\n", rediscli.Join([]string{"tracetest", "bisect", "--resume", "--out", s.out}))
	}
	if writeErr != nil {
		s.say("writing %s: %v", s.log.Name(), writeErr)
	}
	if answer.Exit != 0 {
		return exitCode(answer.Exit)
	}
	return nil
}

func (s *search) progress(p bisect.Progress) {
	best := ""
	if p.Best > 0 {
		best = fmt.Sprintf(", smallest set so far %d", p.Best)
	}
	s.say("trial %d: %s (%d before it%s)", p.Trial, p.Step, p.Remaining, best)
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

// ask finds in a suite what is to be searched.
func (o *bisectOptions) ask(suite *bisect.Suite, secrets *redact.Redactor) (c bisect.Case, err error) {
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

// resume reads the search that is to go on, and takes over what it was about.
func (s *search) resume(packages, goTest []string) error {
	if len(packages)+len(goTest) > 0 || s.from != "" {
		return errors.New("--resume goes on as the search began: leave packages, --from and what stands behind \"--\" away")
	}
	path := filepath.Join(s.out, "bisect.jsonl")
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	defer file.Close()
	if s.header, s.known, err = bisect.Read(file); err != nil {
		return fmt.Errorf("--resume: reading %s: %w", path, err)
	}
	h := s.header
	if s.victim != "" && s.victim != h.Victim {
		return fmt.Errorf("--resume: the search in %s is about %q", path, h.Victim)
	}
	if dir := workingDir(); dir != h.Dir {
		return fmt.Errorf("--resume: the search began in %s: go on there", h.Dir)
	}
	s.victim, s.param, s.from, s.flushes, s.spawns, s.env = h.Victim, h.Param, h.From, h.Flush, h.Spawn, h.SpawnEnv
	return nil
}

// begin opens the log of the search, with the trials of before.
func (s *search) begin() error {
	secrets := s.of.Secrets
	s.header.Dir = workingDir()
	s.header.Command, s.header.Args = secrets.Args(s.header.Command), secrets.Args(s.header.Args)
	file, err := record.Create(filepath.Join(s.out, "bisect.jsonl"), 0o666)
	if err != nil {
		return fmt.Errorf("writing to --out %q: %w", s.out, err)
	}
	err = bisect.Write(file, redact.Deep(secrets, bisect.Line{Header: s.header}))
	for _, t := range s.known {
		err = errors.Join(err, bisect.Write(file, redact.Deep(secrets, bisect.Line{Trial: &t})))
	}
	if err != nil {
		file.Close()
		return err
	}
	s.log = file
	return nil
}
