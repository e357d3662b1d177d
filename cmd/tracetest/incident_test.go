package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/redistest"
	"tracetest/internal/triage"
)

// expected is what testdata/incident says of itself.
type expected struct {
	Package string
	Test    string
	Seed    int
	Leak    struct {
		Spec    string
		File    string
		Line    int
		Changes []struct {
			Parameter, From, To, File string
			Line                      int
		}
	}
	Victims []struct {
		Spec       string
		IgnoredOOM bool `json:"ignored_oom"`
	}
	OwnFailures []struct{ Spec string } `json:"own_failures"`
}

// The incident that tracetest exists for, run as a user would: with the leak
// 26 of 55 specs pass, 11 fail by it and 18 for reasons of their own; without
// it, and with the leak put back after each spec, 37 pass.
func TestIncident(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "incident", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want expected
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	incident := func(t *testing.T, env string, flags ...string) *findings.Findings {
		redis := redistest.Start(t, "--maxmemory", "2gb")
		args := append([]string{"--redis", redis.Addr}, flags...)
		args = append(args, "./test/integration/gateway/", "--", fmt.Sprintf("-ginkgo.seed=%d", want.Seed))
		f, code := runTracetest(t, filepath.Join("..", "..", "testdata", "incident"), []string{"REDIS_ADDR=" + redis.Addr, env}, args...)
		if code != triage.ExitFailed {
			t.Errorf("exit code %d, want %d", code, triage.ExitFailed)
		}
		after := "[maxmemory 2147483648]"
		if f.Run.Mode == record.ModeEvents { // nothing tells that it was a test
			after = "[maxmemory 1048576]"
		}
		if got := redis.Do(t, "CONFIG", "GET", "maxmemory"); got != after {
			t.Errorf("after the run: %s", got)
		}
		return f
	}
	owner := record.Name{Package: want.Package, Test: want.Test, Spec: want.Leak.Spec}

	t.Run("leak", func(t *testing.T) {
		f := incident(t, "")
		if f.Tests.Total != 55 || f.Tests.Passed != 26 || f.Tests.Failed != 29 {
			t.Errorf("tests: %+v, want 26 of 55 passed", f.Tests)
		}
		wantLeaks(t, f, owner, want)
		causes := map[string]findings.Failure{}
		for _, failure := range f.Failures {
			causes[failure.Spec] = failure
		}
		if len(f.Failures) != len(want.Victims)+len(want.OwnFailures) {
			t.Errorf("%d failures, want %d", len(f.Failures), len(want.Victims)+len(want.OwnFailures))
		}
		for _, v := range want.Victims {
			got := causes[v.Spec]
			if got.Cause != findings.CauseOOM || got.Leak == nil || f.Leaks[*got.Leak].Parameter != "maxmemory" || got.OOMErrors == 0 {
				t.Errorf("victim %q: %+v, want cause oom behind the leak of maxmemory", v.Spec, got)
			}
		}
		for _, o := range want.OwnFailures {
			if got := causes[o.Spec]; got.Cause != findings.CauseOther || got.Leak != nil {
				t.Errorf("failure of its own %q: %+v, want cause other", o.Spec, got)
			}
		}
	})
	t.Run("put back after each spec", func(t *testing.T) {
		f := incident(t, "", "--restore", "test")
		if f.Tests.Passed != 37 || f.Tests.Failed != 18 {
			t.Errorf("tests: %+v, want 37 of 55 passed", f.Tests)
		}
		wantLeaks(t, f, owner, want)
	})
	t.Run("spec cleans up", func(t *testing.T) {
		f := incident(t, "GATEWAY_MEMORY_PRESSURE=restore")
		if f.Tests.Passed != 37 || f.Tests.Failed != 18 || len(f.Leaks) != 0 {
			t.Errorf("tests: %+v, leaks: %v; want 37 of 55 passed and no leak", f.Tests, f.Leaks)
		}
	})
	t.Run("proved", func(t *testing.T) {
		f := incident(t, linkedOnce(t), "--prove", "--prove-time", "10m")
		proved := 0
		for _, failure := range f.Failures {
			if failure.Certainty == "proved" && failure.Proof != nil && *failure.Proof == (findings.Proof{Verdict: "proved", Without: "0/2", With: "2/2", Restored: "0/2"}) {
				proved++
			}
		}
		if proved != len(want.Victims) {
			t.Errorf("%d of %d victims are proved", proved, len(want.Victims))
		}
		for _, leak := range f.Leaks {
			if leak.Again != "2/2" {
				t.Errorf("the leak of %s by itself: %s, want 2/2", leak.Parameter, leak.Again)
			}
		}
	})
	t.Run("events only", func(t *testing.T) {
		f := incident(t, "", "--instrument", "off")
		for _, leak := range f.Leaks {
			if leak.By != nil || !slices.Contains(leak.Suspects, record.Name{Package: want.Package, Test: want.Test}) {
				t.Errorf("leak %+v: want no owner, and %s among the suspects", leak, want.Test)
			}
		}
		if len(f.Leaks) != 2 {
			t.Errorf("%d leaks, want 2", len(f.Leaks))
		}
	})
}

func wantLeaks(t *testing.T, f *findings.Findings, owner record.Name, want expected) {
	t.Helper()
	if len(f.Leaks) != len(want.Leak.Changes) {
		t.Fatalf("%d leaks, want %d: %+v", len(f.Leaks), len(want.Leak.Changes), f.Leaks)
	}
	for _, change := range want.Leak.Changes {
		found := slices.ContainsFunc(f.Leaks, func(c findings.Change) bool {
			return c.Parameter == change.Parameter && c.From == change.From && c.To == change.To && c.By != nil && *c.By == owner &&
				c.Certainty == findings.Exact && c.Together == 1 && c.Call != nil && strings.HasSuffix(c.Call.File, "/"+change.File) && c.Call.Line == change.Line &&
				strings.HasSuffix(c.Call.Function, ".SimulateMemoryPressure") && len(c.Call.Chain) > 1 && filepath.Base(c.Location) == fmt.Sprintf("%s:%d", filepath.Base(want.Leak.File), want.Leak.Line)
		})
		if !found {
			t.Errorf("no leak %+v by %q among %+v", change, owner.Spec, f.Leaks)
		}
	}
}

// The leaker of 100 fast tests changes maxmemory as its first action, when the
// next test has begun by the time an observer of events learns of it. It is
// named every time; and with events only nobody is ever accused, and it is
// always among the suspects. TRACETEST_ALL runs each of the 100 as the leaker.
func TestNamesTheLeaker(t *testing.T) {
	t.Parallel()
	source := "package fixture\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc leak(t *testing.T) {\n\tif os.Getenv(\"LEAKER\") == t.Name() {\n\t\tset(t, \"maxmemory\", \"1mb\")\n\t}\n}\n"
	for i := 1; i <= 100; i++ {
		source += fmt.Sprintf("\nfunc TestN%03d(t *testing.T) { leak(t) }\n", i)
	}
	dir := fixtureModule(t, source)
	redis := redistest.Start(t, "--maxmemory", "2gb")
	step := 25
	if os.Getenv("TRACETEST_ALL") != "" {
		step = 1
	}
	for i := 1; i <= 100; i += step {
		name := fmt.Sprintf("TestN%03d", i)
		env := []string{"REDIS_ADDR=" + redis.Addr, "LEAKER=" + name}
		owner := record.Name{Package: "fixture", Test: name}
		f, code := runTracetest(t, dir, env, "--redis", redis.Addr)
		if code != triage.ExitLeaked || len(f.Leaks) != 1 || f.Leaks[0].By == nil || *f.Leaks[0].By != owner || f.Leaks[0].Certainty != findings.Exact {
			t.Errorf("%s leaks: exit code %d, leaks %+v", name, code, f.Leaks)
		}
		f, code = runTracetest(t, dir, env, "--redis", redis.Addr, "--instrument", "off")
		if code != triage.ExitLeaked || len(f.Leaks) != 1 || f.Leaks[0].By != nil || !slices.Contains(f.Leaks[0].Suspects, owner) {
			t.Errorf("%s leaks, events only: exit code %d, leaks %+v", name, code, f.Leaks)
		}
		redis.Do(t, "CONFIG", "SET", "maxmemory", "2gb") // it was not known to be a test's, and is left
	}
}

// fixtureModule writes a module of one package that has the fixture beside its tests.
func fixtureModule(t *testing.T, source string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	fixture, err := os.ReadFile(filepath.Join("testdata", "fixture.go.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"go.mod": "module fixture\n\ngo 1.24\n", "fixture_test.go": string(fixture), "a_test.go": source} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// runTracetest runs tracetest in a folder and returns what it found.
func runTracetest(t *testing.T, dir string, env []string, args ...string) (*findings.Findings, int) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "tracetest") // TestMain looks at the name
	if err := os.Symlink(program, link); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	cmd := exec.Command(link, append([]string{"--out", out}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GITHUB_ACTIONS=", "GITHUB_STEP_SUMMARY="), env...) // this may be in CI itself
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	found, err := os.ReadFile(filepath.Join(out, "findings.json"))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	f := new(findings.Findings)
	if err := json.Unmarshal(found, f); err != nil {
		t.Fatal(err)
	}
	return f, cmd.ProcessState.ExitCode()
}

// Of eight tests that run beside each other, all of which write to Redis, one
// leaks. It is named every time, with its line. TRACETEST_ALL runs it 500
// times.
func TestNamesAmongParallel(t *testing.T) {
	t.Parallel()
	source := `package fixture

import (
	"os"
	"testing"
)

func use(t *testing.T) {
	t.Parallel()
	for range 10 {
		do(t, "SET", t.Name(), "1")
	}
	if os.Getenv("LEAKER") == t.Name() {
		set(t, "maxmemory", "1gb")
	}
	for range 10 {
		do(t, "GET", t.Name())
	}
}
`
	for i := range 8 {
		source += fmt.Sprintf("\nfunc TestP%d(t *testing.T) { use(t) }\n", i)
	}
	dir := fixtureModule(t, source)
	redis := redistest.Start(t, "--maxmemory", "2gb")
	runs := 8
	if os.Getenv("TRACETEST_ALL") != "" {
		runs = 500
	}
	right := 0
	for i := range runs {
		name := fmt.Sprintf("TestP%d", i%8)
		f, code := runTracetest(t, dir, []string{"REDIS_ADDR=" + redis.Addr, "LEAKER=" + name}, "--redis", redis.Addr, ".", "--", "-parallel=8")
		if code != triage.ExitLeaked || len(f.Leaks) != 1 || f.Leaks[0].By == nil || *f.Leaks[0].By != (record.Name{Package: "fixture", Test: name}) ||
			f.Leaks[0].Certainty != findings.Exact || f.Leaks[0].Call == nil || len(f.Reverted) != 0 {
			t.Errorf("run %d, %s leaks: exit code %d, leaks %+v", i, name, code, f.Leaks)
			continue
		}
		right++
	}
	t.Logf("%d of %d exact and right", right, runs)
}
