package live

import (
	"io"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// terminal understands what the screen sends: text, newlines, and "\r\x1b[K",
// which empties the line. It remembers the widest line that was ever shown.
type terminal struct {
	mu     sync.Mutex
	lines  []string // finished
	line   string
	status []string // lines that were shown and erased
	widest int
}

func (m *terminal) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	const erase = "\r\x1b[K"
	for text := string(p); text != ""; {
		switch {
		case strings.HasPrefix(text, erase):
			m.status = append(m.status, m.line)
			m.line, text = "", text[len(erase):]
		case text[0] == '\n':
			m.lines, m.line, text = append(m.lines, m.line), "", text[1:]
		default:
			_, n := utf8.DecodeRuneInString(text)
			m.line += text[:n]
			text = text[n:]
			m.widest = max(m.widest, utf8.RuneCountInString(m.line))
		}
	}
	return len(p), nil
}

func (m *terminal) shows() (lines []string, line string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.lines...), m.line
}

// waitForStatus waits until the status line holds a text.
func (m *terminal) waitForStatus(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, line := m.shows()
		if strings.Contains(line, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the status line is %q, want %q in it", line, want)
		}
	}
}

// Guards against remains of the status line between the lines of the tests, in
// front of what goes to stderr, and below the summary.
func TestStatusLine(t *testing.T) {
	screen := &terminal{}
	l, err := New(Options{Out: screen, Err: screen, Format: "standard-verbose", Status: true, Width: func() int { return 40 }})
	if err != nil {
		t.Fatal(err)
	}
	screen.waitForStatus(t, "building the tests, ")
	events(l, "start example.com/a/very/long/name/of/a/module/p")
	screen.waitForStatus(t, "0 done, 0 failed, 0 leaks, ")
	l.Say("tracetest: said")
	l.Error("noise")
	events(l, "run m/p A", "output m/p A printed\n", "pass m/p A", "run m/p B", "fail m/p B", "run m/p C", "skip m/p C")
	l.Counts(3, 1, 1)
	screen.waitForStatus(t, "m/p: 3 done, 1 failed, 1 leak, ")
	events(l, "fail m/p")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	lines, line := screen.shows()
	if line != "" {
		t.Errorf("below the summary there is still %q", line)
	}
	whole := strings.Join(lines, "\n")
	for _, want := range []string{"tracetest: said", "noise", "printed"} {
		if !strings.Contains("\n"+whole+"\n", "\n"+want+"\n") {
			t.Errorf("there is no line %q in\n%s", want, whole)
		}
	}
	if strings.Contains(whole, " done, ") || strings.Contains(whole, "\x1b") {
		t.Errorf("the status line is left behind:\n%s", whole)
	}
	// A line as wide as the terminal would move the cursor to the next.
	for _, status := range screen.status {
		if n := utf8.RuneCountInString(status); n >= 40 {
			t.Errorf("the status line %q takes %d columns of 40", status, n)
		}
	}
	if len(screen.status) < 3 {
		t.Errorf("the status line was shown as %q only", screen.status)
	}
}

// Guards against control characters in the log of CI.
func TestNoStatusLine(t *testing.T) {
	for _, o := range []Options{{Status: false}, {Status: true, Format: "dots-v2"}} {
		screen := &terminal{}
		o.Out = screen
		show(t, o, func(l *Live) {
			events(l, "start m/p")
			time.Sleep(250 * time.Millisecond) // it would be drawn every 100 ms
		})
		for _, status := range screen.status {
			if strings.Contains(status, "done,") || strings.Contains(status, "building") {
				t.Errorf("%s: the status line %q was drawn", o.Format, status)
			}
		}
	}
}

// Guards against a status line in the middle of a line, as of the dots.
func TestStatusWaitsForTheLinesEnd(t *testing.T) {
	m := &terminal{}
	s := &screen{out: m, width: func() int { return 80 }, fresh: true}
	io.WriteString(s, "..")
	s.status("status")
	if _, line := m.shows(); line != ".." {
		t.Errorf("the line is %q", line)
	}
	io.WriteString(s, "\n")
	s.status("status")
	s.status("status")
	if _, line := m.shows(); line != "status" {
		t.Errorf("the line is %q", line)
	}
	s.status("other")
	if _, line := m.shows(); line != "other" {
		t.Errorf("the line is %q", line)
	}
	s.status("")
	if lines, line := m.shows(); line != "" || len(lines) != 1 {
		t.Errorf("%q and %q are left", lines, line)
	}
}

func TestClip(t *testing.T) {
	tests := []struct {
		text  string
		width int
		want  string
	}{
		{"abcdef", 6, "abcdef"}, {"abcdef", 5, "…cdef"}, {"abcdef", 1, "…"}, {"abcdef", 0, ""}, {"abcdef", -1, ""}, {"", 0, ""},
		{"éèê", 3, "éèê"}, {"éèêë", 3, "…êë"},
		{"測試測試", 8, "測試測試"}, {"測試測試", 7, "…試測試"}, {"測試測試", 4, "…試"},
	}
	for _, test := range tests {
		if got := clip(test.text, test.width); got != test.want {
			t.Errorf("%q in %d columns: %q, want %q", test.text, test.width, got, test.want)
		}
	}
}
