//go:build unix

package main

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var signals = map[string]syscall.Signal{
	"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL, "STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT, "QUIT": syscall.SIGQUIT,
}

// signalVerb is the verb of the scripts: signal NAME SIGNAL sends a signal to a background
// command of redis or tracetest, by the pid in a file.
func signalVerb(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(60 * time.Second)
	for {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if pid, bad := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && bad == nil {
			ts.Check(syscall.Kill(pid, signals[args[1]]))
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no pid in %s after a minute", args[0])
		}
		time.Sleep(10 * time.Millisecond)
	}
}
