package report_test

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/terminal"
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
	expected := int64(2048 * mib)
	for _, test := range []struct {
		name            string
		memory          findings.Memory
		holds, withheld string
	}{
		{"unknown start", findings.Memory{Used: 3 * mib, Limit: mib, Initial: mib, Started: -1}, "is not known: either", "Cause: the memory was full"},
		{"started with it", findings.Memory{Used: 3 * mib, Limit: mib, Initial: mib, Started: mib}, "Cause: the memory was full.", "lowered before"},
		{"lowered before, and full", findings.Memory{Used: 3 * mib, Limit: mib, Initial: mib, Started: 2 * mib}, "the limit was lowered before this run, and the memory was full", "Cause: the memory was full"},
		{"raised since the start", findings.Memory{Used: 3 * mib, Limit: 2 * mib, Initial: 2 * mib, Started: mib}, "Cause: the memory was full.", "lowered before"},
		{"no limit in any snapshot", findings.Memory{Used: 3 * mib, Started: -1, Reason: "unseen"}, "Neither that snapshot nor the one before shows a limit", "full"},
		{"a limit that was not reached", findings.Memory{Used: 3 * mib, Limit: 2048 * mib, Initial: 2048 * mib, Started: -1, UntracedSets: 2, Reason: "unseen"},
			"Either the limit was lower for a moment between two snapshots, or the memory was full and was freed again", "Cause: the memory was full"},
		{"counted by the server", findings.Memory{Used: 3 * mib, Limit: 2048 * mib, Initial: 2048 * mib, Started: -1, UntracedSets: 2, Reason: "unseen"},
			"2 calls of CONFIG SET; without the trace", "had not lowered"},
		{"reached before the first test", findings.Memory{Used: 3 * mib, Limit: mib, Initial: mib, Began: 2 * mib, Started: -1, Reason: "start"},
			"2 MiB were in use before the first test. No test of this run filled it.", "Cause: the memory was full"},
		{"expected otherwise", findings.Memory{Used: 3 * mib, Limit: mib, Initial: mib, Started: -1, Expected: &expected},
			"2 GiB was expected (`--expect`): either the server was started so, or", "started with 2 GiB"},
	} {
		f := fixture(t, "drift")
		test.memory.Server, test.memory.Reason = f.Servers[0].Address, cmp.Or(test.memory.Reason, "memory")
		f.Drift = nil
		f.Memory = []findings.Memory{test.memory}
		line := row(markdown(t, f), "refused writes")
		if !strings.Contains(line, test.holds) || strings.Contains(line, test.withheld) || strings.Contains(line, "tests filled") {
			t.Errorf("%s: %s", test.name, line)
		}
	}
}

// What else it could be is ruled out only by what was seen, and ruled in only
// where nothing else can have been seen so.
func TestRuledOnlyByWhatWasSeen(t *testing.T) {
	const failover, rewrite, outsider, elsewhere = "| A failover", "| A test wrote", "| Another program", "| The tests use another"
	untraced := func(f *findings.Findings) {
		f.Packages = append(f.Packages, findings.Package{Path: "shop/untraced", Outcome: "pass", Ran: true})
	}
	rewritten := func(reply string) func(f *findings.Findings) {
		return func(f *findings.Findings) {
			f.Writes = append(f.Writes, findings.Write{Server: f.Servers[0].Address, Command: []string{"config", "rewrite"}, Count: 1, Reply: reply, Certainty: findings.Exact})
		}
	}
	endpoints := func(s findings.Endpoint) func(f *findings.Findings) {
		return func(f *findings.Findings) { f.Endpoints = append(f.Endpoints, s) }
	}
	for _, test := range []struct {
		name, about, want string
		change            func(f *findings.Findings)
	}{
		{"nothing of it", failover, "| no | no change", func(*findings.Findings) {}},
		{"a cluster", failover, "had another master, once", func(f *findings.Findings) { f.Servers[0].Failovers = 1 }},
		{"not seen", failover, "| not known |", func(f *findings.Findings) { f.Servers[0].Partial = "CONFIG is renamed" }},
		{"nobody's", failover, "| yes |", func(f *findings.Findings) {
			f.Changed = append(f.Changed, findings.Changed{Server: f.Servers[0].Address, Parameter: "replicaof", Value: "10.0.0.2 6379"})
		}},
		{"nothing of it", rewrite, "| no | no traced connection", func(*findings.Findings) {}},
		{"sent", rewrite, "| yes |", rewritten("+OK")},
		{"refused", rewrite, "| no | it was sent and refused", rewritten("-ERR The server is running without a config file")},
		{"a package that is not traced", rewrite, "| not known | `shop/untraced`", untraced},
		{"nothing of it", elsewhere, "| no | each address", func(*findings.Findings) {}},
		{"another server", elsewhere, "| yes | `10.0.0.9:6379`", endpoints(findings.Endpoint{Address: "10.0.0.9:6379", Problem: "no answer"})},
		{"no Redis at all", elsewhere, "| no | each address", endpoints(findings.Endpoint{Address: "10.0.0.9:80", Foreign: true, Problem: "what answers is not a Redis"})},
		{"a package that is not traced", elsewhere, "| not known | `shop/untraced`", untraced},
		{"a change that is not traced", outsider, "| perhaps |", func(f *findings.Findings) { f.Leaks[0].Untraced = true }},
		{"calls that are not traced", outsider, "| perhaps |", func(f *findings.Findings) { f.Servers[0].ConfigSets = f.Servers[0].TracedSets + 1 }},
		{"while no test ran", outsider, "| yes |", func(f *findings.Findings) { f.Notices = append(f.Notices, findings.Notice{Code: "outside-change"}) }},
	} {
		f := fixture(t, "exact")
		if f.Run.Mode != record.ModeInstrumented || !f.Run.Traced {
			t.Fatal("the fixture is not of a run with the trace")
		}
		f.Endpoints = slices.DeleteFunc(f.Endpoints, func(s findings.Endpoint) bool { return s.Inside })
		test.change(f)
		if line := row(markdown(t, f), test.about); !strings.Contains(line, test.want) {
			t.Errorf("%s: %q, want %q", test.name, line, test.want)
		}
	}
}

// Nobody is put down as the one who leaked that was not traced doing it, be it
// alone or beside a test that was.
func TestUntracedIsNotAccused(t *testing.T) {
	seen := regexp.MustCompile(`(?m)(?:^| )(by|leak:) (?:<[a-z]+>|` + "`" + `)?TestUntraced`)
	traced := record.Name{Package: "p", Test: "TestTraced"}
	untraced := record.Name{Package: "p", Test: "TestUntraced"}
	for _, both := range []bool{false, true} {
		f := fixture(t, "exact")
		c := f.Leaks[0]
		c.By, c.Untraced, c.Certainty, c.Call, c.Together, c.Ended, c.Unit = &untraced, true, findings.Inferred, nil, 0, "pass", "test"
		f.Leaks, f.Failures = []findings.Change{c}, nil
		f.Run.Exit = triage.ExitLeaked
		f.Cases = cases(nil, findings.Case{Name: traced, Status: "pass"}, findings.Case{Name: untraced, Status: "pass"})
		if both {
			c.By, c.Untraced, c.Certainty, c.Parameter = &traced, false, findings.Exact, "hz"
			f.Leaks = append(f.Leaks, c)
			if md := markdown(t, f); !strings.Contains(md, " ran, by an unidentified writer, and 1 more leak") {
				t.Errorf("headline: %s", row(md, "# Redis triage"))
			}
		}
		page := string(htmlPage(t, f))
		if line := row(page, "<td>TestUntraced"); line == "" || strings.Contains(line, `class="leak"`) || strings.Contains(line, "leaked") {
			t.Errorf("the row of the page: %s", line)
		}
		if line := row(page, "<td>TestTraced"); both != strings.Contains(line, `class="leak"`) {
			t.Errorf("the row of the test that was traced: %s", line)
		}
		all := map[string]string{"report.html": page, "report.md": markdown(t, f), "the terminal": onTerminal(t, f, terminal.Options{Width: 100}), "the line": strings.Join(claims.LeakLines(f.Leaks), "\n")}
		for ending, do := range formats() {
			all[ending] = rendered(t, do, f)
		}
		for name, text := range all {
			if m := seen.FindString(text); m != "" || strings.Contains(text, "TestUntraced left") || strings.Contains(text, " TestUntraced (test, passed)") {
				t.Errorf("%s accuses TestUntraced: %q\n%s", name, m, row(text, "TestUntraced"))
			}
		}
	}
}

// With -count a test has several outcomes, and each is told of the time that had
// it: a failure of one time is not the failure of another.
func TestEachTimeHasItsOwnOutcome(t *testing.T) {
	f := fixture(t, "exact")
	victim, suspect := record.Name{Package: "p", Test: "TestVictim"}, 0
	f.Failures = []findings.Failure{
		{Package: "p", Test: "TestVictim", Status: "fail", Cause: findings.CauseOther, Certainty: "correlated", Message: "another reason"},
		{Package: "p", Test: "TestVictim", Status: "fail", Cause: findings.CauseOOM, Certainty: "correlated", Leak: &suspect, Message: "OOM command not allowed"},
	}
	f.Cases = cases(nil, findings.Case{Name: victim, Status: "fail"}, findings.Case{Name: victim, Status: "fail"}, findings.Case{Name: victim, Status: "pass"})
	page := string(htmlPage(t, f))
	var classes []string
	for _, m := range regexp.MustCompile(`<tr id="test-\d+" class="(\w+)"( data-leak="1")?`).FindAllStringSubmatch(page, -1) {
		classes = append(classes, m[1]+m[2])
	}
	if want := []string{"fail", `victim data-leak="1"`, "pass"}; !slices.Equal(classes, want) {
		t.Errorf("rows %q, want %q", classes, want)
	}
	for _, text := range []string{"another reason", "OOM command not allowed"} {
		table, _, _ := strings.Cut(page[strings.Index(page, `<tr id="test-`):], "</table>")
		if !strings.Contains(table, text) {
			t.Errorf("the table does not say %q", text)
		}
	}
}
