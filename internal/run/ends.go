package run

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tracetest/internal/gotest"
	"tracetest/internal/record"
)

// The go command takes a test binary that ends with status 0 for one of which all
// tests have passed: also one that calls syscall.Exit in the middle, replaces
// itself, or has a TestMain that never calls m.Run. So it is noted whether m.Run
// came to its end: the hooks report it, and package testing prints PASS.

// ends follows how packages end.
type ends struct {
	ran   map[string]bool            // packages of which m.Run came to its end
	began map[string]map[string]bool // tests that began, by package that runs
}

// ending notes of a test event what it does not say itself.
func (w *watcher) ending(t *record.Test) {
	switch {
	case t.Test == "" && t.Action == "start" && w.ends.began[t.Package] == nil:
		w.ends.began[t.Package] = map[string]bool{}
	case t.Test != "" && t.Action == "run" && !t.Name().Subtest():
		if w.ends.began[t.Package] == nil {
			w.ends.began[t.Package] = map[string]bool{}
		}
		w.ends.began[t.Package][t.Test] = true
	case t.Test == "" && (t.Action == "pass" || t.Action == "fail" || t.Action == "skip"):
		silent := w.outputs.Silent(t.Package)
		_, list := w.p.args.Value("list") // which prints names and nothing else
		if t.Unended = t.Action == "pass" && silent && !list && !w.ends.ran[t.Package]; t.Unended {
			t.Missing = w.missing(t.Package)
		}
		delete(w.ends.began, t.Package)
	}
}

// unended returns an end for each package that began and of which the go command
// reported none, though it ended with status 0: where a test was open it gives its
// result of the package to that test.
func (w *watcher) unended(end record.End) (all []*record.Test) {
	if !end.Complete || end.GoExit != 0 {
		return nil
	}
	for _, path := range slices.Sorted(maps.Keys(w.ends.began)) {
		all = append(all, &record.Test{Time: time.Now().Round(0), Action: "pass", Package: path, Unended: true, Missing: w.missing(path)})
	}
	return all
}

// missing returns the tests of a package's files that never began, unless a flag
// chose among them.
func (w *watcher) missing(path string) []string {
	if w.p.parts != nil && w.p.parts.by != ShardByPackage {
		return nil // other machines run others
	}
	for _, flag := range []string{"run", "skip", "failfast", "fuzz"} {
		if _, set := w.p.args.Value(flag); set {
			return nil
		}
	}
	at := slices.IndexFunc(w.p.listed, func(p *gotest.Package) bool { return p.ImportPath == path })
	if at < 0 {
		return nil
	}
	var missing []string
	listed := w.p.listed[at]
	for _, name := range slices.Concat(listed.TestGoFiles, listed.XTestGoFiles) {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(listed.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && isTest(f.Name.Name) && !w.ends.began[path][f.Name.Name] {
				missing = append(missing, f.Name.Name)
			}
		}
	}
	return missing
}

// isTest is what the go command goes by.
func isTest(name string) bool {
	rest, ok := strings.CutPrefix(name, "Test")
	first, _ := utf8.DecodeRuneInString(rest)
	return ok && name != "TestMain" && (rest == "" || !unicode.IsLower(first))
}
