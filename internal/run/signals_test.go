package run

import (
	"os"
	"syscall"
	"testing"
)

// TestSignals guards against a signal that reaches no run, or only one of those that go on beside
// each other.
func TestSignals(t *testing.T) {
	s := newSignals()
	defer s.Stop()
	take := func(c <-chan os.Signal) os.Signal {
		select {
		case got := <-c:
			return got
		default:
			return nil
		}
	}
	a, b := s.Listen(), s.Listen()
	s.send(syscall.SIGINT)
	for name, c := range map[string]<-chan os.Signal{"a": a, "b": b} {
		if got := take(c); got != syscall.SIGINT {
			t.Errorf("%s got %v", name, got)
		}
	}
	s.Leave(a)
	s.send(syscall.SIGTERM)
	if got := take(a); got != nil {
		t.Errorf("one that has left got %v", got)
	}
	s.Leave(b) // and has not taken it
	if got := take(s.Listen()); got != syscall.SIGTERM {
		t.Errorf("the next one got %v", got)
	}

	none := newSignals()
	defer none.Stop()
	if none.First() != 0 {
		t.Error("a first signal, and there was none")
	}
	none.send(syscall.SIGHUP) // while nobody listens
	for range 2 {
		if got := take(none.Listen()); got != syscall.SIGHUP {
			t.Errorf("one that came later got %v", got)
		}
	}
	if none.First() != syscall.SIGHUP || s.First() != syscall.SIGINT {
		t.Errorf("first %v, %v", none.First(), s.First())
	}
	var nobody *Signals
	nobody.Leave(nobody.Listen())
}
