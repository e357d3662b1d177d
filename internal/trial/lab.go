package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/rediscli"
	"tracetest/internal/run"
	"tracetest/internal/snapshot"
	"tracetest/internal/triage"
)

// Item is what can be left out of a trial: a test or, where Test is empty, all of
// a package.
type Item = Test

// Cut is what is done between the units of a trial, so that one does not meet
// what another left. The zero value does nothing.
type Cut struct {
	Config  bool `json:"config,omitempty"`  // put back the configuration after each unit
	Data    bool `json:"data,omitempty"`    // the keys
	Server  bool `json:"server,omitempty"`  // users and functions
	Process bool `json:"process,omitempty"` // run the last test in a process of its own
	// Keep names the parameters or keys that are left as they are all the same.
	Keep []string `json:"keep,omitempty"`
}

// Setup is one trial: items in the order in which they ran in the suite, and the
// test that it is about, if there is one, behind them.
type Setup struct {
	Before []Item `json:"before"`
	Victim *Test  `json:"victim,omitempty"`
	Cut    Cut    `json:"cut,omitzero"`
}

// Outcome is what a trial showed.
type Outcome struct {
	Victim   string  `json:"victim,omitempty"`   // pass, fail, skip, or empty where it did not run
	Message  string  `json:"message,omitempty"`  // what it said when it failed
	Location string  `json:"location,omitempty"` // where, file:line
	Left     []Left  `json:"left,omitempty"`     // parameters that were changed at the end, before anything was put back
	Touched  []Touch `json:"touched,omitempty"`  // what was put back after a unit
	Keys     int64   `json:"keys,omitempty"`     // that the servers held when it began
	Silent   bool    `json:"silent,omitempty"`   // the tests were heard, and none spoke to a Redis
	Seconds  float64 `json:"seconds"`
	// Error says why the trial says nothing: the tests could not be built, the
	// server was gone, it was interrupted.
	Error       string `json:"error,omitempty"`
	Interrupted bool   `json:"interrupted,omitempty"`
}

// Left is a parameter that a trial left changed, and by whom where one was seen.
type Left struct {
	Server    string       `json:"server"`
	Parameter string       `json:"parameter"`
	From      string       `json:"from"`
	To        string       `json:"to"`
	Owner     *record.Name `json:"owner,omitempty"`
	Call      *triage.Call `json:"call,omitempty"`
}

// Touch is something on a server that a unit had changed and that was put back.
type Touch struct {
	What  string      `json:"what"` // parameter, key, user or functions
	Name  string      `json:"name,omitempty"`
	After record.Name `json:"after"`
}

// LabOptions say where trials run.
type LabOptions struct {
	Run    run.Options         // as of the suite: packages are chosen anew, arguments kept
	Flush  bool                // all data is deleted before each trial, and may be changed in between
	Orders map[string][]string // flags that bring the order of a package back: its seeds
}

// Lab runs trials, one after another, on servers that it brings back before each
// to what they were when it was opened.
type Lab struct {
	o       LabOptions
	servers []*snapshot.Server
	marks   []snapshot.Mark
	began   []snapshot.Contents // users and functions, where they may be put back
}

// Open connects to the servers. A Lab must be closed.
func Open(ctx context.Context, o LabOptions) (*Lab, error) {
	l := &Lab{o: o}
	for i, target := range o.Run.Targets {
		s, _, err := snapshot.Open(ctx, target, i, snapshot.Options{AllowPartial: o.Run.AllowPartial, Timeout: o.Run.Timeout, Expect: o.Run.Expect})
		if err != nil {
			l.Close()
			return nil, &run.Problem{Err: err}
		}
		l.servers, l.marks = append(l.servers, s), append(l.marks, s.Mark())
		if o.Flush {
			c, err := s.Contents(ctx, false, true)
			if err != nil {
				l.Close()
				return nil, &run.Problem{Err: fmt.Errorf("reading the users and functions of %s: %w", target.Address(), err)}
			}
			l.began = append(l.began, c)
		}
	}
	return l, nil
}

// Suit says what is run from now on: the options of the suite, and the flags that
// bring the order of each package back.
func (l *Lab) Suit(o run.Options, orders map[string][]string) {
	l.o.Run, l.o.Orders = o, orders
}

// Close puts the configuration back and ends the connections.
func (l *Lab) Close() error {
	errs := []error{l.putBack(context.Background(), nil, nil), l.contents(context.Background(), l.began, nil, nil)}
	for _, s := range l.servers {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// putBack brings the configuration to what it was, but for these parameters, and
// tells which were not.
func (l *Lab) putBack(ctx context.Context, keep []string, touched func(snapshot.Thing)) error {
	var errs []error
	for i, s := range l.servers {
		if look := s.Look(ctx); look.Error != "" {
			errs = append(errs, fmt.Errorf("looking at %s: %s", s.Target().Address(), look.Error))
		} else if done := s.Restore(ctx, l.marks[i].Without(keep)); done != nil {
			for name := range done.Values {
				if touched != nil {
					touched(snapshot.Thing{What: "parameter", Name: name})
				}
			}
			if done.Error != "" {
				errs = append(errs, fmt.Errorf("putting back what was changed on %s: %s", s.Target().Address(), done.Error))
			}
		}
	}
	return errors.Join(errs...)
}

// Ready brings the servers back to what they were, as before each trial.
func (l *Lab) Ready(ctx context.Context) error {
	err := l.putBack(ctx, nil, nil)
	if !l.o.Flush {
		return err
	}
	for _, s := range l.servers {
		if bad := s.Forget(ctx); bad != nil {
			err = errors.Join(err, fmt.Errorf("flushing %s: %w", s.Target().Address(), bad))
		}
	}
	return errors.Join(err, l.contents(ctx, l.began, nil, nil))
}

// contents brings what is no configuration back to what it was, and tells what
// had changed.
func (l *Lab) contents(ctx context.Context, before []snapshot.Contents, keep []string, touched func(snapshot.Thing)) error {
	var errs []error
	for i, c := range before {
		things, err := l.servers[i].PutBack(ctx, c, keep)
		if err != nil {
			errs = append(errs, fmt.Errorf("putting back what was changed on %s: %w", l.servers[i].Target().Address(), err))
		}
		for _, t := range things {
			if touched != nil {
				touched(t)
			}
		}
	}
	return errors.Join(errs...)
}

// cutter puts back data, users and functions between the units of a trial.
type cutter struct {
	l      *Lab
	cut    Cut
	before []snapshot.Contents
	seen   *Outcomes
	out    *Outcome
	err    error
}

func (c *cutter) capture(ctx context.Context) {
	c.before = nil
	for _, s := range c.l.servers {
		contents, err := s.Contents(ctx, c.cut.Data, c.cut.Server)
		if err != nil {
			c.err = errors.Join(c.err, fmt.Errorf("reading what %s holds: %w", s.Target().Address(), err))
			c.before = nil
			return
		}
		c.before = append(c.before, contents)
	}
}

func (c *cutter) putBack(ctx context.Context, after record.Name) {
	err := c.l.contents(ctx, c.before, c.cut.Keep, func(t snapshot.Thing) {
		c.out.Touched = append(c.out.Touched, Touch{What: t.What, Name: t.Name, After: after})
	})
	c.err = errors.Join(c.err, err)
}

// units is run.Options.Units.
func (c *cutter) units(ctx context.Context, ended *record.Ref) {
	if ended == nil {
		c.capture(ctx)
		return
	}
	name, known := c.seen.owners[ended.Owner]
	if !known {
		name = record.Name{Package: ended.Package}
	}
	c.putBack(ctx, name)
}

// Try runs one trial.
func (l *Lab) Try(ctx context.Context, s Setup) (out Outcome) {
	began := time.Now()
	defer func() { out.Seconds = time.Since(began).Seconds() }()
	if err := l.Ready(ctx); err != nil {
		return Outcome{Error: err.Error(), Interrupted: ctx.Err() != nil}
	}
	for _, server := range l.servers {
		if look := server.Look(ctx); look.Counters != nil {
			for _, n := range look.Counters.Keys {
				out.Keys += n
			}
		}
	}
	steps := s.steps(l.o.Orders)
	for i, step := range steps {
		o := l.o.Run
		o.Restore = run.RestoreNever
		if s.Cut.Config {
			o.Restore, o.Keep = run.RestoreTest, s.Cut.Keep
		} else if i == len(steps)-1 {
			o.Restore = run.RestoreRun // also of servers that the tests turned out to speak to
		}
		if err := step.choose(&o, l.o.Orders); err != nil {
			return Outcome{Error: err.Error()}
		}
		c := &cutter{l: l, cut: s.Cut, seen: NewOutcomes(), out: &out}
		if s.Cut.Data || s.Cut.Server {
			c.capture(ctx)
			o.Units = c.units
		}
		ran := Run(ctx, o, c.seen.Add)
		if done := l.judge(ran, s.Victim, &out, i == 0, step.last()); done {
			return out
		}
		if s.Cut.Config {
			if err := l.putBack(ctx, s.Cut.Keep, func(t snapshot.Thing) {
				out.Touched = append(out.Touched, Touch{What: t.What, Name: t.Name, After: step.last()})
			}); err != nil {
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

// last is the last of a step.
func (s step) last() record.Name {
	if len(s.whole) > 0 {
		return record.Name{Package: s.whole[len(s.whole)-1]}
	}
	return s.tests[len(s.tests)-1].Name
}

// judge takes what a step showed into an outcome. Done says that the trial is
// over before its time.
func (l *Lab) judge(ran Result, victim *Test, out *Outcome, first bool, last record.Name) (done bool) {
	if ran.Err != nil {
		out.Error = ran.Err.Error()
		return true
	}
	for _, f := range ran.Findings.Failures {
		if f.Status == "build" {
			out.Error = "building the tests of " + f.Package + " failed: " + f.Message
			return true
		}
		if victim != nil && f.Package == victim.Package && f.Spec == victim.Spec && (f.Test == victim.Test || strings.HasPrefix(f.Test, victim.Test+"/")) && out.Message == "" {
			out.Message, out.Location = f.Message, f.Location
		}
	}
	if !ran.Whole() {
		out.Error, out.Interrupted = ran.Findings.Run.Incomplete, true
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
		if how := ran.Outcomes.Of(victim.Name); how != "" {
			out.Victim = how
		}
	}
	out.Silent = (first || out.Silent) && ran.Findings.Run.Tap && len(ran.Findings.Spoken) == 0
	out.leave(ran.Findings)
	return false
}

// leave notes what a step left changed.
func (out *Outcome) leave(f *triage.Findings) {
	for _, c := range f.Changed {
		left := Left{Server: c.Server, Parameter: c.Parameter, From: c.Baseline, To: c.Value}
		if c.Secret {
			left.From, left.To = "(hidden)", "(hidden)"
		}
		for _, leak := range f.Leaks {
			if leak.Server == c.Server && leak.Parameter == c.Parameter && leak.Owner != nil && leak.To == c.Value {
				left.Owner, left.Call = &record.Name{Package: leak.Owner.Package, Test: leak.Owner.Test, Spec: leak.Owner.Spec}, leak.Call
			}
		}
		out.Left = slices.DeleteFunc(out.Left, func(l Left) bool { return l.Server == left.Server && l.Parameter == left.Parameter })
		out.Left = append(out.Left, left)
	}
}

// step is one command of a trial: tests of one package, or whole packages.
type step struct {
	whole []string
	tests []Test
}

func (s Setup) steps(orders map[string][]string) (steps []step) {
	items := slices.Clone(s.Before)
	if s.Victim != nil {
		items = append(items, *s.Victim)
	}
	for i, item := range items {
		last := len(steps) - 1
		own := s.Cut.Process && s.Victim != nil && i == len(items)-1
		switch {
		case item.Test == "" && last >= 0 && len(steps[last].whole) > 0 && slices.Equal(orders[item.Package], orders[steps[last].whole[0]]):
			steps[last].whole = append(steps[last].whole, item.Package)
		case item.Test == "":
			steps = append(steps, step{whole: []string{item.Package}})
		case last >= 0 && len(steps[last].tests) > 0 && steps[last].tests[0].Package == item.Package && !own:
			steps[last].tests = append(steps[last].tests, item)
		default:
			steps = append(steps, step{tests: []Test{item}})
		}
	}
	return steps
}

func (s step) choose(o *run.Options, orders map[string][]string) (err error) {
	if len(s.whole) > 0 {
		o.Packages, o.Args = s.whole, Before(o.Args, orders[s.whole[0]]...)
		return nil
	}
	o.Packages, o.Args, err = Choose(s.tests, Before(o.Args, orders[s.tests[0].Package]...))
	return err
}

// Commands are those of a trial as a person would type them: go test, without
// us.
func (s Setup) Commands(args []string, orders map[string][]string) []string {
	var all []string
	for _, step := range s.steps(orders) {
		o := run.Options{Args: args}
		if step.choose(&o, orders) != nil {
			continue
		}
		all = append(all, rediscli.Join(slices.Concat([]string{"go", "test", "-count=1", "-p=1"}, o.Packages, o.Args)))
	}
	return all
}
