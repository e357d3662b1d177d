package main

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tracetest/internal/redistest"
	"tracetest/internal/triage"
)

// Whatever client a test uses, and however it sends a command, the test and
// the line are found: seven clients, plain, in pipelines and transactions, over
// TCP, TLS and a unix socket, alone, beside others, and in a goroutine that
// outlives its test. The suite is testdata/clients; it marks each call with a
// comment. TRACETEST_ALL prints the table of what was found and how.
func TestClients(t *testing.T) {
	t.Parallel()
	cert, key := redistest.Certificate(t)
	redis := redistest.Start(t, "--tls-port", redistest.TLSPort, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
	dir := filepath.Join("..", "..", "testdata", "clients")
	env := []string{"REDIS_ADDR=" + redis.Addr, "REDIS_TLS_ADDR=" + redis.TLSAddr, "REDIS_SOCKET=" + redis.Socket}
	f, code := runTracetest(t, dir, env, "--tap=on", "--redis", redis.Addr, ".", "--", "-parallel=16")
	if code != triage.ExitLeaked {
		t.Errorf("exit code %d, want %d; failures %+v", code, triage.ExitLeaked, f.Failures)
	}
	marks := markedLines(t, filepath.Join(dir, "clients.go"))
	want := clientTests(t, dir)
	for _, leak := range f.Leaks {
		if leak.Owner == nil {
			t.Errorf("%s to %s: %s, suspects %v", leak.Parameter, leak.To, leak.Certainty, leak.Suspects)
			continue
		}
		mark, known := want[leak.Owner.Test]
		delete(want, leak.Owner.Test)
		if !known {
			t.Errorf("%s is accused, and leaks nothing", leak.Owner.Test)
			continue
		}
		if leak.Certainty != triage.Exact || leak.Call == nil || filepath.Base(leak.Call.File) != "clients.go" || leak.Call.Line != marks[mark] {
			t.Errorf("%s: %s, call %+v; want exact, clients.go:%d", leak.Owner.Test, leak.Certainty, leak.Call, marks[mark])
			continue
		}
		if os.Getenv("TRACETEST_ALL") != "" {
			t.Logf("| %s | %s | clients.go:%d | %s |", leak.Owner.Test, mark, leak.Call.Line, leak.Call.Found)
		}
	}
	for _, missing := range slices.Sorted(maps.Keys(want)) {
		t.Errorf("%s left the parameter changed, and was not named", missing)
	}
	for _, s := range f.Spoken {
		if s.Server != redis.Addr {
			t.Errorf("spoken to %+v: want it to be known as %s", s, redis.Addr)
		}
	}
	if len(f.Spoken) != 3 {
		t.Errorf("%d addresses were spoken to, want 3", len(f.Spoken))
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

// Whoever the owner is, and whatever client writes: what is called exact names
// who did it, and else the one who did is among the suspects. The suite is
// testdata/clients/owners. TRACETEST_ALL prints the table of how each was found.
func TestClientsOwners(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	dir := filepath.Join("..", "..", "testdata", "clients")
	// Not -parallel, which Ginkgo refuses.
	env := []string{"REDIS_ADDR=" + redis.Addr, "GOMAXPROCS=16"}
	f, _ := runTracetest(t, dir, env, "--tap=on", "--redis", redis.Addr, "./owners")
	kinds := []string{"", "spec", "spec's timer", "left by a spec", "testify method", "parallel subtest", "subtest's timer", "left by a subtest"}
	rows := []string{}
	for _, client := range []string{"go-redis_v9", "go-redis_v9_autopipeline", "go-redis_v9_cluster", "go-redis_v8", "redigo", "rueidis",
		"rueidis_pipelining", "valkey-go", "valkey-go_pipelining", "radix_v4", "net"} {
		for _, ends := range []string{"", ".ends"} {
			rows = append(rows, client+ends)
			if client != "redigo" && client != "net" {
				rows = append(rows, client+ends+".shared")
			}
		}
	}
	found := map[string]map[string]triage.Certainty{} // by row and kind
	exact := map[string]int{}
	for _, w := range f.Writes {
		value, err := strconv.Atoi(w.Command[len(w.Command)-1])
		if len(w.Command) != 4 || err != nil || value < 10100 || w.Count != 1 || w.Others != 0 {
			t.Fatalf("not a row: %+v", w)
		}
		row, kind := rows[value%100], kinds[(value-10000)/100]
		want := map[string]string{
			"spec": "TestSpecs: owners " + row, "spec's timer": "TestSpecs: owners " + row + " timer", "left by a spec": "TestSpecs: owners " + row + " leaves",
			"testify method": "TestMethods/Test", "parallel subtest": "TestParallel/" + row, "subtest's timer": "TestTimer/" + row, "left by a subtest": "TestLeft/" + row,
		}[kind]
		if kind == "testify method" {
			client, _, _ := strings.Cut(row, ".")
			clients := []string{}
			for _, r := range rows {
				if c, _, _ := strings.Cut(r, "."); !slices.Contains(clients, c) {
					clients = append(clients, c)
				}
			}
			want += string("0123456789X"[slices.Index(clients, client)])
		}
		accused := []string{}
		if w.Owner != nil {
			accused = append(accused, ownerText(w.Owner))
		}
		for _, o := range w.Suspects {
			accused = append(accused, ownerText(&o))
		}
		if !slices.Contains(accused, want) {
			t.Errorf("%s, %s: %s %q, want %s", row, kind, w.Certainty, accused, want)
		}
		if found[row] == nil {
			found[row] = map[string]triage.Certainty{}
		}
		found[row][kind] = w.Certainty
		if w.Certainty == triage.Exact {
			exact[kind]++
		}
	}
	for _, row := range rows {
		line := ""
		for _, kind := range kinds[1:] {
			if found[row][kind] == "" {
				t.Errorf("%s, %s: not found", row, kind)
			}
			line += fmt.Sprintf(" %s |", found[row][kind])
		}
		if os.Getenv("TRACETEST_ALL") != "" {
			t.Logf("| %s |%s", row, line)
		}
	}
	// What can be exact is to stay so.
	for kind, least := range map[string]int{"spec": 40, "testify method": 40, "parallel subtest": 18, "left by a subtest": 20, "left by a spec": 8} {
		if exact[kind] < least {
			t.Errorf("%s: %d of %d rows are exact, want %d", kind, exact[kind], len(rows), least)
		}
	}
	t.Logf("exact of %d rows each: %v", len(rows), exact)
}
