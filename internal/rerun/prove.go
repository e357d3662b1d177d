package rerun

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/gotest"
	"tracetest/internal/record"
	"tracetest/internal/run"
	"tracetest/internal/triage"
)

// Proof says how to prove.
type Proof struct {
	Runner *Runner
	Trials int           // of each kind
	Budget time.Duration // for all trials
	Append func(record.Trial)
	Print  func(text string)
}

// A suspicion is leaks of one owner that changed together, and the failures
// that are tied to them.
type suspicion struct {
	culprit    Test
	parameters map[string]bool // server and parameter
	victims    []Test
}

// Prove settles what a leak did: are the tests that failed while it was there its
// victims?
//
// For each leak there are four trials, several times each: the one that leaks by
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
//
// It returns why some trials were left out, or "".
func Prove(ctx context.Context, f *findings.Findings, o Proof) (leftOut string) {
	p := &prover{Proof: o, end: time.Now().Add(o.Budget)}
	if args, err := gotest.ParseArgs(o.Runner.o.Run.Packages, o.Runner.o.Run.Args, ""); err != nil || len(args.Embedded()) > 0 {
		return "the packages stand behind \"--\"; put them before it"
	}
	all := suspicions(f)
	if len(all) == 0 {
		return "no failure is correlated with a leak of a known test"
	}
	all = slices.DeleteFunc(all, func(s *suspicion) bool {
		why := s.unable()
		if why != "" {
			p.leave(why)
		}
		return why != ""
	})
	p.planned = len(all) * o.Trials * (1 + len(kinds()))
	for _, s := range all {
		p.settle(ctx, s)
	}
	return p.left
}

type prover struct {
	Proof
	end     time.Time
	longest time.Duration // of a trial so far
	stopped bool
	planned int // trials
	tried   int
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
	tests := "tests"
	if len(s.victims) == 1 {
		tests = "test"
	}
	p.Print(fmt.Sprintf("tracetest: proving: re-running %d failed %s without %s and after it", len(s.victims), tests, s.culprit.Label()))
	p.round(ctx, s, nil, record.TrialAlone)
	all := p.round(ctx, s, s.victims, kinds()...)
	for _, v := range s.victims {
		if verdict := triage.Verdict(v.Name, all); verdict != "proved" && verdict != "refuted" && len(s.victims) > 1 && !p.stopped {
			p.planned += p.Trials * len(kinds())
			p.round(ctx, s, []Test{v}, kinds()...)
		}
	}
}

func kinds() []record.TrialKind {
	return []record.TrialKind{record.TrialWithout, record.TrialWith, record.TrialRestored}
}

// round runs each kind of trial as often as it is asked for.
func (p *prover) round(ctx context.Context, s *suspicion, victims []Test, kinds ...record.TrialKind) []record.Trial {
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
			p.tried++
			p.Print(fmt.Sprintf("tracetest: trial %d of %d: %s", p.tried, p.planned, ended(t, s)))
			p.Append(t)
		}
	}
	return trials
}

// ended says in a line what a trial was and how it ended.
func ended(t record.Trial, s *suspicion) string {
	text := map[record.TrialKind]string{
		record.TrialAlone:    s.culprit.Label() + " alone",
		record.TrialWithout:  "without " + s.culprit.Label(),
		record.TrialWith:     "after " + s.culprit.Label(),
		record.TrialRestored: "after " + s.culprit.Label() + ", restored in between",
	}[t.Kind] + ": "
	if t.Error != "" {
		return text + "not run: " + t.Error
	}
	if t.Kind == record.TrialAlone {
		if t.Leaked {
			return text + "leaked again"
		}
		return text + "did not leak"
	}
	ended := map[string]int{}
	for _, tried := range t.Tests {
		ended[tried.Outcome]++
	}
	if len(t.Tests) == 1 {
		one := Test{Name: t.Tests[0].Name}
		text += one.Label() + " "
	}
	var parts []string
	for _, end := range []struct{ outcome, word string }{{"fail", "failed"}, {"pass", "passed"}, {"skip", "skipped"}, {"", "did not run"}} {
		switch n := ended[end.outcome]; {
		case n > 0 && len(t.Tests) == 1:
			parts = append(parts, end.word)
		case n > 0:
			parts = append(parts, fmt.Sprintf("%d of %d %s", n, len(t.Tests), end.word))
		}
	}
	return text + strings.Join(parts, ", ")
}

// try runs one trial. Whole is false when it was interrupted: then it says
// nothing.
func (p *prover) try(ctx context.Context, kind record.TrialKind, s *suspicion, victims []Test) (t record.Trial, whole bool) {
	began := time.Now()
	chosen := victims
	if kind != record.TrialWithout {
		chosen = append([]Test{s.culprit}, victims...)
	}
	t = record.Trial{Kind: kind, Culprit: s.culprit.Name, Tests: []record.Tried{}}
	o := p.Runner.o.Run
	o.Restore, o.Perturb, o.Shard = run.RestoreRun, false, nil
	if kind == record.TrialRestored {
		o.Restore = run.RestoreTest
	}
	real, err := Real(tops(chosen), o.Secrets)
	if err == nil {
		o.Packages, o.Args, err = choose(real, o.Args)
	}
	ran := Result{Err: err}
	if err == nil {
		ran = p.Runner.once(ctx, o)
	}
	if ran.Err != nil {
		t.Error = ran.Err.Error()
		return t, ctx.Err() == nil
	}
	for _, v := range victims {
		t.Tests = append(t.Tests, record.Tried{Name: v.Name, Outcome: ran.Outcomes.Of(v.Name)})
	}
	for _, leak := range ran.Findings.Leaks {
		if leak.By != nil && *leak.By == s.culprit.Name && slices.ContainsFunc(leak.Servers(), func(address string) bool { return s.parameters[address+" "+leak.Parameter] }) {
			t.Leaked = true
		}
	}
	t.Seconds = time.Since(began).Seconds()
	p.longest = max(p.longest, time.Since(began))
	return t, ran.whole()
}
