package live

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"tracetest/internal/gotest"
	"tracetest/internal/redact"
)

// scrubbed is what a run makes of texts: secrets and commands of the CI.
func scrubbed(text string) string { return Harmless(redact.URL(text)) }

// printed shows what a test printed in events of at most size bytes, and returns
// the processor's work as time.
func printed(tb testing.TB, text []byte, size int) time.Duration {
	l, err := New(Options{Out: io.Discard, Err: io.Discard, Format: "standard-verbose", Scrub: scrubbed})
	if err != nil {
		tb.Fatal(err)
	}
	var events []gotest.Event
	var lines [][]byte
	for len(text) > 0 {
		n := min(size, len(text))
		e := gotest.Event{Action: "output", Package: "p", Test: "TestA", Output: string(text[:n])}
		line, _ := json.Marshal(e)
		events, lines, text = append(events, e), append(lines, line), text[n:]
	}
	start := time.Now()
	for i := range events {
		l.Event(events[i], lines[i])
	}
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
	return time.Since(start)
}

// Guards against a test that waits for the screen in a write, and meets its time
// limit there.
func TestNobodyWaitsForTheScreen(t *testing.T) {
	stuck, out := io.Pipe()
	l, err := New(Options{Out: out, Err: io.Discard, Format: "standard-verbose"})
	if err != nil {
		t.Fatal(err)
	}
	e := gotest.Event{Action: "output", Package: "p", Test: "TestA", Output: strings.Repeat("x", 1000) + "\n"}
	line, _ := json.Marshal(e)
	pass := gotest.Event{Action: "pass", Package: "p", Test: "TestA"}
	passed, _ := json.Marshal(pass)
	within(t, func() {
		for range 2 * longestBacklog / len(line) {
			l.Event(e, line)
		}
		l.Event(pass, passed)
	})
	if l.backlog.bytes > longestBacklog+len(passed) {
		t.Errorf("%d bytes wait", l.backlog.bytes)
	}
	shown := make(chan string)
	go func() {
		text, _ := io.ReadAll(stuck)
		shown <- string(text)
	}()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	out.Close()
	if text := <-shown; !strings.Contains(text, "lines of output are not shown") || l.exec.Total() != 1 {
		t.Errorf("it ends in %q", text[max(0, len(text)-300):])
	}
}

// Guards against a secret or a command of the CI that is shown because it lies
// across parts of a long line.
func TestLongLineIsScrubbed(t *testing.T) {
	t.Parallel()
	for _, parts := range [][]string{
		{strings.Repeat("x", 5000), " redis://u:sec", "ret@host ", "end\n"},
		{strings.Repeat("x ", 50_000), "redis:", "//u:", "secret", "@host", "\n"},
		{"::error x", strings.Repeat("y", 20_000), "::secret\n"},
		{strings.Repeat("z", 4095), "#", "#[error]secret\n"},
	} {
		out, _ := show(t, Options{Format: "standard-verbose", Scrub: scrubbed}, func(l *Live) {
			for _, part := range append(parts, "\n") {
				e := gotest.Event{Action: "output", Package: "p", Test: "TestA", Output: part}
				line, _ := json.Marshal(e)
				l.Event(e, line)
			}
		})
		if scrubbed(out) != out {
			t.Errorf("%.60q: shown as %.200q", parts, out[max(0, len(out)-200):])
		}
	}
}

// Guards against a test that passed and is shown as failed: test2json does not
// see its verdict behind a line that has no end.
func TestVerdictBehindALineWithoutEnd(t *testing.T) {
	t.Parallel()
	out, _ := show(t, Options{}, func(l *Live) {
		events(l, "start p", "run p TestA", "output p TestA no line end", "output p TestA --- PASS: TestA (0.00s)\n", "pass p")
	})
	if strings.Contains(out, "FAIL") || !strings.Contains(out, "DONE 1 tests") {
		t.Errorf("shown as %q", out)
	}
}
