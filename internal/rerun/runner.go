package rerun

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/rediscli"
	"tracetest/internal/redisconf"
	"tracetest/internal/run"
	"tracetest/internal/snapshot"
	"tracetest/internal/spawn"
)

// Options say where trials run.
type Options struct {
	Run   run.Options // as of the suite: packages are chosen anew, arguments kept
	Flush bool        // all data is deleted before each trial, and may be changed in between
	// Spawn gives each trial a server of its own, whose address the tests are
	// handed in the environment: as Redis clients read it, and in these variables.
	Spawn    bool
	SpawnEnv []string
	Orders   map[string][]string // flags that bring the order of a package back: its seeds
}

// Runner runs trials on servers that it brings back before each to what they were
// when it was opened, or each on a server of its own. Only then may several run
// at a time.
type Runner struct {
	o    Options
	site *site // nil with Spawn
}

// Open connects to the servers. A Runner must be closed.
func Open(ctx context.Context, o Options) (*Runner, error) {
	r := &Runner{o: o}
	if !o.Spawn {
		var err error
		if r.site, err = open(ctx, o.Run, o.Flush); err != nil {
			return nil, &run.Problem{Err: err}
		}
	}
	return r, nil
}

// Suit says what is run from now on: the options of the suite, and the flags that
// bring the order of each package back.
func (r *Runner) Suit(o run.Options, orders map[string][]string) {
	r.o.Run, r.o.Orders = o, orders
}

// Since says in which parameters the servers differ from what they were at some
// earlier time, by address, with the command that restores that. It is nil
// where they do not. Secrets and other servers are not compared, nor what two servers
// that are alike differ in: where they keep their files, listen and log. Where there is just one
// server, then and now, it may have another address.
func (r *Runner) Since(was map[string]map[string]string) error {
	if r.site == nil {
		return nil
	}
	for _, server := range r.site.servers {
		target := server.Target()
		before, known := was[target.Address()]
		if !known && len(was) == 1 && len(r.site.servers) == 1 {
			for _, before = range was {
			}
		}
		now := server.Shown()
		values := map[string]string{}
		var differ, fixed []string
		for _, name := range slices.Sorted(maps.Keys(before)) {
			value, there := now[name]
			if redisconf.IsRole(name) && there && value != before[name] {
				return fmt.Errorf("%s has another master than when the suite of the record began: leave --from away", target.Address())
			}
			if !there || value == before[name] || redisconf.Of(name).Place || strings.HasPrefix(value, "(hidden") || strings.HasPrefix(before[name], "(hidden") {
				continue
			}
			differ = append(differ, fmt.Sprintf("%s is %q and was %q", name, value, before[name]))
			if redisconf.Of(name).Fixed {
				fixed = append(fixed, name+" "+before[name])
			} else {
				values[name] = before[name]
			}
		}
		if len(differ) == 0 {
			continue
		}
		cure := "Restore that first"
		if len(fixed) > 0 {
			cure = "Start it with " + strings.Join(fixed, ", ")
			if len(values) > 0 {
				cure += " and restore the rest"
			}
		}
		text := fmt.Sprintf("%s is not as it was when the suite of the record began: %s. %s, or leave --from away", target.Address(), strings.Join(differ, ", "), cure)
		if len(values) > 0 {
			text += ":\n  " + rediscli.Restore(target.CLI(), values, false)
		}
		return errors.New(text)
	}
	return nil
}

// Close puts back what is not as it was, and ends the connections.
func (r *Runner) Close() error {
	if r.site == nil {
		return nil
	}
	return r.site.close()
}

// Whole runs what do says with the options of the suite, on servers that are as
// before a trial.
func (r *Runner) Whole(ctx context.Context, do func(run.Options) error) error {
	s, err := r.ready(ctx)
	if err != nil && (r.o.Flush || !errors.Is(err, snapshot.ErrRole)) { // that the master moved is no news to a whole suite
		return err
	}
	defer r.leave(s)
	return do(r.options(s))
}

// ready is a site for one trial.
func (r *Runner) ready(ctx context.Context) (*site, error) {
	if r.site != nil {
		return r.site, r.site.ready(ctx, r.o.Flush)
	}
	private, err := spawn.Start(ctx, r.o.Run.Expect)
	if err != nil {
		return nil, err
	}
	o := r.o.Run
	target, err := snapshot.ParseTarget(private.Address)
	if err != nil {
		return nil, err
	}
	o.Targets = []snapshot.Target{target}
	o.Env = slices.Concat(o.Env, private.Env(r.o.SpawnEnv))
	s, err := open(ctx, o, false)
	if err != nil {
		private.Close()
		return nil, err
	}
	s.private = private
	return s, nil
}

func (r *Runner) leave(s *site) {
	if s.private != nil {
		s.close() // of a server that is thrown away there is nothing to say
	}
}

// options are those of the suite, at a site.
func (r *Runner) options(s *site) run.Options {
	o := r.o.Run
	o.Targets, o.Env, o.Owned = s.options.Targets, s.options.Env, s.private != nil
	return o
}

// Try runs one trial.
func (r *Runner) Try(ctx context.Context, setup Setup) (out Outcome) {
	began := time.Now()
	defer func() { out.Seconds = time.Since(began).Seconds() }()
	s, err := r.ready(ctx)
	if err != nil {
		return Outcome{Error: err.Error(), Interrupted: ctx.Err() != nil}
	}
	defer r.leave(s)
	out.Keys = s.keys(ctx)
	options := r.options(s)
	steps := setup.steps(r.o.Orders)
	for i, step := range steps {
		o := options
		o.Restore = run.RestoreNever
		if setup.Cut.Config {
			o.Restore, o.Keep = run.RestoreTest, setup.Cut.Keep
		} else if i == len(steps)-1 {
			o.Restore = run.RestoreRun // also of servers that the tests turned out to speak to
		}
		if err := step.choose(&o, r.o.Orders); err != nil {
			return Outcome{Error: err.Error()}
		}
		c := &cutter{site: s, cut: setup.Cut, seen: NewOutcomes(), out: &out}
		if setup.Cut.Data || setup.Cut.Server {
			c.capture(ctx)
			o.Units = c.units
		}
		ran := Run(ctx, o, c.seen.Add)
		s.wrote(ran.Written)
		if done := out.judge(ran, setup.Victim, i == 0, step.last()); done {
			return out
		}
		if out.Error = r.elsewhere(s, ran); out.Error != "" {
			return out
		}
		if setup.Cut.Config {
			err := s.putBack(ctx, setup.Cut.Keep, func(t snapshot.Thing) {
				out.Touched = append(out.Touched, Touch{What: t.What, Name: t.Name, After: step.last()})
			})
			if err != nil {
				out.Error = err.Error()
				return out
			}
		}
		if o.Units != nil {
			c.putBack(ctx, step.last())
		}
		if c.err != nil {
			out.Error = c.err.Error()
			return out
		}
	}
	return out
}

// elsewhere says that the tests do not speak to the server that they were given.
func (r *Runner) elsewhere(s *site, ran Result) string {
	if s.private == nil || len(ran.Findings.Endpoints) == 0 {
		return ""
	}
	for _, endpoints := range ran.Findings.Endpoints {
		if endpoints.Address == s.private.Address || endpoints.Server == s.private.Address {
			return ""
		}
	}
	return fmt.Sprintf("the tests used %s and not the server that was started for them: give the variable from which they read its address with --spawn-env",
		ran.Findings.Endpoints[0].Address)
}

// judge takes what a step showed into an outcome. Done says that the trial is
// over before its time.
func (out *Outcome) judge(ran Result, victim *Test, first bool, last record.Name) (done bool) {
	if ran.Err != nil {
		out.Error = ran.Err.Error()
		return true
	}
	for _, f := range ran.Findings.Failures {
		if f.Status == "build" {
			out.Error = "building the tests of " + f.Package + " failed: " + f.Message
			return true
		}
		if victim != nil && f.Package == victim.Package && f.Spec == victim.Spec && (f.Test == victim.Test || record.Below(f.Test, victim.Test)) && out.Message == "" {
			out.Message, out.Location = f.Message, f.Location
			out.Victim = "fail" // also where its process died and no end was heard
		}
	}
	if !ran.Whole() {
		out.Error = ran.Findings.Run.Incomplete
		out.Interrupted = strings.HasPrefix(out.Error, "interrupted")
		return true
	}
	for _, r := range ran.Findings.Restored {
		after := last // at the end of the step
		if r.After != nil {
			after = record.Name{Package: r.After.Package, Test: r.After.Test, Spec: r.After.Spec}
		}
		for name := range r.Values {
			out.Touched = append(out.Touched, Touch{What: "parameter", Name: name, After: after})
		}
	}
	if victim != nil {
		if how := ran.Outcomes.Of(victim.Name); how != "" && out.Victim != "fail" {
			out.Victim = how
		}
	}
	out.Silent = (first || out.Silent) && ran.Findings.Run.Traced && len(ran.Findings.Endpoints) == 0
	out.leave(ran.Findings)
	return false
}

// leave notes what a step left changed.
func (out *Outcome) leave(f *findings.Findings) {
	for _, c := range f.Changed {
		left := Left{Server: c.Server, Parameter: c.Parameter, From: c.Initial, To: c.Value}
		if c.Secret {
			left.From, left.To = "(hidden)", "(hidden)"
		}
		for _, leak := range f.Leaks {
			if leak.Server == c.Server && leak.Parameter == c.Parameter && leak.By != nil && leak.To == c.Value {
				left.Owner, left.Call = &record.Name{Package: leak.By.Package, Test: leak.By.Test, Spec: leak.By.Spec}, leak.Call
			}
		}
		if at := slices.IndexFunc(out.Left, func(l Left) bool { return l.Server == left.Server && l.Parameter == left.Parameter }); at >= 0 {
			left.From = out.Left[at].From // a step before had left it changed
			out.Left = slices.Delete(out.Left, at, at+1)
		}
		if left.From != left.To || c.Secret {
			out.Left = append(out.Left, left)
		}
	}
}
