package run

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Signals are those that end a run. Each goes to all runs that are going on, and to
// those that begin later where none is. A nil *Signals has none.
type Signals struct {
	in     chan os.Signal
	closed chan struct{}

	mu    sync.Mutex
	open  map[<-chan os.Signal]chan os.Signal
	first os.Signal
	last  os.Signal // that no run has had
}

// Catch takes the signals of this process that end a run.
func Catch() *Signals {
	s := newSignals()
	signal.Notify(s.in, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	// A reader that goes away (| head) must not end the run: with a handler, a
	// write to its pipe is only an error. To ignore the signal would make the
	// tests ignore it as well.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return s
}

func newSignals() *Signals {
	s := &Signals{in: make(chan os.Signal, 4), closed: make(chan struct{}), open: map[<-chan os.Signal]chan os.Signal{}}
	go func() {
		for {
			select {
			case got := <-s.in:
				s.send(got)
			case <-s.closed:
				return
			}
		}
	}()
	return s
}

// Stop lets signals end the process again.
func (s *Signals) Stop() {
	signal.Stop(s.in)
	close(s.closed)
}

func (s *Signals) send(got os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		s.first = got
	}
	if len(s.open) == 0 {
		s.last = got
	}
	for _, c := range s.open {
		select {
		case c <- got:
		default: // it has two already, and is killed
		}
	}
}

// Listen returns the signals of a run, which must call Leave at its end.
func (s *Signals) Listen() <-chan os.Signal {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := make(chan os.Signal, 2)
	if s.last != nil {
		c <- s.last
	}
	s.open[c] = c
	return c
}

// Leave ends listening. A signal that was not taken goes to who comes next.
func (s *Signals) Leave(c <-chan os.Signal) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	select {
	case s.last = <-c:
	default:
	}
}

// First is the first signal that came, or zero.
func (s *Signals) First() syscall.Signal {
	s.mu.Lock()
	defer s.mu.Unlock()
	number, _ := s.first.(syscall.Signal)
	return number
}
