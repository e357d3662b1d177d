package bisect

import (
	"cmp"
	"slices"
	"strings"

	"tracetest/internal/rerun"
)

// state finds out through what polluters act: what is restored in between for
// the victim to pass.
func (b *bisection) state(before []rerun.Item, beside bool) (*State, rerun.Cut, error) {
	passes := func(why string, cut rerun.Cut) (bool, rerun.Outcome, error) {
		s := b.setup(before, cut)
		if out := b.ran[keyOf(s)]; len(out) > 0 {
			return out[0].Victim == "pass", out[0], nil
		}
		out, err := b.try(why, s)
		return out.Victim == "pass", out, err
	}
	kinds := []struct {
		kind StateKind
		cut  rerun.Cut
	}{{StateConfig, rerun.Cut{Config: true}}, {StateData, rerun.Cut{Data: true}}, {StateServer, rerun.Cut{Server: true}}}
	if !b.o.Data {
		kinds = kinds[:1]
	}
	for _, k := range kinds {
		yes, out, err := passes(string(k.kind)+" restored", k.cut)
		if err != nil {
			return nil, k.cut, err
		}
		if !yes {
			continue
		}
		names, err := b.names(before, k.cut, out)
		return &State{Kind: k.kind, Proved: true, Names: orEmpty(names)}, k.cut, err
	}
	state := &State{Kind: StateOther, Names: []string{}}
	if !slices.ContainsFunc(before, func(t rerun.Item) bool { return t.Package == b.c.Victim.Package }) {
		state.Why = b.beyond()
		return state, rerun.Cut{}, nil
	}
	if slices.ContainsFunc(before, b.inVictims) {
		// Nor does a process of its own tell: the test may undo things at its end.
		state.Kind, state.Why = StateWithin, "They are subtests of one test, and nothing can be restored within a test. What they left is above, as far as it was seen."
		return state, rerun.Cut{}, nil
	}
	cut := rerun.Cut{Process: true}
	apart, _, err := passes("in a process of its own", cut)
	if err != nil {
		return nil, cut, err
	}
	if !apart {
		state.Why = b.beyond()
		return state, rerun.Cut{}, nil
	}
	state.Kind, state.Proved = StateProcess, true
	if beside {
		state.Kind, state.Why = StateBeside, "They run beside each other, so that nothing can be restored in between. In a process of its own behind them it passes."
	} else if !b.o.Data {
		state.Why = "A new process does not meet it. It may also be data that TestMain or a BeforeSuite sets up anew: with --flush that is tried as well."
	}
	return state, cut, nil
}

// inVictims reports whether a test is in the top-level test that the victim is
// in: all that is restored is restored behind that one, but for specs.
func (b *bisection) inVictims(o rerun.Item) bool {
	v := b.c.Victim
	return o.Spec == "" && v.Spec == "" && o.Name.Test != "" && o.TopLevel() == v.TopLevel()
}

// beyond says of state that outlives the process what was not it.
func (b *bisection) beyond() string {
	if b.o.Data {
		return "It outlives the process, and is neither the configuration, nor keys, nor users, nor functions of the server."
	}
	return "It outlives the process and is not the configuration. With --flush, or with --spawn, data, users and functions are tried as well."
}

// maxNames bounds among how many parameters or keys those are searched that
// matter.
const maxNames = 64

// names finds which of what was restored matters: the victim fails when all but
// these is.
func (b *bisection) names(before []rerun.Item, cut rerun.Cut, restored rerun.Outcome) ([]string, error) {
	var all []string
	for _, t := range restored.Touched {
		theirs := slices.ContainsFunc(before, func(o rerun.Item) bool {
			// It may be the parent of a subtest.
			return o.Package == t.After.Package && (o.Name.Test == "" || within(t.After, o) || o.In(t.After))
		})
		if theirs && !slices.Contains(all, t.Name) {
			all = append(all, t.Name)
		}
	}
	slices.SortFunc(all, func(x, y string) int {
		rank := func(name string) int {
			if at := slices.Index(b.c.Causes, name); at >= 0 {
				return at
			}
			return len(b.c.Causes)
		}
		return cmp.Or(cmp.Compare(rank(x), rank(y)), strings.Compare(x, y))
	})
	if len(all) < 2 || len(all) > maxNames {
		return all, nil
	}
	set, _, err := search(len(all), 1, true, func(at []int) (bool, error) {
		kept := cut
		for _, n := range at {
			kept.Keep = append(kept.Keep, all[n])
		}
		out, err := b.try("which of it", b.setup(before, kept))
		return out.Victim == "fail", err
	})
	if err != nil {
		return nil, err
	}
	var some []string
	for _, n := range set {
		some = append(some, all[n])
	}
	return some, nil
}

// maxCleaners bounds how many are tried.
const maxCleaners = 3

// cleaners names tests of the suite after which the victim passes.
func (b *bisection) cleaners(a *Answer, before []rerun.Item) error {
	if len(b.c.Cleaners) == 0 || a.State.Kind == StateProcess {
		return nil
	}
	// They may come after the victim in the suite, so that it has a process of its
	// own; and it must fail there without them.
	apart := rerun.Cut{Process: true}
	s := b.setup(before, apart)
	out, err := b.try("in a process of its own", s)
	if err != nil {
		return err
	}
	a.Apart = b.tally(s)
	if out.Victim != "fail" {
		return nil
	}
	for _, c := range b.c.Cleaners[:min(len(b.c.Cleaners), maxCleaners)] {
		s := b.setup(append(slices.Clone(before), c), apart)
		if _, err := b.try("cleaner", s); err != nil {
			return err
		}
		if t := b.tally(s); t.Ran > 0 && t.Failed == 0 {
			a.Cleaners = append(a.Cleaners, c)
		}
	}
	return nil
}
