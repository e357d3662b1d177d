package run

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/term"

	"tracetest/internal/record"
)

// command is the running go command and everything that it started.
type command struct {
	cmd            *exec.Cmd
	stdout, stderr *os.File      // nil where the output is not ours to read
	foreground     bool          // it shares our group, which the terminal signals
	quiet          chan struct{} // closed when the tests are over that others start; see serve.go
}

// signal reaches the command and what it started.
func (c *command) signal(s os.Signal) {
	switch {
	case !c.foreground:
		signalGroup(c.cmd, s)
	case s != os.Interrupt && s != syscall.SIGQUIT: // these come from the terminal, which sent them to all
		c.cmd.Process.Signal(s)
	}
}

// start starts the go command in a process group of its own, so that a signal
// reaches the test binaries as well.
func start(path string, args, env []string) (*command, error) {
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), env...)
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		cmd.Stdin = os.Stdin // a group in the background that reads from a terminal is stopped
	}
	ownGroup(cmd)
	stdout, stdoutIn, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	stderr, stderrIn, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, stdout.Close(), stdoutIn.Close())
	}
	cmd.Stdout, cmd.Stderr = stdoutIn, stderrIn
	err = cmd.Start()
	stdoutIn.Close()
	stderrIn.Close()
	if err != nil {
		stdout.Close()
		stderr.Close()
		return nil, fmt.Errorf("starting the go command: %w", err)
	}
	return &command{cmd: cmd, stdout: stdout, stderr: stderr}, nil
}

// wait waits for the go command. The first signal goes to all of the group, a
// second one, or the end of the grace period, kills it.
func (c *command) wait(signals <-chan os.Signal, grace time.Duration, say func(string)) record.End {
	if grace == 0 {
		grace = 10 * time.Second
	}
	if c.quiet != nil {
		return c.waitForQuiet(signals)
	}
	exited := make(chan error, 1)
	go func() { exited <- c.cmd.Wait() }()
	var kill <-chan time.Time
	reason := ""
	for {
		select {
		case err := <-exited:
			// A process that outlives the go command may hold the pipes open.
			for _, pipe := range []*os.File{c.stdout, c.stderr} {
				if pipe != nil {
					pipe.SetReadDeadline(time.Now().Add(2 * time.Second))
				}
			}
			return ended(err, reason)
		case s := <-signals:
			if kill != nil {
				reason = "interrupted twice, and killed"
				c.signal(os.Kill)
				continue
			}
			reason = fmt.Sprintf("interrupted (%v)", s)
			say(fmt.Sprintf("tracetest: %v: stopping the tests (again to kill them)", s))
			c.signal(s)
			kill = time.After(grace)
		case <-kill:
			reason += fmt.Sprintf(", and killed after %v", grace)
			c.signal(os.Kill)
		}
	}
}

// ended says how the go command ended.
func ended(err error, reason string) record.End {
	end := record.End{Complete: reason == "", Reason: reason}
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		end.GoExit = exit.ExitCode() // -1 when it was killed
		if end.GoExit < 0 && reason == "" {
			end.Complete, end.Reason = false, "the command was killed from outside ("+exit.Error()+")"
		}
	default:
		end.GoExit, end.Complete, end.Reason = -1, false, err.Error()
	}
	return end
}
