package run

import (
	"sync"

	"tracetest/internal/record"
)

// backlog is what the tests' events reported and the watcher has not taken in yet.
// It has no bound, so that whoever reads the output of the tests never waits for
// a server that hangs: the tests would wait in their next write. What they print
// is not in it; see [gotest.Outputs], which bounds that.
type backlog struct {
	some chan struct{} // holds one element where there may be something new

	mu    sync.Mutex
	items []*record.Test
	ended bool
}

func newBacklog() *backlog { return &backlog{some: make(chan struct{}, 1)} }

func (b *backlog) wake() {
	select {
	case b.some <- struct{}{}:
	default:
	}
}

func (b *backlog) add(t *record.Test) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.items = append(b.items, t)
	b.wake()
}

func (b *backlog) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	b.wake()
}

// take returns what came since, and whether nothing more will.
func (b *backlog) take() (items []*record.Test, ended bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	items, b.items = b.items, nil
	return items, b.ended
}
