// Package merge makes one summary of many runs: the shards of one suite, or one
// suite over time. It is pure: findings in, a summary out.
//
// Runs are read apart from each other ([Of]), which can be done by several
// goroutines at once, and are put together one after another ([Merge.Add]). The
// order of Add decides the numbers of the runs, and nothing else does: the same
// runs in the same order give the same summary.
//
// Invariants:
//   - A finding stays within its run. That a test leaked in one shard says
//     nothing on why another one failed elsewhere, so counts are summed up and
//     causes are not.
//   - A run that is incomplete, damaged, or was not fully watched is never
//     counted as clean, and an input that could not be read is named.
//   - Suspects of one run are not held against those of another: two ambiguous
//     changes can be of two tests.
//
// Limits: of a test that only passed nothing is kept but a hash of its name and in
// how many runs it ran: some twenty bytes. Of what went wrong everything that
// the summary says is kept. Both are bounded ([Limits]), and what a bound left
// out is counted and said.
package merge

import (
	"cmp"
	"slices"

	"tracetest/internal/record"
)

// Limits bound what is held in memory, however much is merged. Of a limit of
// zero nothing is kept.
type Limits struct {
	Tests   int // different tests of which is counted in how many runs they ran
	Wrong   int // different tests that failed, leaked or passed with commands refused
	Leaks   int // different leaks
	Servers int // different servers
	Runs    int // runs, servers and suspects that are named for one test or leak
	Values  int // values that are listed of one leak
}

// DefaultLimits lets a thousand shards of ten thousand tests each be counted in
// full, in some hundred megabytes.
func DefaultLimits() Limits {
	return Limits{Tests: 16 << 20, Wrong: 100_000, Leaks: 10_000, Servers: 1000, Runs: 100, Values: 5}
}

// Merge puts runs together. The zero value is not ready; see [New].
type Merge struct {
	limits  Limits
	summary Summary
	ran     map[uint64]uint32 // runs by the hash of a test's name
	full    bool              // a test was not taken into ran any more
	wrong   map[record.Name]*Test
	leaks   map[leakKey]*Leak
	servers map[Server]*Server
	dropped map[string]int
}

// New returns a Merge of nothing.
func New(limits Limits) *Merge {
	return &Merge{limits: limits, ran: map[uint64]uint32{}, wrong: map[record.Name]*Test{}, leaks: map[leakKey]*Leak{},
		servers: map[Server]*Server{}, dropped: map[string]int{},
		summary: Summary{Schema: Schema, Runs: []Run{}, Unreadable: []Unreadable{}, Duplicates: []Duplicate{}}}
}

// Unreadable notes an input of which nothing is known.
func (m *Merge) Unreadable(file, problem string) {
	m.summary.Unreadable = append(m.summary.Unreadable, Unreadable{file, problem})
}

// Duplicate notes an input that is another one over again. It is not counted.
func (m *Merge) Duplicate(file, of string) {
	m.summary.Duplicates = append(m.summary.Duplicates, Duplicate{file, of})
}

// Add takes in the next run.
func (m *Merge) Add(o *One) {
	s, number := &m.summary, len(m.summary.Runs)
	s.Runs = append(s.Runs, o.run)
	s.Verdicts.count(o.run.Verdict)
	s.Tests.Total += o.run.Tests.Total
	s.Tests.Passed += o.run.Tests.Passed
	s.Tests.Failed += o.run.Tests.Failed
	s.Tests.Skipped += o.run.Tests.Skipped
	s.Tests.Specs += o.run.Tests.Specs
	s.Failures.add(o.failures)
	for _, hash := range o.ran {
		if n, known := m.ran[hash]; known || len(m.ran) < m.limits.Tests {
			m.ran[hash] = n + 1
		} else {
			m.full = true
			m.dropped["tests"]++
		}
	}
	for _, seen := range o.wrong {
		t := m.wrong[seen.Name]
		if t == nil {
			if len(m.wrong) >= m.limits.Wrong {
				m.dropped["wrong"]++
				continue
			}
			t = &Test{Name: seen.Name, LeakedRuns: []int{}, VictimRuns: []int{}, FailedRuns: []int{}}
			m.wrong[seen.Name] = t
		}
		m.addTest(t, seen, number)
	}
	for _, seen := range o.leaks {
		l := m.leaks[seen.key]
		if l == nil {
			if len(m.leaks) >= m.limits.Leaks {
				m.dropped["leaks"]++
				continue
			}
			l = newLeak(seen, m.limits.Runs)
			m.leaks[seen.key] = l
		}
		m.addLeak(l, seen, number)
	}
	for _, seen := range o.servers {
		s := m.servers[seen.name()]
		if s == nil {
			if len(m.servers) >= m.limits.Servers {
				m.dropped["servers"]++
				continue
			}
			name := seen.name()
			s = &name
			m.servers[name] = s
		}
		s.add(seen)
	}
}

// noteRun notes that something was in a run, once.
func (m *Merge) noteRun(count *int, runs *[]int, number int) {
	*count++
	if len(*runs) < m.limits.Runs {
		*runs = append(*runs, number)
	}
}

func (m *Merge) addTest(t *Test, seen wrong, number int) {
	if seen.failures > 0 {
		m.noteRun(&t.Failed, &t.FailedRuns, number)
	}
	if seen.leaks > 0 {
		m.noteRun(&t.Leaked, &t.LeakedRuns, number)
	}
	if seen.victim > 0 {
		m.noteRun(&t.Victim, &t.VictimRuns, number)
	}
	if t.Message == "" {
		t.Message = seen.message
	}
	if seen.ignored > 0 {
		t.IgnoredOOM++
	}
	t.Causes.add(seen.causes)
}

func (m *Merge) addLeak(l *Leak, seen leakSeen, number int) {
	l.Count += seen.count
	m.noteRun(&l.InRuns, &l.Runs, number)
	l.Failures += seen.failures
	l.Known += seen.known
	for _, certainty := range seen.certainties {
		if !slices.Contains(l.Certainties, certainty) {
			l.Certainties = append(l.Certainties, certainty)
		}
	}
	for _, server := range seen.servers {
		if !slices.Contains(l.Servers, server) && len(l.Servers) < m.limits.Runs {
			l.Servers = append(l.Servers, server)
		}
	}
	for _, v := range seen.values {
		at := slices.IndexFunc(l.Values, func(known Value) bool { return known.From == v.From && known.To == v.To })
		switch {
		case at >= 0:
			l.Values[at].Count += v.Count
		case len(l.Values) < m.limits.Values:
			l.Values = append(l.Values, v)
		default:
			l.MoreValues += v.Count
		}
	}
}

// Summary says what was merged. It can be asked for again after more runs.
func (m *Merge) Summary() *Summary {
	s := m.summary
	s.Runs, s.Unreadable, s.Duplicates = slices.Clone(s.Runs), slices.Clone(s.Unreadable), slices.Clone(s.Duplicates)
	s.Distinct = len(m.ran)
	s.Leaks, s.Wrong, s.Servers, s.Bounds = []Leak{}, []Test{}, []Server{}, []Bound{}
	s.Shards = shardsOf(s.Runs)
	s.Exit = s.exit()
	for _, l := range m.leaks {
		kept := *l
		kept.Ran = -1
		if l.By != nil {
			kept.Ran = m.ranIn(*l.By)
		}
		slices.Sort(kept.Certainties)
		s.Leaks = append(s.Leaks, kept)
	}
	for _, t := range m.wrong {
		kept := *t
		kept.Ran = m.ranIn(t.Name)
		s.Wrong = append(s.Wrong, kept)
	}
	for _, server := range m.servers {
		s.Servers = append(s.Servers, *server)
	}
	slices.SortFunc(s.Leaks, func(a, b Leak) int {
		return cmp.Or(-cmp.Compare(a.InRuns, b.InRuns), -cmp.Compare(a.Count, b.Count), cmp.Compare(a.text(), b.text()))
	})
	slices.SortFunc(s.Wrong, func(a, b Test) int {
		return cmp.Or(-cmp.Compare(a.Leaked, b.Leaked), -cmp.Compare(a.Victim, b.Victim), -cmp.Compare(a.Failed, b.Failed), a.Name.Compare(b.Name))
	})
	slices.SortFunc(s.Servers, func(a, b Server) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Flavor, b.Flavor), cmp.Compare(a.Version, b.Version))
	})
	for _, bound := range []struct {
		what string
		kept int
	}{{"tests", m.limits.Tests}, {"wrong", m.limits.Wrong}, {"leaks", m.limits.Leaks}, {"servers", m.limits.Servers}} {
		if n := m.dropped[bound.what]; n > 0 {
			s.Bounds = append(s.Bounds, Bound{bound.what, bound.kept, n})
		}
	}
	return &s
}

// ranIn returns in how many runs an owner ran, or -1 where that was not counted.
func (m *Merge) ranIn(o record.Name) int {
	n, known := m.ran[hashOf(o)]
	if !known && m.full {
		return -1
	}
	return int(n)
}
