package triage

import (
	"slices"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// behindClient returns who was behind a write that a client made on a goroutine of its
// own: of those who wait for a reply of that client, the one whose code sets a
// parameter. Whoever waits is judged as if it had written itself.
func (ws *writers) behindClient(e *evidence) (refs []record.Ref) {
	candidates := slices.Clone(e.by.Waiting)
	forCall := false
	if i := slices.IndexFunc(candidates, func(b record.By) bool { return b.Starts && perCall(e.by, b) }); i >= 0 {
		forCall, candidates = true, candidates[i:i+1]
	}
	// Those whose code sets a parameter come first, and their lines are named.
	setting := 0
	slices.SortStableFunc(candidates, func(x, y record.By) int { return last(x) - last(y) })
	for setting < len(candidates) && sets(candidates[setting]) {
		setting++
	}
	announced := candidates
	if setting > 0 {
		announced = candidates[:setting]
	}
	e.proved = forCall || setting > 0
	for _, c := range announced {
		who := ws.waits(e, c)
		refs = union(refs, who.refs...)
		e.node = e.node || who.node
		if len(announced) == 1 {
			e.caveats = who.caveats
		}
	}
	several := ws.lines(e, announced)
	switch {
	case forCall:
	case setting == 0:
		// One that merely listens, to a subscription say, waits as well: only code
		// that sets a parameter proves it.
		refs = union(union(union(refs, e.active...), e.own), e.perhaps...)
	case len(candidates) > setting:
		// The words in its code are no proof where others wait as well, which may be
		// for the same client: a helper that takes any command has none.
		n := len(refs)
		for _, c := range candidates[setting:] {
			refs = union(refs, ws.waits(e, c).refs...)
		}
		if len(refs) > n {
			e.caveats = []findings.Caveat{{Kind: findings.CaveatSeveralWaited}}
			return refs
		}
	}
	if several != nil {
		e.caveats = several
	}
	return refs
}

// waits judges one who waits, and takes in how sure that is.
func (ws *writers) waits(e *evidence, c record.By) author {
	who := ws.rule(ws.evidence(e.process, c))
	e.earlier, e.proved = max(e.earlier, who.earlier), e.proved && who.exact
	return who
}

// lines takes in the line that those who wait have in common, and says which they are if there are several.
func (ws *writers) lines(e *evidence, waiting []record.By) []findings.Caveat {
	var lines []string
	for _, c := range waiting {
		call := ws.window.module().call(c.Stack, "waiting")
		if call == nil {
			continue
		}
		if line := call.Place(); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
		if e.call = common(call, e.call); len(lines) == 1 && e.call == nil {
			e.call = call
		}
	}
	if len(lines) < 2 {
		return nil
	}
	n := min(len(lines), maxFew)
	return []findings.Caveat{{Kind: findings.CaveatCallsWaited, Places: lines[:n:n], More: len(lines) - n}}
}

func sets(b record.By) bool {
	return slices.ContainsFunc(b.Stack, func(f record.Frame) bool { return f.Sets })
}

func last(b record.By) int {
	if sets(b) {
		return 0
	}
	return 1
}

// perCall reports whether a goroutine that waits has started the one that writes
// for this call alone: it is still in the function that did.
func perCall(by, waits record.By) bool {
	return holds(by.Started, startsForCall()...) && holds(waits.Stack, by.Started[0].Function)
}

// startsForCall are functions of clients that start a goroutine for each call,
// and wait for it.
func startsForCall() []string {
	return []string{
		"github.com/go-redis/redis/v8.(*baseClient).withConn", "github.com/go-redis/redis/v8.(*ClusterClient).", "github.com/go-redis/redis/v8.(*Ring).",
		"github.com/redis/go-redis/v9.(*ClusterClient).", "github.com/redis/go-redis/v9.(*Ring).",
	}
}
