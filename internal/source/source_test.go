package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracetest/internal/record"
)

// code is code of a test. Its lines are named below.
const code = `package p

func setMemory() { rdb.ConfigSet(ctx, "maxmemory", "1") }

func outer() {
	rdb.Do(ctx, "CONFIG", "SET", "a", "b")
	func() {
		rdb.Get(ctx, "k")
	}()
}

func configuration() { rdb.Get(ctx, "the configuration") }

func (t T) quoted() { do("config set a b") }
`

// Guards against a caller that is not found by its code, and against words that
// are no setting.
func TestSetting(t *testing.T) {
	dir := t.TempDir()
	file, broken := filepath.Join(dir, "p.go"), filepath.Join(dir, "broken.go")
	for name, text := range map[string]string{file: code, broken: "package p\n\nfunc f() { ConfigSet("} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	sets := New().Sets
	for _, test := range []struct {
		file string
		line int
		want bool
	}{
		{file, 3, true}, {file, 6, true}, {file, 12, false}, {file, 14, true}, {file, 99, false}, {file, 0, false},
		{file, 8, false}, // the closure's own words count, not those around it
		{broken, 3, false}, {dir, 1, false}, {filepath.Join(dir, "none.go"), 3, false},
	} {
		for range 2 { // the second time from memory
			if got := sets(record.Frame{File: test.file, Line: test.line}); got != test.want {
				t.Errorf("%s:%d: %v", test.file, test.line, got)
			}
		}
	}
}

// taking is code of a test: what does there what others handed to it has a mark.
const taking = `package p

func loop(jobs chan func()) {
	for job := range jobs {
		job() // takes
	}
	work()
}

func endless() {
	for {
		f := pop()
		f() // takes
	}
}

func fanOut(all []string) {
	for i := 0; i < 3; i++ {
		work()
	}
	for _, x := range all {
		work(x)
	}
	for range 10 {
		work()
	}
	for range len(all) {
		work()
	}
}

func once(in chan string, signal chan bool) {
	work()
	<-signal
	work()
	select {
	case <-signal:
		work()
	}
	x := <-in
	work(x) // takes
	func() {
		work()
	}()
}

func choose(in chan string, stop chan bool) {
	for i := 0; i < 3; i++ {
		select {
		case x := <-in:
			work(x) // takes
		case <-stop:
		}
	}
}
`

// Guards against a worker that is taken for the one who asked it, and against a
// test's own goroutine that is taken for a worker.
func TestTakes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.go")
	if err := os.WriteFile(file, []byte(taking), 0o666); err != nil {
		t.Fatal(err)
	}
	s := New()
	for i, line := range strings.Split(taking, "\n") {
		if !strings.Contains(line, "work(") && !strings.Contains(line, "job()") && !strings.Contains(line, "f()") {
			continue
		}
		want := strings.Contains(line, "// takes")
		if got := s.Takes(record.Frame{File: file, Line: i + 1}); got != want {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
	}
	if !s.Takes(record.Frame{File: "suite/a_test.go", Line: 1}) || s.Takes(record.Frame{File: "/x/asm.s", Line: 1}) {
		t.Error("of a file that cannot be read nobody knows")
	}
}
