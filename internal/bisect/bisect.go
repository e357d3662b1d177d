// Package bisect finds which tests make another fail, or pass, in a suite.
//
// It proves both ends first: the victim by itself, and after all that ran before
// it. Then it searches for the smallest set of tests that does it too, in the
// order of what the record says they did to the servers, and then for that
// through which they act. At last it confirms: what was found, and with the
// state put back in between, each several times. Nobody is named whom this does
// not confirm.
//
// The search asks a [Runner] for trials and knows nothing else of the world, so
// that it is tested on suites that do not exist. The same question is never
// asked twice in a search; a confirmation asks it anew.
//
// Limits: tests run in the order of the suite, so that a set is one of those
// that ran before the victim. What one test undoes of another can hide a set
// that is smaller than the one that is found.
package bisect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tracetest/internal/rerun"
)

// Runner runs trials, one each time.
type Runner interface {
	Try(ctx context.Context, s rerun.Setup) rerun.Outcome
}

// Options say how to search.
type Options struct {
	Trials   int                 // how often each end and each confirmation is tried
	MaxRuns  int                 // trials in all; zero: no bound
	MaxTime  time.Duration       // zero: no bound
	Parallel int                 // how many trials the Runner runs at a time; zero: one
	Args     []string            // of go test, for the command of the answer
	Orders   map[string][]string // see rerun.Options
	// Data says that the Runner may change data in between.
	Data bool
	// Fresh says that no user or function that the suite left is there any more.
	Fresh bool
	// Private says that each trial has a server of its own.
	Private bool
	// Known are trials of an earlier search, in order: they are not run again.
	Known    []Trial
	Append   func(Trial)
	Progress func(Progress)
}

// Trial is one trial that was run.
type Trial struct {
	Number  int           `json:"number"`
	Why     string        `json:"why"`
	Setup   rerun.Setup   `json:"setup"`
	Outcome rerun.Outcome `json:"outcome"`
}

// Progress is how a search stands.
type Progress struct {
	Step      string // what is tried
	Trial     int    // its number
	Remaining int    // how many are left to choose from
	Best      int    // the size of the smallest set so far; zero: none yet
}

// errStop ends a search: the budget is used up, or it was interrupted.
type errStop struct{ why string }

func (e errStop) Error() string { return e.why }

// bisection is one search.
type bisection struct {
	o      Options
	c      Case
	runner Runner
	ctx    context.Context
	began  time.Time

	count   int
	resumed int
	known   map[string][]rerun.Outcome // of an earlier search, not used yet
	ran     map[string][]rerun.Outcome // of this one
	longest time.Duration
	best    []rerun.Item
	repeat  int    // how often a set is tried before it is taken not to do it
	wanted  string // how the victim ends where it is as in the suite
}

// Run searches and says what it found. Its answer is never nil.
func Run(ctx context.Context, c Case, runner Runner, o Options) *Answer {
	b := &bisection{o: o, c: c, runner: runner, ctx: ctx, began: time.Now(), repeat: 1, known: map[string][]rerun.Outcome{}, ran: map[string][]rerun.Outcome{}}
	for _, t := range o.Known {
		key := keyOf(t.Setup)
		b.known[key] = append(b.known[key], t.Outcome)
	}
	a := &Answer{Victim: c.Victim.Name, Param: c.Parameter}
	if err := b.answer(a); err != nil {
		*a = Answer{Victim: a.Victim, Param: a.Param, Kind: Unsettled, Reason: err.Error(), Alone: b.tally(b.setup(nil, rerun.Cut{})), Best: b.best}
		var stop errStop
		a.Stopped = errors.As(err, &stop)
		a.Unable = !a.Stopped
	}
	a.Trials, a.Resumed, a.Seconds = b.count, b.resumed, time.Since(b.began).Seconds()
	a.Culprits, a.Cleaners, a.Best, a.Commands, a.Restore = orEmpty(a.Culprits), orEmpty(a.Cleaners), orEmpty(a.Best), orEmpty(a.Commands), orEmpty(a.Restore)
	return a
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func keyOf(s rerun.Setup) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // it holds strings only
	}
	return string(text)
}

// job is a trial that is to be run.
type job struct {
	why   string
	setup rerun.Setup
}

// try runs a trial anew.
func (b *bisection) try(why string, s rerun.Setup) (rerun.Outcome, error) {
	err := b.all([]job{{why, s}})
	if outs := b.ran[keyOf(s)]; err == nil {
		return outs[len(outs)-1], nil
	}
	return rerun.Outcome{}, err
}

// all runs trials anew, as many at a time as may be. What was run is kept also
// where not all could be.
func (b *bisection) all(jobs []job) (err error) {
	var todo []job
	for _, j := range jobs {
		key := keyOf(j.setup)
		if old := b.known[key]; len(old) > 0 {
			b.known[key] = old[1:]
			b.resumed++
			b.ran[key] = append(b.ran[key], old[0])
			continue
		}
		todo = append(todo, j)
	}
	for len(todo) > 0 && err == nil {
		n := min(max(b.o.Parallel, 1), len(todo))
		if b.o.MaxRuns > 0 {
			n = min(n, b.o.MaxRuns-b.count)
		}
		switch {
		case b.ctx.Err() != nil:
			return errStop{"it was interrupted"}
		case n <= 0:
			return errStop{fmt.Sprintf("the budget of %d trials is used up", b.o.MaxRuns)}
		case b.o.MaxTime > 0 && time.Since(b.began)+b.longest > b.o.MaxTime:
			return errStop{fmt.Sprintf("the budget of %v is used up", b.o.MaxTime)}
		}
		err = b.some(todo[:n])
		todo = todo[n:]
	}
	return err
}

// some runs trials at the same time.
func (b *bisection) some(jobs []job) (err error) {
	began := time.Now()
	outs := make([]rerun.Outcome, len(jobs))
	numbers := make([]int, len(jobs))
	var running sync.WaitGroup
	for i, j := range jobs {
		b.count++
		numbers[i] = b.count
		if b.o.Progress != nil {
			b.o.Progress(Progress{Step: j.why, Trial: b.count, Remaining: len(j.setup.Before), Best: len(b.best)})
		}
		running.Go(func() { outs[i] = b.runner.Try(b.ctx, j.setup) })
	}
	running.Wait()
	b.longest = max(b.longest, time.Since(began))
	for i, j := range jobs {
		switch out := outs[i]; {
		case out.Interrupted:
			err = errors.Join(err, errStop{"it was interrupted"})
		case out.Error != "":
			err = errors.Join(err, fmt.Errorf("a trial could not be run: %s", out.Error))
		default:
			key := keyOf(j.setup)
			b.ran[key] = append(b.ran[key], out)
			if b.o.Append != nil {
				b.o.Append(Trial{Number: len(b.o.Known) + numbers[i], Why: j.why, Setup: j.setup, Outcome: out})
			}
		}
	}
	return err
}

// times runs a trial until it has been run n times in all, and counts how it
// ended.
func (b *bisection) times(n int, why string, s rerun.Setup) (Tally, error) {
	err := b.round(n, job{why, s})
	return b.tally(s), err
}

// round runs each of some trials until it has been run n times in all.
func (b *bisection) round(n int, each ...job) error {
	var jobs []job
	for _, j := range each {
		for range n - len(b.ran[keyOf(j.setup)]) {
			jobs = append(jobs, j)
		}
	}
	return b.all(jobs)
}

// tally counts how the trials of a setup ended. One in which the victim did not
// run says nothing.
func (b *bisection) tally(s rerun.Setup) (t Tally) {
	for _, out := range b.ran[keyOf(s)] {
		switch out.Victim {
		case "fail":
			t.Failed++
			t.Ran++
		case "pass":
			t.Ran++
		}
	}
	return t
}

// setup is a trial of the victim behind items.
func (b *bisection) setup(before []rerun.Item, cut rerun.Cut) rerun.Setup {
	s := rerun.Setup{Before: slices.Concat(b.whole(before), b.c.With), Cut: cut}
	if b.c.Parameter == "" {
		victim := b.c.Victim
		s.Victim = &victim
	}
	return s
}

// is reports whether a trial shows what is searched.
func (b *bisection) is(out rerun.Outcome) bool {
	if b.c.Parameter != "" {
		return slices.ContainsFunc(out.Left, func(l rerun.Left) bool { return l.Parameter == b.c.Parameter })
	}
	return out.Victim == b.wanted
}

// holds asks whether the victim ends as wanted behind items, in one of as many
// trials as are given to it.
func (b *bisection) holds(why string, before []rerun.Item) (bool, error) {
	s := b.setup(before, rerun.Cut{})
	yes := false
	for i := 0; i < b.repeat && !yes; i++ {
		if i == len(b.ran[keyOf(s)]) {
			if _, err := b.try(why, s); err != nil {
				return false, err
			}
		}
		yes = b.is(b.ran[keyOf(s)][i])
	}
	if yes && (b.best == nil || len(before) < len(b.best)) {
		b.best = before
	}
	return yes, nil
}

// answer decides what is to be searched, and does.
func (b *bisection) answer(a *Answer) (err error) {
	if b.c.Parameter != "" {
		return b.leak(a)
	}
	alone := b.setup(nil, rerun.Cut{})
	first, err := b.try("alone", alone)
	if err != nil {
		return err
	}
	switch first.Victim {
	case "pass", "fail":
	case "skip":
		return errors.New("the victim skips itself when it is run by itself")
	default:
		return errors.New("the victim was not run: there is no such test any more, or its process ended first")
	}
	defer func() { a.Alone = b.tally(alone) }()
	switch {
	case first.Victim == "pass" && b.c.Status == "fail":
		b.wanted = "fail"
		return b.pollution(a)
	case first.Victim == "fail" && b.c.Status == "pass":
		if a.Alone, err = b.times(b.o.Trials, "alone", alone); err != nil {
			return err
		}
		if a.Alone.Failed < a.Alone.Ran {
			return b.ownFlake(a)
		}
		b.wanted = "pass"
		return b.brittle(a)
	case first.Victim == "fail":
		if a.Alone, err = b.times(b.o.Trials, "alone", alone); err != nil {
			return err
		}
		if a.Alone.Failed < a.Alone.Ran {
			return b.ownFlake(a)
		}
		a.Kind, a.Reason = NotOrderDependent, "It fails by itself as well, each time."
		a.Message = first.Message
		if left := b.leftovers(alone); left != "" {
			a.Kind, a.Reason = Unsettled, "It fails by itself as well, each time. But "+left
		}
		return nil
	}
	return b.passing(a)
}

// leftovers is a doubt about a test that fails by itself: it may meet data that
// the suite has left. It is empty where there is none.
func (b *bisection) leftovers(alone rerun.Setup) string {
	for _, out := range b.ran[keyOf(alone)] {
		if out.Silent {
			return ""
		}
		if more := out.Keys - b.c.Keys; more > 0 && !b.o.Data {
			return fmt.Sprintf("the server holds more keys than when the suite began, by %d, and it may be these that it meets. With --flush data is deleted between trials, with --spawn each has a server of its own.", more)
		}
	}
	if b.c.Wrote != "" && !b.o.Fresh {
		return "tests of the suite changed users, functions or scripts of the server (" + b.c.Wrote + "), and it may be these that it meets. With --spawn each trial has a server of its own."
	}
	return ""
}

// ownFlake is the answer where the victim by itself now fails and now passes.
func (b *bisection) ownFlake(a *Answer) error {
	a.Kind, a.Reason = NotOrderDependent, "Flaky on its own: it also fails with nothing run before it."
	return nil
}

// passing is the search where the victim fails neither in the suite nor alone.
func (b *bisection) passing(a *Answer) (err error) {
	if a.Alone, err = b.times(b.o.Trials, "alone", b.setup(nil, rerun.Cut{})); err != nil {
		return err
	}
	if a.Alone.Failed > 0 {
		return b.ownFlake(a)
	}
	if len(b.c.Before) == 0 {
		a.Kind, a.Reason = NotOrderDependent, "It passes by itself, and nothing ran before it."
		return nil
	}
	if a.Suite, err = b.times(b.o.Trials, "in the suite", b.setup(b.everything(), rerun.Cut{})); err != nil {
		return err
	}
	if a.Suite.Failed > 0 {
		b.wanted = "fail"
		return b.pollution(a)
	}
	if a.Suite.Ran < b.o.Trials {
		a.Kind, a.Reason = Unsettled, "After everything that ran before it, it did not come to its turn: a process ended first, or it was skipped."
		return nil
	}
	a.Kind, a.Reason = NotOrderDependent, "It passes by itself and after everything that ran before it, each time."
	return nil
}

func (b *bisection) everything() []rerun.Item {
	var all []rerun.Item
	for _, s := range b.c.Before {
		all = append(all, s.Test)
	}
	return all
}
