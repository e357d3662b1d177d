package bisect

import (
	"fmt"

	"tracetest/internal/rerun"
)

// brittle searches for those without which the victim fails.
func (b *bisection) brittle(a *Answer) error {
	found, ok, err := b.narrow()
	if err != nil {
		return err
	}
	alone := b.setup(nil, rerun.Cut{})
	if !ok {
		if a.Suite, err = b.times(b.o.Trials, "after everything", b.setup(b.everything(), rerun.Cut{})); err != nil {
			return err
		}
		a.Kind, a.Reason = NotReproduced, "It passed in the suite, and fails by itself and after everything that ran before it."
		if a.Suite.Failed < a.Suite.Ran {
			a.Kind, a.Reason = Unsettled, "It fails by itself, and after everything that ran before it now and then."
		}
		return nil
	}
	if found, err = b.minimal(found, b.o.Trials); err != nil {
		return err
	}
	with := b.setup(items(found), rerun.Cut{})
	if a.With, err = b.times(b.o.Trials, "confirm: after them", with); err != nil {
		return err
	}
	a.Alone, err = b.times(b.o.Trials, "confirm: alone", alone)
	if err != nil {
		return err
	}
	if a.With.Failed > 0 || a.Alone.Failed < a.Alone.Ran {
		a.Kind, a.Best = Unsettled, items(found)
		a.Reason = fmt.Sprintf("After %s it passed %d times of %d: that is not the same each time.", theirs(found), a.With.Ran-a.With.Failed, a.With.Ran)
		return nil
	}
	a.Kind, a.Culprits = Brittle, b.culprits(found, with)
	if left := b.leftovers(alone); left != "" {
		a.Reason = "By itself it fails as the server is now: " + left
	}
	if outs := b.ran[keyOf(alone)]; len(outs) > 0 {
		a.Message = outs[0].Message
	}
	a.Commands = alone.Commands(b.o.Args, b.o.Orders)
	return nil
}
