package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"tracetest/internal/run"
	"tracetest/internal/triage"
)

// serveOptions are the flags of exec that keep the socket open.
type serveOptions struct {
	on      bool
	envFile string
}

func (o *serveOptions) flags(f *pflag.FlagSet) {
	f.BoolVar(&o.on, "serve", false, "start nothing: print what an environment needs, and watch the tests that run in it until Ctrl-C")
	f.StringVar(&o.envFile, "env-file", "", "`FILE` with --serve, also write that there as NAME='VALUE' lines: for VS Code's go.testEnvFile, direnv, set -a")
	group(f, "Tests", "serve", "env-file")
}

func (o *options) validateServe() error {
	switch {
	case !o.serve.on && o.serve.envFile != "":
		return errors.New("--env-file goes with --serve")
	case o.serve.on && o.perturb:
		return errors.New("--perturb is of one run, and --serve watches many")
	case o.serve.on && o.shard.which != "":
		return errors.New("--shard is of one run, and --serve watches many")
	}
	return nil
}

// launched reports whether others than tracetest start the tests.
func (o *options) launched() bool { return o.launch != nil || o.serve.on }

// serveLaunches watches launches of tests, one after the other or several at once, until a signal comes.
// Each has a record and reports of its own; those of the last stand in --out.
func (r *running) serveLaunches(ctx context.Context) error {
	env, tools, err := r.plan.Environment()
	if err != nil {
		return &run.Problem{Err: err}
	}
	if err := r.serve.write(env); err != nil {
		return &run.Problem{Err: err}
	}
	defer r.serve.empty()
	if err := r.forgetLaunches(); err != nil {
		return &run.Problem{Err: err}
	}
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		fmt.Fprintf(r.stdout, "export %s=%s\n", name, run.Quote(value))
	}
	fmt.Fprintf(r.stdout, "export PATH=%s:\"$PATH\"\n", run.Quote(tools))
	say := printer(r.out, r.plan.Secrets())
	say("paste these lines where tests are started, or: set -a; . FILE with --env-file. Ctrl-C ends with the verdict.")
	code, launches := triage.ExitClean, 0
	for r.signals.First() == 0 {
		came, err := r.plan.Await(ctx)
		if !came {
			break
		}
		if err != nil {
			say("this launch is not watched: %v", err)
		}
		if launches++; launches > 1 {
			if err := r.keepLaunch(launches - 1); err != nil {
				return &unable{err}
			}
		}
		now, err := r.once(ctx)
		r.plan.Settled()
		if err != nil {
			return err
		}
		code = worse(code, now)
		r.notes = nil
	}
	switch {
	case launches == 0:
		say("no test reported: the lines above were not in the environment of any")
		return exitCode(triage.ExitFailed)
	case launches > 1:
		say("%d launches; tracetest merge %s makes one report of them", launches, r.options.out)
	}
	if code != triage.ExitClean {
		return exitCode(code)
	}
	return nil
}

// worse returns which of two exit codes counts for both runs together.
func worse(a, b int) int {
	order := []int{triage.ExitClean, triage.ExitLeaked, triage.ExitUnable, triage.ExitFailed}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// envHead begins the file of --env-file, so that it is known for ours.
const envHead = "# Written by tracetest exec --serve, and emptied when that ends.\n"

// write writes the file of --env-file, which names a socket: nobody else may read it.
func (o *serveOptions) write(env []string) error {
	if o.envFile == "" {
		return nil
	}
	text := envHead
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		text += name + "=" + run.Quote(value) + "\n"
	}
	was, err := os.ReadFile(o.envFile)
	switch {
	case err == nil && !bytes.HasPrefix(was, []byte(envHead)) && len(bytes.TrimSpace(was)) > 0:
		return fmt.Errorf("--env-file %q is not tracetest's: name a file of its own", o.envFile)
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("--env-file: %w", err)
	}
	if err := os.WriteFile(o.envFile, []byte(text), 0o600); err != nil {
		return fmt.Errorf("--env-file: %w", err)
	}
	return os.Chmod(o.envFile, 0o600)
}

// empty leaves the file without what would name an overlay that is gone: no test could be built with it.
func (o *serveOptions) empty() {
	if o.envFile != "" {
		os.WriteFile(o.envFile, []byte(envHead), 0o600)
	}
}

// Records of the launches before the last one.
func (o *options) launches() string { return filepath.Join(o.out, "launches") }

func (o *options) keepLaunch(number int) error {
	if err := os.MkdirAll(o.launches(), 0o777); err != nil {
		return err
	}
	return os.Rename(filepath.Join(o.out, "run.jsonl"), filepath.Join(o.launches(), fmt.Sprintf("%04d.jsonl", number)))
}

// forgetLaunches removes the records of an earlier session.
func (o *options) forgetLaunches() error {
	old, err := filepath.Glob(filepath.Join(o.launches(), "[0-9][0-9][0-9][0-9].jsonl"))
	for _, path := range old {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}
