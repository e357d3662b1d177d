package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// sample is one run of one program.
type sample struct {
	wall time.Duration
	cpu  time.Duration // of the program and all that it waited for
	peak int64         // resident bytes of the program or, if that is more, of the largest that it waited for
}

// start runs a program to its end. Its output goes through a pipe that is
// drained, as in CI, and is kept for the error.
func (b *bench) start(dir string, env []string, command ...string) (sample, error) {
	var output bytes.Buffer
	cmd := exec.CommandContext(b.ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &output, &output
	cmd.Env = append(os.Environ(), env...)
	// Interrupted, the go command removes what it has written.
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(os.Interrupt) }, 10*time.Second
	began := time.Now()
	err := cmd.Run()
	s := sample{wall: time.Since(began)}
	if err != nil {
		last := output.Bytes()
		return s, fmt.Errorf("%v: %w\n%s", command, err, last[max(0, len(last)-4000):])
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.peak = int64(usage.Maxrss) << 10 // Linux tells it in KiB
	}
	return s, nil
}
