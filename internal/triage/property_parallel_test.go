package triage_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/triage/story"
)

// concurrent is a random run of parallel tests in up to two processes, with
// stretches in which the server cannot be seen and helpers that outlive their
// tests. It knows who really wrote.
type concurrent struct {
	ending bool
	*rec
	rand    *rand.Rand
	procs   []*busy
	active  map[string]bool   // since the last good snapshot
	writer  map[string]string // of each parameter, since the last good snapshot
	stretch []stretch
	blind   bool
	traced  *tracedLog // who writes besides, with the trace; see property_trace_test.go
}

// busy is a process and its open tests.
type busy struct {
	*proc
	tests  []*running
	gone   bool
	count  int
	helper []string // owners for which a helper of this process acts
}

type running struct {
	*test
	paused, over bool
	parent       *running
	children     int
}

// stretch is the time between two good snapshots, in which a parameter changed.
type stretch struct {
	at        time.Time
	parameter string
	to        string
	writer    string
	active    map[string]bool
	announced map[string]bool // who had told of a write of this value and had no reply yet
}

// who returns who is active now.
func (c *concurrent) who() []string {
	var all []string
	for _, b := range c.procs {
		if b.gone {
			continue
		}
		inner := 0
		for _, t := range b.tests {
			if !t.over && !t.paused && t.children == 0 {
				all = append(all, b.Path+" > "+t.Name)
			}
			if !t.over && !t.paused {
				inner++
			}
		}
		if inner == 0 {
			all = append(all, b.Path)
		}
		all = append(all, b.helper...)
	}
	return all
}

// act lets one of those who are active write.
func (c *concurrent) act() {
	all := c.who()
	for _, o := range all {
		c.active[o] = true
	}
	if c.traced != nil {
		c.trace()
	}
	if len(all) == 0 || c.rand.IntN(3) > 0 {
		return
	}
	name := parameters[c.rand.IntN(len(parameters))]
	value := values[name][c.rand.IntN(len(values[name]))]
	if c.traced != nil && c.traced.awaits(name, value) {
		return // who did it could not be told
	}
	c.Set(name, value)
	c.writer[name] = all[c.rand.IntN(len(all))]
}

// snap does what a boundary does, and notes what it showed.
func (c *concurrent) snap(boundary func()) {
	c.act()
	seen := len(c.Entries)
	c.Apart = c.traced != nil && !c.ending && c.rand.IntN(5) == 0 // tracetest stays out for somebody
	boundary()
	apart := c.Apart
	if c.Apart = false; c.blind || apart {
		for _, o := range c.who() {
			c.active[o] = true
		}
		return
	}
	c.seen(seen)
}

// seen notes what the snapshots since an entry showed.
func (c *concurrent) seen(since int) {
	for _, e := range c.Entries[since:] {
		var snaps []record.Snapshot
		switch {
		case e.Boundary != nil:
			snaps = e.Boundary.Snapshots
		case e.Reply != nil:
			snaps = e.Reply.Snapshots
		}
		if len(snaps) == 0 {
			continue
		}
		for name, to := range snaps[0].Config {
			c.stretch = append(c.stretch, stretch{snaps[0].Received, name, to, c.writer[name], c.active, c.traced.announced(name, to)})
			c.traced.shown(name, to)
		}
		c.traced.sampled()
	}
	c.active, c.writer = map[string]bool{}, map[string]string{}
	for _, o := range c.who() {
		c.active[o] = true
	}
}

// move is one boundary of a process: something that package testing can do.
func (c *concurrent) move(b *busy) {
	var open []*running
	sequential := (*running)(nil) // the one that holds the others up
	for _, t := range b.tests {
		if !t.over {
			open = append(open, t)
			if !t.paused && t.parent == nil && t.Kind != parallelKind {
				sequential = t
			}
		}
	}
	switch k := c.rand.IntN(6); {
	case k <= 1 && sequential == nil && b.count < 8:
		b.count++
		t := &running{}
		c.snap(func() { t.test = b.Begin(fmt.Sprintf("Test%d", b.count)) })
		b.tests = append(b.tests, t)
	case k == 2 && sequential != nil && sequential.children == 0:
		c.snap(func() { sequential.Pause() })
		sequential.paused = true
		sequential.Kind = parallelKind
	case k == 3:
		for _, t := range open {
			if t.paused && sequential == nil {
				c.snap(func() { t.Continue() })
				t.paused = false
				return
			}
		}
	case k == 4 && len(open) > 0:
		t := open[c.rand.IntN(len(open))]
		if t.paused || t.children > 0 || t.parent != nil && t.parent.parent != nil {
			return
		}
		if t.parent == nil && c.rand.IntN(2) == 0 {
			s := &running{parent: t}
			c.snap(func() {
				kind := t.Kind
				t.Kind = record.KindTest
				s.test = t.Begin(fmt.Sprintf("s%d", c.rand.IntN(1000)))
				t.Kind = kind
			})
			t.children++
			b.tests = append(b.tests, s)
		}
	case k == 5 && len(open) > 0:
		t := open[c.rand.IntN(len(open))]
		if !t.paused && t.children == 0 {
			c.finishTest(t)
		}
	}
}

func (c *concurrent) finishTest(t *running) {
	c.snap(func() { t.End("pass") })
	t.over = true
	if t.parent != nil {
		t.parent.children--
	}
}

func (c *concurrent) finishProcess(b *busy) {
	for again := true; again; {
		again = false
		for _, t := range b.tests {
			if t.over {
				continue
			}
			again = true
			if t.paused {
				c.snap(func() { t.Continue() })
				t.paused = false
			}
			if t.children == 0 {
				c.finishTest(t)
			}
		}
	}
	c.snap(func() { b.Exit() })
	b.gone = true
	for _, o := range c.who() {
		c.active[o] = true
	}
	b.proc.Gone()
	b.Ended("pass")
	delete(c.active, b.Path)
}

func randomConcurrent(seed uint64, blind, trace bool) *concurrent {
	c := &concurrent{rec: story.New().Baseline(), rand: rand.New(rand.NewPCG(seed, 2)), active: map[string]bool{}, writer: map[string]string{}}
	if trace {
		c.rec.Trace()
		c.traced = &tracedLog{}
	}
	// The processes begin before anybody acts, so that hello is no concern here.
	for i := range 1 + c.rand.IntN(2) {
		c.procs = append(c.procs, &busy{proc: c.rec.Package(fmt.Sprintf("shop/p%d", i))})
	}
	for _, o := range c.who() {
		c.active[o] = true
	}
	for range 30 {
		b := c.procs[c.rand.IntN(len(c.procs))]
		if b.gone {
			continue
		}
		if blind {
			switch c.rand.IntN(12) {
			case 0:
				c.Lose("i/o timeout")
				c.blind = true
			case 1, 2, 3:
				c.See()
				c.blind = false
			}
		}
		c.move(b)
	}
	c.See()
	c.blind, c.ending = false, true
	for _, b := range c.procs {
		c.finishProcess(b)
	}
	c.rec.End(0)
	return c
}

// parallelKind marks a test of the builder that called t.Parallel. It never
// comes into the record.
const parallelKind = record.Kind("parallel")

// Tests at the same time: whoever really wrote is the owner or among the
// suspects, nobody is one who was not active, and who is named did it.
func TestRandomParallel(t *testing.T) {
	for seed := range several(3000) {
		c := randomConcurrent(seed, seed%2 == 1, false)
		f := triaged(c.Entries)
		for _, x := range append(slices.Clone(f.Leaks), f.Reverted...) {
			i := slices.IndexFunc(c.stretch, func(s stretch) bool { return s.at.Equal(x.At) && s.parameter == x.Parameter })
			if i < 0 {
				t.Fatalf("seed %d: %s changed at a time at which nothing was seen\n%s", seed, x.Parameter, render(f))
			}
			s := c.stretch[i]
			accused := accusedOf(x.By, x.Suspects)
			if !slices.Contains(accused, s.writer) {
				t.Fatalf("seed %d: %s was written by %s, and %v are accused\n%s%s", seed, x.Parameter, s.writer, accused, render(f), marshal(t, c.Entries[2:]))
			}
			for _, o := range accused {
				if !s.active[o] {
					t.Fatalf("seed %d: %s is accused of %s and was not active then; %v were\n%s%s", seed, o, x.Parameter, s.active, render(f), marshal(t, c.Entries[2:]))
				}
			}
		}
		if bad := broken(f); len(bad) > 0 {
			t.Fatalf("seed %d: %s\n%s", seed, strings.Join(bad, "\n"), render(f))
		}
	}
}
