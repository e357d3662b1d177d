package bisect

import (
	"slices"

	"tracetest/internal/record"
	"tracetest/internal/rerun"
)

// leak searches for who leaves a parameter changed. No test has to fail for it.
func (b *bisection) leak(a *Answer) error {
	// Whom the record names must do it alone.
	for _, test := range b.c.Leakers {
		at := slices.IndexFunc(b.c.Before, func(s Suspect) bool { return s.Test == test })
		yes, err := b.leaves(a, []Suspect{b.c.Before[at]})
		if err != nil {
			if a.Kind == Leaks { // the first are confirmed
				return nil
			}
			return err
		}
		if yes {
			a.Kind = Leaks
		}
	}
	if a.Kind == Leaks {
		return nil
	}
	found, ok, err := b.narrow()
	if err != nil {
		return err
	}
	if !ok {
		a.Kind, a.Reason = Clean, "Nothing that ran left it changed when it ended."
		if len(b.c.Leakers) > 0 {
			a.Kind, a.Reason = NotReproduced, "It was left changed in the suite, and was not in any trial."
		}
		return nil
	}
	if found, err = b.minimal(found, b.o.Trials); err != nil {
		return err
	}
	yes, err := b.leaves(a, found)
	if err != nil {
		return err
	}
	a.Kind = Leaks
	if !yes {
		a.Kind, a.Best = Unsettled, items(found)
		a.Reason = "It is not left changed each time."
	}
	return nil
}

// leaves confirms that these leave the parameter changed, and then adds them to
// the answer.
func (b *bisection) leaves(a *Answer, who []Suspect) (bool, error) {
	s := b.setup(items(who), rerun.Cut{})
	for len(b.ran[keyOf(s)]) < b.o.Trials {
		out, err := b.try("confirm: by itself", s)
		if err != nil {
			return false, err
		}
		if !b.is(out) {
			return false, nil
		}
	}
	outs := b.ran[keyOf(s)]
	a.With.Ran += len(outs)
	a.With.Failed += len(outs)
	named := b.culprits(who, s)
	for _, out := range outs {
		for _, left := range out.Left {
			if left.Parameter != b.c.Parameter || left.Owner == nil {
				continue
			}
			// What a package or suite does around its tests is none of theirs.
			if c := around(*left.Owner, who); c != nil {
				c.Left, named = []rerun.Left{left}, []Culprit{*c}
			}
		}
	}
	for i := range named {
		named[i].Left = slices.DeleteFunc(slices.Clone(named[i].Left), func(l rerun.Left) bool { return l.Parameter != b.c.Parameter })
	}
	a.Culprits = append(a.Culprits, named...)
	if len(a.Commands) == 0 {
		a.Commands = s.Commands(b.o.Args, b.o.Orders)
	}
	return true, nil
}

// around is who was traced doing it where that is none of the tests that were
// chosen, but their package or a node of their suite.
func around(owner record.Name, chosen []Suspect) *Culprit {
	for _, s := range chosen {
		if within(owner, s.Test) {
			return nil
		}
	}
	for _, s := range chosen {
		if s.Package == owner.Package {
			return &Culprit{Test: rerun.Test{Name: owner}}
		}
	}
	return nil
}
