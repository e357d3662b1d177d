package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracetest/internal/record"
)

const tests = `package p

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
)

type env struct {
	t   *testing.T
	rdb *redis.Client
}

func (e *env) set() { e.rdb.ConfigSet(context.Background(), "hz", "20") } // field

func hidden(t *testing.T) { newStore().Enable() } // none

func helper(rdb *redis.Client) { rdb.ConfigSet(context.Background(), "hz", "20") } // no t

func TestX(t *testing.T) {
	rdb := redis.NewClient(nil)
	defer rdb.Close()
	helper(rdb) // caller
}

func broken(
`

// Guards against a place without a client or a t, and against a file that does not parse.
func TestSite(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "p_test.go"), filepath.Join(dir, "bad_test.go")
	whole, _, _ := strings.Cut(tests, "\nfunc broken")
	for name, text := range map[string]string{good: whole, bad: tests} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	line := func(mark string) int { return strings.Count(whole[:strings.Index(whole, "// "+mark)], "\n") + 1 }
	for _, test := range []struct {
		name, file           string
		lines                []int
		t, client            string
		at                   int
		defers, column, none bool
	}{
		{name: "a t in a field", file: good, lines: []int{line("field")}, t: "e.t", client: "e.rdb", at: line("field"), column: true},
		{name: "no client in reach", file: good, lines: []int{line("none")}, t: "t", at: line("none"), column: true},
		{name: "a helper without t, and its caller", file: good, lines: []int{line("no t"), line("caller")}, t: "t", client: "rdb", at: line("caller"), defers: true},
		{name: "a helper without t alone", file: good, lines: []int{line("no t")}, none: true},
		{name: "a line that is no function's", file: good, lines: []int{1, 9999}, none: true},
		{name: "a file that does not parse", file: bad, lines: []int{line("caller")}, none: true},
		{name: "no file", file: filepath.Join(dir, "none_test.go"), lines: []int{1}, none: true},
	} {
		var by record.By
		for _, n := range test.lines {
			by.Stack = append(by.Stack, record.Frame{File: test.file, Line: n})
		}
		site := New().Site(by, []record.Value{{Parameter: "hz"}})
		if site == nil || test.none {
			if (site == nil) != test.none {
				t.Errorf("%s: %+v", test.name, site)
			}
			continue
		}
		if site.T != test.t || site.Client != test.client || site.Line != test.at || site.Defers != test.defers || (site.Column > 0) != test.column {
			t.Errorf("%s: %+v", test.name, site)
		}
	}
}
