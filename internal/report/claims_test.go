package report_test

import (
	"slices"
	"strings"
	"testing"

	"tracetest/internal/record"
	"tracetest/internal/triage"
)

// row returns the line of a report that holds a text.
func row(md, holds string) string {
	for line := range strings.Lines(md) {
		if strings.Contains(line, holds) {
			return strings.Join(strings.Fields(line), " ")
		}
	}
	return ""
}

// Where nothing tells what the limit was before the run, neither a lowered limit
// nor the data of the tests is to blame. Guards against tests that are accused
// of filling a memory that somebody had limited to 1 MiB before.
func TestFullMemoryIsClaimedOnlyWhereItIsKnown(t *testing.T) {
	const mib = 1 << 20
	for _, test := range []struct {
		name            string
		memory          triage.Memory
		holds, withheld string
	}{
		{"unknown start", triage.Memory{Used: 3 * mib, Limit: mib, Baseline: mib, Started: -1}, "is not known, so either", "So the memory was full"},
		{"started with it", triage.Memory{Used: 3 * mib, Limit: mib, Baseline: mib, Started: mib}, "So the memory was full.", "lowered before"},
		{"lowered before, and full", triage.Memory{Used: 3 * mib, Limit: mib, Baseline: mib, Started: 2 * mib}, "the limit was lowered before this run, and the memory was full", "So the memory was full"},
		{"raised since the start", triage.Memory{Used: 3 * mib, Limit: 2 * mib, Baseline: 2 * mib, Started: mib}, "So the memory was full.", "lowered before"},
		{"no limit any more", triage.Memory{Used: 3 * mib, Started: -1}, "there was no limit any more", "full"},
	} {
		f := load(t, "testdata/polluted.json")
		test.memory.Server, test.memory.Reason = f.Servers[0].Address, "memory"
		f.Memory = []triage.Memory{test.memory}
		line := row(markdown(t, f), "refusing writes")
		if !strings.Contains(line, test.holds) || strings.Contains(line, test.withheld) || strings.Contains(line, "tests filled") {
			t.Errorf("%s: %s", test.name, line)
		}
	}
}

// What else it could be is ruled out only by what was seen, and ruled in only
// where nothing else can have been seen so.
func TestRuledOnlyByWhatWasSeen(t *testing.T) {
	const failover, rewrite, stranger, elsewhere = "| A failover", "| A test wrote", "| Another program", "| The tests speak to another"
	deaf := func(f *triage.Findings) {
		f.Packages = append(f.Packages, triage.Package{Path: "shop/deaf", Outcome: "pass", Ran: true})
	}
	rewritten := func(reply string) func(f *triage.Findings) {
		return func(f *triage.Findings) {
			f.Writes = append(f.Writes, triage.Write{Server: f.Servers[0].Address, Command: []string{"config", "rewrite"}, Count: 1, Reply: reply, Certainty: triage.Exact})
		}
	}
	spoken := func(s triage.Spoken) func(f *triage.Findings) {
		return func(f *triage.Findings) { f.Spoken = append(f.Spoken, s) }
	}
	for _, test := range []struct {
		name, about, want string
		change            func(f *triage.Findings)
	}{
		{"nothing of it", failover, "| no | no change", func(*triage.Findings) {}},
		{"a cluster", failover, "of a cluster had another master, once", func(f *triage.Findings) { f.Servers[0].Failovers = 1 }},
		{"not seen", failover, "| not known |", func(f *triage.Findings) { f.Servers[0].Partial = "CONFIG is renamed" }},
		{"nobody's", failover, "| yes |", func(f *triage.Findings) {
			f.Changed = append(f.Changed, triage.Changed{Server: f.Servers[0].Address, Parameter: "replicaof", Value: "10.0.0.2 6379"})
		}},
		{"nothing of it", rewrite, "| no | no test was heard", func(*triage.Findings) {}},
		{"sent", rewrite, "| yes |", rewritten("+OK")},
		{"refused", rewrite, "| no | it was sent and refused", rewritten("-ERR The server is running without a config file")},
		{"a package that is not heard", rewrite, "| not known | `shop/deaf`", deaf},
		{"nothing of it", elsewhere, "| no | each address", func(*triage.Findings) {}},
		{"another server", elsewhere, "| yes | `10.0.0.9:6379`", spoken(triage.Spoken{Address: "10.0.0.9:6379", Problem: "no answer"})},
		{"no Redis at all", elsewhere, "| no | each address", spoken(triage.Spoken{Address: "10.0.0.9:80", Foreign: true, Problem: "what answers is not a Redis"})},
		{"a package that is not heard", elsewhere, "| not known | `shop/deaf`", deaf},
		{"a change that is not heard", stranger, "| perhaps |", func(f *triage.Findings) { f.Leaks[0].Unheard = true }},
		{"calls that are not heard", stranger, "| perhaps |", func(f *triage.Findings) { f.Servers[0].ConfigSets = f.Servers[0].HeardSets + 1 }},
		{"while no test ran", stranger, "| yes |", func(f *triage.Findings) { f.Notices = append(f.Notices, triage.Notice{Code: "outside-change"}) }},
	} {
		f := load(t, "testdata/exact.json")
		if f.Run.Mode != record.ModeGate || !f.Run.Tap {
			t.Fatal("the fixture is not of a run with the tap")
		}
		f.Spoken = slices.DeleteFunc(f.Spoken, func(s triage.Spoken) bool { return s.Inside })
		test.change(f)
		if line := row(markdown(t, f), test.about); !strings.Contains(line, test.want) {
			t.Errorf("%s: %q, want %q", test.name, line, test.want)
		}
	}
}
