//go:build !race

// What takes how long says nothing under the race detector, which makes it ten times as slow.

package redact

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Guards against a time that is not linear.
func TestLinear(t *testing.T) {
	r := New()
	for i := range 500 {
		r.Add(fmt.Sprintf("password-%d", i))
		if i < 5 {
			r.AddMarks(r.Mark(fmt.Sprintf("other-password-%d", i)))
		}
	}
	for _, part := range []string{"password-", "a", "://", "redis://a:b@c ", "x://@:", "?password=", "#0123456789abcdef", "redis-cli -a ", "TestA/"} {
		text := strings.Repeat(part, 1<<17/len(part))
		began := time.Now()
		r.Text(text)
		one := time.Since(began)
		began = time.Now()
		r.Text(text + text + text + text + text + text + text + text)
		if eight := time.Since(began); eight > 24*one+time.Second || one > 5*time.Second {
			t.Errorf("%q: 128 KiB took %v, 1 MiB %v", part, one, eight)
		}
	}
}
