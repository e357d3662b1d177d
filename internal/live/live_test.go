package live

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"gotest.tools/gotestsum/testjson"

	"tracetest/internal/gotest"
)

// buffer is a screen or a file that several goroutines write to.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// show shows a run and returns what stood on the screen and on stderr.
func show(t *testing.T, o Options, run func(*Live)) (out, errOut string) {
	t.Helper()
	var screen, stderr buffer
	if o.Out == nil {
		o.Out = &screen
	}
	if o.Err == nil {
		o.Err = &stderr
	}
	if o.Format == "" {
		o.Format = "pkgname"
	}
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	within(t, func() {
		run(l)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	var counted strings.Builder // what testjson made of it, which is not shown
	testjson.PrintSummary(&counted, l.exec, testjson.SummarizeNone)
	return screen.String() + counted.String(), stderr.String()
}

// within fails the test when something does not come to an end.
func within(t *testing.T, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		stacks := make([]byte, 1<<20)
		t.Fatalf("it stands still:\n%s", stacks[:runtime.Stack(stacks, true)])
	}
}

// events feeds events as `go test -json` writes them, in short:
// "action package test output".
func events(l *Live, lines ...string) {
	for _, line := range lines {
		f := strings.SplitN(line, " ", 4)
		e := gotest.Event{Time: time.Now(), Action: f[0], Package: f[1]}
		if len(f) > 2 {
			e.Test = f[2]
		}
		if len(f) > 3 {
			e.Output = f[3]
		}
		raw, _ := json.Marshal(e)
		l.Event(e, raw)
	}
}

// suite is a run of two tests, of which one fails, in a package that fails.
func suite(l *Live) {
	events(l, "start m/p", "run m/p TestA", "output m/p TestA === RUN   TestA\n", "output m/p TestA --- PASS: TestA (0.00s)\n", "pass m/p TestA",
		"run m/p TestB", "output m/p TestB === RUN   TestB\n", "output m/p TestB     b_test.go:7: not what it was\n",
		"output m/p TestB --- FAIL: TestB (0.00s)\n", "fail m/p TestB", "output m/p  FAIL\n", "fail m/p")
}

// Guards against a format that shows nothing, or against a summary that does
// not tell what failed.
func TestFormats(t *testing.T) {
	for _, github := range []string{"", "true"} {
		t.Setenv("GITHUB_ACTIONS", github)
		for _, format := range Formats() {
			out, _ := show(t, Options{Format: format}, suite)
			for _, want := range []string{"DONE 2 tests, 1 failure", "=== FAIL: m/p TestB", "b_test.go:7: not what it was"} {
				if !strings.Contains(out, want) {
					t.Errorf("%s: there is no %q in\n%s", format, want, out)
				}
			}
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	for _, format := range []string{"", "pkg", "Dots"} {
		_, err := New(Options{Out: io.Discard, Err: io.Discard, Format: format})
		if err == nil || !strings.Contains(err.Error(), "unknown --format") || !strings.Contains(err.Error(), "pkgname-and-test-fails") {
			t.Errorf("%q: error %v", format, err)
		}
	}
}

// Each is a stream that testjson v1.13.0 alone counts wrongly.
func TestCounts(t *testing.T) {
	const fine = "DONE 1 tests in"
	tests := []struct {
		name   string
		events []string
		want   string
	}{
		{"artifacts, of Go 1.26, is no end of a test", []string{"run m/p T", "artifacts m/p T", "output m/p T x\n", "pass m/p T", "pass m/p"}, fine},
		{"nor is what a later Go invents", []string{"run m/p T", "retry m/p T", "pass m/p T", "pass m/p"}, fine},
		{"attributes", []string{"run m/p T", "attr m/p T", "pass m/p T", "pass m/p"}, fine},
		{"build output and events without a package make no package", []string{"run m/p T", "build-fail  ", "output   x", "pass  ", "pass m/p T", "pass m/p"}, fine},
		{"benchmarks of which no end is reported passed", []string{"run m/p BenchmarkX", "output m/p BenchmarkX x\n", "run m/p BenchmarkX/sub", "run m/p T", "pass m/p T", "pass m/p"}, "DONE 3 tests in"},
		{"also when another one failed", []string{"run m/p BenchmarkX", "run m/p BenchmarkY", "fail m/p BenchmarkY", "fail m/p"}, "DONE 2 tests, 1 failure"},
		{"a benchmark in which the process died failed", []string{"run m/p BenchmarkX", "output m/p  panic: no\n", "fail m/p"}, "DONE 1 tests, 1 failure"},
		{"benchmarks of two packages", []string{"run m/p BenchmarkX", "run m/q BenchmarkX", "pass m/q", "pass m/p"}, "DONE 2 tests in"},
		{"a test that is named like one", []string{"run m/p TestBenchmark", "pass m/p TestBenchmark", "pass m/p"}, fine},
		{"skipped", []string{"run m/p T", "skip m/p T", "pass m/p"}, "DONE 1 tests, 1 skipped"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, errOut := show(t, Options{}, func(l *Live) { events(l, test.events...) })
			if !strings.Contains(out, test.want) || errOut != "" || strings.Contains(out, "Errors") {
				t.Errorf("want %q\n%s\nstderr: %s", test.want, out, errOut)
			}
		})
	}
}

// Guards against a scan that ends at a line of 64 KiB: the tests after it would
// be called failed.
func TestLongLines(t *testing.T) {
	for _, filler := range []string{"x", "\x00", "é"} {
		long := strings.Repeat(filler, 200<<10/len(filler))
		out, errOut := show(t, Options{Format: "standard-verbose"}, func(l *Live) {
			events(l, "run m/p T", "output m/p T begin "+long+" end\n", "pass m/p T")
			events(l, "run m/p "+long, "pass m/p T2", "pass m/p")
			l.Error("noise " + long + " end of noise")
		})
		if !strings.Contains(out, "begin ") || !strings.Contains(out, "[...]") || !strings.Contains(out, "DONE 2 tests") {
			t.Errorf("%q: %d bytes, ending in %q", filler, len(out), out[max(0, len(out)-200):])
		}
		if text := strings.ReplaceAll(errOut, "\n", ""); text != "noise "+long+" end of noise" {
			t.Errorf("%q: %d bytes on stderr", filler, len(errOut))
		}
	}
}

// Guards against output of the compiler that is not shown, or shown as that of
// a package without a name.
func TestErrorsAndBuildOutput(t *testing.T) {
	out, errOut := show(t, Options{}, func(l *Live) {
		l.Error("go: downloading x v1\r\nwarning: y\n\nlast")
		for _, text := range []string{"# m/p\n", "p.go:1: undefined: x\n", ""} {
			e := gotest.Event{Action: "build-output", ImportPath: "m/p", Output: text}
			l.Event(e, nil)
		}
		l.Event(gotest.Event{Action: "build-fail", ImportPath: "m/p"}, []byte("{}"))
		events(l, "output m/p  FAIL\tm/p [build failed]\n", "fail m/p")
	})
	if errOut != "go: downloading x v1\nwarning: y\n\nlast\n# m/p\np.go:1: undefined: x\n" {
		t.Errorf("stderr: %q", errOut)
	}
	if strings.Contains(out, "p.go:1: undefined: x") || !strings.Contains(out, "=== FAIL: m/p") {
		t.Errorf("the summary does not name the package, or says once more what the compiler said:\n%s", out)
	}
}

func TestSayComesAtOnce(t *testing.T) {
	var out buffer
	l, err := New(Options{Out: &out, Err: io.Discard, Format: "pkgname"})
	if err != nil {
		t.Fatal(err)
	}
	l.Say("tracetest: a leak")
	if out.String() != "tracetest: a leak\n" {
		t.Errorf("%q", out.String())
	}
	l.Close()
}

// failing is a writer that has room for n writes.
type failing struct {
	mu sync.Mutex
	n  int
}

var errDiskFull = errors.New("the disk is full")

func (f *failing) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n--; f.n < 0 {
		return 0, errDiskFull
	}
	return len(p), nil
}

// Guards against tests that stand still because the screen cannot be written
// to: whoever reads their pipe would wait for ever.
func TestNothingWaitsForABrokenScreen(t *testing.T) {
	for _, broken := range []string{"out", "err"} {
		for writes := range 3 {
			t.Run(fmt.Sprint(broken, " after ", writes), func(t *testing.T) {
				var out, errOut io.Writer = &failing{n: writes}, io.Discard
				if broken == "err" {
					out, errOut = io.Discard, out
				}
				l, err := New(Options{Out: out, Err: errOut, Format: "standard-verbose"})
				if err != nil {
					t.Fatal(err)
				}
				within(t, func() {
					for range 20 {
						suite(l)
						l.Error("noise")
						l.Say("said")
					}
					if err := l.Close(); err == nil || !strings.Contains(err.Error(), errDiskFull.Error()) {
						t.Errorf("error %v", err)
					}
				})
			})
		}
	}
}

// Guards against a password that tests print and that the terminal, or the log
// of CI, then shows.
func TestScrub(t *testing.T) {
	secret := regexp.MustCompile("s3cr3t<&>")
	out, errOut := show(t, Options{Format: "standard-verbose", Scrub: func(text string) string { return secret.ReplaceAllString(text, "(hidden)") }}, func(l *Live) {
		events(l, "run m/p T", "output m/p T pass s3cr3t<&> word\n", "fail m/p T", "output m/p  "+strings.Repeat("s3cr3t<&> ", 20_000)+"\n", "fail m/p")
		l.Error("stderr s3cr3t<&>\nand s3cr3t<&>")
		l.Event(gotest.Event{Action: "build-output", ImportPath: "m/p", Output: "build s3cr3t<&>\n"}, nil)
		l.Say("said s3cr3t<&>")
	})
	if strings.Contains(out+errOut, "s3cr3t") {
		t.Errorf("the secret is shown:\n%.2000s\n%s", out, errOut)
	}
	if !strings.Contains(out, "pass (hidden) word") || !strings.Contains(out, "said (hidden)") || !strings.Contains(out, "DONE 1 tests, 1 failure") {
		t.Errorf("%.2000s", out)
	}
	if errOut != "stderr (hidden)\nand (hidden)\nbuild (hidden)\n" {
		t.Errorf("stderr: %q", errOut)
	}
}

// Guards against fields that get lost on the way: a line in which nothing was
// hidden is handed on as it is, and its other fields survive in one where
// something was.
func TestScrubKeepsTheEvent(t *testing.T) {
	out, _ := show(t, Options{Format: "standard-verbose", Scrub: func(text string) string { return strings.ReplaceAll(text, "secret", "***") }}, func(l *Live) {
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		for _, e := range []gotest.Event{
			{Time: at, Action: "run", Package: "m/p", Test: "T"},
			{Time: at, Action: "output", Package: "m/p", Test: "T", Output: "a secret\n"},
			{Time: at, Action: "fail", Package: "m/p", Test: "T", Elapsed: 1.25},
			{Time: at, Action: "fail", Package: "m/p", Elapsed: 1.5},
		} {
			line, _ := json.Marshal(e)
			l.Event(e, line)
		}
	})
	if !strings.Contains(out, "=== FAIL: m/p T (1.25s)\na ***\n") {
		t.Error(out)
	}
}

// Guards against races between the goroutines that show events, errors and
// tracetest's own lines. It tells something with -race.
func TestManyGoroutines(t *testing.T) {
	out, _ := show(t, Options{Status: true, Width: func() int { return 60 }, Scrub: strings.ToLower}, func(l *Live) {
		var all sync.WaitGroup
		for g := range 8 {
			all.Go(func() {
				for i := range 50 {
					name := fmt.Sprintf("m/p%d Benchmark%d", g, i)
					events(l, "run "+name, "output "+name+" X\n", "fail "+name)
					l.Error("noise")
					l.Say("said")
					l.Counts(0, 0, i)
				}
				events(l, fmt.Sprintf("fail m/p%d", g))
			})
		}
		all.Wait()
	})
	if !strings.Contains(out, "DONE 400 tests, 400 failures") {
		t.Errorf("%.300s", out[max(0, len(out)-300):])
	}
}

func TestTerminal(t *testing.T) {
	f, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if width, is := Terminal(f); is || width() != 80 {
		t.Errorf("a file is a terminal (%v) of width %d", is, width())
	}
}
