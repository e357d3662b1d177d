package report_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/ci"
)

// sampler is a writer that sees how much memory is in use while it is written to.
type sampler struct {
	writes, bytes int
	most          uint64
}

func (s *sampler) Write(text []byte) (int, error) {
	s.bytes += len(text)
	if s.writes++; s.writes%64 == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		s.most = max(s.most, m.HeapAlloc)
	}
	return len(text), nil
}

// The file junit.xml is written while the cases are read. With TRACETEST_ALL the cases
// are a million.
func TestJUnitIsNotKept(t *testing.T) {
	n := 200_000
	if os.Getenv("TRACETEST_ALL") != "" {
		n = 1_000_000
	}
	f := &findings.Findings{Run: findings.Run{Complete: true}, Cases: new(findings.Cases)}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range n {
		f.Cases.Add(findings.Case{Name: record.Name{Package: "example.com/very/long/path/of/a/package", Test: fmt.Sprintf("TestOfSomeLength/with_a_case_of_its_own_%07d", i)},
			Status: "pass", Begin: at, End: at.Add(time.Millisecond)})
	}
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var s sampler
	began := time.Now()
	if err := ci.JUnit(&s, f, ci.JUnitOptions{}); err != nil {
		t.Fatal(err)
	}
	grown := int64(s.most) - int64(before.HeapAlloc)
	t.Logf("%d cases: %d MiB of XML in %v, %d KiB of memory", n, s.bytes>>20, time.Since(began).Round(time.Millisecond), grown>>10)
	if grown > 4<<20 {
		t.Errorf("%d MiB of memory for %d MiB of XML", grown>>20, s.bytes>>20)
	}
}
