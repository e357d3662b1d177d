package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tracetest/internal/findings"
	"tracetest/internal/printable"
	"tracetest/internal/record"
	"tracetest/internal/redact"
	"tracetest/internal/redisconf"
	"tracetest/internal/report/terminal"
	"tracetest/internal/run"
	"tracetest/internal/snapshot"
	"tracetest/internal/triage"
)

// checkOptions are the flags of check.
type checkOptions struct {
	options
	fix  bool
	json bool

	secrets *redact.Redactor
}

const checkHelp = `check looks at a Redis without running tests: is it as it was started, and as
--expect says? What it was started with is read from its process, its
configuration file or its container (podman or docker), where these can be seen.`

const checkExits = `  0  everything that is known of it is as it should be, or --fix put it right
  2  that cannot be told: Redis unreachable, or nothing says how it should be
  3  something is not as it should be`

func checkCommand() *cobra.Command {
	o := &checkOptions{secrets: redact.New()}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look whether a Redis is as it was started, without tests",
		Long:  checkHelp,
		Example: "  tracetest check --redis localhost:6379 --expect maxmemory=2gb\n" +
			"  tracetest check --fix --json",
		Annotations: map[string]string{exitCodes: checkExits},
		Args:        cobra.NoArgs,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return o.check(cmd.Context(), cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	o.where(f)
	f.BoolVar(&o.fix, "fix", false, "put right what is not as it should be")
	f.BoolVar(&o.json, "json", false, "write JSON")
	group(f, "Check", "fix", "json")
	completeWhere(cmd)
	return cmd
}

// unable is why check cannot tell.
type unable struct{ error }

// checked is what check found, as --json writes it.
type checked struct {
	Schema  string          `json:"schema"`
	Servers []checkedServer `json:"servers"`
	Exit    int             `json:"exit"`
}

type checkedServer struct {
	Address           string                      `json:"address"`
	Flavor            string                      `json:"flavor"`
	Version           string                      `json:"version"`
	StartedWith       map[string]record.Origin    `json:"started_with"`
	Unknown           string                      `json:"unknown"` // why not everything of that is known
	UnmetExpectations []findings.UnmetExpectation `json:"unmet_expectations"`
	Drift             []findings.Drift            `json:"drift"`
	Fixed             map[string]string           `json:"fixed"` // what --fix wrote
	Error             string                      `json:"error"` // of --fix
}

func (o *checkOptions) check(ctx context.Context, out io.Writer) error {
	if o.timeout <= 0 {
		return fmt.Errorf("--redis-timeout=%v: it must be positive", o.timeout)
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
	all := checked{Schema: "tracetest.check/1", Servers: []checkedServer{}}
	announced := len(expect) > 0
	for i, target := range targets {
		one, err := o.checkOne(ctx, target, i, expect)
		if err != nil {
			return &unable{err}
		}
		announced = announced || len(one.StartedWith) > 0
		if len(one.UnmetExpectations)+len(one.Drift) > 0 && (!o.fix || one.Error != "") {
			all.Exit = triage.ExitLeaked
		}
		all.Servers = append(all.Servers, *one)
	}
	if !announced && all.Exit == triage.ExitClean {
		all.Exit = triage.ExitUnable
	}
	if o.json {
		all = redact.Deep(o.secrets, all)
		encoder := json.NewEncoder(findCI(os.Getenv).harmlessJSON(out))
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(all)
	} else {
		err = o.tell(out, redact.Deep(o.secrets, all), redact.Deep(o.secrets, run.Expected(expect)))
	}
	if err != nil {
		return err
	}
	if all.Exit != triage.ExitClean {
		return exitCode(all.Exit)
	}
	return nil
}

// checkOne looks at one server. What it found wrong is in the lists also where
// it was put right.
func (o *checkOptions) checkOne(ctx context.Context, target snapshot.Target, index int, expect map[string]string) (*checkedServer, error) {
	server, begin, err := snapshot.Open(ctx, target, index, snapshot.Options{AllowPartial: o.allowPartial, Timeout: o.timeout, Expect: expect, Secrets: o.secrets})
	if err != nil {
		return nil, err
	}
	defer server.Close()
	begin.StartedWith, begin.StartUnknown = run.StartedWith(ctx, server, o.container)
	a := triage.New()
	a.Add(record.Entry{Seq: 1, At: time.Now(), Run: &record.Run{Schema: record.Schema, Expect: run.Expected(expect)}})
	a.Add(record.Entry{Seq: 2, At: time.Now(), Server: &begin})
	one := &checkedServer{Address: begin.Address, Flavor: begin.Flavor, Version: begin.Version, StartedWith: begin.StartedWith, Unknown: begin.StartUnknown,
		UnmetExpectations: append([]findings.UnmetExpectation{}, a.UnmetExpectations()...), Drift: append([]findings.Drift{}, a.Drift()...), Fixed: map[string]string{}}
	if one.StartedWith == nil {
		one.StartedWith = map[string]record.Origin{}
	}
	if !o.fix {
		return one, nil
	}
	values := map[string]string{}
	for _, p := range one.Drift {
		values[p.Parameter] = p.Started
	}
	for _, u := range one.UnmetExpectations {
		if redisconf.IsRole(u.Parameter) {
			one.Error = u.Parameter + " says who is the master, which tracetest never changes"
			continue
		}
		values[u.Parameter] = expect[u.Parameter] // which may be secret, and is not shown
	}
	if done := server.Restore(ctx, server.With(values)); done != nil {
		one.Fixed = done.Values
		if done.Error != "" {
			one.Error = done.Error
		}
	} else if len(values) > 0 {
		one.Error = "the server does not know " + strings.Join(slices.Sorted(maps.Keys(values)), ", ")
	}
	return one, nil
}

// compared is what a server was held against: what it was started with, and
// before that what is expected.
func compared(started map[string]record.Origin, expect map[string]string) map[string]record.Origin {
	all := maps.Clone(started)
	for name, value := range expect {
		all[name] = record.Origin{Value: value, Source: "--expect"}
	}
	return all
}

func (o *checkOptions) tell(out io.Writer, all checked, expect map[string]string) error {
	var errs []error
	say := func(format string, args ...any) {
		_, err := fmt.Fprintf(out, format+"\n", args...)
		errs = append(errs, err)
	}
	screen := screenOf(out, os.Getenv)
	out = findCI(os.Getenv).harmless(out)
	for _, s := range all.Servers {
		wrong, fixed := len(s.UnmetExpectations)+len(s.Drift), len(s.Fixed) > 0 && s.Error == ""
		verdict := screen.painted("as it should be, as far as that is known", "32")
		switch {
		case wrong > 0 && fixed:
			verdict = screen.painted("was not as it should be, and was put right", "32")
		case wrong > 0:
			verdict = screen.painted("not as it should be", "1;31")
		case len(s.StartedWith)+len(expect) == 0:
			verdict = screen.painted("nothing says how it should be", "33")
		}
		say("%s (%s %s): %s", printable.Line(s.Address), s.Flavor, printable.Line(s.Version), verdict)
		for _, line := range terminal.Check(compared(s.StartedWith, expect), s.UnmetExpectations, s.Drift, fixed) {
			say("  %s", line)
		}
		if s.Unknown != "" {
			say("  Not all is known: %s.", printable.Line(s.Unknown))
			if len(s.StartedWith)+len(expect) == 0 {
				say("  Say how it should be with --expect PARAM=VALUE, or name its container with --container.")
			}
		}
		if s.Error != "" {
			say("  Not put right: %s", printable.Line(s.Error))
		}
	}
	return errors.Join(errs...)
}
