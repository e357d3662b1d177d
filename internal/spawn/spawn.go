// Package spawn starts a Redis that nobody else uses, on a free port of the
// loopback interface and with a folder of its own, and ends it.
//
// It holds no data on disk and is started with the defaults of the program, but
// for what is asked for.
package spawn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// patience is how long a server may take to start: some 20 ms where nothing else
// goes on.
const patience = 20 * time.Second

// Server is a private Redis.
type Server struct {
	Address string // 127.0.0.1:port

	dir    string
	cmd    *exec.Cmd
	exited chan error
}

// program is the path of the server's program.
func program() (string, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is neither redis-server nor valkey-server on PATH: install one of them, or run the trials on a server of your own (--redis)")
}

// Start starts a server with these parameters. It must be closed.
func Start(ctx context.Context, parameters map[string]string) (*Server, error) {
	program, err := program()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "tracetest-redis-") // of mode 0700
	if err != nil {
		return nil, fmt.Errorf("making a folder for a Redis: %w", err)
	}
	// Another process may take the port between our choice and the server's.
	for range 5 {
		s := &Server{dir: dir}
		if err = s.start(ctx, program, parameters); err == nil {
			return s, nil
		}
		if !strings.Contains(err.Error(), "in use") {
			break
		}
	}
	return nil, errors.Join(err, os.RemoveAll(dir))
}

func (s *Server) start(ctx context.Context, program string, parameters map[string]string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("choosing a free port: %w", err)
	}
	s.Address = listener.Addr().String()
	_, port, err := net.SplitHostPort(s.Address)
	if err = errors.Join(err, listener.Close()); err != nil {
		return err
	}
	args := []string{"--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--save", "", "--appendonly", "no", "--daemonize", "no"}
	for name, value := range parameters {
		args = append(args, "--"+name, value)
	}
	var output bytes.Buffer
	s.cmd = exec.Command(program, args...)
	s.cmd.Stdout, s.cmd.Stderr = &output, &output
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", program, err)
	}
	s.exited = make(chan error, 1)
	go func() { s.exited <- s.cmd.Wait() }()
	for deadline := time.Now().Add(patience); ; {
		select {
		case err := <-s.exited:
			return fmt.Errorf("starting %s: it ended at once (%v), and said: %s", program, err, lastLines(output.String()))
		case <-ctx.Done():
			return errors.Join(ctx.Err(), s.stop())
		case <-time.After(5 * time.Millisecond):
		}
		if conn, err := net.DialTimeout("tcp", s.Address, time.Second); err == nil {
			return conn.Close()
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("starting %s: no answer within %v", program, patience), s.stop())
		}
	}
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], "; ")
}

// Env is how tests learn of the server: in the variables that are usual, and
// in these.
func (s *Server) Env(further []string) []string {
	host, port, _ := net.SplitHostPort(s.Address) // it was made of both
	env := []string{"REDIS_ADDR=" + s.Address, "REDIS_ADDRESS=" + s.Address, "REDIS_URL=redis://" + s.Address, "REDIS_HOST=" + host, "REDIS_PORT=" + port, "TRACETEST_REDIS=" + s.Address}
	for _, name := range further {
		env = slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
		env = append(env, name+"="+s.Address)
	}
	return env
}

func (s *Server) stop() error {
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ending the Redis at %s: %w", s.Address, err)
	}
	<-s.exited // that it was killed is no news
	return nil
}

// Close ends the server and removes what it left.
func (s *Server) Close() error { return errors.Join(s.stop(), os.RemoveAll(s.dir)) }
