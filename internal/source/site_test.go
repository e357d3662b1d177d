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

// A helper in a file that is not of tests is no place for a clean-up, and tells which client its caller has.
func TestSiteOfAHelperFile(t *testing.T) {
	const helpers = `package p

import (
	"context"

	"github.com/redis/go-redis/v9"
)

type TestClient struct {
	Client *redis.Client
	hidden *redis.Client
}

func (r *TestClient) Low(ctx context.Context) { r.Client.ConfigSet(ctx, "hz", "20") } // exported
func (r *TestClient) Own(ctx context.Context) { r.hidden.ConfigSet(ctx, "hz", "20") } // unexported
func (r *TestClient) Far(ctx context.Context) { r.Low(ctx) } // between
func made(ctx context.Context) { redis.NewClient(nil).ConfigSet(ctx, "hz", "20") } // its own
`
	const tests = `package p

import "testing"

var shared *TestClient

func TestX(t *testing.T) {
	shared.Low(t.Context()) // low
	shared.Own(t.Context()) // own
	shared.Far(t.Context()) // far
	made(t.Context()) // made
}
`
	dir, other := t.TempDir(), t.TempDir()
	file := func(dir, name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	inHelpers, inTests, inOther := file(dir, "helpers.go", helpers), file(dir, "x_test.go", tests), file(other, "x_test.go", tests)
	line := func(text, mark string) int { return strings.Count(text[:strings.Index(text, "// "+mark)], "\n") + 1 }
	for _, test := range []struct {
		name   string
		caller string
		stack  []string
		client string
	}{
		{"a method", inTests, []string{"exported", "low"}, "shared.Client"},
		{"a field of the package", inTests, []string{"unexported", "own"}, "shared.hidden"},
		{"a field of another package", inOther, []string{"unexported", "own"}, ""},
		{"an exported field of another package", inOther, []string{"exported", "low"}, "shared.Client"},
		{"through two methods", inTests, []string{"exported", "between", "far"}, "shared.Client"},
		{"a client of the helper's own", inTests, []string{"its own", "made"}, ""},
	} {
		var by record.By
		for i, mark := range test.stack {
			if i == len(test.stack)-1 {
				by.Stack = append(by.Stack, record.Frame{File: test.caller, Line: line(tests, mark)})
			} else {
				by.Stack = append(by.Stack, record.Frame{File: inHelpers, Line: line(helpers, mark)})
			}
		}
		site := New().Site(by, []record.Value{{Parameter: "hz"}})
		if site == nil || site.File != test.caller || site.T != "t" || site.Client != test.client {
			t.Errorf("%s: %+v", test.name, site)
		}
	}
}
