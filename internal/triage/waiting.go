package triage

import (
	"slices"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// waiting finds who was behind a write that a client made on a goroutine of its
// own: of those who wait for a reply of that client, the one whose code sets a
// parameter. Whoever waits is judged as if it had written itself.
func (ws *writers) waiting(e *evidence, w *author) {
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
	lines := []string{}
	exact := true
	for _, c := range announced {
		who := ws.rule(ws.evidence(e.process, c))
		w.merge(who.refs...)
		w.earlier = max(w.earlier, who.earlier)
		w.node, exact = w.node || who.node, exact && who.exact
		if call := ws.call(c.Stack, "waiting"); call != nil {
			if line := call.Place(); !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
			if w.call = common(call, w.call); len(lines) == 1 && w.call == nil {
				w.call = call
			}
		}
		if len(announced) == 1 {
			w.caveats = who.caveats
		}
	}
	switch {
	case forCall:
		w.exact = exact && len(w.refs) == 1
	case setting == 0:
		// One that merely listens, to a subscription say, waits as well: only code
		// that sets a parameter proves it.
		w.merge(e.active...)
		w.merge(e.own)
		w.merge(e.perhaps...)
	case len(candidates) > setting:
		// The words in its code are no proof where others wait as well, which may be
		// for the same client: a helper that takes any command has none.
		n := len(w.refs)
		for _, c := range candidates[setting:] {
			who := ws.rule(ws.evidence(e.process, c))
			w.merge(who.refs...)
			w.earlier = max(w.earlier, who.earlier)
			exact = exact && who.exact
		}
		if w.exact = exact && len(w.refs) == 1; len(w.refs) > n {
			w.caveats = []findings.Caveat{{Kind: findings.CaveatSeveralWaited}}
			return
		}
	default:
		w.exact = exact && len(w.refs) == 1
	}
	if n := min(len(lines), maxFew); len(lines) > 1 {
		w.caveats = []findings.Caveat{{Kind: findings.CaveatCallsWaited, Places: lines[:n:n], More: len(lines) - n}}
	}
}

func (w *author) merge(refs ...record.Ref) {
	for _, ref := range refs {
		if !slices.Contains(w.refs, ref) {
			w.refs = append(w.refs, ref)
		}
	}
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
