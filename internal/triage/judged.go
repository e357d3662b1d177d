package triage

import (
	"cmp"
	"slices"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// finding is a Change and what it was made of.
type finding struct {
	findings.Change
	mutations []*mutation // the one that the finding is about among them
	seq       int64
}

// judged is what became of the changes of a run.
type judged struct{ leaks, reverted []finding }

// judged returns the leaks and the reverted changes in the order of the run.
func (ws *writers) judged() judged {
	leaks, reverted := ws.unsynchronizedChanges()
	for _, e := range ws.ledger.leaks {
		leaks = append(leaks, finding{Change: ws.change(e), mutations: e.mutations, seq: e.settled.seq})
	}
	for _, e := range ws.ledger.reverted {
		reverted = append(reverted, finding{Change: ws.change(e), mutations: e.mutations, seq: e.settled.seq})
	}
	for _, list := range [][]finding{leaks, reverted} {
		slices.SortStableFunc(list, func(x, y finding) int {
			return cmp.Or(cmp.Compare(x.seq, y.seq), cmp.Compare(x.Server, y.Server), cmp.Compare(x.Parameter, y.Parameter))
		})
	}
	return judged{leaks, reverted}
}

// together gives the same number to leaks of one actor that were seen in one
// snapshot, as those of one CONFIG SET are, or that one call of a helper made. Of
// suspects nobody knows whether they mean the same one. A parameter that leaks
// twice did so at two times.
func together(leaks []findings.Change) {
	type maker struct {
		server string
		by     record.Name
	}
	same := map[maker][]int{} // leaks of one actor, in order
	for i, l := range leaks {
		if l.By != nil {
			k := maker{l.Server, *l.By}
			same[k] = append(same[k], i)
		}
	}
	number := 0
	for i := range leaks {
		if leaks[i].Together != 0 {
			continue
		}
		number++
		x := leaks[i]
		leaks[i].Together = number
		if x.By == nil {
			continue
		}
		group := map[string]bool{x.Parameter: true}
		for _, j := range same[maker{x.Server, *x.By}] {
			y := leaks[j]
			if j > i && y.Together == 0 && !group[y.Parameter] && (x.At.Equal(y.At) || oneCall(x.Call, y.Call)) {
				leaks[j].Together, group[y.Parameter] = number, true
			}
		}
	}
}

// oneCall reports whether two calls stand in one function that was called once
// from the same place.
func oneCall(a, b *findings.Call) bool {
	return a != nil && b != nil && a.Function == b.Function && a.File == b.File && len(a.Chain) > 0 && len(b.Chain) > 0 &&
		slices.Equal(a.Chain[1:], b.Chain[1:])
}
