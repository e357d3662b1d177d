package main

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/redistest"
	"tracetest/internal/triage"
)

// Whatever client a test uses, and however it sends a command, the test and
// the line are found: seven clients, plain, in pipelines and transactions, over
// TCP, TLS and a unix socket, alone, beside others, and in a goroutine that
// outlives its test. Where several wait at the same time for clients that write on
// goroutines of their own, the test is among the suspects. The suite is testdata/clients; it marks each call with a
// comment. TRACETEST_ALL prints the table of what was found and how.
func TestClients(t *testing.T) {
	t.Parallel()
	cert, key := redistest.Certificate(t)
	redis := redistest.Start(t, "--tls-port", redistest.TLSPort, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
	dir := filepath.Join("..", "..", "testdata", "clients")
	env := []string{"REDIS_ADDR=" + redis.Addr, "REDIS_TLS_ADDR=" + redis.TLSAddr, "REDIS_SOCKET=" + redis.Socket}
	f, code := runTracetest(t, dir, env, "--trace=on", "--redis", redis.Addr, ".", "--", "-parallel=16")
	if code != triage.ExitLeaked {
		t.Errorf("exit code %d, want %d; failures %+v", code, triage.ExitLeaked, f.Failures)
	}
	marks := markedLines(t, filepath.Join(dir, "clients.go"))
	want := clientTests(t, dir)
	for _, leak := range f.Leaks {
		if leak.By == nil {
			// Of those that wait at the same time for clients which write on goroutines of
			// their own it is not proved whose client it is.
			var among []string
			for _, s := range leak.Suspects {
				if _, wanted := want[s.Test]; wanted && strings.HasPrefix(s.Test, "TestParallel") {
					among = append(among, s.Test)
				}
			}
			if len(among) == 1 {
				delete(want, among[0])
				continue
			}
			t.Errorf("%s to %s: %s, suspects %v", leak.Parameter, leak.To, leak.Certainty, leak.Suspects)
			continue
		}
		mark, known := want[leak.By.Test]
		delete(want, leak.By.Test)
		if !known {
			t.Errorf("%s is accused, and leaks nothing", leak.By.Test)
			continue
		}
		if leak.Certainty != findings.Exact || leak.Call == nil || filepath.Base(leak.Call.File) != "clients.go" || leak.Call.Line != marks[mark] {
			t.Errorf("%s: %s, call %+v; want exact, clients.go:%d", leak.By.Test, leak.Certainty, leak.Call, marks[mark])
			continue
		}
		if os.Getenv("TRACETEST_ALL") != "" {
			t.Logf("| %s | %s | clients.go:%d | %s |", leak.By.Test, mark, leak.Call.Line, leak.Call.Found)
		}
	}
	for _, missing := range slices.Sorted(maps.Keys(want)) {
		t.Errorf("%s left the parameter changed, and was not named", missing)
	}
	for _, s := range f.Endpoints {
		if s.Server != redis.Addr {
			t.Errorf("spoken to %+v: want it to be known as %s", s, redis.Addr)
		}
	}
	if len(f.Endpoints) != 3 {
		t.Errorf("%d addresses were spoken to, want 3", len(f.Endpoints))
	}
}

// markedLines returns the lines of a file with a comment at their end, by the
// comment.
func markedLines(t *testing.T, path string) map[string]int {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	marks := map[string]int{}
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		if code, mark, ok := strings.Cut(lines.Text(), " // "); ok && strings.TrimSpace(code) != "" {
			marks[mark] = n
		}
	}
	return marks
}

// clientTests returns the mark of the call that each test of the suite makes,
// by its name.
func clientTests(t *testing.T, dir string) map[string]string {
	t.Helper()
	tests := map[string]string{}
	for file, pattern := range map[string]string{
		"alone_test.go":    `func (Test\w+)\(t \*testing.T\) +\{\s+alone\(t, "([^"]+)", "([^"]+)",`,
		"parallel_test.go": `func (Test\w+)\(t \*testing.T\) +\{\s+crowd\(t, "([^"]+)"`,
		"leave_test.go":    `func (Test\w+)\(t \*testing.T\) +\{\s+change := late\(t, "([^"]+)"`,
	} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			switch file {
			case "alone_test.go":
				tests[m[1]] = fmt.Sprintf("%s %s", m[2], m[3])
			case "parallel_test.go":
				tests[m[1]+"/1"] = m[2] + " plain"
			default:
				tests[m[1]] = m[2] + " plain"
			}
		}
	}
	if len(tests) < 50 {
		t.Fatalf("%d tests in %s", len(tests), dir)
	}
	return tests
}
