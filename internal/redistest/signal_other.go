//go:build !unix

package redistest

import "testing"

// Pause skips the test: this system cannot stop a process.
func (s *Server) Pause(t testing.TB) { t.Skip("this system cannot stop a process") }

// Resume is there for what was paused.
func (s *Server) Resume(testing.TB) {}
