package triage_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/triage"
	"tracetest/internal/triage/story"
)

// Values of the two parameters of random runs. The first is the baseline.
var values = map[string][]string{"hz": {"10", "20", "30"}, "maxmemory": {"0", "1048576", "2097152", "1073741824"}}

var parameters = []string{"hz", "maxmemory"}

// step is what somebody was seen to have changed, one parameter.
type step struct {
	parameter, from, to string
	owner               string
	test                int // whose unit it is: the number of the top-level test, or zero for the package
	pkg                 int
	at                  int // in the order of the run
}

// sequential is a random run of tests one after another, and what is right to
// say of it, computed from the definitions of a leak and of a contained change
// over the list of all steps.
type sequential struct {
	*rec
	rand  *rand.Rand
	now   map[string]string
	last  map[string]string // as of the last boundary
	steps []step
	clock int
	spans []span
}

// span is a unit: a top-level test, or a package.
type span struct {
	test, pkg    int
	begin, end   int
	found, ended map[string]string
}

func (s *sequential) act() {
	for range s.rand.IntN(3) {
		name := parameters[s.rand.IntN(len(parameters))]
		value := values[name][s.rand.IntN(len(values[name]))]
		s.Set(name, value)
		s.now[name] = value
	}
}

// seen closes a stretch in which only owner was open.
func (s *sequential) seen(owner string, test, pkg int) {
	for _, name := range parameters {
		if s.now[name] != s.last[name] {
			s.clock++
			s.steps = append(s.steps, step{name, s.last[name], s.now[name], owner, test, pkg, s.clock})
			s.last[name] = s.now[name]
		}
	}
	s.clock++
}

func (s *sequential) values() map[string]string {
	return map[string]string{"hz": s.now["hz"], "maxmemory": s.now["maxmemory"]}
}

func randomSequence(seed uint64) *sequential {
	s := &sequential{rec: story.New().Baseline(), rand: rand.New(rand.NewPCG(seed, 1)),
		now: map[string]string{"hz": "10", "maxmemory": "0"}, last: map[string]string{"hz": "10", "maxmemory": "0"}}
	tests := 0
	for pkg := 1; pkg <= 1+s.rand.IntN(2); pkg++ {
		path := fmt.Sprintf("shop/p%d", pkg)
		whole := span{pkg: pkg, begin: s.clock, found: s.values()}
		s.Starts(path)
		s.act() // init
		p := s.Hello(path)
		s.seen(path, 0, pkg)
		for range s.rand.IntN(4) {
			s.act() // TestMain
			tests++
			one := span{test: tests, pkg: pkg}
			name := fmt.Sprintf("Test%d", tests)
			t := p.Begin(name)
			s.seen(path, 0, pkg)
			one.begin, one.found = s.clock, s.values()
			s.body(t, path, name, tests, pkg, 0)
			t.End([]string{"pass", "pass", "fail", "skip"}[s.rand.IntN(4)], "not equal")
			s.seen(path+" > "+name, tests, pkg)
			one.end, one.ended = s.clock, s.values()
			s.spans = append(s.spans, one)
		}
		s.act() // after m.Run
		p.Exit()
		s.seen(path, 0, pkg)
		p.Gone()
		p.Ended("pass")
		whole.end, whole.ended = s.clock, s.values()
		s.spans = append(s.spans, whole)
	}
	s.rec.End(0)
	return s
}

func (s *sequential) body(t *test, path, name string, test, pkg, depth int) {
	s.act()
	if depth == 2 {
		return
	}
	for i := range s.rand.IntN(3) {
		sub := fmt.Sprintf("%s/s%d", name, i)
		inner := t.Begin(fmt.Sprintf("s%d", i))
		s.seen(path+" > "+name, test, pkg)
		s.body(inner, path, sub, test, pkg, depth+1)
		inner.End("pass")
		s.seen(path+" > "+sub, test, pkg)
		s.act()
	}
}

// right returns what is right to say, one line for each change.
func (s *sequential) right() (leaks, contained []string) {
	for _, u := range s.spans {
		for _, name := range parameters {
			base := values[name][0]
			found := u.found[name]
			undone := func(v string) bool { return v == base || v == found }
			var own []step
			deviated := false // what puts back what others left is no change of its own
			for _, x := range s.steps {
				if x.parameter == name && x.pkg == u.pkg && x.test == u.test && x.at > u.begin && x.at <= u.end {
					if deviated = deviated || !undone(x.to); deviated {
						own = append(own, x)
					}
				}
			}
			if len(own) == 0 {
				continue
			}
			// Each time the value is back at what was found, what follows is another.
			var announced []string
			undo := func(own []step) {
				for _, x := range slices.Backward(own) {
					if text := fmt.Sprintf("%s %s to %s by %s", name, found, x.to, x.owner); !undone(x.to) {
						if !slices.Contains(announced, text) {
							announced, contained = append(announced, text), append(contained, text)
						}
						break
					}
				}
			}
			for i := 1; i < len(own); i++ {
				if undone(own[i].from) {
					undo(own[:i])
					own, i = own[i:], 0
					if undone(own[0].to) {
						own, i = own[1:], 0
					}
				}
			}
			if len(own) == 0 {
				continue
			}
			last := own[len(own)-1]
			if !undone(last.to) && !undone(u.ended[name]) {
				text := fmt.Sprintf("%s %s to %s by %s", name, found, last.to, last.owner)
				for _, x := range s.steps {
					if x.at > u.end && x.parameter == name && undone(x.to) {
						text += ", put back by " + x.owner
						break
					}
				}
				leaks = append(leaks, text)
				continue
			}
			undo(own)
		}
	}
	slices.Sort(leaks)
	slices.Sort(contained)
	return leaks, contained
}

// said returns what was said, in the same words.
func said(changes []findings.Change) []string {
	var lines []string
	for _, c := range changes {
		text := fmt.Sprintf("%s %s to %s by ", c.Parameter, c.From, c.To)
		if c.By != nil {
			text += owner(*c.By)
		} else {
			text += "one of " + owners(c.Suspects)
		}
		if c.RestoredBy != nil {
			text += ", put back by " + owner(*c.RestoredBy)
		}
		lines = append(lines, text)
	}
	slices.Sort(lines)
	return lines
}

// Tests one after another: each change is told with its owner, neither more
// nor less than the definitions say.
func TestRandomSequences(t *testing.T) {
	for seed := range uint64(3000) {
		s := randomSequence(seed)
		f := triaged(s.Entries)
		leaks, contained := s.right()
		if got := said(f.Leaks); !slices.Equal(got, leaks) {
			t.Fatalf("seed %d: leaks\n%s\nwant\n%s\nof\n%s", seed, strings.Join(got, "\n"), strings.Join(leaks, "\n"), tell(s.steps))
		}
		if got := said(f.Reverted); !slices.Equal(got, contained) {
			t.Fatalf("seed %d: contained\n%s\nwant\n%s\nof\n%s", seed, strings.Join(got, "\n"), strings.Join(contained, "\n"), tell(s.steps))
		}
		if bad := broken(f); len(bad) > 0 {
			t.Fatalf("seed %d: %s\n%s", seed, strings.Join(bad, "\n"), render(f))
		}
	}
}

func tell(steps []step) string {
	var b strings.Builder
	for _, x := range steps {
		fmt.Fprintf(&b, "%s %s to %s by %s\n", x.parameter, x.from, x.to, x.owner)
	}
	return b.String()
}

func triaged(entries []record.Entry) *findings.Findings {
	a := triage.New()
	for _, e := range entries {
		a.Add(e)
	}
	return a.Findings()
}

// concurrent is a random run of parallel tests in up to two processes, with
// stretches in which the server cannot be seen and helpers that outlive their
// tests. It knows who really wrote.
type concurrent struct {
	ending bool
	*rec
	rand    *rand.Rand
	procs   []*busy
	active  map[string]bool   // since the last good look
	writer  map[string]string // of each parameter, since the last good look
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

// stretch is the time between two good looks, in which a parameter changed.
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
		c.hear()
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

// move is one boundary of a process: something that package testing can do.
func (c *concurrent) move(b *busy) {
	var open []*running
	sequential := (*running)(nil) // the one that holds the others up
	for _, t := range b.tests {
		if !t.over {
			open = append(open, t)
			if !t.paused && t.parent == nil && !slices.Contains(parallelNames, t.KindOf()) {
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

// parallelKind marks a test of the builder that called t.Parallel. It never
// comes into the record.
const parallelKind = record.Kind("parallel")

var parallelNames = []record.Kind{parallelKind}

func (t *running) KindOf() record.Kind { return t.Kind }

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

// Tests at the same time: whoever really wrote is the owner or among the
// suspects, nobody is one who was not active, and who is named did it.
func TestRandomParallel(t *testing.T) {
	for seed := range uint64(3000) {
		c := randomConcurrent(seed, seed%2 == 1, false)
		f := triaged(c.Entries)
		for _, x := range append(slices.Clone(f.Leaks), f.Reverted...) {
			i := slices.IndexFunc(c.stretch, func(s stretch) bool { return s.at.Equal(x.At) && s.parameter == x.Parameter })
			if i < 0 {
				t.Fatalf("seed %d: %s changed at a time at which nothing was seen\n%s", seed, x.Parameter, render(f))
			}
			s := c.stretch[i]
			var accused []string
			for _, o := range x.Suspects {
				accused = append(accused, owner(o))
			}
			if x.By != nil {
				accused = append(accused, owner(*x.By))
			}
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

// Without the barrier: tests run ahead of their events by up to two seconds, and
// whoever really wrote is always among the suspects.
func TestRandomEvents(t *testing.T) {
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 3))
		r := story.Of(record.Run{Mode: record.ModeEvents}, 1).Baseline()
		type event struct {
			at           time.Duration // when it happened
			action, test string
		}
		type write struct {
			at    time.Duration
			value string
			owner string
		}
		var events []event
		var writes []write
		at := 10 * time.Millisecond
		fast := time.Duration(1 + random.IntN(4000))
		events = append(events, event{at, "start", ""})
		for i := range 20 {
			name := fmt.Sprintf("Test%d", i)
			at += time.Duration(random.Int64N(int64(fast*time.Millisecond) / 100))
			events = append(events, event{at, "run", name})
			length := time.Duration(random.Int64N(int64(fast * time.Millisecond)))
			if random.IntN(6) == 0 {
				writes = append(writes, write{at + length/2, values["hz"][random.IntN(3)], "shop/cache > " + name})
			}
			at += length
			events = append(events, event{at, "pass", name})
		}
		events = append(events, event{at + 1, "pass", ""})
		wrote := map[string]string{} // by snapshot: the last writer
		last := ""
		begin := r.Now
		lag := time.Duration(0)
		for i, e := range events {
			lag = time.Duration(random.Int64N(int64(2 * time.Second)))
			if read := begin.Add(e.at + lag); read.After(r.Now) {
				r.Now = read
			}
			r.Event(e.action, "shop/cache", e.test, "")
			if random.IntN(3) > 0 && i < len(events)-1 {
				continue
			}
			// The snapshot sees what was written before it.
			for len(writes) > 0 && begin.Add(writes[0].at).Before(r.Now) {
				r.Set("hz", writes[0].value)
				last = writes[0].owner
				writes = writes[1:]
			}
			r.TakeSnapshot()
			wrote[r.Entries[len(r.Entries)-1].Boundary.Snapshots[0].Received.String()] = last
		}
		r.End(0)
		f := triaged(r.Entries)
		for _, x := range append(slices.Clone(f.Leaks), f.Reverted...) {
			writer, known := wrote[x.At.String()]
			if !known || x.By != nil || !slices.ContainsFunc(x.Suspects, func(o findings.Owner) bool { return owner(o) == writer }) {
				t.Fatalf("seed %d: %s wrote, and %s are suspected", seed, writer, owners(x.Suspects))
			}
		}
		if bad := broken(f); len(bad) > 0 {
			t.Fatalf("seed %d: %s\n%s", seed, strings.Join(bad, "\n"), render(f))
		}
	}
}
