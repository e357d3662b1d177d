package triage_test

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// What is right to say of a random world.

// In random worlds whoever did it is named, or is among the suspects; what one unit did
// alone is a leak or reverted as it was; no failure is put down to a limit that was
// not set while its test ran; and nobody is said to have met or left more than
// it did.
func TestRandomWorlds(t *testing.T) {
	var mu sync.Mutex
	count, correlated := map[findings.Certainty]int{}, 0
	worlds(t, func(w *world, f *findings.Findings) []string {
		counted := map[findings.Certainty]int{}
		bad := append(w.judge(f, counted), broken(f)...)
		victims, n := w.judgeVictims(f)
		bad = append(append(bad, victims...), w.judgeTallies(f)...)
		mu.Lock()
		defer mu.Unlock()
		for certainty, n := range counted {
			count[certainty] += n
		}
		correlated += n
		return bad
	})
	t.Logf("%v, %d failures are correlated with a change", count, correlated)
	if said := count[findings.Exact] + count[findings.Ambiguous] + count[findings.Inferred]; count[findings.Exact] < said/4 {
		t.Errorf("only %d of %d are exact", count[findings.Exact], said)
	}
	if correlated < int(*seeds)/10 {
		t.Errorf("only %d failures are correlated with a change", correlated)
	}
}

// judgeVictims returns which failures are put down to a limit that was not in force
// while their test ran, and how many are put down to one.
func (w *world) judgeVictims(f *findings.Findings) (bad []string, correlated int) {
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
		correlated++
		who := owner(x.Name())
		if !slices.ContainsFunc(w.force[who], func(value string) bool {
			// A change has the last value that its unit set, and who set that.
			return c.To == value || slices.ContainsFunc(append(w.truth[value].brought, w.truth[value].by), func(by string) bool {
				same := func(o record.Name) bool { return topOf(owner(o)) == topOf(by) }
				return c.By != nil && same(*c.By) || slices.ContainsFunc(c.Suspects, same)
			})
		}) {
			bad = append(bad, fmt.Sprintf("tied to what was not in force: %s to %s, and these were: %v", who, c.To, w.force[who]))
		}
	}
	return bad, correlated
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
			for n := next.Add(1) - 1; n < *seeds; n = next.Add(1) - 1 {
				w := newWorld(*firstSeed + n)
				w.bad = judge(w, triaged(w.Entries))
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
	say := func(what, value string, who *record.Name, certainty findings.Certainty, suspects []record.Name, earlier int) {
		d, known := w.truth[value]
		if !known {
			return
		}
		count[certainty]++
		accused := accusedOf(who, suspects)
		way := d.way
		if d.client {
			way += " by a client's goroutine"
		}
		if earlier == 0 && !slices.ContainsFunc(append(d.also, d.by), func(o string) bool { return slices.Contains(accused, o) }) {
			bad = append(bad, fmt.Sprintf("%s, %s: %s of %s by %q, and %q are accused", certainty, way, what, value, d.by, accused))
		}
		if d.kind != "" && !w.loose && what != "write" && d.kind != what {
			bad = append(bad, fmt.Sprintf("%s in place of %s, %s: %s by %q", what, d.kind, way, value, d.by))
		}
	}
	announced := map[string]bool{}
	for _, c := range append(slices.Clone(f.Leaks), f.Reverted...) {
		announced[c.To] = true
	}
	for value, d := range w.truth {
		if d.announced && !w.loose && !announced[value] {
			bad = append(bad, fmt.Sprintf("not told, %s: %s by %q", d.way, value, d.by))
		}
	}
	for _, c := range f.Leaks {
		say("leak", c.To, c.By, c.Certainty, c.Suspects, c.AndEarlier)
	}
	for _, c := range f.Reverted {
		say("reverted", c.To, c.By, c.Certainty, c.Suspects, c.AndEarlier)
	}
	for _, x := range f.Writes {
		say("write", x.Command[len(x.Command)-1], x.By, x.Certainty, x.Suspects, x.AndEarlier)
	}
	for _, x := range f.Refused {
		say("refusal", x.Text, x.By, x.Certainty, x.Suspects, x.AndEarlier)
	}
	return bad
}

// judgeTallies returns who is said to have met or left more than it did.
func (w *world) judgeTallies(f *findings.Findings) (bad []string) {
	of := func(o record.Name) (sum tally) {
		name := owner(o)
		for who, t := range w.tally {
			if who == name || strings.HasPrefix(who, name+"/") || strings.HasPrefix(who, name+" > ") {
				sum.oom, sum.evicted, sum.keys = sum.oom+t.oom, sum.evicted+t.evicted, sum.keys+t.keys
			}
		}
		return sum
	}
	for _, x := range f.Failures {
		o := x.Name()
		is := of(o)
		if x.OOMErrors > is.oom {
			bad = append(bad, fmt.Sprintf("met more: %s %d OOM errors, and not %d", owner(o), is.oom, x.OOMErrors))
		}
		if x.Evicted > is.evicted {
			bad = append(bad, fmt.Sprintf("evicted more: %s %d, and not %d", owner(o), is.evicted, x.Evicted))
		}
	}
	for _, g := range f.Growth {
		if is := of(g.By); g.Keys > is.keys {
			bad = append(bad, fmt.Sprintf("left more: %s %d keys, and not %d", owner(g.By), is.keys, g.Keys))
		}
	}
	return bad
}

// accusedOf are all whom a finding names: who did it, and else its suspects.
func accusedOf(by *record.Name, suspects []record.Name) (all []string) {
	if by != nil {
		all = append(all, owner(*by))
	}
	for _, o := range suspects {
		all = append(all, owner(o))
	}
	return all
}
