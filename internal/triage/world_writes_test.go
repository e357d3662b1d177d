package triage_test

import (
	"fmt"
	"slices"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/triage/story"
)

// line is a line of the code of an actor, in a closure.
func (w *world) line(a *actor) string {
	switch {
	case a == nil:
		return "shop/cache.TestMain.func1 cache/a_test.go:5"
	case a.Kind == record.KindSpec:
		_, from, _ := strings.Cut(a.Owner.Location, ":")
		return "shop/cache.init.func1.2.1 cache/a_test.go:" + from
	}
	top, _, _ := strings.Cut(a.test.Name, "/")
	return fmt.Sprintf("shop/cache.%s.func%d cache/a_test.go:%d", top, 1+w.rand.IntN(3), 1000+w.rand.IntN(9))
}

// helper is a line of a function that all tests use.
func (w *world) helper() string {
	return w.one("shop/cache.set cache/helpers_test.go:12", "shop/cache.later.func1 cache/helpers_test.go:20", "shop/kit.Set kit/kit.go:30", "shop/cache.(*Suite).TestMethod.func1 cache/helpers_test.go:44")
}

// own is the goroutine that runs an actor.
func (w *world) own(a *actor) record.By {
	frames := []string{w.line(a)}
	if w.in(2) {
		frames = append([]string{w.helper()}, frames...)
	}
	switch {
	case a == nil:
		return w.p.Started(append(frames, "shop/cache.TestMain cache/a_test.go:6", "main.main _testmain.go:60", "runtime.main /goroot/src/runtime/proc.go:283")...)
	case a.Kind == record.KindSpec:
		return a.Label(append(frames, "github.com/onsi/ginkgo/v2/internal.(*Suite).runNode.func3 /mod/github.com/onsi/ginkgo/v2@v2.22.0/internal/suite.go:894")...)
	}
	return a.test.Own(frames...)
}

// labelled is a goroutine that has the label of whoever runs when it is started.
func (w *world) labelled(a *actor, started string, frames ...string) record.By {
	var by record.By
	switch {
	case a == nil:
		by = w.p.Started(frames...)
	case a == w.suite && a != nil:
		by = a.Label(frames...)
	default:
		by = a.Label(frames...)
	}
	by.Started = story.Stack(started)
	return by
}

// spawned is a goroutine that an actor started: of its own code, or in a helper.
func (w *world) spawned(a *actor, late bool) record.By {
	frames := []string{w.line(a)}
	switch w.rand.IntN(3) {
	case 0:
		frames = append([]string{w.helper()}, frames...)
	case 1:
		frames = []string{w.helper()}
	}
	by := w.labelled(a, w.line(a), frames...)
	if late && w.in(2) { // it waited for somebody to let it go on
		for i := range by.Stack {
			by.Stack[i].Takes = !by.Stack[i].Std && strings.HasPrefix(by.Stack[i].Function, "shop/")
		}
	}
	if a != nil && a.Kind == record.KindSpec && w.in(2) {
		// It was started by one that has ended by now.
		for _, other := range w.begun {
			if other.Kind == record.KindSpec && other != a && other.Parent == a.Parent && w.in(2) {
				by.Perhaps = append(by.Perhaps, story.Whose(other.test))
			}
		}
		if w.spec != nil && w.spec != a && w.spec.Parent == a.Parent {
			now := story.Whose(w.spec.test) // and was not there when that ended
			perhaps := append(slices.DeleteFunc(by.Perhaps, func(b record.By) bool { return b.Owner.ID == now.Owner.ID }), story.Whose(a.test))
			now.Stack, now.Started, now.Perhaps = by.Stack, by.Started, perhaps
			by = now
		}
	}
	return by
}

// timer has no label.
func (w *world) timer(a *actor) record.By {
	frames := []string{w.line(a)}
	switch w.rand.IntN(3) {
	case 0:
		frames = append([]string{w.helper()}, frames...)
	case 1:
		frames = []string{w.helper()}
	}
	by := story.Timer(frames...)
	by.Started = story.Stack("time.goFunc /goroot/src/time/sleep.go:215")
	return by
}

// after is what context.AfterFunc calls, on a goroutine of whoever cancels.
func (w *world) after(a, cancels *actor) record.By {
	frames := []string{w.line(a)}
	if w.in(3) {
		frames = []string{w.helper()}
	}
	return w.labelled(cancels, "context.(*afterFuncCtx).cancel.func1 /goroot/src/context/context.go:350", frames...)
}

// job is what the shared worker does for somebody: the first who needs it
// starts it.
func (w *world) job(a *actor) record.By {
	p := w.of(a).Index
	if w.workers[p] == nil {
		by := w.labelled(a, "shop/kit.work kit/kit.go:50")
		w.workers[p] = &by
	}
	by := *w.workers[p]
	frames := []string{"shop/kit.work.func1 kit/kit.go:55"}
	switch w.rand.IntN(3) {
	case 0:
		frames = append([]string{w.line(a)}, frames...)
	case 1:
		frames = append([]string{w.helper()}, frames...)
	}
	by.Stack = story.Stack(story.GoRedis(frames...)...)
	by.Stack[len(by.Stack)-1].Takes = true
	return by
}

// act has an actor write in one of the ways.
func (w *world) act(a *actor) {
	if w.suite != nil && a == w.suite {
		return
	}
	if w.seed%4 > 1 && w.in(4) {
		w.actUnseen(a)
		return
	}
	switch w.rand.IntN(25) {
	case 16, 17:
		w.limit(a)
	case 20, 21:
		w.doubtful(a)
	case 22:
		w.twice(a)
	case 23, 24:
		w.closureOf(a)
	case 18, 19:
		w.meet(a)
	case 0, 1, 2, 3:
		w.change(a, w.own(a))
	case 4:
		w.set(a, "goroutine", w.spawned(a, false))
	case 5:
		w.set(a, "timer", w.timer(a))
	case 6:
		w.set(a, "after", w.after(a, a))
	case 7, 8:
		w.set(a, "worker", w.job(a))
	case 9:
		w.leave(func() { w.set(a, "late goroutine", w.spawned(a, true)) })
	case 10:
		w.leave(func() { w.set(a, "late timer", w.timer(a)) })
	case 11:
		w.leave(func() { w.set(a, "late job", w.job(a)) })
	case 12:
		w.leave(func() {
			cancels := (*actor)(nil)
			open := slices.DeleteFunc(w.open(), func(o *actor) bool { return o.Process != w.of(a) })
			if len(open) > 0 {
				cancels = open[w.rand.IntN(len(open))]
			}
			w.set(a, "late after", w.after(a, cancels))
		})
	case 13:
		w.child(a)
	case 14:
		w.untraced(a)
	case 15: // mostly it looks, and changes nothing
		w.reset(a)
	}
}

func (w *world) next(a *actor, way string) string {
	w.number++
	value := fmt.Sprint(100 + w.number)
	w.truth[value] = deed{by: w.name(a), way: way}
	return value
}

// set makes a write of a goroutine, or of a client that it calls.
func (w *world) set(a *actor, way string, by record.By) {
	value := w.next(a, way)
	if w.in(3) {
		by = w.byClient(a, by)
		d := w.truth[value]
		d.client = true
		w.truth[value] = d
	}
	w.of(a).WriteTo(w.rand.IntN(2), by, "CONFIG", "SET", fmt.Sprintf("p%d", w.rand.IntN(6)), value).OK()
}

// byClient is a goroutine of the client's own, which somebody had dialled. Who
// called it waits for the reply, and others may wait as well.
func (w *world) byClient(a *actor, by record.By) record.By {
	var client record.By
	begun := slices.DeleteFunc(slices.Clone(w.begun), func(o *actor) bool { return o.Process != w.of(a) })
	switch dials := w.rand.IntN(len(begun) + 2); {
	case dials == 0:
		client = w.p.Started()
	case dials == 1:
		client = story.Timer()
	default:
		client = begun[dials-2].Label()
	}
	client.Started = story.Stack("github.com/redis/rueidis.(*pipe).background /mod/github.com/redis/rueidis@v1.0.53/pipe.go:300")
	waiting := []record.By{story.Waits(by, !w.in(3))} // in a helper that takes any command it says nothing of what it sets
	for _, o := range w.open() {
		if o != a && o != w.suite && w.in(3) && slices.Contains(w.running, o) {
			waiting = append(waiting, story.Waits(w.own(o), w.in(3)))
		}
	}
	w.rand.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
	return story.OfClient(client, waiting...)
}

// change is a write of the actor's own goroutine to a parameter that nobody else
// has, and perhaps its clean-up.
func (w *world) change(a *actor, by record.By) {
	if w.single == 40 || a == nil {
		w.set(a, "own", by)
		return
	}
	value := w.next(a, "own")
	name, server := fmt.Sprintf("x%d", w.single), w.rand.IntN(2)
	w.single++
	w.of(a).WriteTo(server, by, "CONFIG", "SET", name, value).OK()
	d := w.truth[value]
	d.kind = "leak"
	if w.in(2) {
		d.kind = "reverted"
		up := a
		a.clean = append(a.clean, func() { w.of(a).WriteTo(server, w.own(up), "CONFIG", "SET", name, "0").OK() })
	}
	w.truth[value] = d
}

// doubtful has an actor change a parameter that nobody else has in a way that does
// not say who it was. Somebody else restores it when the actor has left it.
func (w *world) doubtful(a *actor) {
	if w.single == 40 || a == nil || a.Kind == record.KindSpec && a.Owner.Container != "" {
		return
	}
	by, way := w.job(a), "doubtful job"
	switch w.rand.IntN(4) {
	case 0:
		by, way = w.timer(a), "doubtful timer"
	case 1:
		by, way = w.byClient(a, w.own(a)), "doubtful client"
	case 2:
		by, way = w.after(a, a), "doubtful after"
	}
	value := w.next(a, way)
	name, server := fmt.Sprintf("x%d", w.single), w.rand.IntN(2)
	w.single++
	w.of(a).WriteTo(server, by, "CONFIG", "SET", name, value).OK()
	d := w.truth[value]
	switch w.rand.IntN(3) {
	case 0:
		a.clean = append(a.clean, func() { w.of(a).WriteTo(server, w.job(a), "CONFIG", "SET", name, "0").OK() })
	case 1:
		d.kind, d.announced = "leak", true
	default:
		d.kind, d.announced = "leak", true
		w.left = append(w.left, left{w.p, func() {
			if !w.unit(a).over {
				return // it is left
			}
			who := (*actor)(nil)
			if len(w.running) > 0 {
				who = w.running[0]
			}
			if by := w.own(who); who != nil || w.in(2) {
				w.of(who).WriteTo(server, by, "CONFIG", "SET", name, "0").OK()
			} else {
				w.p.WriteTo(server, w.job(nil), "CONFIG", "SET", name, "0").OK()
			}
		}})
	}
	w.truth[value] = d
}

// twice has an actor change a parameter and restore it, and again: that is two
// changes.
func (w *world) twice(a *actor) {
	if w.single == 40 || a == nil {
		return
	}
	name, server := fmt.Sprintf("x%d", w.single), w.rand.IntN(2)
	w.single++
	for range 2 {
		value := w.next(a, "twice")
		w.truth[value] = deed{by: w.name(a), way: "twice", kind: "reverted", announced: true}
		w.of(a).WriteTo(server, w.own(a), "CONFIG", "SET", name, value).OK()
		w.of(a).WriteTo(server, w.own(a), "CONFIG", "SET", name, "0").OK()
	}
}

// closureOf has an actor leave to a timer or a worker what runs a closure of
// another test, whose function it called or which it found in a variable.
func (w *world) closureOf(a *actor) {
	other := w.begun[w.rand.IntN(max(1, len(w.begun))):]
	if len(other) == 0 || a == nil {
		return
	}
	by := story.Timer(w.line(other[0]))
	if w.in(2) {
		by = w.job(a)
		by.Stack = append(story.Stack(w.line(other[0])), by.Stack...)
	}
	f := func() { w.set(a, "closure of another", by) }
	if w.in(2) {
		w.leave(f)
		return
	}
	f()
}

// limit sets the limit of memory, and half of those who do put back what there
// was: also where that was what somebody else had left.
func (w *world) limit(a *actor) {
	if a == nil {
		return
	}
	was, value := w.Servers[0].Settings["maxmemory"], w.next(a, "limit") // some hundred bytes
	if w.in(4) {
		value = "0"
	}
	w.limited(a, value)
	if w.in(2) {
		a.clean = append(a.clean, func() {
			undisturbed := w.Servers[0].Settings["maxmemory"] == value
			w.limited(a, was)
			if d, known := w.truth[was]; known {
				if d.also = append(d.also, w.name(a)); !undisturbed {
					d.brought = append(d.brought, w.name(a))
				}
				w.truth[was] = d
			}
		})
	}
}

// meet has writes of an actor refused where there is a limit, and it will fail.
func (w *world) meet(a *actor) {
	if limit := w.Servers[0].Settings["maxmemory"]; a != nil && limit != "0" {
		n := 1 + w.rand.Int64N(3)
		by, way := w.own(a), "own refused"
		switch w.rand.IntN(6) {
		case 0:
			by, way = w.spawned(a, false), "goroutine refused"
		case 1:
			by, way = w.timer(a), "timer refused"
		case 2:
			by, way = w.job(a), "job refused"
		}
		r := w.of(a).Refused(by, n)
		r.Text += fmt.Sprintf(" (%d)", r.Number) // says whose it is
		w.truth[r.Text] = deed{by: w.name(a), way: way}
		w.tallyOf(w.name(a)).oom += n
		w.victims[w.name(a)] = true
	}
}

// child is a test binary that an actor has started.
func (w *world) child(a *actor) {
	if a == nil {
		return
	}
	c := w.of(a).Nested(a.test)
	value := w.next(a, "child")
	c.WriteTo(w.rand.IntN(2), c.Main(9), "CONFIG", "SET", fmt.Sprintf("p%d", w.rand.IntN(6)), value).OK()
	c.Kill()
}

// untraced is a program that an actor has started, and that no trace sees.
func (w *world) untraced(a *actor) {
	if w.in(2) {
		w.announce(w.of(a))
	}
	w.SetOn(w.rand.IntN(2), fmt.Sprintf("p%d", w.rand.IntN(6)), w.next(a, "program"))
}
