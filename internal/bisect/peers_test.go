package bisect

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tracetest/internal/rerun"
)

// How many trials others need for the same suites. Their algorithms are written
// down here from their sources: detect-test-pollution (main.py of 2026-05) and
// rspec-core's ExampleMinimizer.

// peer asks for a trial and gives up with an answer.
type peer struct {
	s      *sim
	trials int
}

func (p *peer) fails(before []rerun.Item) bool {
	p.trials++
	return p.s.Try(context.Background(), rerun.Setup{Before: before, Victim: &p.s.victim.Test}).Victim == "fail"
}

// detectTestPollution halves, for one polluter.
func (p *peer) detectTestPollution(all []rerun.Item) string {
	if p.fails(nil) {
		return "fails in isolation"
	}
	if !p.fails(all) {
		return "does not fail"
	}
	for len(all) > 1 {
		half := len(all) / 2
		if p.fails(all[:half]) {
			all = all[:half]
		} else {
			all = all[half:]
		}
	}
	if !p.fails(all) {
		return "assertion failed: unreachable"
	}
	return all[0].Label()
}

// rspecBisect ignores what it can, half by half.
func (p *peer) rspecBisect(all []rerun.Item) string {
	remaining := slices.Clone(all)
	if !p.fails(all) {
		return "does not fail"
	}
	if p.fails(nil) {
		return ""
	}
	without := func(ids []rerun.Item) []rerun.Item {
		return slices.DeleteFunc(slices.Clone(remaining), func(t rerun.Item) bool { return slices.Contains(ids, t) })
	}
	var over func(candidates []rerun.Item)
	over = func(candidates []rerun.Item) {
		if len(candidates) <= 1 {
			return
		}
		half := (len(candidates) + 1) / 2
		left, right := candidates[:half], candidates[half:]
		for _, ids := range [][]rerun.Item{left, right} {
			if p.fails(without(ids)) {
				remaining = without(ids)
				over(slices.DeleteFunc(slices.Clone(candidates), func(t rerun.Item) bool { return slices.Contains(ids, t) }))
				return
			}
		}
		over(left)
		over(right)
	}
	over(all)
	var names []string
	for _, t := range remaining {
		names = append(names, t.Label())
	}
	return strings.Join(names, " ")
}

// benchmarkSuite is a suite, what is right to say of it, and whom its record
// suspects.
type benchmarkSuite struct {
	name     string
	build    func(n int) *sim
	kind     Kind
	who      func(n int) []int
	evidence func(n int) []int // nil: nothing that a record shows
	status   string
}

func benchmarkSuites() []benchmarkSuite {
	none := func(int) []int { return nil }
	third := func(n int) []int { return []int{n / 3} }
	both := func(n int) []int { return []int{n / 3, n - n/5} }
	return []benchmarkSuite{
		{"one polluter", func(n int) *sim { return onePolluter(n, n/3) }, Polluters, third, third, ""},
		{"two together", func(n int) *sim { return together(n, n/3, n-n/5) }, Polluters, both, both, ""},
		{"brittle", func(n int) *sim { return brittleSuite(n, n/3) }, Brittle, third, nil, ""},
		{"flaky", flakySuite, NotOrderDependent, none, nil, "fail"},
		{"process state", func(n int) *sim { return processSuite(n, n/3) }, Polluters, third, nil, ""},
		{"Ginkgo specs", func(n int) *sim { return ginkgoSuite(n, n/3) }, Polluters, third, third, ""},
		{"another package", func(n int) *sim { return elsewhere(n, n/3) }, Polluters, third, third, ""},
	}
}

// TestTrialsNeeded counts trials, and prints the table of docs/bisect.md with -v.
// In parentheses are those beyond the proof: three trials each of the victim by
// itself, after what was found, and with the state put back in between. A flaky
// suite is searched with 100 seeds, of which the mean is told.
func TestTrialsNeeded(t *testing.T) {
	t.Logf("%-16s %5s  %-22s %-22s %-22s %-22s", "suite", "tests", "detect-test-pollution", "rspec --bisect", "bisect", "bisect --from a record")
	for _, suite := range benchmarkSuites() {
		for _, n := range []int{10, 100, 1000} {
			seeds := 1
			if suite.name == "flaky" {
				seeds = 100
			}
			var want []string
			for _, i := range suite.who(n) {
				want = append(want, suite.build(n).tests[i].Label())
			}
			right, trials, beyond := [4]int{}, [4]int{}, [4]int{}
			c := suite.build(n).Case()
			if suite.status != "" {
				c.Status = suite.status
			}
			for seed := range seeds {
				for tool := range 4 {
					s := suite.build(n)
					s.random = dice(seed, tool)
					answer, ok := "", false
					switch tool {
					case 0, 1:
						p := &peer{s: s}
						all := (&bisection{c: c}).everything()
						if tool == 0 {
							answer = p.detectTestPollution(all)
						} else {
							answer = p.rspecBisect(all)
						}
						ok = answer == strings.Join(want, " ") && suite.kind == Polluters || suite.kind == NotOrderDependent && !strings.Contains(answer, "Test0")
					default:
						known := c
						if tool == 3 && suite.evidence != nil {
							known = suspect(c, weightLeak, suite.evidence(n)...)
						}
						a := Run(context.Background(), known, s, Options{Trials: 3})
						beyond[tool] += a.Trials - a.Alone.Ran - a.With.Ran - a.Restored.Ran
						if tool == 3 && suite.name == "one polluter" && beyond[tool] > 3 {
							t.Errorf("%d trials beyond the proof with a record", beyond[tool])
						}
						ok = labels(a) == strings.Join(want, " ") && (a.Kind == suite.kind || suite.name == "flaky")
						if tool == 2 && !ok && suite.name != "flaky" {
							t.Errorf("%s of %d: %s %q: %s", suite.name, n, a.Kind, labels(a), a.Reason)
						}
					}
					trials[tool] += s.trials
					if ok {
						right[tool]++
					}
				}
			}
			var cells []any
			for tool := range 4 {
				how := "right"
				switch {
				case seeds > 1:
					how = fmt.Sprintf("right %d%%", 100*right[tool]/seeds)
				case right[tool] == 0:
					how = "wrong"
				}
				mean := func(n int) int { return (n + seeds/2) / seeds }
				cell := fmt.Sprintf("%d %s", mean(trials[tool]), how)
				if tool > 1 {
					cell = fmt.Sprintf("%d (%d) %s", mean(trials[tool]), mean(beyond[tool]), how)
				}
				cells = append(cells, cell)
			}
			t.Logf("%-16s %5d  %-22s %-22s %-22s %-22s", append([]any{suite.name, n}, cells...)...)
		}
	}
}
