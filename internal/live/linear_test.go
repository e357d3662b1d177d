//go:build !race

// What takes how long says nothing under the race detector, which makes it ten times as slow.

package live

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// Guards against work on a line that grows with what there is of it already. A
// test that printed 1 MiB without a line end cost 13 s, and 4 MiB four minutes.
func TestLongLineIsLinear(t *testing.T) {
	long := map[string]string{
		"plain": "x", "NUL": "\x00", "ANSI": "\x1b[31mred\x1b[0m", "not UTF-8": "\xff\xfe", "wide": "é測", "URL": "redis://u:secret@h/ ", "URLs without a space": "redis://u:p",
		"command": "::error", "section": "section_start", "quotes": `"`, "hash": "##[",
	}
	for name, text := range long {
		t.Run(name, func(t *testing.T) {
			size := 1 << 18
			if strings.Contains(text, "://") || strings.Contains(text, "sec") || strings.Contains(text, "::") || strings.Contains(text, "#") {
				size /= 4 // the expressions are slow, though linear
			}
			quick := func(size int) time.Duration { // of three: the machine has other work
				best := time.Hour
				for range 3 {
					best = min(best, printed(t, bytes.Repeat([]byte(text), size/len(text)), 1<<10))
				}
				return best
			}
			one := quick(size)
			four := quick(4 * size)
			if limit := 8*one + 200*time.Millisecond; four > limit {
				t.Errorf("%d bytes took %v, and four times as much %v", size, one, four)
			}
			if one > 5*time.Second {
				t.Errorf("%d bytes took %v", size, one)
			}
		})
	}
	if took := printed(t, bytes.Repeat([]byte("ab"), 50_000), 1); took > 10*time.Second {
		t.Errorf("100,000 short writes took %v", took)
	}
}
