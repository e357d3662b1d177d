package bisect

import "slices"

// search finds a small set of n items, numbered by how much they are suspected,
// that together make holds true.
//
// It asks for the shortest prefix that does. The last of it is needed then: it
// is kept, and the rest of the prefix is searched again with it. So k items of n
// cost some k*log2(n) questions, where a search by halves and their complements
// restarts from the whole for each. Strong says how many of the first items are
// worth a guess: as long as it is among these, the prefix grows from one item
// on, and a right first guess costs one question.
//
// Every answer "yes" that the result rests on was asked for. It is minimal as
// far as more items make it no less true; where that does not hold, as with
// items that undo what others did, the result is still a set that was seen to
// hold, and may be larger than it need be.
//
// Known says that all items together hold, so that it is not asked. Where
// nothing does, found is false.
func search(n, strong int, known bool, holds func([]int) (bool, error)) (found []int, ok bool, err error) {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	low, high, err := guess(all, strong, known, holds)
	if high < 0 || err != nil {
		return nil, false, err
	}
	var need []int
	with := func(rest []int) []int { return sorted(append(slices.Clone(need), rest...)) }
	for rest := all[:high]; ; {
		high, err = halve(low, len(rest), func(size int) (bool, error) { return holds(with(rest[:size])) })
		if err != nil {
			return with(rest[:high]), false, err // the best so far
		}
		if high == 0 {
			return need, true, nil
		}
		need, rest = append(need, rest[high-1]), rest[:high-1]
		if len(rest) == 0 {
			return sorted(need), true, nil
		}
		yes, err := holds(sorted(need))
		if err != nil {
			return with(rest), false, err
		}
		if yes {
			return sorted(need), true, nil
		}
		low = 0
	}
}

// guess asks for prefixes of 1, 2, 4, ... items, then of all that are strong, and at
// last for all. It returns the longest one that does not hold and the first
// that does: -1 where none does.
func guess(all []int, strong int, known bool, holds func([]int) (bool, error)) (low, high int, err error) {
	n := len(all)
	for size := 1; low < strong; size *= 2 {
		size = min(size, strong)
		if size == n && known {
			break
		}
		yes, err := holds(all[:size])
		if err != nil {
			return low, -1, err
		}
		if yes {
			return low, size, nil
		}
		low = size
	}
	if known {
		return low, n, nil
	}
	if low == n {
		return low, -1, nil
	}
	yes, err := holds(all)
	if err != nil || !yes {
		return low, -1, err
	}
	return low, n, nil
}

// halve finds the shortest prefix that holds, between one that does not and one that does.
func halve(low, high int, holds func(size int) (bool, error)) (int, error) {
	for high-low > 1 {
		middle := (low + high) / 2
		yes, err := holds(middle)
		if err != nil {
			return high, err
		}
		if yes {
			high = middle
		} else {
			low = middle
		}
	}
	return high, nil
}

func sorted(items []int) []int {
	slices.Sort(items)
	return items
}
