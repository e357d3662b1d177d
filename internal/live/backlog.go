package live

import "sync"

// backlog is what came and is not shown yet. Whoever adds to it never waits: the
// pipe from the tests would fill behind a screen that stands still, and a test
// would spend its time limit in a write. So it is bounded by leaving out: of
// output, never of what says how tests ended.
type backlog struct {
	mu    sync.Mutex
	some  *sync.Cond
	items []sized
	bytes int
	ended bool
	left  int // out, how many
}

type sized struct {
	shown
	bytes int
}

// longestBacklog is how much may wait, in bytes of lines.
const longestBacklog = 64 << 20

func (b *backlog) init() { b.some = sync.NewCond(&b.mu) }

// add appends what has a size. Spare says that it may be left out.
func (b *backlog) add(item shown, size int, spare bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if spare && b.bytes+size > longestBacklog && len(b.items) > 0 {
		b.left++
		return
	}
	b.items = append(b.items, sized{item, size})
	b.bytes += size
	b.some.Signal()
}

// close lets each return when all was shown.
func (b *backlog) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	b.some.Broadcast()
}

// each shows what is added, until there is an end.
func (b *backlog) each(show func(shown)) {
	for {
		b.mu.Lock()
		for len(b.items) == 0 && !b.ended {
			b.some.Wait()
		}
		items := b.items
		b.items = nil
		b.mu.Unlock()
		if len(items) == 0 {
			return
		}
		for i := range items {
			show(items[i].shown)
			b.mu.Lock()
			b.bytes -= items[i].bytes
			b.mu.Unlock()
			items[i] = sized{}
		}
	}
}
