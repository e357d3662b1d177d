package triage

import (
	"slices"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// What servers did to their clients, and whom that met: as they counted it themselves between
// two snapshots, and as the trace saw errors come back.

// pressure is what the server did to its clients while an actor was open.
type pressure struct {
	oom, evicted int64
	shared       int64 // OOM rejections that another actor may have met instead
	traced       int64 // OOM errors that the trace saw it get
	under        []limitMet
}

// limitMet is a limit under which writes were refused.
type limitMet struct {
	set     *mutation // the change that had set it; nil for the one that the run began with
	reached bool      // a snapshot showed about as much in use
}

// difference returns what was counted between two snapshots. A figure that fell
// was reset: then what it is now came after the reset, and is a lower bound.
func difference(before, now *record.Counters) pressure {
	since := func(a, b int64) int64 {
		if b < a {
			return b
		}
		return b - a
	}
	return pressure{oom: since(before.OOM, now.OOM), evicted: since(before.Evicted, now.Evicted)}
}

// give gives what happened between two snapshots to whoever was open.
func (o *outcomes) give(s *server, refs []record.Ref, p pressure) {
	if p.oom == 0 && p.evicted == 0 {
		return
	}
	within := map[*actor]int{} // how many of refs are the actor or within it
	for _, ref := range refs {
		for w := o.window.actors[ref.Owner]; w != nil; w = o.window.actors[w.Parent] {
			within[w]++
		}
	}
	for w, n := range within {
		if w.met == nil {
			w.met = map[*server]pressure{}
		}
		met := w.met[s]
		if n == len(refs) {
			met.oom += p.oom
			met.evicted += p.evicted
		} else {
			met.shared += p.oom
		}
		if last := len(met.under) - 1; p.oom > 0 && (last < 0 || met.under[last] != p.under[0]) {
			met.under = append(met.under[:last+1:last+1], p.under...)
		}
		w.met[s] = met
	}
}

// refusal is OOM errors of one actor at one place.
type refusal struct {
	author
	seq     int64 // of the entry that first reported it
	aside   bool  // whoever met them was not among those that what the server counts is given to
	late    bool  // whoever met them had ended, and may meet more that is reported much later
	count   int64
	address string
	text    string
	server  *server
}

// meet counts OOM errors for whoever met them, and those around it.
func (o *outcomes) meet(r *refusal, n int64) {
	if !r.exact || r.server == nil {
		return
	}
	for w := o.window.actors[r.refs[0].Owner]; w != nil; w = o.window.actors[w.Parent] {
		if w.met == nil {
			w.met = map[*server]pressure{}
		}
		met := w.met[r.server]
		met.traced += n
		w.met[r.server] = met
		if w.firstOOM == nil {
			w.firstOOM = r.call
		}
	}
}

// metBy returns what an actor met of a server until an entry. What the server
// counted is shared where the trace saw somebody get errors that was not thought
// of when they were counted, such as a goroutine of a test that had ended.
func (o *outcomes) metBy(w *actor, s *server, until int64) pressure {
	met := w.met[s]
	if met.oom > met.traced && slices.ContainsFunc(o.refused, func(r *refusal) bool {
		return r.server == s && r.exact && r.aside && r.seq <= until && (r.seq >= w.begin || r.late) && !o.window.within(r.refs[0], w)
	}) {
		met.shared += met.oom - met.traced
		met.oom = met.traced
	}
	return met
}

// maxIgnored bounds the list of those; the rest is counted.
const maxIgnored = 1000

// ignoreOOM notes an actor that passed although commands of it were refused. One
// that has others within it met what they met.
func (o *outcomes) ignoreOOM(w *actor) {
	if w.status != "pass" || w.inner {
		return
	}
	var n int64
	for s := range w.met {
		met := o.metBy(w, s, o.window.last)
		n += max(met.oom, met.traced)
	}
	if n == 0 {
		return
	}
	if len(o.ignored) == maxIgnored {
		return
	}
	o.ignored = append(o.ignored, findings.IgnoredOOM{By: o.window.name(w.ref(), ""), OOMErrors: n})
}

// refusedMore takes in further OOM errors at a place that was reported before.
func (o *outcomes) refusedMore(r *record.Refused) bool {
	known := o.refusedAt[key{r.Process, r.Number}]
	if known == nil {
		return false
	}
	known.count += r.Count
	o.meet(known, r.Count)
	return true
}

// refuse takes in OOM errors of somebody at one place.
func (o *outcomes) refuse(r *record.Refused, seq int64, by author, s *server) {
	known := &refusal{author: by, seq: seq, count: r.Count, address: r.Address, text: r.Text, server: s}
	o.refusedAt[key{r.Process, r.Number}] = known
	for _, ref := range known.refs {
		o.window.keep(ref)
		known.aside = known.aside || !slices.Contains(o.window.open.Active(), ref)
		known.late = known.late || o.window.actors[ref.Owner] != nil && o.window.actors[ref.Owner].status != ""
	}
	o.refused = append(o.refused, known)
	o.meet(known, r.Count)
}
