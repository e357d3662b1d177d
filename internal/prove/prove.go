// Package prove re-runs tests to settle what a leak did: are the tests that
// failed while it was in force its victims?
//
// For each leak it runs four trials, several times each: the one that leaks by
// itself, which must leak again; the failed tests without it, which must pass;
// the one that leaks and then the failed tests, which must fail; and the same
// with what was changed put back in between, when they must pass. All failed
// tests of a leak share a run. Those that this does not settle are tried by
// themselves.
//
// Every trial is recorded, and package triage says what they mean. Behind each
// trial the configuration is restored; data is left alone unless it is to be
// flushed. Tests run in the order of the run: a Ginkgo suite with the same
// seed, and other tests as `go test` orders them.
//
// Limits: what init, TestMain or a suite node leaves changed cannot be left
// out of a run, and benchmarks are not re-run.
package prove

import (
	"context"
	"fmt"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/gotest"
	"tracetest/internal/record"
	"tracetest/internal/run"
	"tracetest/internal/triage"
	"tracetest/internal/trial"
)

// Options say how to prove.
type Options struct {
	Run    run.Options   // as of the run
	Trials int           // of each kind
	Budget time.Duration // for all trials
	// Ready makes sure, before each trial, that the servers are as they were when the
	// run began. Each trial puts back what its own tests have set.
	Ready func(ctx context.Context) error
	// Try runs tests once. Nil is trial.Run.
	Try    func(context.Context, run.Options) trial.Result
	Append func(record.Trial)
	Print  func(text string)
}

// A suspicion is leaks of one owner that changed together, and the failures
// that are tied to them.
type suspicion struct {
	culprit    target
	parameters map[string]bool // server and parameter
	victims    []target
}

// target is a test or spec that can be chosen. A subtest is run with all of the
// test that it is in.
type target = trial.Test

// Prove runs the trials. It returns why some were left out, or "".
func Prove(ctx context.Context, f *findings.Findings, o Options) (leftOut string) {
	if o.Try == nil {
		o.Try = func(ctx context.Context, o run.Options) trial.Result { return trial.Run(ctx, o, nil) }
	}
	p := &prover{Options: o, end: time.Now().Add(o.Budget)}
	if args, err := gotest.ParseArgs(o.Run.Packages, o.Run.Args, ""); err != nil || len(args.Embedded()) > 0 {
		return "the packages stand behind \"--\"; put them before it"
	}
	for _, s := range suspicions(f) {
		if why := s.unable(); why != "" {
			p.leave(why)
			continue
		}
		p.settle(ctx, s)
	}
	return p.left
}

type prover struct {
	Options
	end     time.Time
	longest time.Duration // of a trial so far
	stopped bool
	left    string
}

func (p *prover) leave(why string) {
	if p.left == "" {
		p.left = why
	}
}

// settle tries all victims of a suspicion at once, then those by themselves that
// this did not settle.
func (p *prover) settle(ctx context.Context, s *suspicion) {
	p.Print(fmt.Sprintf("tracetest: proving: re-running %d failed tests without %s and after it", len(s.victims), s.culprit.Label()))
	p.round(ctx, s, nil, record.TrialAlone)
	all := p.round(ctx, s, s.victims, kinds()...)
	for _, v := range s.victims {
		if verdict := triage.Verdict(v.Name, all); verdict != "proved" && verdict != "refuted" && len(s.victims) > 1 && !p.stopped {
			p.round(ctx, s, []target{v}, kinds()...)
		}
	}
}

func kinds() []record.TrialKind {
	return []record.TrialKind{record.TrialWithout, record.TrialWith, record.TrialRestored}
}

// round runs each kind of trial as often as it is asked for.
func (p *prover) round(ctx context.Context, s *suspicion, victims []target, kinds ...record.TrialKind) []record.Trial {
	var trials []record.Trial
	for range p.Trials {
		for _, kind := range kinds {
			if p.stopped || ctx.Err() != nil {
				return trials
			}
			if time.Now().Add(p.longest).After(p.end) {
				p.stopped = true
				p.leave(fmt.Sprintf("the time for proving (%v) was over", p.Budget))
				return trials
			}
			t, whole := p.try(ctx, kind, s, victims)
			if !whole {
				p.stopped = true
				p.leave("it was interrupted")
				return trials
			}
			trials = append(trials, t)
			p.Append(t)
		}
	}
	return trials
}

// try runs one trial. Whole is false when it was interrupted: then it says
// nothing.
func (p *prover) try(ctx context.Context, kind record.TrialKind, s *suspicion, victims []target) (t record.Trial, whole bool) {
	began := time.Now()
	chosen := victims
	if kind != record.TrialWithout {
		chosen = append([]target{s.culprit}, victims...)
	}
	t = record.Trial{Kind: kind, Culprit: s.culprit.Name, Tests: []record.Tried{}}
	o := p.Run
	o.Restore, o.Perturb = run.RestoreRun, false
	if kind == record.TrialRestored {
		o.Restore = run.RestoreTest
	}
	real, err := trial.Real(tops(chosen), o.Secrets)
	if err == nil {
		o.Packages, o.Args, err = trial.Choose(real, o.Args)
	}
	if err == nil {
		err = p.Ready(ctx)
	}
	if err != nil {
		t.Error = err.Error()
		return t, ctx.Err() == nil
	}
	ran := p.Try(ctx, o)
	if ran.Err != nil {
		t.Error = ran.Err.Error()
		return t, ctx.Err() == nil
	}
	for _, v := range victims {
		t.Tests = append(t.Tests, record.Tried{Name: v.Name, Outcome: ran.Outcomes.Of(v.Name)})
	}
	for _, leak := range ran.Findings.Leaks {
		if leak.By != nil && nameOf(*leak.By) == s.culprit.Name && s.parameters[leak.Server+" "+leak.Parameter] {
			t.Leaked = true
		}
	}
	t.Seconds = time.Since(began).Seconds()
	p.longest = max(p.longest, time.Since(began))
	return t, ran.Whole()
}
