package triage_test

import (
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"

	"tracetest/internal/record"
	"tracetest/internal/triage/story"
)

// seeds is how many random worlds are judged. Each is a run of some 80 entries of
// processes beside each other, so that 100,000 take some minutes.
var seeds = flag.Uint64("seeds", func() uint64 {
	if os.Getenv("TRACETEST_ALL") != "" {
		return 100_000
	}
	return 1000
}(), "how many random worlds to judge")

// firstSeed is that of the first of them, to judge others or one.
var firstSeed = flag.Uint64("first-seed", 0, "the first seed of the random tests")

// several are the seeds of a random test of another kind: so many, or more where more
// worlds are judged.
func several(usual uint64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for n := range usual * max(1, *seeds/10_000) {
			if !yield(*firstSeed + n) {
				return
			}
		}
	}
}

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
	begun   []*actor           // all tests and specs, in order
	running []*actor           // those whose code runs now
	left    []left             // what was left behind, and will write
	workers map[int]*record.By // by process, the goroutine of the shared worker, if it was started
	suite   *actor             // the test that runs the open suite
	spec    *actor
	single  int                 // parameters that only one change is made of
	victims map[string]bool     // tests of which writes were refused
	force   map[string][]string // by test, the limits that were in force while it was open

	beside *neighbour   // another process
	ahead  map[int]bool // processes that passed a boundary since the last at which they waited
	counts map[int]bool // processes that did what is counted since the last at which they waited: they wait at the next
	tally  map[string]*tally
	loose  bool // a crash or a restart came in between: what became of a change is nobody's to say

	resets bool // statistics are reset
	nodes  bool // suite nodes write
	crew   []*member
	found  map[*test][]map[string]string // with --restore=test, what the first of the units found that are open within a test, or within none

	seed uint64
	bad  []string // what is said wrong of it
}

// deed is a write.
type deed struct {
	by        string   // who made it
	also      []string // others who set the same
	brought   []string // those of them who brought it back when it was gone
	way       string
	kind      string // "leak" or "reverted" where it is known
	client    bool
	announced bool // it must be told as a change of its own
}

// left is what a process has left behind.
type left struct {
	of    *proc
	write func()
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
		return a.Process.Path + " > " + a.Parent.Name + " > " + a.test.Name
	}
	return a.Process.Path + " > " + a.test.Name
}

// of is the process that an actor runs in.
func (w *world) of(a *actor) *proc {
	if a == nil {
		return w.p
	}
	return a.Process
}

func (w *world) in(n int) bool { return w.rand.IntN(n) == 0 }

func newWorld(seed uint64) *world {
	w := &world{rec: story.Of(record.Run{Mode: record.ModeInstrumented}, 2), seed: seed, rand: rand.New(rand.NewPCG(seed, 7)), truth: map[string]deed{},
		victims: map[string]bool{}, force: map[string][]string{}, ahead: map[int]bool{}, counts: map[int]bool{}, workers: map[int]*record.By{}, tally: map[string]*tally{}}
	for i := range 6 {
		w.Base(fmt.Sprintf("p%d", i), "0")
	}
	for i := range 40 {
		w.Base(fmt.Sprintf("x%d", i), "0")
	}
	w.Baseline().Trace()
	more := rand.New(rand.NewPCG(seed, 13))
	w.resets, w.nodes = more.IntN(3) == 0, more.IntN(2) == 0
	plain := more.IntN(3) == 0
	if seed%4 < 2 && more.IntN(4) == 0 {
		w.Entries[0].Run.Restore = "test"
		w.found = map[*test][]map[string]string{}
	}
	if w.found == nil && seed%4 == 1 && more.IntN(2) == 0 {
		w.gather(2 + more.IntN(2))
	} else {
		w.p = w.Package("shop/cache")
		w.contact()
	}
	if seed%2 == 1 && w.found == nil {
		// Boundaries are passed whatever was done: no attribution may rest on that
		// nothing was. But what failures meet is told by counters, and nobody passes
		// while a limit is known to be another than at first.
		ahead := rand.New(rand.NewPCG(seed, 11))
		w.Passes = func(process int) bool {
			w.ahead[process] = ahead.IntN(4) > 0 && w.Servers[0].Shown["maxmemory"] == "0" && !w.counts[process]
			w.counts[process] = false
			return w.ahead[process]
		}
	}
	w.Finds = seed%3 > 0
	w.meetNeighbour(plain)
	if w.crew != nil {
		w.together()
	} else {
		w.run()
	}
	w.part()
	w.rec.End(0)
	return w
}

// run is what the process does until it ends.
func (w *world) run() {
	defer w.crash()
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
	if w.found != nil && (a.Kind == record.KindSpec || len(w.open()) == 0) {
		w.found[a.Parent] = w.settings()
	}
	w.begun = append(w.begun, a)
	w.force[w.name(a)] = append(w.force[w.name(a)], w.Servers[0].Settings["maxmemory"])
}

// limited sets the limit of memory.
func (w *world) limited(a *actor, value string) {
	sent := w.of(a).Write(w.own(a), "CONFIG", "SET", "maxmemory", value).Took()
	w.forced(value) // before the reply: who ends while that is on its way had it in force
	sent.Reply("+OK")
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
	w.restore(a)
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
	w.node(t, "BeforeSuite")
	for i := range 1 + w.rand.IntN(5) {
		container := ""
		if w.in(4) {
			container = "/src/shop/cache/a_test.go:900"
		}
		w.runSpec(t, container, fmt.Sprintf("%s does %d", name, i), func() {})
	}
	w.node(t, "AfterSuite")
	t.SuiteEnd(w.ran()...)
	w.suite = nil
	w.finish(t, "pass")
}

// runSpec is a spec from begin to end. Others go on where it calls them.
func (w *world) runSpec(t *actor, container, name string, others func()) {
	s := &actor{test: t.OrderedSpec(container, name)}
	s.Owner.Location, s.Owner.Until = fmt.Sprintf("/src/shop/cache/a_test.go:%d", 100*(1+int(s.ID))), 100*(1+int(s.ID))+50
	if w.in(3) { // all are declared by one function
		s.Owner.Location, s.Owner.Until = "/src/shop/cache/a_test.go:10", 20
	}
	w.began(s)
	w.spec = s
	for range 2 {
		others()
		w.acts(s, 1)
	}
	others()
	for _, f := range slices.Backward(s.clean) {
		f()
	}
	if w.victims[w.name(s)] {
		s.EndSpec("fail", story.OOMText)
	} else {
		s.EndSpec(w.one("pass", "pass", "fail"), "it did not")
	}
	s.over, w.spec = true, nil
	w.restore(s)
}

// acts has somebody do some things, and those go on who were left behind.
func (w *world) acts(a *actor, most int) {
	for range w.rand.IntN(most + 1) {
		if len(w.left) > 0 && w.in(3) {
			w.goOn()
		}
		w.act(a)
		w.neighbour()
		w.mayCrash()
	}
}

func (w *world) goOn() {
	i := w.rand.IntN(len(w.left))
	f := w.left[i].write
	w.left = slices.Delete(w.left, i, i+1)
	f()
}

// Where code stands.

func (w *world) leave(f func()) {
	if len(w.left) < 5 {
		w.left = append(w.left, left{w.p, f})
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

// unit is the test or spec that must leave all as it was, for an actor within it.
func (w *world) unit(a *actor) *actor {
	top := a.test
	for a.Kind != record.KindSpec && top.Parent != nil {
		top = top.Parent
	}
	return w.begun[slices.IndexFunc(w.begun, func(o *actor) bool { return o.test == top })]
}
