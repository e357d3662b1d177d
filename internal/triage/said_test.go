package triage

import (
	"strings"
	"testing"

	"tracetest/internal/findings"
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
	for output, want := range map[string]findings.Unreachable{
		"redis: dial tcp 127.0.0.1:6390: connect: connection refused":                                                           {Address: "127.0.0.1:6390", Error: "connection refused"},
		"dial tcp [::1]:6379: i/o timeout\ndial tcp 127.0.0.1:1: connect: x":                                                    {Address: "[::1]:6379", Error: "i/o timeout"},
		"a dial tone, then dial tcp: lookup redis.test on 1.1.1.1:53: no such host":                                             {Address: "redis.test", Error: "no such host"},
		"dial tcp: lookup redis: no such host":                                                                                  {Address: "redis", Error: "no such host"},
		"dial unix /tmp/r.sock: connect: no such file or directory":                                                             {Address: "/tmp/r.sock", Error: "no such file or directory"},
		"dial tcp 10.0.0.7:0->10.0.0.9:6379: connect: no route to host":                                                         {Address: "10.0.0.9:6379", Error: "no route to host"},
		"dial tcp 127.0.0.1:6379: operation was canceled, and connection refused":                                               {},
		strings.Repeat("dial ", 1<<16) + "dial tcp 127.0.0.1:1: connection refused\n":                                           {},
		"a_test.go:1: dial tcp 127.0.0.1:1: connection refused\na_test.go:2: no":                                                {},
		"a_test.go:1:\n    Error:  Received unexpected error:\n    dial tcp 127.0.0.1:1: connection refused\n    Test: TestA\n": {Address: "127.0.0.1:1", Error: "connection refused"},
	} {
		if got := excerpt(output).unreachable; got != want {
			t.Errorf("%.80q: %+v, want %+v", output, got, want)
		}
	}
	if s := excerpt(banner + strings.Repeat("OOM command not allowed\n", 28)); s.oom != 28 {
		t.Errorf("%d OOM errors in the output", s.oom)
	}
}
