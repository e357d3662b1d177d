package triage

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/record"
)

// Who else can have handed something to a goroutine: tests that have ended, and
// the subtests of a test of which only the name is known.

// maxLate is how many of them are named: what is left to be done later is not
// left for long.
const maxLate = 32

// others returns everybody who can have left something to be done by now: the
// package, the tests that are open, those around the active ones and those that
// wait for their turn among them, and those that have ended last. How many it leaves
// away it adds to what is known.
func (ws *writers) others(e *evidence) (refs []record.Ref) {
	var open []*actor
	earlier := 0
	for _, o := range ws.window.actors {
		if o.process == e.Index && o.ID > 0 && o.status == "" && !o.node {
			open = append(open, o)
		}
	}
	// Those around the active ones come first, then the newest.
	around := map[int64]bool{}
	for _, ref := range e.active {
		for o := ws.window.actors[ref.Owner]; o != nil; o = ws.window.actors[o.Parent] {
			around[o.ID] = true
		}
	}
	slices.SortFunc(open, func(x, y *actor) int {
		if around[x.ID] != around[y.ID] {
			if around[x.ID] {
				return -1
			}
			return 1
		}
		return cmp.Compare(y.ID, x.ID)
	})
	for i, o := range open {
		if around[o.ID] || i < maxLate {
			refs = append(refs, o.ref())
		} else {
			earlier++
		}
	}
	refs = append(refs, record.Ref{Package: e.Package, Process: e.Index})
	e.earlier = max(e.earlier, earlier+e.dropped+max(0, len(e.process.ended)-maxLate))
	for i, past := range slices.Backward(e.process.ended) {
		if len(e.process.ended)-i > maxLate {
			break
		}
		refs = append(refs, ws.window.recalled(past))
	}
	return refs
}

// foreign reports whether the innermost code of a test is of another one than
// that which started the goroutine.
func (ws *writers) foreign(e *evidence) bool {
	return e.innermost() != "" && !ws.ownIs(e, e.innermost())
}

// ownIs reports whether the one who started a goroutine is of a test.
func (ws *writers) ownIs(e *evidence, test string) bool {
	o := ws.window.actors[e.own.Owner]
	return o != nil && o.isOf(test)
}

// families returns the tests whose code is on a stack, and their subtests. One
// that started the goroutine, and whose code there does what others hand to it,
// is none of them.
func (ws *writers) families(e *evidence) (refs []record.Ref) {
	for _, name := range e.tests {
		if !ws.ownIs(e, name) {
			refs = append(refs, ws.family(e, name)...)
		} else if !e.takes {
			refs = append(refs, e.own)
		}
	}
	return refs
}

// handed returns who can be behind code of other tests: most likely these, but
// who calls the function of a test, or finds a closure of it in a variable, can
// hand that on as well, and is not on the stack when it is called.
func (ws *writers) handed(e *evidence) []record.Ref {
	return append(ws.families(e), ws.others(e)...)
}

// family returns a test and its subtests: the name of its code does not say
// which of them made it. Those that run come before those that have ended.
func (ws *writers) family(e *evidence, test string) (refs []record.Ref) {
	var found []*actor
	for _, o := range ws.window.actors {
		if o.process == e.Index && o.ID > 0 && o.status == "" && o.isOf(test) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(x, y *actor) int { return cmp.Compare(x.ID, y.ID) })
	for _, past := range slices.Backward(e.process.ended) {
		if past.isOf(test) {
			found = append(found, past)
		}
	}
	names := map[string]bool{}
	for _, o := range found { // with -count there are several of a name
		if !names[o.Name] {
			names[o.Name] = true
			refs = append(refs, ws.window.recalled(o))
		}
	}
	complete := e.dropped == 0 || len(refs) == 1 && !ws.window.actors[refs[0].Owner].inner && !strings.HasPrefix(test, "/")
	if !complete {
		e.earlier = max(e.earlier, e.dropped)
	}
	switch {
	case complete:
	case len(refs) == 0 && !strings.HasPrefix(test, "/"):
		refs = append([]record.Ref{ws.window.ghost(e.process, test)}, e.active...) // it can have had subtests
	case len(refs) == 1 && ws.window.actors[refs[0].Owner].inner:
		refs = append(refs, e.active...) // its subtests are forgotten
	}
	return refs
}

// declares reports whether a frame stands in the call that declares a spec.
func (o *actor) declares(f record.Frame) bool {
	at := strings.LastIndexByte(o.Location, ':')
	if at < 0 || o.Until == 0 {
		return false
	}
	from, _ := strconv.Atoi(o.Location[at+1:])
	return f.File == o.Location[:at] && from <= f.Line && f.Line <= o.Until
}
