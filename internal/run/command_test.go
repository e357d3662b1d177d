package run

import (
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runShell starts a shell command as the go command is started, waits for its first
// line, sends the signals and returns how it ended.
func runShell(t *testing.T, script string, grace time.Duration, signals ...os.Signal) (reason string, exit int, took time.Duration) {
	t.Helper()
	c, err := start("sh", []string{"-c", script}, nil)
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, c.stderr)
	first := make([]byte, 1)
	if _, err := c.stdout.Read(first); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	began := time.Now()
	sent := make(chan os.Signal, len(signals))
	for _, s := range signals {
		sent <- s
	}
	end := c.wait(sent, grace, func(string) {})
	if end.Complete != (end.Reason == "") {
		t.Errorf("%+v: it is complete, or there is a reason", end)
	}
	return end.Reason, end.GoExit, time.Since(began)
}

func TestExitCodeIsKept(t *testing.T) {
	for script, want := range map[string]int{"echo; exit 0": 0, "echo; exit 1": 1, "echo; exit 7": 7} {
		if reason, exit, _ := runShell(t, script, 0); exit != want || reason != "" {
			t.Errorf("%s: exit %d %q, want %d", script, exit, reason, want)
		}
	}
}

// Guards against a run that was killed from outside passing for a complete one.
func TestKilledFromOutside(t *testing.T) {
	reason, exit, _ := runShell(t, "echo; kill -9 $$", 0)
	if exit != -1 || !strings.Contains(reason, "killed from outside") {
		t.Errorf("exit %d, reason %q", exit, reason)
	}
}

// The signal reaches what the command started, not only the command.
func TestSignalReachesTheGroup(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		reason, _, took := runShell(t, "sleep 1000 & echo; wait", time.Minute, s)
		if !strings.Contains(reason, "interrupted") || took > 30*time.Second {
			t.Errorf("%v: reason %q after %v", s, reason, took)
		}
	}
}

// Guards against tests that ignore a signal keeping tracetest for ever: after
// the grace period they are killed.
func TestGrace(t *testing.T) {
	const deaf = `trap "" INT TERM; echo; while :; do sleep 0.1; done`
	reason, exit, took := runShell(t, deaf, 200*time.Millisecond, os.Interrupt)
	if !strings.Contains(reason, "killed after 200ms") || exit != -1 || took < 200*time.Millisecond {
		t.Errorf("exit %d, reason %q after %v", exit, reason, took)
	}
}

// A second signal does not wait for the grace period.
func TestSecondSignalKills(t *testing.T) {
	const deaf = `trap "" INT TERM; echo; while :; do sleep 0.1; done`
	reason, exit, took := runShell(t, deaf, time.Hour, os.Interrupt, os.Interrupt)
	if !strings.Contains(reason, "twice") || exit != -1 || took > 30*time.Second {
		t.Errorf("exit %d, reason %q after %v", exit, reason, took)
	}
}

// Guards against a process that outlives the go command, and holds its output
// open, keeping tracetest for ever.
func TestOrphanHoldsThePipe(t *testing.T) {
	c, err := start("sh", []string{"-c", "sleep 1000 & echo $!"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, c.stderr)
	text := make(chan string)
	go func() {
		all, _ := io.ReadAll(c.stdout)
		text <- string(all)
	}()
	c.wait(nil, 0, nil)
	select {
	case pid := <-text:
		signalGroup(c.cmd, os.Kill)
		if strings.TrimSpace(pid) == "" {
			t.Error("what it wrote before is lost")
		}
	case <-time.After(30 * time.Second):
		t.Fatal("still reading")
	}
}

func TestStartError(t *testing.T) {
	if _, err := start("/nonexistent/go", nil, nil); err == nil || !strings.Contains(err.Error(), "/nonexistent/go") {
		t.Errorf("got %v, want an error that names the command", err)
	}
}
