package barrier

import (
	"context"
	"slices"
	"time"
)

// waitForGone makes sure that the end of a process is handled before the begin
// of one that started after it, though they come over different connections.
// It reports whether the hello was restored behind what came first.
func (s *Server) waitForGone(ctx context.Context, hello message) bool {
	hello.waited = true
	dead := s.dead(hello)
	if len(dead) == 0 {
		return false
	}
	// What is in the queue came before the hello did.
	first := s.queue
	for _, m := range first {
		if is[goneMsg](m) {
			delete(dead, m.process)
		}
	}
	deadline := time.NewTimer(2 * time.Second)
	defer deadline.Stop()
	for len(dead) > 0 && ctx.Err() == nil {
		select {
		case m := <-s.messages:
			first = append(first, m)
			if is[goneMsg](m) {
				delete(dead, m.process)
			}
		case <-deadline.C:
			for _, p := range dead {
				p.visible = false // something keeps its connection open: never wait for it again
			}
			clear(dead)
		case <-ctx.Done():
		}
	}
	s.queue = append(first, hello)
	return true
}

// dead returns the processes that have ended and of which the end was not
// reported, by their number. One that has the pid of who says hello has ended as
// well, or has replaced itself (exec).
func (s *Server) dead(hello message) map[int]*process {
	dead := map[int]*process{}
	for _, p := range s.processes {
		if !p.gone && p.visible && (hello.helloOf(p.PID) || !alive(p.PID)) {
			dead[p.Index] = p
		}
	}
	return dead
}

// outlives reports whether a process goes on, or went on for a while, though
// its connection has ended. The system closes a connection shortly before a
// process is seen to have ended. One that replaced itself (exec) has ended as
// well, and its next self says hello. One that says over another connection that
// it quits was alive then, whatever became of it.
func (s *Server) outlives(p *process) bool {
	again := func(m message) bool { return m.helloOf(p.PID) }
	quits := func(m message) bool { return is[quitMsg](m) && m.process == p.Index }
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); {
		if slices.ContainsFunc(s.queue, quits) {
			return true
		}
		if !alive(p.PID) || dead(p.PID) || slices.ContainsFunc(s.queue, again) {
			return false
		}
		select {
		case m := <-s.messages:
			s.queue = append(s.queue, m)
		case <-time.After(time.Millisecond):
		}
	}
	return true
}
