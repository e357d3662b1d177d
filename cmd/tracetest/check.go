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
	"tracetest/internal/report/claims"
	"tracetest/internal/report/terminal"
	"tracetest/internal/report/wording"
	"tracetest/internal/run"
	"tracetest/internal/snapshot"
	"tracetest/internal/triage"
)

// checkOptions are the flags of check.
type checkOptions struct {
	options
	fix  bool
	json bool
	save string
	acl  bool

	secrets *redact.Redactor
}

const checkHelp = `check compares a Redis with what it was started with and with --expect. It runs
no tests. The process of the server, its configuration file or its container
(podman or docker) say what it was started with, where they can be read. Where
nothing is known, check lists what differs from the defaults of Redis.

--save writes the configuration to a file that --expect-file reads. Keep that
file beside the tests.`

const checkExits = `  0  everything known is as it should be, or --fix repaired it
  2  unknown: Redis is unreachable, or nothing says how it should be
  3  something is not as it should be`

func checkCommand() *cobra.Command {
	o := &checkOptions{secrets: redact.New()}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Compare a Redis with how it was started and with --expect",
		Long:  checkHelp,
		Example: "  tracetest check --redis localhost:6379 --expect maxmemory=2gb\n" +
			"  tracetest check --fix --json\n" +
			"  tracetest check --save redis.expect\n" +
			"  tracetest check --acl",
		Annotations: map[string]string{exitCodes: checkExits},
		Args:        cobra.NoArgs,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.acl {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), snapshot.ACL("tracetest", true))
				return err
			}
			return o.check(cmd.Context(), cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	o.where(f)
	f.BoolVar(&o.fix, "fix", false, "repair what is not as it should be")
	f.StringVar(&o.save, "save", "", "`FILE` write the configuration to it, for --expect-file; not where something is wrong")
	f.BoolVar(&o.json, "json", false, "write JSON")
	f.BoolVar(&o.acl, "acl", false, "print the command that makes a Redis user with all that tracetest needs; asks no server")
	group(f, "Check", "fix", "save", "json", "acl")
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
	Defaults          []differing                 `json:"defaults"` // what differs from these, where nothing else is known
	Saved             string                      `json:"saved"`    // the file of --save
	Fixed             map[string]string           `json:"fixed"`    // what --fix wrote
	Error             string                      `json:"error"`    // of --fix
}

// differing is a parameter that is not at Redis's own default.
type differing struct {
	Parameter string `json:"parameter"`
	Value     string `json:"value"`
	Default   string `json:"default"`
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
	if o.save != "" && (len(targets) > 1 || o.fix) {
		return errors.New("--save writes what one server is now: name one with --redis, and leave --fix away")
	}
	all := checked{Schema: "tracetest.check/1", Servers: []checkedServer{}}
	announced := len(expect) > 0 || o.save != ""
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
		err = o.print(out, redact.Deep(o.secrets, all), redact.Deep(o.secrets, run.Expected(expect)))
	}
	if err != nil {
		return err
	}
	if all.Exit != triage.ExitClean {
		return exitCode(all.Exit)
	}
	return nil
}

// checkOne compares one server. What it found wrong is in the lists also where
// it was repaired.
func (o *checkOptions) checkOne(ctx context.Context, target snapshot.Target, index int, expect map[string]string) (*checkedServer, error) {
	server, begin, err := snapshot.Open(ctx, target, index, snapshot.Options{AllowPartial: o.allowPartial, Timeout: o.timeout, Expect: expect, Secrets: o.secrets})
	if err != nil {
		return nil, err
	}
	defer server.Close()
	if err := snapshot.CheckNames([]*snapshot.Server{server}, expect); err != nil {
		return nil, err
	}
	begin.StartedWith, begin.StartUnknown = run.StartedWith(ctx, server, o.container)
	a := triage.New()
	a.Add(record.Entry{Seq: 1, At: time.Now(), Run: &record.Run{Schema: record.Schema, Expect: run.Expected(expect)}})
	a.Add(record.Entry{Seq: 2, At: time.Now(), Server: &begin})
	start := wording.Add(a.Start())
	one := &checkedServer{Address: begin.Address, Flavor: begin.Flavor, Version: begin.Version, StartedWith: begin.StartedWith, Unknown: begin.StartUnknown,
		UnmetExpectations: start.UnmetExpectations, Drift: start.Drift, Fixed: map[string]string{}}
	if one.StartedWith == nil {
		one.StartedWith = map[string]record.Origin{}
	}
	one.Defaults = []differing{}
	if len(one.StartedWith)+len(expect) == 0 {
		one.Defaults = fromDefaults(begin.Config)
	}
	if o.save != "" && len(one.UnmetExpectations)+len(one.Drift) == 0 {
		if err := saveExpectations(o.save, one.Flavor+" "+one.Version, saved(begin.Config)); err != nil {
			return nil, fmt.Errorf("--save: %w", err)
		}
		one.Saved = o.save
	}
	if !o.fix {
		return one, nil
	}
	one.repair(ctx, server, expect)
	return one, nil
}

// repair writes what a server was started with and what is expected of it, as the user asks.
func (one *checkedServer) repair(ctx context.Context, server *snapshot.Server, expect map[string]string) {
	values := map[string]string{}
	for _, p := range one.Drift {
		values[p.Parameter] = p.Started
	}
	for _, u := range one.UnmetExpectations {
		values[u.Parameter] = expect[u.Parameter] // which may be secret, and is not shown
	}
	done := server.Restore(ctx, server.Asked(values))
	if done.Wrote != nil {
		one.Fixed, one.Error = done.Wrote.Values, done.Wrote.Error
	}
	for name, why := range done.Left {
		if why == record.WhyRole && one.Error == "" {
			one.Error = name + " says who is the master, which tracetest never changes"
		}
	}
	if done.Wrote == nil && len(done.Left) == 0 && len(values) > 0 {
		one.Error = "the server does not know " + strings.Join(slices.Sorted(maps.Keys(values)), ", ")
	}
}

// fromDefaults is what is not at its default, as far as these are known.
func fromDefaults(config map[string]string) []differing {
	all := []differing{}
	for _, name := range redisconf.Defaults() {
		if value, has := config[name]; has && !redisconf.Same(redisconf.Of(name).Default, value) {
			all = append(all, differing{name, value, redisconf.Of(name).Default})
		}
	}
	return all
}

// compared is what a server was compared with: what it was started with, and
// before that what is expected.
func compared(started map[string]record.Origin, expect map[string]string) map[string]record.Origin {
	all := maps.Clone(started)
	for name, value := range expect {
		all[name] = record.Origin{Value: value, Source: "--expect"}
	}
	return all
}

func (o *checkOptions) print(out io.Writer, all checked, expect map[string]string) error {
	var errs []error
	say := func(format string, args ...any) {
		_, err := fmt.Fprintf(out, format+"\n", args...)
		errs = append(errs, err)
	}
	screen := screenOf(out, os.Getenv)
	out = findCI(os.Getenv).harmless(out)
	for _, s := range all.Servers {
		wrong, fixed := len(s.UnmetExpectations)+len(s.Drift), len(s.Fixed) > 0 && s.Error == ""
		known := len(s.StartedWith)+len(expect) > 0
		verdict := screen.painted("as it should be, as far as that is known", "32")
		switch {
		case wrong > 0 && fixed:
			verdict = screen.painted("was not as it should be, and was repaired", "32")
		case wrong > 0:
			verdict = screen.painted("not as it should be", "1;31")
		case !known && len(s.Defaults) > 0:
			verdict = screen.painted("nothing says how it should be; these differ from Redis's defaults", "33")
		case !known:
			verdict = screen.painted("nothing says how it should be; its main parameters are at Redis's defaults", "33")
		}
		say("%s (%s %s): %s", printable.Line(s.Address), s.Flavor, printable.Line(s.Version), verdict)
		for _, line := range terminal.Check(compared(s.StartedWith, expect), s.UnmetExpectations, s.Drift, fixed) {
			say("  %s", line)
		}
		for _, d := range s.Defaults {
			say("  %-18s %s, default %s", d.Parameter, claims.Value(d.Parameter, d.Value, false).Plain(100), claims.Value(d.Parameter, d.Default, false).Plain(100))
		}
		if s.Unknown != "" {
			say("  How it was started is not fully known: %s.", printable.Line(s.Unknown))
		}
		if !known && s.Saved == "" {
			say("  Give what it should be with --expect PARAM=VALUE, or save it as it is with --save FILE.")
		}
		switch {
		case s.Saved != "":
			say("  Saved to %s; give it to --expect-file.", printable.Line(s.Saved))
		case o.save != "":
			say("  Not saved: repair it first, or leave out what is wrong.")
		}
		if s.Error != "" {
			say("  Not repaired: %s", printable.Line(s.Error))
		}
	}
	return errors.Join(errs...)
}
