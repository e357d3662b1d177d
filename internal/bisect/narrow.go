package bisect

import (
	"slices"

	"tracetest/internal/record"
	"tracetest/internal/rerun"
)

// narrow finds the smallest set of those that ran before the victim after which
// it ends as wanted. Found is false where it does not even after all of them.
func (b *bisection) narrow() (found []Suspect, ok bool, err error) {
	order, strong := b.c.ranked()
	pick := func(at []int) []Suspect {
		places := make([]int, len(at))
		for i, n := range at {
			places[i] = order[n]
		}
		slices.Sort(places)
		var some []Suspect
		for _, n := range places {
			some = append(some, b.c.Before[n])
		}
		return some
	}
	// What the record suspects comes first, by itself.
	if strong > 0 {
		set, ok, err := search(strong, strong, false, func(at []int) (bool, error) { return b.holds("suspects of the record", items(pick(at))) })
		if err != nil {
			return nil, false, err
		}
		if ok {
			return b.parts(pick(set))
		}
	}
	if len(order) == strong {
		return nil, false, nil
	}
	if yes, err := b.holds("after everything", b.everything()); err != nil || !yes {
		return nil, false, err
	}
	from := b.c.Before
	if groups := packages(from); len(groups) > 1 {
		slices.Reverse(groups) // the nearest first
		set, _, err := search(len(groups), 0, true, func(at []int) (bool, error) { return b.holds("packages", union(groups, at)) })
		if err != nil {
			return nil, false, err
		}
		keep := map[string]bool{}
		for _, n := range set {
			keep[groups[n][0].Package] = true
		}
		from = slices.DeleteFunc(slices.Clone(from), func(s Suspect) bool { return !keep[s.Package] })
	}
	place := map[rerun.Item]int{}
	for i, s := range b.c.Before {
		place[s.Test] = i
	}
	order = order[:0]
	for _, s := range slices.Backward(from) {
		order = append(order, place[s.Test])
	}
	set, _, err := search(len(order), 0, true, func(at []int) (bool, error) { return b.holds("tests", items(pick(at))) })
	if err != nil {
		return nil, false, err
	}
	return b.parts(pick(set))
}

// parts narrows a test to those of its subtests that are needed, where they do
// it without the others.
func (b *bisection) parts(found []Suspect) ([]Suspect, bool, error) {
	for i := range found {
		parts := found[i].Parts
		if len(parts) == 0 {
			continue
		}
		with := func(at []int) []rerun.Item {
			var all []rerun.Item
			for j, s := range found {
				if j != i {
					all = append(all, s.Test)
					continue
				}
				for n := range parts {
					if slices.Contains(at, len(parts)-1-n) {
						all = append(all, parts[n])
					}
				}
			}
			return all
		}
		set, ok, err := search(len(parts), 0, false, func(at []int) (bool, error) { return b.holds("subtests", with(at)) })
		if err != nil {
			return nil, false, err
		}
		if ok && len(set) == 1 {
			found[i].Test, found[i].Parts = parts[len(parts)-1-set[0]], nil
		}
	}
	return found, true, nil
}

// whole names a package where all of it that ran before the victim is chosen and
// is not the victim's own: it needs no pattern then, and many packages are one
// command.
func (b *bisection) whole(chosen []rerun.Item) []rerun.Item {
	in := map[rerun.Item]bool{}
	for _, item := range chosen {
		in[item] = true
	}
	missing := map[string]bool{b.c.Victim.Package: true}
	known := map[rerun.Item]bool{}
	for _, s := range b.c.Before {
		known[s.Test] = true
		missing[s.Package] = missing[s.Package] || !in[s.Test]
	}
	for _, item := range chosen {
		missing[item.Package] = missing[item.Package] || !known[item]
	}
	var all []rerun.Item
	there := map[rerun.Item]bool{}
	for _, item := range chosen {
		if !missing[item.Package] {
			item = rerun.Item{Name: record.Name{Package: item.Package}}
		}
		if !there[item] {
			there[item] = true
			all = append(all, item)
		}
	}
	return all
}

// items are the tests of suspects, each with what it is never run without.
func items(suspects []Suspect) []rerun.Item {
	var all []rerun.Item
	there := map[rerun.Item]bool{}
	for _, s := range suspects {
		for _, t := range append(slices.Clone(s.With), s.Test) {
			if !there[t] {
				there[t] = true
				all = append(all, t)
			}
		}
	}
	return all
}

// packages groups suspects by their package, in the order of the run.
func packages(suspects []Suspect) (groups [][]Suspect) {
	at := map[string]int{}
	for _, s := range suspects {
		i, known := at[s.Package]
		if !known {
			i = len(groups)
			at[s.Package] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], s)
	}
	return groups
}

// union is what is in some groups, in the order of the run: that of the last
// group first, for they are the other way round.
func union(groups [][]Suspect, at []int) []rerun.Item {
	var all []rerun.Item
	for _, n := range slices.Backward(at) {
		all = append(all, items(groups[n])...)
	}
	return all
}
