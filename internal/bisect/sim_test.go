package bisect

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"tracetest/internal/record"
	"tracetest/internal/rerun"
)

// sim is a suite that does not exist: tests that read and write a server and the
// process that they run in.
type sim struct {
	tests  []simTest // in the order of the suite
	victim simTest
	random *rand.Rand
	trials int
	fault  func(n int) string // an error of the trial of this number
	keeps  bool               // data is not deleted between trials
	data   map[string]string
}

type simTest struct {
	rerun.Test
	does  func(w *world)
	fails func(w *world) bool // of a victim
}

// world is what tests meet.
type world struct {
	config, data, users, process map[string]string
	random                       *rand.Rand
}

// dice fall the same each time, and those of one seed have nothing to do with
// those of the next.
func dice(seed, of int) *rand.Rand {
	return rand.New(rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(of)}))
}

func simName(i int) rerun.Test {
	return rerun.Test{Name: record.Name{Package: "suite", Test: fmt.Sprintf("Test%04d", i)}}
}

// newSim is a suite of n tests that do nothing, and a victim behind them.
func newSim(n int, fails func(w *world) bool) *sim {
	s := &sim{random: dice(n, 1), data: map[string]string{}}
	for i := range n {
		s.tests = append(s.tests, simTest{Test: simName(i)})
	}
	s.victim = simTest{Test: rerun.Test{Name: record.Name{Package: "suite", Test: "TestVictim"}}, fails: fails}
	return s
}

// Case is what the record of a run of this suite says of its order, and nothing
// of what the tests did.
func (s *sim) Case() Case {
	c := Case{Victim: s.victim.Test, Status: "pass"}
	for _, t := range s.tests {
		c.Before = append(c.Before, Suspect{Test: t.Test})
	}
	if out := s.Try(context.Background(), rerun.Setup{Before: (&bisection{c: c}).everything(), Victim: &c.Victim}); out.Victim == "fail" {
		c.Status = "fail"
	}
	s.trials = 0
	return c
}

// suspect lays evidence over tests of a case, as the record would.
func suspect(c Case, weight int, at ...int) Case {
	c.Before = slices.Clone(c.Before)
	for _, i := range at {
		c.Before[i].Weight, c.Before[i].Evidence = weight, "left something changed"
	}
	return c
}

// Try runs a trial as package trial does.
func (s *sim) Try(_ context.Context, setup rerun.Setup) (out rerun.Outcome) {
	s.trials++
	if s.fault != nil {
		if text := s.fault(s.trials); text != "" {
			return rerun.Outcome{Error: text, Interrupted: text == "interrupted"}
		}
	}
	w := &world{config: map[string]string{}, data: map[string]string{}, users: map[string]string{}, random: s.random}
	if s.keeps {
		w.data = s.data
	}
	pkg := ""
	run := func(t simTest, last bool) {
		if t.Package != pkg || last && setup.Cut.Process {
			w.process, pkg = map[string]string{}, t.Package
		}
		var config, data, users map[string]string
		if setup.Cut.Config || setup.Cut.Data || setup.Cut.Server {
			config, data, users = maps.Clone(w.config), maps.Clone(w.data), maps.Clone(w.users)
		}
		if last {
			out.Victim = "pass"
			if t.fails(w) {
				out.Victim, out.Message = "fail", "it is not as it was"
			}
		}
		if t.does != nil {
			t.does(w)
		}
		restore := func(on bool, what string, now, before map[string]string) {
			for _, name := range slices.Sorted(maps.Keys(now)) {
				if !on || now[name] == before[name] {
					continue
				}
				out.Touched = append(out.Touched, rerun.Touch{What: what, Name: name, After: t.Name})
				if slices.Contains(setup.Cut.Keep, name) {
					continue
				}
				if was, had := before[name]; had {
					now[name] = was
				} else {
					delete(now, name)
				}
			}
		}
		restore(setup.Cut.Config, "parameter", w.config, config)
		restore(setup.Cut.Data, "key", w.data, data)
		restore(setup.Cut.Server, "user", w.users, users)
	}
	chosen := map[rerun.Item]bool{}
	for _, item := range setup.Before {
		chosen[item] = true
	}
	for _, t := range s.tests { // in the order of the suite, whatever the order of the items
		if chosen[t.Test] || chosen[rerun.Item{Name: record.Name{Package: t.Package}}] {
			run(t, false)
		}
	}
	if setup.Victim != nil {
		run(s.victim, true)
	}
	for name, value := range w.config {
		out.Left = append(out.Left, rerun.Left{Parameter: name, To: value})
	}
	return out
}
