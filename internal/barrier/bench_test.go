//go:build unix

package barrier

import (
	"strconv"
	"testing"
	"time"
)

// BenchmarkBoundary is the begin and the end of a test at a barrier that lets
// everybody go at once: what two boundaries cost beside the snapshots.
func BenchmarkBoundary(b *testing.B) {
	s := listen(b)
	go func() {
		for h := s.Next(b.Context()); h != nil; h = s.Next(b.Context()) {
			h.Release()
		}
	}()
	c := dial(b, s)
	c.conn.SetDeadline(time.Time{})
	c.say("hello", "", "1", "1", "/src")
	c.answer()
	b.ReportAllocs()
	id := 0
	for b.Loop() {
		id++
		own := strconv.Itoa(id)
		c.say("begin", own, "test", "TestSomething", "", "false")
		c.answer()
		c.say("end", own, "pass")
		c.answer()
	}
}
