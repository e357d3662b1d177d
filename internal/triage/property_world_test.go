package triage_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/triage/story"
)

var seeds = flag.Uint64("seeds", 1000, "how many random worlds to judge")

// world is a random run in which everybody writes in every way that the injected
// code can tell of: on their own goroutine, on one that they started and perhaps
// left behind, by timers, by workers that tests share, by clients that write on
// goroutines of their own, by children. Each write sets a value of its own, so
// that the value says who made it. What is told of a goroutine is what package
// inject can know, and no more.
type world struct {
	*rec
	rand    *rand.Rand
	p       *proc
	truth   map[string]deed
	number  int
	begun   []*actor   // all tests and specs, in order
	running []*actor   // those whose code runs now
	left    []func()   // what was left behind, and will write
	worker  *record.By // the goroutine of the shared worker, if it was started
	suite   *actor     // the test that runs the open suite
	spec    *actor
	single  int                 // parameters that only one change is made of
	victims map[string]bool     // tests of which writes were refused
	force   map[string][]string // by test, the limits that were in force while it was open

	seed uint64
	bad  []string // what is said wrong of it
}

// deed is a write.
type deed struct {
	by        string   // who made it
	also      []string // others who set the same
	brought   []string // those of them who brought it back when it was gone
	way       string
	kind      string // "leak" or "contained" where it is known
	client    bool
	announced bool // it must be told as a change of its own
}

// actor is a test, subtest or spec, or with no test the package.
type actor struct {
	*test
	over     bool
	clean    []func() // run before its end
	children int
}

func (w *world) name(a *actor) string {
	switch {
	case a == nil:
		return w.p.Path
	case a.Kind == record.KindSpec:
		return w.p.Path + " > " + a.Parent.Name + " > " + a.test.Name
	}
	return w.p.Path + " > " + a.test.Name
}

func (w *world) in(n int) bool { return w.rand.IntN(n) == 0 }

func newWorld(seed uint64) *world {
	w := &world{rec: story.Of(record.Run{Mode: record.ModeInstrumented}, 2), rand: rand.New(rand.NewPCG(seed, 7)), truth: map[string]deed{}, victims: map[string]bool{}, force: map[string][]string{}}
	for i := range 6 {
		w.Base(fmt.Sprintf("p%d", i), "0")
	}
	for i := range 40 {
		w.Base(fmt.Sprintf("x%d", i), "0")
	}
	w.Baseline().Trace()
	w.p = w.Package("shop/cache")
	w.contact()
	if seed%2 == 1 {
		// Boundaries are passed whatever was done: no attribution may rest on that
		// nothing was. But what failures meet is told by counters, and nobody passes
		// while a limit is known to be another than at first.
		ahead := rand.New(rand.NewPCG(seed, 11))
		w.Passes = func() bool { return ahead.IntN(4) > 0 && w.Servers[0].Shown["maxmemory"] == "0" }
	}
	w.acts(nil, 1)
	for i := range 2 + w.rand.IntN(5) {
		switch w.rand.IntN(4) {
		case 0:
			w.group(nil, fmt.Sprintf("Test%c", 'A'+i))
		case 1:
			w.specs(fmt.Sprintf("Test%c", 'A'+i))
		default:
			w.tree(nil, fmt.Sprintf("Test%c", 'A'+i), 0)
		}
		if w.in(4) {
			w.acts(nil, 1)
		}
	}
	for len(w.left) > 0 {
		w.goOn()
	}
	w.p.Done("pass")
	w.rec.End(0)
	return w
}

func (w *world) contact() {
	for i := range w.Servers {
		w.p.Contact(i)
	}
}

func (w *world) start(parent *actor, name string) *actor {
	a := &actor{}
	if parent == nil {
		a.test = w.p.Begin(name)
	} else {
		a.test = parent.Begin(name)
		parent.children++
	}
	w.began(a)
	return a
}

func (w *world) began(a *actor) {
	w.begun = append(w.begun, a)
	w.force[w.name(a)] = []string{w.Servers[0].Settings["maxmemory"]}
}

// limited sets the limit of memory.
func (w *world) limited(a *actor, value string) {
	w.p.Write(w.own(a), "CONFIG", "SET", "maxmemory", value).OK()
	for _, o := range w.open() {
		w.force[w.name(o)] = append(w.force[w.name(o)], value)
	}
}

func (w *world) finish(a *actor, status string) {
	for _, f := range slices.Backward(a.clean) {
		f()
	}
	if w.victims[w.name(a)] {
		a.End("fail", story.OOMText)
	} else {
		a.End(status)
	}
	a.over = true
}

// tree is a test with subtests, up to three deep.
func (w *world) tree(parent *actor, name string, depth int) {
	a := w.start(parent, name)
	w.acts(a, 2)
	for i := range w.rand.IntN(3) {
		if depth == 3 {
			break
		}
		if w.in(4) {
			w.group(a, fmt.Sprintf("g%d", i))
		} else {
			w.tree(a, fmt.Sprintf("s%d", i), depth+1)
		}
		w.acts(a, 1)
	}
	w.finish(a, w.one("pass", "pass", "fail", "skip"))
}

func (w *world) one(words ...string) string { return words[w.rand.IntN(len(words))] }

// group are tests beside each other.
func (w *world) group(parent *actor, name string) {
	var all []*actor
	for i := range 2 + w.rand.IntN(3) {
		a := w.start(parent, fmt.Sprintf("%s%d", name, i))
		w.acts(a, 1)
		a.Pause()
		all = append(all, a)
	}
	for _, a := range all {
		a.Continue()
	}
	w.running = all
	for len(w.running) > 0 {
		i := w.rand.IntN(len(w.running))
		a := w.running[i]
		if w.acts(a, 1); w.in(2) {
			w.finish(a, "pass")
			w.running = slices.Delete(w.running, i, i+1)
		}
	}
}

// specs is a Ginkgo suite.
func (w *world) specs(name string) {
	t := w.start(nil, name)
	t.SuiteBegin()
	w.suite = t
	container := ""
	for i := range 1 + w.rand.IntN(5) {
		if container = ""; w.in(4) {
			container = "/src/shop/cache/a_test.go:900"
		}
		s := &actor{test: t.OrderedSpec(container, fmt.Sprintf("%s does %d", name, i))}
		s.Owner.Location, s.Owner.Until = fmt.Sprintf("/src/shop/cache/a_test.go:%d", 100*(1+int(s.ID))), 100*(1+int(s.ID))+50
		if w.in(3) { // all are declared by one function
			s.Owner.Location, s.Owner.Until = "/src/shop/cache/a_test.go:10", 20
		}
		w.began(s)
		w.spec = s
		w.acts(s, 2)
		for _, f := range slices.Backward(s.clean) {
			f()
		}
		if w.victims[w.name(s)] {
			s.EndSpec("fail", story.OOMText)
		} else {
			s.EndSpec(w.one("pass", "pass", "fail"), "it did not")
		}
		s.over, w.spec = true, nil
	}
	t.SuiteEnd()
	w.suite = nil
	w.finish(t, "pass")
}

// acts has somebody do some things, and those go on who were left behind.
func (w *world) acts(a *actor, most int) {
	for range w.rand.IntN(most + 1) {
		if len(w.left) > 0 && w.in(3) {
			w.goOn()
		}
		w.act(a)
	}
}

func (w *world) goOn() {
	i := w.rand.IntN(len(w.left))
	f := w.left[i]
	w.left = slices.Delete(w.left, i, i+1)
	f()
}

// Where code stands.

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
	if w.worker == nil {
		by := w.labelled(a, "shop/kit.work kit/kit.go:50")
		w.worker = &by
	}
	by := *w.worker
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
			if open := w.open(); len(open) > 0 {
				cancels = open[w.rand.IntN(len(open))]
			}
			w.set(a, "late after", w.after(a, cancels))
		})
	case 13:
		w.child(a)
	case 14:
		w.untraced(a)
	case 15: // it looks, and changes nothing
	}
}

func (w *world) leave(f func()) {
	if len(w.left) < 5 {
		w.left = append(w.left, f)
	}
}

func (w *world) open() (all []*actor) {
	for _, a := range w.begun {
		if !a.over {
			all = append(all, a)
		}
	}
	return all
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
	w.p.WriteTo(w.rand.IntN(2), by, "CONFIG", "SET", fmt.Sprintf("p%d", w.rand.IntN(6)), value).OK()
}

// byClient is a goroutine of the client's own, which somebody had dialled. Who
// called it waits for the reply, and others may wait as well.
func (w *world) byClient(a *actor, by record.By) record.By {
	var client record.By
	switch dials := w.rand.IntN(len(w.begun) + 2); {
	case dials == 0:
		client = w.p.Started()
	case dials == 1:
		client = story.Timer()
	default:
		client = w.begun[dials-2].Label()
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
	w.p.WriteTo(server, by, "CONFIG", "SET", name, value).OK()
	d := w.truth[value]
	d.kind = "leak"
	if w.in(2) {
		d.kind = "contained"
		up := a
		a.clean = append(a.clean, func() { w.p.WriteTo(server, w.own(up), "CONFIG", "SET", name, "0").OK() })
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
	w.p.WriteTo(server, by, "CONFIG", "SET", name, value).OK()
	d := w.truth[value]
	switch w.rand.IntN(3) {
	case 0:
		a.clean = append(a.clean, func() { w.p.WriteTo(server, w.job(a), "CONFIG", "SET", name, "0").OK() })
	case 1:
		d.kind, d.announced = "leak", true
	default:
		d.kind, d.announced = "leak", true
		w.left = append(w.left, func() {
			if !w.unit(a).over {
				return // it is left
			}
			who := (*actor)(nil)
			if len(w.running) > 0 {
				who = w.running[0]
			}
			if by := w.own(who); who != nil || w.in(2) {
				w.p.WriteTo(server, by, "CONFIG", "SET", name, "0").OK()
			} else {
				w.p.WriteTo(server, w.job(nil), "CONFIG", "SET", name, "0").OK()
			}
		})
	}
	w.truth[value] = d
}

// unit is the test or spec that must leave all as it was, for an actor within it.
func (w *world) unit(a *actor) *actor {
	top := a.test
	for a.Kind != record.KindSpec && top.Parent != nil {
		top = top.Parent
	}
	return w.begun[slices.IndexFunc(w.begun, func(o *actor) bool { return o.test == top })]
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
		w.truth[value] = deed{by: w.name(a), way: "twice", kind: "contained", announced: true}
		w.p.WriteTo(server, w.own(a), "CONFIG", "SET", name, value).OK()
		w.p.WriteTo(server, w.own(a), "CONFIG", "SET", name, "0").OK()
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
		w.p.Refused(w.own(a), 1+w.rand.Int64N(3))
		w.victims[w.name(a)] = true
	}
}

// child is a test binary that an actor has started.
func (w *world) child(a *actor) {
	if a == nil {
		return
	}
	c := w.p.Nested(a.test)
	value := w.next(a, "child")
	c.WriteTo(w.rand.IntN(2), c.Main(9), "CONFIG", "SET", fmt.Sprintf("p%d", w.rand.IntN(6)), value).OK()
	c.Kill()
}

// untraced is a program that an actor has started, and that no trace hears.
func (w *world) untraced(a *actor) {
	if w.Passes != nil && w.Passes() {
		w.p.Sync() // it was announced
	}
	w.SetOn(w.rand.IntN(2), fmt.Sprintf("p%d", w.rand.IntN(6)), w.next(a, "program"))
}

// In random worlds whoever did it is named, or is among the suspects, and what
// one unit did alone is a leak or contained as it was.
func TestRandomWorlds(t *testing.T) {
	var mu sync.Mutex
	count := map[findings.Certainty]int{}
	worlds(t, func(w *world, f *findings.Findings) []string {
		counted := map[findings.Certainty]int{}
		bad := append(w.judge(f, counted), broken(f)...)
		mu.Lock()
		defer mu.Unlock()
		for certainty, n := range counted {
			count[certainty] += n
		}
		return bad
	})
	t.Logf("%v", count)
	if said := count[findings.Exact] + count[findings.Ambiguous] + count[findings.Inferred]; count[findings.Exact] < said/4 {
		t.Errorf("only %d of %d are exact", count[findings.Exact], said)
	}
}

// No failure is put down to a limit that was not in force while its test ran.
func TestRandomVictims(t *testing.T) {
	var correlated atomic.Int64
	worlds(t, func(w *world, f *findings.Findings) (bad []string) {
		for _, x := range f.Failures {
			var c findings.Change
			switch {
			case x.Leak != nil:
				c = f.Leaks[*x.Leak]
			case x.Reverted != nil:
				c = f.Reverted[*x.Reverted]
			default:
				continue
			}
			correlated.Add(1)
			who := owner(x.Name())
			if !slices.ContainsFunc(w.force[who], func(value string) bool {
				// A change has the last value that its unit set, and who set that.
				return c.To == value || c.By != nil && slices.ContainsFunc(append(w.truth[value].brought, w.truth[value].by), func(by string) bool {
					return topOf(owner(*c.By)) == topOf(by)
				})
			}) {
				bad = append(bad, fmt.Sprintf("tied to what was not in force: %s to %s, and these were: %v", who, c.To, w.force[who]))
			}
		}
		return bad
	})
	if n := correlated.Load(); n < int64(*seeds)/10 {
		t.Errorf("only %d failures are tied to a change", n)
	}
}

// topOf returns the name of the test that a subtest is in.
func topOf(name string) string {
	pkg, test, _ := strings.Cut(name, " > ")
	if strings.Contains(test, " > ") {
		return name // a spec
	}
	test, _, _ = strings.Cut(test, "/")
	return pkg + " > " + test
}

// worlds judges random worlds. Of what is wrong it shows of each kind, which is
// what stands before a colon, how often it is and the smallest world.
func worlds(t *testing.T, judge func(*world, *findings.Findings) []string) {
	t.Helper()
	wrong := map[string][]*world{}
	var mu sync.Mutex
	var all sync.WaitGroup
	var next atomic.Uint64
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for seed := next.Add(1) - 1; seed < *seeds; seed = next.Add(1) - 1 {
				w := newWorld(seed)
				w.seed, w.bad = seed, judge(w, triaged(w.Entries))
				mu.Lock()
				for _, text := range w.bad {
					kind, _, _ := strings.Cut(text, ":")
					wrong[kind] = append(wrong[kind], w)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for _, kind := range slices.Sorted(maps.Keys(wrong)) {
		w := slices.MinFunc(wrong[kind], func(x, y *world) int {
			return cmp.Or(cmp.Compare(len(x.Entries), len(y.Entries)), cmp.Compare(x.seed, y.seed))
		})
		t.Errorf("%d are wrong: %s. The smallest is seed %d\n%s", len(wrong[kind]), kind, w.seed, strings.Join(w.bad, "\n"))
		if testing.Verbose() {
			t.Logf("%s\n%s", render(triaged(w.Entries)), marshal(t, w.Entries[3:]))
		}
	}
}

// judge returns what is wrong, each as a kind and what it was.
func (w *world) judge(f *findings.Findings, count map[findings.Certainty]int) (bad []string) {
	say := func(what, value string, who *findings.Owner, certainty findings.Certainty, suspects []findings.Owner, earlier int) {
		d, known := w.truth[value]
		if !known {
			return
		}
		count[certainty]++
		var accused []string
		if who != nil {
			accused = append(accused, owner(*who))
		}
		for _, o := range suspects {
			accused = append(accused, owner(o))
		}
		way := d.way
		if d.client {
			way += " by a client's goroutine"
		}
		if earlier == 0 && !slices.ContainsFunc(append(d.also, d.by), func(o string) bool { return slices.Contains(accused, o) }) {
			bad = append(bad, fmt.Sprintf("%s, %s: %s of %s by %q, and %q are accused", certainty, way, what, value, d.by, accused))
		}
		if d.kind != "" && what != "write" && d.kind != what {
			bad = append(bad, fmt.Sprintf("%s in place of %s, %s: %s by %q", what, d.kind, way, value, d.by))
		}
	}
	announced := map[string]bool{}
	for _, c := range append(slices.Clone(f.Leaks), f.Reverted...) {
		announced[c.To] = true
	}
	for value, d := range w.truth {
		if d.announced && !announced[value] {
			bad = append(bad, fmt.Sprintf("not told, %s: %s by %q", d.way, value, d.by))
		}
	}
	for _, c := range f.Leaks {
		say("leak", c.To, c.By, c.Certainty, c.Suspects, c.AndEarlier)
	}
	for _, c := range f.Reverted {
		say("contained", c.To, c.By, c.Certainty, c.Suspects, c.AndEarlier)
	}
	for _, x := range f.Writes {
		say("write", x.Command[len(x.Command)-1], x.By, x.Certainty, x.Suspects, x.AndEarlier)
	}
	return bad
}
