package triage_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

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
// say of it, computed from the definitions of a leak and of a reverted change
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
func (s *sequential) right() (leaks, reverted []string) {
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
							announced, reverted = append(announced, text), append(reverted, text)
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
	slices.Sort(reverted)
	return leaks, reverted
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
	for seed := range several(3000) {
		s := randomSequence(seed)
		f := triaged(s.Entries)
		leaks, reverted := s.right()
		if got := said(f.Leaks); !slices.Equal(got, leaks) {
			t.Fatalf("seed %d: leaks\n%s\nwant\n%s\nof\n%s", seed, strings.Join(got, "\n"), strings.Join(leaks, "\n"), tell(s.steps))
		}
		if got := said(f.Reverted); !slices.Equal(got, reverted) {
			t.Fatalf("seed %d: reverted\n%s\nwant\n%s\nof\n%s", seed, strings.Join(got, "\n"), strings.Join(reverted, "\n"), tell(s.steps))
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
