package bisect

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"tracetest/internal/record"
	"tracetest/internal/rerun"
)

// pollution searches for those after which the victim fails.
func (b *bisection) pollution(a *Answer) error {
	found, ok, err := b.narrow()
	if err != nil {
		return err
	}
	if !ok {
		if again, err := b.reproduce(a); err != nil || !again {
			return err
		}
		// Now it did. It fails now and then, so that one trial says little.
		b.repeat = 2 * b.o.Trials
		if found, ok, err = b.narrow(); err != nil {
			return err
		}
		if !ok {
			a.Kind, a.Reason = NotReproduced, fmt.Sprintf("It failed in %d of %d trials after everything that ran before it, and after no part of it again.", a.Suite.Failed, a.Suite.Ran)
			return nil
		}
	}
	if found, err = b.minimal(found, b.o.Trials); err != nil {
		return err
	}
	if found, err = b.outside(found); err != nil {
		return err
	}
	return b.confirm(a, found)
}

// outside puts in the place of a test of another package that package without
// its tests, where that does it too: then it is what init or TestMain do.
func (b *bisection) outside(found []Suspect) ([]Suspect, error) {
	for i, s := range found {
		if s.Package == b.c.Victim.Package {
			continue
		}
		without := slices.Clone(found)
		without[i] = Suspect{Test: rerun.Test{Name: record.Name{Package: s.Package, Test: rerun.NoTest}}}
		yes, err := b.holds("a package without its tests", items(without))
		if err != nil {
			return nil, err
		}
		if yes {
			found = without
		}
	}
	return found, nil
}

// reproduce tries the suite again, where it did not do it at first. It says
// whether it did now; else the answer is given.
func (b *bisection) reproduce(a *Answer) (again bool, err error) {
	if a.Alone, err = b.times(b.o.Trials, "alone", b.setup(nil, rerun.Cut{})); err != nil {
		return false, err
	}
	if a.Alone.Failed > 0 {
		return false, b.ownFlake(a)
	}
	if a.Suite, err = b.times(b.o.Trials, "after everything", b.setup(b.everything(), rerun.Cut{})); err != nil {
		return false, err
	}
	if a.Suite.Failed > 0 {
		return true, nil
	}
	a.Kind, a.Reason = NotReproduced, "It failed in the suite, and did not in any trial after everything that ran before it."
	return false, nil
}

// minimal leaves out whoever is not needed: without whom it is as wanted in one
// of so many trials. A search asks once, and of what acts now and then one trial
// says little.
func (b *bisection) minimal(found []Suspect, repeat int) ([]Suspect, error) {
	defer func(before int) { b.repeat = before }(b.repeat)
	b.repeat = max(b.repeat, repeat)
	for i := 0; i < len(found) && len(found) > 1; {
		without := slices.Delete(slices.Clone(found), i, i+1)
		yes, err := b.holds("without one of them", items(without))
		if err != nil {
			return nil, err
		}
		if yes {
			found = without
		} else {
			i++
		}
	}
	return found, nil
}

// unseenRounds is how often what was found is tried where nothing was seen that
// it changes: more often than else, so that a test that fails now and then does
// not pass for a victim by chance.
func unseenRounds(trials int) int { return 2*trials - 1 }

// maxRounds bounds how often a pollution that does not act each time is tried.
const maxRounds = 12

// confirm tries what was found, and names it only if that holds.
func (b *bisection) confirm(a *Answer, found []Suspect) error {
	before := items(found)
	alone, with := b.setup(nil, rerun.Cut{}), b.setup(before, rerun.Cut{})
	if out := b.ran[keyOf(with)]; len(out) > 0 {
		a.Message = out[0].Message
	}
	state, cut, err := b.state(before, slices.ContainsFunc(found, func(s Suspect) bool { return s.Beside }))
	if err != nil {
		return err
	}
	if err := b.compare(a, state, with, alone, b.setup(before, cut)); err != nil {
		return err
	}
	a.Suite = b.tally(b.setup(b.everything(), rerun.Cut{}))
	if a.Alone.Failed == 0 && a.Restored.Failed == 0 && a.With.Failed > 0 && a.With.Failed < a.With.Ran {
		fewer, err := b.minimal(found, maxRounds)
		if err != nil {
			return err
		}
		if len(fewer) < len(found) {
			return b.confirm(a, fewer)
		}
	}
	doubtful := a.Restored.Failed > 0 || a.With.Failed == 0 || a.With.Failed < a.With.Ran && chance(a.With, a.Alone, a.Restored) > 0.001
	if doubtful || a.Alone.Failed > 0 {
		return b.contradiction(a, found, alone)
	}
	a.Kind, a.State = Polluters, state
	if a.With.Failed < a.With.Ran {
		a.Reason = fmt.Sprintf("It does not act each time: %d of %d.", a.With.Failed, a.With.Ran)
	}
	if b.c.Message != "" && gist(b.c.Message) != gist(a.Message) {
		a.Reason = strings.TrimSpace(a.Reason + " In the suite it said something else: " + line(b.c.Message))
	}
	a.Culprits = b.culprits(found, with)
	b.relabel(a, found, with)
	a.Commands = with.Commands(b.o.Args, b.o.Orders)
	// Without the cleaners it is an answer as well.
	if err := b.cleaners(a, before); err != nil && !errors.As(err, new(errStop)) {
		return err
	}
	return nil
}

// compare runs the victim after the suspects, alone, and after them with their
// state restored, in as many rounds as it takes to tell.
func (b *bisection) compare(a *Answer, state *State, with, alone, restored rerun.Setup) error {
	rounds := b.o.Trials
	if len(state.Names) == 0 {
		rounds = unseenRounds(rounds)
	}
	for n := 1; n <= rounds; n++ {
		// In turns, so that whatever else goes on meets all of them.
		jobs := []job{{"confirm: after them", with}, {"confirm: alone", alone}}
		if state.Proved {
			jobs = append(jobs, job{"confirm: restored in between", restored})
		}
		// And in another order each round, for what fails each third time.
		rand.New(rand.NewChaCha8([32]byte{byte(n)})).Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
		if err := b.round(n, jobs...); err != nil {
			return err
		}
		a.With, a.Alone = b.tally(with), b.tally(alone)
		if state.Proved {
			a.Restored = b.tally(restored)
		}
		if a.Alone.Failed > 0 || a.Restored.Failed > 0 {
			break // it will not be confirmed any more
		}
		if n == rounds && a.With.Failed < a.With.Ran && rounds < maxRounds && a.With.Failed > 0 {
			rounds++ // now and then: more of them can tell
		}
	}
	return nil
}

// contradiction says what is to be made of trials that do not confirm what was
// found: the victim fails by itself now and then, or it does since some trial, or
// nothing.
func (b *bisection) contradiction(a *Answer, found []Suspect, alone rerun.Setup) (err error) {
	for n := a.Alone.Ran + 1; a.Alone.Failed == 0 && n <= maxRounds; n++ {
		if a.Alone, err = b.times(n, "alone, once more", alone); err != nil {
			return err
		}
	}
	if a.Alone.Failed > 0 { // does it stay so?
		if a.Alone, err = b.times(a.Alone.Ran+2, "alone, once more", alone); err != nil {
			return err
		}
	}
	switch {
	case a.Alone.Failed > 0 && !b.o.Data && b.stays(alone):
		a.Kind, a.Best = Unsettled, items(found)
		a.Reason = fmt.Sprintf("It passed by itself before %s had run, and fails by itself since. So what they leave stays although the configuration was restored: "+
			"data, most likely. With --flush data is deleted between trials, with --spawn each has a server of its own.", theirs(found))
	case a.Alone.Failed > 0:
		return b.ownFlake(a)
	default:
		a.Kind, a.Best = Unsettled, items(found)
		a.Reason = fmt.Sprintf("After %s it failed %d times of %d, and with the state restored in between %d of %d: that is not the same each time.",
			theirs(found), a.With.Failed, a.With.Ran, a.Restored.Failed, a.Restored.Ran)
	}
	return nil
}

func line(message string) string {
	first, _, _ := strings.Cut(message, "\n")
	return first
}

// gist is the first line of a message without its numbers, which are others each
// time.
func gist(message string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, line(message))
}

func theirs(found []Suspect) string {
	var names []string
	for _, s := range found {
		names = append(names, s.Label())
	}
	return strings.Join(names, " and ")
}

// stays reports whether a test passed by itself up to some trial, and failed in
// each since.
func (b *bisection) stays(alone rerun.Setup) bool {
	outs := b.ran[keyOf(alone)]
	at := slices.IndexFunc(outs, func(o rerun.Outcome) bool { return o.Victim == "fail" })
	return at > 0 && !slices.ContainsFunc(outs[at:], func(o rerun.Outcome) bool { return o.Victim != "fail" })
}

// chance is how likely all failures were among the trials with the polluters if
// these had nothing to do with it (Fisher's exact test, one side). Nothing failed
// in the others. The failure by which the search chose them does not count.
func chance(with Tally, others ...Tally) float64 {
	with.Failed--
	with.Ran--
	total := with.Ran
	for _, o := range others {
		total += o.Ran
	}
	p := 1.0
	for i := range with.Failed {
		p *= float64(with.Ran-i) / float64(total-i)
	}
	return p
}

// culprits are those that were confirmed, with what they left changed in the
// trials.
func (b *bisection) culprits(found []Suspect, with rerun.Setup) []Culprit {
	var all []Culprit
	for _, s := range found {
		c := Culprit{Test: s.Test, Evidence: s.Evidence}
		for _, out := range b.ran[keyOf(with)] {
			for _, left := range out.Left {
				if left.Owner != nil && within(*left.Owner, s.Test) && len(c.Left) < 20 &&
					!slices.ContainsFunc(c.Left, func(l rerun.Left) bool {
						return l.Parameter == left.Parameter && (l.Server == left.Server || b.o.Private)
					}) {
					c.Left = append(c.Left, left)
				}
			}
		}
		all = append(all, c)
	}
	return all
}

// relabel names the package, or the node of a suite, that was traced writing what
// matters, where that was none of the tests that were chosen.
func (b *bisection) relabel(a *Answer, found []Suspect, with rerun.Setup) {
	for _, out := range b.ran[keyOf(with)] {
		for _, left := range out.Left {
			if left.Owner == nil || !slices.Contains(a.State.Names, left.Parameter) {
				continue
			}
			c := around(*left.Owner, found)
			for i := range a.Culprits {
				if c != nil && a.Culprits[i].Package == c.Package && len(a.Culprits[i].Left) == 0 && c.Package != b.c.Victim.Package {
					c.Left = []rerun.Left{left}
					a.Culprits[i] = *c
				}
			}
		}
	}
}
