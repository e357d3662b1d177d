//go:build unix

package redistest

import (
	"syscall"
	"testing"
)

// Pause stops the process as a debugger would: it keeps its connections and
// answers nothing until Resume.
func (s *Server) Pause(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGSTOP)
}

// Resume lets a paused server go on.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGCONT)
}

func (s *Server) signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		t.Fatalf("sending %v to the server at %s: %v", signal, s.Addr, err)
	}
}
