package triage

import (
	"strings"
	"testing"
)

// Guards against a banner that is told as what a test said, where what failed
// stands behind it.
func TestFirstLines(t *testing.T) {
	t.Parallel()
	banner := "Running Suite: cache\n" + strings.Repeat("a line that is said before\n", 20)
	for _, c := range []struct{ output, want string }{
		{"", ""},
		{"=== RUN   TestX\n    a_test.go:7: no\n--- FAIL: TestX (0.00s)\n", "a_test.go:7: no"},
		{"one\ntwo\n", "one\ntwo"},
		{banner + "Failure: -OOM command not allowed when used memory\nmore\n", "Failure: -OOM command not allowed when used memory\nmore"},
		{banner + "    a_test.go:12: got 1\n", "a_test.go:12: got 1"},
		{banner + "panic: no\n\ngoroutine 1\n", "panic: no\ngoroutine 1"},
		{banner + "\x1b[31m[FAIL] Suite it works\x1b[0m\nmore\n", "\x1b[31m[FAIL] Suite it works\x1b[0m\nmore"},
		{banner, strings.TrimSpace(banner[:21+7*27])},
		{"a_test.go:1: first\n" + banner + "a_test.go:2: second\n", "a_test.go:1: first\nRunning Suite: cache\n" + strings.TrimSpace(strings.Repeat("a line that is said before\n", 6))},
		{strings.Repeat("x", 1<<20) + "\n    a_test.go:12: got 1\n", "a_test.go:12: got 1"},
		{strings.Repeat("x", 1<<20) + "\n", strings.Repeat("x", maxFirstText)},
	} {
		if got := firstLines(c.output); got != c.want {
			t.Errorf("%.80q: got %.200q, want %.200q", c.output, got, c.want)
		}
	}
	if s := excerpt(banner + strings.Repeat("OOM command not allowed\n", 28)); s.oom != 28 {
		t.Errorf("%d OOM errors in the output", s.oom)
	}
}
