package rerun

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/run"
	"tracetest/internal/snapshot"
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
	o     Options
	world world
	site  *site // nil with Spawn
}

// Open connects to the servers. A Runner must be closed.
func Open(ctx context.Context, o Options) (*Runner, error) { return openIn(ctx, real{}, o) }

func openIn(ctx context.Context, w world, o Options) (*Runner, error) {
	r := &Runner{o: o, world: w}
	if !o.Spawn {
		var err error
		if r.site, err = open(ctx, w, o.Run, o.Flush); err != nil {
			return nil, &run.Problem{Err: err}
		}
	}
	return r, nil
}

// Behind is a Runner on the servers of a run that has ended, as they were when it began. It is closed
// before the plan is.
func Behind(plan *run.Plan, o Options) *Runner {
	s := &site{targets: o.Run.Targets, env: o.Run.Env, lent: true}
	for _, w := range plan.Watched() {
		s.hold(w.Server, w.Was)
	}
	return &Runner{o: o, world: real{}, site: s}
}

// Suit says what is run from now on: the options of the suite, and the flags that
// bring the order of each package back.
func (r *Runner) Suit(o run.Options, orders map[string][]string) {
	r.o.Run, r.o.Orders = o, orders
}

// Close restores what is not as it was, and ends the connections.
func (r *Runner) Close() error {
	if r.site == nil {
		return nil
	}
	return r.site.close()
}

// ready is a site for one trial. It is given back with leave.
func (r *Runner) ready(ctx context.Context) (*site, error) {
	if r.site != nil {
		return r.site, r.site.ready(ctx, r.o.Flush)
	}
	own, err := r.world.start(ctx, r.o.Run)
	if err != nil {
		return nil, err
	}
	o := r.o.Run
	target, err := snapshot.ParseTarget(own.address)
	if err != nil {
		return nil, errors.Join(err, own.close())
	}
	o.Targets = []snapshot.Target{target}
	o.Env = slices.Concat(o.Env, own.env(r.o.SpawnEnv))
	s, err := open(ctx, r.world, o, false)
	if err != nil {
		own.close() // that it could not be used is the news
		return nil, err
	}
	s.private = own
	return s, nil
}

func (r *Runner) leave(s *site) {
	if s.private != nil {
		s.close() // of a server that is thrown away there is nothing to say
	}
}

// at are options of a run at a site.
func (s *site) at(o run.Options) run.Options {
	o.Targets, o.Env, o.Owned = s.targets, s.env, s.private != nil
	return o
}

// Whole runs what do says with the options of the suite, on servers that are as
// before a trial.
func (r *Runner) Whole(ctx context.Context, do func(run.Options) error) error {
	s, err := r.ready(ctx)
	if err != nil && (s == nil || r.o.Flush || !errors.Is(err, snapshot.ErrRole)) { // that the master moved is no news to a whole suite
		return err
	}
	defer r.leave(s)
	return do(s.at(r.o.Run))
}

// once runs one command as options say, on servers that are as before.
func (r *Runner) once(ctx context.Context, o run.Options) Result {
	s, err := r.ready(ctx)
	if err != nil {
		return Result{Err: err}
	}
	defer r.leave(s)
	return r.run(ctx, s, o, nil)
}

// run runs one command at a site.
func (r *Runner) run(ctx context.Context, s *site, o run.Options, more func(record.Entry)) Result {
	ran := r.world.run(ctx, s.at(o), more)
	s.wrote(ran.Written)
	return ran
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
	steps := setup.steps(r.o.Orders)
	for i, step := range steps {
		o := r.o.Run
		o.Restore = run.RestoreNever
		if setup.Cut.Config {
			o.Restore, o.Keep = run.RestoreTest, setup.Cut.Keep
		} else if i == len(steps)-1 {
			o.Restore = run.RestoreRun // also of servers that the tests turned out to speak to
		}
		if err := step.choose(&o, r.o.Orders); err != nil {
			return Outcome{Error: err.Error()}
		}
		if done := r.step(ctx, s, o, setup, step, i == 0, &out); done {
			break
		}
	}
	return out
}

// step runs one command of a trial, and restores behind it what the trial says. Done says that the
// trial is over before its time.
func (r *Runner) step(ctx context.Context, s *site, o run.Options, setup Setup, step step, first bool, out *Outcome) (done bool) {
	b := &between{site: s, cut: setup.Cut, seen: NewOutcomes(), out: out}
	if setup.Cut.Data || setup.Cut.Server {
		b.capture(ctx)
		o.Units = b.units
	}
	ran := r.run(ctx, s, o, b.seen.Add)
	if done := out.judge(ran, setup.Victim, first, step.last()); done {
		return true
	}
	if out.Error = elsewhere(s, ran); out.Error != "" {
		return true
	}
	if setup.Cut.Config {
		if err := s.restore(ctx, setup.Cut.Keep, out.touched(step.last())); err != nil {
			out.Error = err.Error()
			return true
		}
	}
	if o.Units != nil {
		b.putBack(ctx, step.last())
	}
	if b.err != nil {
		out.Error = b.err.Error()
	}
	return b.err != nil
}

// elsewhere says that the tests do not speak to the server that they were given.
func elsewhere(s *site, ran Result) string {
	if s.private == nil || len(ran.Findings.Endpoints) == 0 {
		return ""
	}
	for _, endpoints := range ran.Findings.Endpoints {
		if endpoints.Address == s.private.address || endpoints.Server == s.private.address {
			return ""
		}
	}
	return fmt.Sprintf("the tests used %s and not the server that was started for them: give the variable from which they read its address with --spawn-env",
		ran.Findings.Endpoints[0].Address)
}
