// Package redistest starts real Redis servers for tests, each on a free port
// of the loopback interface.
//
// There is no way to go on without a server: what tracetest says about Redis
// is only worth something when a Redis has said it.
package redistest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Port in an argument stands for the port that was chosen, for servers that
// listen on it in another way: "--port", "0", "--tls-port", redistest.Port.
const Port = "{port}"

// TLSPort in an argument stands for a second port that was chosen, of TLSAddr:
// "--tls-port", redistest.TLSPort.
const TLSPort = "{tls port}"

// A start takes some 20 ms; a loaded machine may need much longer.
const patience = 20 * time.Second

// Server is a Redis of its own. Its methods are for one goroutine.
type Server struct {
	Addr    string // 127.0.0.1:port
	TLSAddr string // 127.0.0.1:port, where an argument names it
	Socket  string // path of its unix socket

	program string
	dir     string // holds the socket; removed by Close
	args    []string
	cmd     *exec.Cmd
	output  *bytes.Buffer
	exited  chan error
}

// Start runs a server until the test ends. The arguments are those of
// redis-server, a configuration file first if there is one, and win over the
// defaults of this package.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s, err := Run(t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Run starts a server that keeps its data in dir, for a TestMain. The caller
// must Close it.
func Run(dir string, args ...string) (*Server, error) {
	program, err := find()
	if err != nil {
		return nil, err
	}
	return RunProgram(program, dir, args...)
}

// RunProgram is Run with a server of the caller's choice.
func RunProgram(program, dir string, args ...string) (*Server, error) {
	// A socket's path may have some 100 bytes, and the folders of tests with
	// long names are longer.
	short, err := os.MkdirTemp("", "redis")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the socket: %w", err)
	}
	// Another process may take the port between our choice and the server's.
	for range 5 {
		s := &Server{program: program, dir: short, Socket: filepath.Join(short, "s")}
		if err = s.choose(dir, args); err != nil {
			break
		}
		if err = s.start(); err == nil {
			return s, nil
		}
		if !strings.Contains(err.Error(), "in use") {
			break
		}
	}
	return nil, errors.Join(err, os.RemoveAll(short))
}

func find() (string, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("these tests need a Redis: install redis-server or valkey-server (apt-get install redis-server, " +
		"dnf install valkey, brew install redis) so that it is on PATH")
}

func (s *Server) choose(dir string, args []string) error {
	var ports []string
	for range 2 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("choosing a free port: %w", err)
		}
		defer listener.Close() // kept until both are chosen, which so differ
		ports = append(ports, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	}
	s.Addr, s.TLSAddr = "127.0.0.1:"+ports[0], "127.0.0.1:"+ports[1]
	s.args = []string{"--port", ports[0], "--bind", "127.0.0.1", "--unixsocket", s.Socket, "--dir", dir,
		"--save", "", "--appendonly", "no", "--daemonize", "no"}
	if len(args) > 0 && !strings.HasPrefix(args[0], "--") {
		s.args = append([]string{args[0]}, s.args...) // a configuration file comes first
		args = args[1:]
	}
	for _, arg := range args {
		s.args = append(s.args, strings.NewReplacer(Port, ports[0], TLSPort, ports[1]).Replace(arg))
	}
	return nil
}

func (s *Server) start() error {
	s.output = new(bytes.Buffer)
	s.cmd = exec.Command(s.program, s.args...)
	s.cmd.Stdout, s.cmd.Stderr = s.output, s.output
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("starting %q: %w", s.program, err)
	}
	exited := make(chan error, 1)
	s.exited = exited
	go func(cmd *exec.Cmd) { exited <- cmd.Wait() }(s.cmd)

	for deadline := time.Now().Add(patience); ; {
		select {
		case err := <-s.exited:
			s.cmd = nil
			return fmt.Errorf("starting %q: it ended at once (%v), its output: %s", s.program, err, s.output)
		case <-time.After(2 * time.Millisecond):
		}
		if answers("tcp", s.Addr) && answers("unix", s.Socket) {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("starting %q: no answer within %s", s.program, patience), s.Stop())
		}
	}
}

func answers(network, address string) bool {
	conn, err := net.DialTimeout(network, address, time.Second)
	return err == nil && conn.Close() == nil
}

// Stop ends the server as a crash would. A server that is not running is no
// error.
func (s *Server) Stop() error {
	if s.cmd == nil {
		return nil
	}
	cmd := s.cmd
	s.cmd = nil
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ending the server at %s: %w", s.Addr, err)
	}
	<-s.exited // that it was killed is no news
	return nil
}

// Restart stops the server and starts it again on the same address with these
// further arguments.
func (s *Server) Restart(args ...string) error {
	if err := s.Stop(); err != nil {
		return err
	}
	s.args = append(slices.Clip(s.args), args...)
	return s.start()
}

// Close ends the server and removes its socket.
func (s *Server) Close() error {
	return errors.Join(s.Stop(), os.RemoveAll(s.dir))
}

// Try runs one command on a connection of its own.
func (s *Server) Try(args ...any) (string, error) {
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: s.Socket, Protocol: 2, PoolSize: 1, MaxRetries: -1,
		DisableIdentity: true})
	defer client.Close()
	reply, err := client.Do(context.Background(), args...).Result()
	return fmt.Sprint(reply), err
}

// Do is Try for a command that must succeed.
func (s *Server) Do(t testing.TB, args ...any) string {
	t.Helper()
	reply, err := s.Try(args...)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return reply
}

// Program is the path of the server's program, for tests that start it in
// their own way.
func Program(t testing.TB) string {
	t.Helper()
	program, err := find()
	if err != nil {
		t.Fatal(err)
	}
	return program
}
