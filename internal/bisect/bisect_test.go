package bisect

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/rerun"
)

// The kinds of suites that there are. Each has n tests, of which some matter.
func lowered(w *world) bool { return w.config["maxmemory"] == "1" }

func onePolluter(n, at int) *sim {
	s := newSim(n, lowered)
	s.tests[at].does = func(w *world) { w.config["maxmemory"], w.config["hz"] = "1", "20" }
	return s
}

func together(n, i, j int) *sim {
	s := newSim(n, func(w *world) bool {
		return w.config["maxmemory"] == "1" && w.config["maxmemory-policy"] == "noeviction"
	})
	s.tests[i].does = func(w *world) { w.config["maxmemory"] = "1" }
	s.tests[j].does = func(w *world) { w.config["maxmemory-policy"] = "noeviction" }
	return s
}

func brittleSuite(n, at int) *sim {
	s := newSim(n, func(w *world) bool { return w.process["ready"] == "" })
	s.tests[at].does = func(w *world) { w.process["ready"] = "yes" }
	return s
}

func flakySuite(n int) *sim {
	return newSim(n, func(w *world) bool { return w.random.IntN(2) == 0 })
}

func processSuite(n, at int) *sim {
	s := newSim(n, func(w *world) bool { return w.process["global"] == "dirty" })
	s.tests[at].does = func(w *world) { w.process["global"] = "dirty" }
	return s
}

// elsewhere has its polluter in one of several packages before.
func elsewhere(n, at int) *sim {
	s := onePolluter(n, at)
	for i := range s.tests {
		s.tests[i].Package = fmt.Sprintf("suite/p%02d", i*10/n)
	}
	return s
}

// ginkgoSuite is one suite of specs.
func ginkgoSuite(n, at int) *sim {
	s := onePolluter(n, at)
	for i := range s.tests {
		s.tests[i].Test = rerun.Test{Name: record.Name{Package: "suite", Test: "TestSuite", Spec: fmt.Sprintf("spec %04d", i)}, Location: fmt.Sprintf("/suite_test.go:%d", i)}
	}
	s.victim.Test = rerun.Test{Name: record.Name{Package: "suite", Test: "TestSuite", Spec: "victim"}, Location: "/suite_test.go:9999"}
	return s
}

func labels(a *Answer) string {
	var all []string
	for _, c := range a.Culprits {
		all = append(all, c.Label())
	}
	return strings.Join(all, " ")
}

// Each kind of suite has its kind of answer, of any size.
func TestAnswers(t *testing.T) {
	for _, n := range []int{2, 3, 10, 117} {
		i, j := n/3, n-1
		data := newSim(n, func(w *world) bool { return w.data["k"] != "" })
		data.tests[i].does = func(w *world) { w.data["k"], w.data["other"] = "1", "1" }
		users := newSim(n, func(w *world) bool { return w.users["default"] != "" })
		users.tests[i].does = func(w *world) { w.users["default"] = "off" }
		for _, test := range []struct {
			name  string
			suite *sim
			kind  Kind
			who   string
			state StateKind
			names string
		}{
			{"one", onePolluter(n, i), Polluters, simName(i).Label(), StateConfig, "maxmemory"},
			{"two", together(n, i, j), Polluters, simName(i).Label() + " " + simName(j).Label(), StateConfig, "maxmemory maxmemory-policy"},
			{"brittle", brittleSuite(n, i), Brittle, simName(i).Label(), "", ""},
			{"process", processSuite(n, i), Polluters, simName(i).Label(), StateProcess, ""},
			{"elsewhere", elsewhere(n, i), Polluters, simName(i).Label(), StateConfig, "maxmemory"},
			{"data", data, Polluters, simName(i).Label(), StateData, "k"},
			{"users", users, Polluters, simName(i).Label(), StateServer, "default"},
			{"passes", newSim(n, func(*world) bool { return false }), NotOrderDependent, "", "", ""},
			{"fails", newSim(n, func(*world) bool { return true }), NotOrderDependent, "", "", ""},
		} {
			c := test.suite.Case()
			a := Run(context.Background(), c, test.suite, Options{Trials: 3, Data: true})
			if a.Kind != test.kind || labels(a) != test.who {
				t.Errorf("%s of %d: %s, %q, want %s, %q: %s", test.name, n, a.Kind, labels(a), test.kind, test.who, a.Reason)
			}
			if test.state == "" != (a.State == nil) || a.State != nil && (a.State.Kind != test.state || strings.Join(a.State.Names, " ") != test.names || !a.State.Proved) {
				t.Errorf("%s of %d: through %+v, want %s %q", test.name, n, a.State, test.state, test.names)
			}
			if a.Trials != test.suite.trials {
				t.Errorf("%s of %d: %d trials are reported, and %d were run", test.name, n, a.Trials, test.suite.trials)
			}
		}
	}
}

// With a record, one polluter costs no more than three trials beyond its proof:
// three times alone, after it, and restored in between.
func TestRecordSavesTrials(t *testing.T) {
	for _, n := range []int{10, 100, 1000} {
		s := onePolluter(n, n/3)
		a := Run(context.Background(), suspect(s.Case(), weightLeak, n/3), s, Options{Trials: 3})
		if a.Kind != Polluters || labels(a) != simName(n/3).Label() || a.Trials > 9+3 {
			t.Errorf("%d tests: %s %q in %d trials", n, a.Kind, labels(a), a.Trials)
		}
		// The record may suspect others as well, and more.
		s.trials = 0
		a = Run(context.Background(), suspect(suspect(s.Case(), weightData, n/2, n/4), weightLeak, n/3), s, Options{Trials: 3})
		if a.Kind != Polluters || labels(a) != simName(n/3).Label() || a.Trials > 9+3 {
			t.Errorf("%d tests, three suspects: %s %q in %d trials", n, a.Kind, labels(a), a.Trials)
		}
	}
}

// What the record suspects may have nothing to do with it: then it is not named,
// and who did it is found all the same.
func TestWrongSuspects(t *testing.T) {
	s := onePolluter(100, 33)
	s.tests[70].does = func(w *world) { w.config["timeout"] = "1" }
	a := Run(context.Background(), suspect(s.Case(), weightLeak, 70, 10), s, Options{Trials: 3})
	if a.Kind != Polluters || labels(a) != "Test0033" {
		t.Errorf("%s %q: %s", a.Kind, labels(a), a.Reason)
	}
}

// A test that fails now and then never has a polluter, whatever the dice say.
func TestFlakyAccusesNobody(t *testing.T) {
	accused := 0
	for seed := range 4000 {
		s := flakySuite(20)
		s.random = dice(seed, 0)
		c := s.Case()
		c.Status = "fail"
		a := Run(context.Background(), c, s, Options{Trials: 3})
		if len(a.Culprits) > 0 {
			accused++
		}
	}
	t.Logf("%d of 4000 flaky tests have somebody accused", accused)
	if accused > 4 {
		t.Errorf("%d of 4000 flaky tests have somebody accused", accused)
	}
}

// A test that fails each second, third, ... time that it is run, whatever runs
// before it, has no polluter either: trials are not run in step with it.
func TestPeriodicAccusesNobody(t *testing.T) {
	accused := 0
	for period := 2; period <= 9; period++ {
		for phase := range period {
			for fails := 1; fails < period; fails++ {
				for size := 1; size < 24; size++ {
					n := 0
					s := newSim(size, func(*world) bool { n++; return (n+phase)%period < fails })
					c := s.Case()
					c.Status = "fail"
					for _, with := range []Case{c, suspect(c, weightLeak, 0)} {
						if a := Run(context.Background(), with, s, Options{Trials: 3}); len(a.Culprits) > 0 {
							accused++
							t.Logf("period %d, phase %d, fails %d, %d tests: alone %v, with %v, restored %v", period, phase, fails, size, a.Alone, a.With, a.Restored)
						}
					}
				}
			}
		}
	}
	if accused > 0 {
		t.Errorf("somebody is accused in %d cases", accused)
	}
}

// A polluter that acts now and then is found, and named as that.
func TestSometimes(t *testing.T) {
	right, wrong := 0, 0
	for seed := range 60 {
		s := onePolluter(30, 11)
		s.victim.fails = func(w *world) bool { return lowered(w) && w.random.IntN(3) > 0 }
		s.random = dice(seed, 3)
		c := s.Case()
		c.Status = "fail"
		a := Run(context.Background(), c, s, Options{Trials: 3})
		switch {
		case labels(a) == "Test0011":
			right++
		case len(a.Culprits) > 0:
			wrong++
		}
	}
	t.Logf("right %d, wrong %d of 60", right, wrong)
	if wrong > 0 || right < 20 {
		t.Errorf("right %d, wrong %d of 60", right, wrong)
	}
}

// A failure that does not come again accuses nobody.
func TestNotReproduced(t *testing.T) {
	s := newSim(10, func(*world) bool { return false })
	c := s.Case()
	c.Status = "fail"
	a := Run(context.Background(), suspect(c, weightLeak, 3), s, Options{Trials: 3})
	if a.Kind != NotReproduced || len(a.Culprits) != 0 || a.Suite.Ran != 3 || a.Alone.Ran != 3 {
		t.Errorf("%+v", a)
	}
}

// What stays on the server makes the victim fail by itself from then on. That is
// said, and nobody is accused of what the trials themselves left.
func TestDataThatStays(t *testing.T) {
	s := newSim(10, func(w *world) bool { return w.data["k"] != "" })
	s.tests[4].does = func(w *world) { w.data["k"] = "1" }
	c := s.Case()
	s.keeps = true
	a := Run(context.Background(), c, s, Options{Trials: 3})
	if a.Kind != Unsettled || len(a.Culprits) != 0 || !strings.Contains(a.Reason, "--flush") {
		t.Errorf("%s %q: %s", a.Kind, labels(a), a.Reason)
	}
}

// A cleaner undoes what the polluter did; it is named where it is one.
func TestCleaner(t *testing.T) {
	s := onePolluter(10, 4)
	c := s.Case()
	after := []simTest{
		{Test: simName(100), does: func(w *world) { w.config["maxmemory"] = "0" }},
		{Test: simName(101), does: func(w *world) { w.config["hz"] = "0" }},
	}
	s.tests = append(s.tests, after...)
	c.Cleaners = []rerun.Test{after[0].Test, after[1].Test}
	a := Run(context.Background(), c, s, Options{Trials: 3})
	if a.Kind != Polluters || len(a.Cleaners) != 1 || a.Cleaners[0] != after[0].Test {
		t.Errorf("%s, cleaners %v: %s", a.Kind, a.Cleaners, a.Reason)
	}
}

// A budget that is used up leaves the best so far and no culprit; with what is
// recorded the search goes on from there and asks nothing again.
func TestBudgetAndResume(t *testing.T) {
	for budget := 1; budget < 16; budget++ {
		s := onePolluter(100, 33)
		c := s.Case()
		var log []Trial
		note := func(t Trial) { log = append(log, t) }
		a := Run(context.Background(), c, s, Options{Trials: 3, MaxRuns: budget, Append: note})
		if a.Kind != Unsettled || len(a.Culprits) != 0 || a.State != nil || a.Unable || s.trials != budget || !strings.Contains(a.Reason, "budget") {
			t.Fatalf("budget %d: %+v", budget, a)
		}
		if budget > 4 && len(a.Best) == 0 {
			t.Errorf("budget %d: nothing was best", budget)
		}
		whole := onePolluter(100, 33)
		want := Run(context.Background(), c, whole, Options{Trials: 3})
		a = Run(context.Background(), c, s, Options{Trials: 3, Known: log, Append: note})
		if a.Kind != Polluters || labels(a) != "Test0033" || s.trials != whole.trials || a.Resumed != budget || a.Trials != want.Trials-budget {
			t.Errorf("budget %d, resumed: %s %q after %d trials (want %d): %s", budget, a.Kind, labels(a), s.trials, whole.trials, a.Reason)
		}
	}
	s := onePolluter(100, 33)
	if a := Run(context.Background(), s.Case(), s, Options{Trials: 3, MaxTime: time.Nanosecond}); a.Kind != Unsettled || s.trials > 1 || !strings.Contains(a.Reason, "1ns") {
		t.Errorf("%+v", a)
	}
}

// A trial that cannot be run, and an interrupt at any moment, accuse nobody.
func TestFaults(t *testing.T) {
	whole := onePolluter(30, 11)
	Run(context.Background(), whole.Case(), whole, Options{Trials: 3})
	for _, text := range []string{"interrupted", "building failed"} {
		for at := 1; at <= whole.trials; at++ {
			s := onePolluter(30, 11)
			c := s.Case()
			s.fault = func(n int) string {
				if n == at {
					return text
				}
				return ""
			}
			a := Run(context.Background(), c, s, Options{Trials: 3})
			if a.Kind != Unsettled || len(a.Culprits) != 0 || a.Unable != (text != "interrupted") || a.Culprits == nil {
				t.Fatalf("%s at %d: %+v", text, at, a)
			}
		}
	}
}

// The set that is found holds, is minimal, and costs what it may.
func TestSearch(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	for range 3000 {
		n := 1 + random.IntN(60)
		var want []int
		for range 1 + random.IntN(min(4, n)) {
			if i := random.IntN(n); !slices.Contains(want, i) {
				want = append(want, i)
			}
		}
		slices.Sort(want)
		strong, known, asked := random.IntN(n+1), random.IntN(2) == 0, 0
		found, ok, err := search(n, strong, known, func(at []int) (bool, error) {
			asked++
			if !slices.IsSorted(at) {
				t.Fatalf("%v is out of order", at)
			}
			return !slices.ContainsFunc(want, func(i int) bool { return !slices.Contains(at, i) }), nil
		})
		if !ok || err != nil || !slices.Equal(found, want) {
			t.Fatalf("n=%d strong=%d known=%v: %v %v, want %v", n, strong, known, found, ok, want)
		}
		log := 1
		for 1<<log < n {
			log++
		}
		if limit := (len(want)+1)*(log+1) + log + 2; asked > limit {
			t.Errorf("n=%d strong=%d, %d needed: %d questions, limit %d", n, strong, len(want), asked, limit)
		}
	}
	if _, ok, err := search(5, 0, false, func([]int) (bool, error) { return false, nil }); ok || err != nil {
		t.Error("found where nothing holds")
	}
	boom := errors.New("boom")
	if _, _, err := search(5, 2, true, func([]int) (bool, error) { return false, boom }); !errors.Is(err, boom) {
		t.Error(err)
	}
}

// Whatever the answers are, also where more items make it false again, the set
// that is found was seen to hold.
func TestSearchHolds(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	for range 3000 {
		n := 1 + random.IntN(20)
		answers := map[string]bool{}
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		answers[fmt.Sprint(all)] = true
		found, ok, err := search(n, random.IntN(n+1), random.IntN(2) == 0, func(at []int) (bool, error) {
			key := fmt.Sprint(at)
			if _, known := answers[key]; !known {
				answers[key] = random.IntN(3) > 0
			}
			return answers[key], nil
		})
		if err != nil || !ok || !answers[fmt.Sprint(found)] {
			t.Fatalf("n=%d: %v %v was not seen to hold", n, found, ok)
		}
	}
}
