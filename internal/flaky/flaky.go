// Package flaky says how often each test of a suite failed in many runs of it,
// and why as far as the findings of these runs tell. It is pure: runs in, rows
// out.
//
// A test is flaky that both failed and passed. Why is never guessed: where no
// finding ties its failures to Redis, it is its order or its own, and re-runs of
// bisect settle which.
package flaky

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"tracetest/internal/bisect"
	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// Kind is why a test fails now and then.
type Kind string

const (
	Victim  Kind = "victim"  // of what another test leaves
	Brittle Kind = "brittle" // it needs another test before it
	Redis   Kind = "redis"   // Redis refused, evicted, restarted or did not answer
	Own     Kind = "own"     // the order has nothing to do with it
	Open    Kind = "open"    // its order or its own: not told by the runs
	Always  Kind = "always"  // it failed each time, and is not flaky
	Stable  Kind = "stable"  // it never failed
)

// Row is what many runs say of a test.
type Row struct {
	record.Name
	Ran    int     `json:"ran"`
	Failed int     `json:"failed"`
	Low    float64 `json:"low"`  // of the rate of failures, 95 % (Wilson)
	High   float64 `json:"high"` // of the same
	Leaked int     `json:"leaked"`
	// Orders are the seeds under which it failed, or the numbers of the runs where
	// there were none.
	Orders []string       `json:"orders"`
	Kind   Kind           `json:"kind"`
	Why    string         `json:"why"`     // in words
	Of     []record.Name  `json:"of"`      // whose victim it is, or whom it needs
	Proved bool           `json:"proved"`  // by re-runs
	First  int            `json:"first"`   // the first run in which it failed, from 1; zero: none
	Passed int            `json:"passed"`  // the first run in which it passed
	Said   string         `json:"message"` // when it failed there
	Answer *bisect.Answer `json:"bisect,omitempty"`

	causes map[string]int // by what the findings say of each failure
	of     map[record.Name]int
}

// Survey gathers runs. The zero value is ready.
type View struct {
	Runs     int
	Shuffled bool
	rows     map[record.Name]*Row
	news     int // the last run that told something new
}

// Tests is how many tests the runs had.
func (s *View) Tests() int { return len(s.rows) }

// Add takes in a run, under an order that has this name.
func (s *View) Add(suite *bisect.Suite, order string) {
	s.Runs++
	if s.rows == nil {
		s.rows = map[record.Name]*Row{}
	}
	for _, u := range suite.Units {
		if !u.Hosts && (u.Status == "pass" || u.Status == "fail") {
			row := s.row(u.Name)
			if row.Ran++; u.Status == "pass" && row.Passed == 0 {
				row.Passed = s.Runs
			}
		}
	}
	f := suite.Findings
	failed, leaked := map[record.Name]bool{}, map[record.Name]bool{}
	for _, failure := range f.Failures {
		name := failure.Name()
		if failed[name] {
			continue // with -count it ran more than once
		}
		failed[name] = true
		row := s.row(name)
		if row.Failed++; row.Failed == 1 {
			row.First, row.Said = s.Runs, failure.Message
			s.news = s.Runs
		}
		row.Ran = max(row.Ran, row.Failed) // of a package there is no end
		row.Orders = append(row.Orders, order)
		cause, of := causeOf(f, failure)
		row.causes[cause]++
		if of != nil {
			row.of[*of]++
		}
	}
	for _, leak := range f.Leaks {
		if leak.By == nil {
			continue
		}
		name := *leak.By
		if leaked[name] {
			continue
		}
		leaked[name] = true
		row := s.row(name)
		if row.Leaked++; row.Leaked == 1 {
			s.news = s.Runs
		}
	}
}

func (s *View) row(name record.Name) *Row {
	if s.rows[name] == nil {
		s.rows[name] = &Row{Name: name, causes: map[string]int{}, of: map[record.Name]int{}}
	}
	return s.rows[name]
}

// causeOf says what the findings of its run tie a failure to: "" is nothing.
func causeOf(f *findings.Findings, failure findings.Failure) (cause string, of *record.Name) {
	switch {
	case failure.Leak != nil:
		of = f.Leaks[*failure.Leak].By
	case failure.Reverted != nil:
		of = f.Reverted[*failure.Reverted].By
	}
	owner := failure.Name()
	restarted := slices.ContainsFunc(f.Restarts, func(r findings.Restart) bool { return slices.Contains(r.Active, owner) })
	failedOver := slices.ContainsFunc(f.Failovers, func(x findings.Failover) bool { return slices.Contains(x.Active, owner) })
	message := strings.ToLower(failure.Message)
	switch {
	case failure.Cause == findings.CauseOOM:
		return "OOM", of
	case failure.Cause == findings.CauseEviction:
		return "eviction", of
	case restarted:
		return "a restart of the server", of
	case failedOver:
		return "a failover", of
	case strings.Contains(message, "loading redis is loading") || strings.Contains(message, "loading the dataset"):
		return "a server that was loading", of
	case strings.Contains(message, "i/o timeout") && strings.Contains(message, "tcp"):
		return "a timeout on the network", of
	}
	return "", of
}

// enough is how often a flaky test must have failed, and passed, until no more is
// to be learnt of it; and for how many runs nothing new may have come.
const enough = 5

// steady is the rate of failures of which a test that never passed must be sure, so
// that it is called one that always fails: it takes six of six. A test that fails four times out of five
// fails three times in a row more often than not.
const steady = 0.6

// Done says that more runs would tell nothing more of what is flaky: each flaky
// test has failed and passed several times, and for several runs nobody failed
// or leaked for the first time. Where nothing was flaky it never is.
func (s *View) Done() bool {
	flaky := 0
	for _, r := range s.rows {
		if r.Failed == 0 || r.Failed == r.Ran {
			continue
		}
		flaky++
		if r.Failed < enough || r.Ran-r.Failed < enough {
			return false
		}
	}
	return flaky > 0 && s.Runs-s.news >= enough
}

// Rows are the tests that failed or leaked, those that failed most first.
func (s *View) Rows() []*Row {
	all := []*Row{}
	for _, r := range s.rows {
		r.Low, r.High = Wilson(r.Failed, r.Ran)
		if r.Answer == nil {
			s.judge(r)
		}
		if r.Failed > 0 || r.Leaked > 0 {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *Row) int {
		flaky := func(r *Row) int {
			if r.Failed > 0 && r.Failed < r.Ran {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(flaky(a), flaky(b)), cmp.Compare(b.Failed*max(a.Ran, 1), a.Failed*max(b.Ran, 1)), cmp.Compare(b.Leaked, a.Leaked),
			strings.Compare(a.Package, b.Package), strings.Compare(a.Test, b.Test), strings.Compare(a.Spec, b.Spec))
	})
	for _, r := range all {
		if r.Orders == nil {
			r.Orders = []string{}
		}
		if r.Of == nil {
			r.Of = []record.Name{}
		}
	}
	return all
}

// judge says why a test fails now and then, as far as the runs tell.
func (s *View) judge(r *Row) {
	r.Kind, r.Why, r.Of = Stable, "", nil
	switch {
	case r.Failed == 0:
		return
	case r.Failed == r.Ran && r.Low >= steady:
		r.Kind, r.Why = Always, "it failed each time"
	case r.Failed == r.Ran:
		r.Kind, r.Why = Open, fmt.Sprintf("it failed in each of %d runs, too few to say that it always does", r.Ran)
	default:
		r.Kind, r.Why = Open, "its order or the test itself; --bisect finds which"
		if !s.Shuffled {
			r.Kind, r.Why = Own, "the order was the same each time"
		}
	}
	if len(r.of) == 1 && count(r.of) == r.Failed {
		for name := range r.of {
			r.Kind, r.Of, r.Why = Victim, []record.Name{name}, "each time after what that left"
		}
		if cause := only(r.causes, r.Failed); cause != "" {
			r.Why = cause + ", " + r.Why
		}
		return
	}
	if cause := only(r.causes, r.Failed); cause != "" {
		r.Kind, r.Why = Redis, cause
	}
}

func count(m map[record.Name]int) (n int) {
	for _, k := range m {
		n += k
	}
	return n
}

// only is the cause of all n failures, or "".
func only(causes map[string]int, n int) string {
	for cause, k := range causes {
		if k == n {
			return cause
		}
	}
	return ""
}

// Settle lays the answer of a bisection over a row.
func (r *Row) Settle(a *bisect.Answer) {
	r.Answer = a
	var of []record.Name
	for _, c := range a.Culprits {
		of = append(of, c.Name)
	}
	switch a.Kind {
	case bisect.Polluters:
		r.Kind, r.Of, r.Proved, r.Why = Victim, of, true, "proved by re-runs"
		if a.State != nil {
			r.Why += ", through " + string(a.State.Kind)
		}
	case bisect.Brittle:
		r.Kind, r.Of, r.Proved, r.Why = Brittle, of, true, "it fails by itself"
	case bisect.NotOrderDependent:
		if a.Alone.Failed > 0 {
			r.Kind, r.Of, r.Proved, r.Why = Own, nil, true, "it fails by itself as well"
		}
	}
}

// Wilson is the 95 % confidence interval of a rate of which k of n were seen, by
// Wilson's score: also for few runs, and for none that failed, it is a sensible
// one.
func Wilson(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.959964 // of the normal distribution, for 95 %
	p, m := float64(k)/float64(n), float64(n)
	middle := p + z*z/(2*m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	whole := 1 + z*z/m
	return max(0, (middle-half)/whole), min(1, (middle+half)/whole)
}
