package triage_test

import (
	"fmt"

	"tracetest/internal/triage/story"
)

// What happens beside the process of a world, and to it: another process, which goes
// on while a snapshot is taken for this one; acts that nobody announced; a crash; a
// server that restarts; what servers count.

// neighbour is a process that runs beside, one test after another.
type neighbour struct {
	p    *proc // nil where its tests are not synchronized
	u    *story.Unsynchronized
	test string   // that runs then
	said []func() // events that the go command has not been read to say yet
	open *actor
	n    int
	busy bool // it waits, at most
	over bool
}

// tally is what somebody met or left.
type tally struct{ oom, evicted, keys int64 }

func (w *world) tallyOf(name string) *tally {
	if w.tally[name] == nil {
		w.tally[name] = &tally{}
	}
	return w.tally[name]
}

// meetNeighbour starts another process in half of the worlds.
func (w *world) meetNeighbour(plain bool) {
	if w.seed%4 < 2 {
		return
	}
	if plain {
		w.Quiet = true
		w.beside = &neighbour{u: w.Unsynchronized("shop/beside")}
		w.Quiet = false
		if w.Passes != nil {
			w.Meanwhile = func() {
				if w.in(3) {
					w.beside.writes(w)
				}
			}
		}
		return
	}
	w.beside = &neighbour{p: w.Package("shop/beside")}
	for i := range w.Servers {
		w.beside.p.Contact(i)
	}
	if w.Passes != nil {
		w.Meanwhile = func() {
			for w.in(2) {
				w.beside.moves(w, true)
			}
		}
	}
}

// neighbour lets the process beside do something.
func (w *world) neighbour() {
	if w.beside != nil && w.in(3) {
		w.beside.moves(w, false)
	}
}

// moves is one thing that a neighbour does. What waits it cannot do while a snapshot
// is taken for somebody else.
func (b *neighbour) moves(w *world, meanwhile bool) {
	if b.over || b.busy {
		return
	}
	b.busy = true
	defer func() { b.busy = false }()
	if b.u != nil {
		b.plain(w)
		return
	}
	who := b.p.Path
	if b.open != nil {
		who = w.name(b.open)
	}
	switch k := w.rand.IntN(9); {
	case k < 3 && meanwhile && w.counts[b.p.Index]: // it waits at the boundary
	case k < 3 && b.open != nil:
		b.end(w)
	case k < 3 && b.n < 12:
		b.n++
		b.open = &actor{test: b.p.Begin(fmt.Sprintf("TestB%d", b.n))}
		w.force[w.name(b.open)] = []string{w.Servers[0].Settings["maxmemory"]}
	case k < 6:
		w.SetOn(w.rand.IntN(2), fmt.Sprintf("p%d", w.rand.IntN(6)), w.nextOf(who, "beside"))
	case k == 6 && b.open != nil:
		w.unseenCounts(b.open)
	case k == 7 && b.open != nil && !meanwhile:
		b.p.WriteTo(w.rand.IntN(2), b.open.Own("shop/beside.TestB beside/b_test.go:9"), "CONFIG", "SET", fmt.Sprintf("p%d", w.rand.IntN(6)), w.nextOf(who, "beside traced")).OK()
	case k == 8 && !meanwhile && w.in(8):
		b.p.Kill()
		b.p.Ended("fail")
		b.over, b.open, w.loose = true, nil, true
	}
}

// plain is one thing that a package does whose tests are not synchronized: what the go
// command says of them is read some time later.
func (b *neighbour) plain(w *world) {
	switch k := w.rand.IntN(8); {
	case k < 2 && b.test != "":
		name := b.test
		b.test, b.said = "", append(b.said, func() { b.u.Event("pass", name, "") })
	case k < 2 && b.n < 12:
		b.n++
		name := fmt.Sprintf("TestB%d", b.n)
		b.test, b.said = name, append(b.said, func() { b.u.Event("run", name, "") })
	case k < 5:
		b.writes(w)
	case len(b.said) > 0:
		b.reads(w)
	}
}

// writes is what nobody traces of a test that is not synchronized.
func (b *neighbour) writes(w *world) {
	who := "shop/beside"
	if b.test != "" {
		who += " > " + b.test
	}
	value := w.nextOf(who, "not synchronized")
	d := w.truth[value]
	d.also = []string{"shop/beside"}
	w.truth[value] = d
	w.SetOn(w.rand.IntN(2), fmt.Sprintf("p%d", w.rand.IntN(6)), value)
}

// reads is that an event is read, with a snapshot behind it or none.
func (b *neighbour) reads(w *world) {
	w.Quiet = w.in(3)
	b.said[0]()
	b.said, w.Quiet = b.said[1:], false
}

func (b *neighbour) end(w *world) {
	if w.victims[w.name(b.open)] {
		b.open.End("fail", story.OOMText)
	} else {
		b.open.End("pass")
	}
	b.open.over = true
	b.open = nil
}

// part ends what runs beside.
func (w *world) part() {
	if b := w.beside; b != nil && !b.over {
		w.Meanwhile = nil
		if b.u != nil {
			for len(b.said) > 0 {
				b.reads(w)
			}
			if b.test != "" {
				b.u.Event("pass", b.test, "")
			}
			b.u.Event("pass", "", "")
			return
		}
		if b.open != nil {
			b.end(w)
		}
		b.p.Done("pass")
	}
}

// forced notes a limit that is in force from now on.
func (w *world) forced(value string) {
	all := w.open()
	if w.beside != nil && w.beside.open != nil {
		all = append(all, w.beside.open)
	}
	for _, o := range all {
		w.force[w.name(o)] = append(w.force[w.name(o)], value)
	}
}

// crashed is how a world leaves a process that ends in the middle.
type crashed struct{}

// mayCrash ends the process in the middle of a test in some of the worlds.
func (w *world) mayCrash() {
	if w.seed%16 == 3 && w.in(12) {
		panic(crashed{})
	}
}

func (w *world) crash() {
	switch r := recover(); {
	case r == crashed{}:
		w.loose = true
		w.p.Kill()
		w.p.Ended("fail")
	case r != nil:
		panic(r)
	}
}

// announce is the snapshot before a process does what is counted, or can be known not
// to be traced, if it passed a boundary since the last at which it waited. It passes none
// behind that, as package inject does.
func (w *world) announce(p *proc) {
	w.counts[p.Index] = true
	if w.ahead[p.Index] {
		p.Sync()
		w.ahead[p.Index] = false
	}
}

// actUnseen has an actor do something that no trace shows and that nobody announced, or
// that servers count.
func (w *world) actUnseen(a *actor) {
	switch k := w.rand.IntN(8); {
	case k < 3:
		w.SetOn(w.rand.IntN(2), fmt.Sprintf("p%d", w.rand.IntN(6)), w.nextOf(w.name(a), "raw"))
	case k == 3 && w.in(12):
		w.loose = true
		base := map[string]string{"maxmemory": "0"}
		for i := range 6 {
			base[fmt.Sprintf("p%d", i)] = "0"
		}
		for i := range 40 {
			base[fmt.Sprintf("x%d", i)] = "0"
		}
		w.Restart(base)
		w.forced("0")
	case k == 4 && a != nil:
		value := w.nextOf(w.name(a), "raw limit")
		w.Set("maxmemory", value)
		w.forced(value)
	case k > 4 && a != nil:
		w.unseenCounts(a)
	}
}

// unseenCounts has a server count something for an actor. To leave keys it has to be
// announced.
func (w *world) unseenCounts(a *actor) {
	n := 1 + w.rand.Int64N(3)
	met := w.tallyOf(w.name(a))
	switch k := w.rand.IntN(4); {
	case k == 0 && w.Servers[0].Settings["maxmemory"] != "0":
		w.OOM(n)
		met.oom += n
		w.victims[w.name(a)] = true
	case k == 1:
		w.Evict(n)
		met.evicted += n
	case w.rec.InMeanwhile():
	case k == 2:
		w.announce(a.Process)
		w.Keys(n)
		met.keys += n
	case k == 3 && w.Servers[0].Counts.Keys["db0"] >= n:
		w.announce(a.Process)
		w.Keys(-n)
		met.keys -= n
	}
}

func (w *world) nextOf(name, way string) string {
	w.number++
	value := fmt.Sprint(100 + w.number)
	w.truth[value] = deed{by: name, way: way}
	return value
}
