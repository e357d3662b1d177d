package live

import (
	"fmt"
	"strings"
	"time"
)

type counts struct {
	started            time.Time
	pkg                string
	done, failed, leak int
}

func (l *Live) enter(pkg string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.pkg = pkg
}

// Counts sets what the status line counts, by those who know: a test is counted once,
// and a Ginkgo spec is a test.
func (l *Live) Counts(done, failed, leaks int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.done, l.counts.failed, l.counts.leak = done, failed, leaks
}

// tick draws the status line ten times a second.
func (l *Live) tick() {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
			l.mu.Lock()
			c := l.counts
			l.mu.Unlock()
			l.screen.status(c.String())
		}
	}
}

func (c counts) String() string {
	text := fmt.Sprintf("%d done, %d failed, %d leaks, %s", c.done, c.failed, c.leak, time.Since(c.started).Round(time.Second))
	if c.leak == 1 {
		text = strings.Replace(text, "1 leaks", "1 leak", 1)
	}
	if c.pkg == "" {
		return "building the tests, " + time.Since(c.started).Round(time.Second).String()
	}
	return c.pkg + ": " + text
}
