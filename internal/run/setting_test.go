package run

import (
	"os"
	"path/filepath"
	"testing"

	"tracetest/internal/record"
)

// source is code of a test. Its lines are named below.
const source = `package p

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
	for name, text := range map[string]string{file: source, broken: "package p\n\nfunc f() { ConfigSet("} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	sets := setting()
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
