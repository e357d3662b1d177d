package gate

import (
	"bytes"
	"embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// The code that goes into package testing.
//
//go:embed inject/client.go inject/hooks.go
var injected embed.FS

// An anchor is a place in a function of package testing where a call is
// inserted. Places are found by the text of a statement inside the right
// function, never by line number, so that they hold over Go releases.
type anchor struct {
	function string // such as "tRunner" or "(*T).Parallel"
	where    place
	text     string // of the statement; empty for the function's own braces
	code     string // what to insert, on the same line
}

type place int

const (
	bodyStart place = iota
	bodyEnd
	before
	after
)

// anchors lists what is inserted, by file of package testing. The statements
// are the same from Go 1.22 to 1.27; where one is missing the release is not
// known and the gate is not used.
func anchors() map[string][]anchor {
	return map[string][]anchor{
		"testing.go": {
			{"tRunner", before, "fn(t)", `tracetestBegin(&t.common, "test"); `},
			{"(*T).Parallel", before, "t.signal <- true", "tracetestPause(&t.common); "},
			{"(*T).Parallel", bodyEnd, "", "; tracetestContinue(&t.common)"},
			{"MainStart", bodyStart, "", " tracetestMain(deps.ImportPath());"},
			{"(*common).Fail", bodyStart, "", " tracetestFail(c);"},
			{"(*common).Fail", before, "c.parent.Fail()", "tracetestOwn := tracetestOwnFault(c.parent); "},
			{"(*common).Fail", after, "c.parent.Fail()", "; tracetestFailBelow(c.parent, tracetestOwn)"},
		},
		"run_example.go": {
			{"runExample", bodyStart, "", " defer tracetestExample(eg.Name, &ok)();"},
		},
		"fuzz.go": {
			{"fRunner", before, "fn(f)", `tracetestBegin(&f.common, "fuzz"); `},
		},
		"benchmark.go": {
			// Outside of the part that is timed.
			{"(*B).runN", before, "runtime.GC()", `tracetestBegin(&b.common, "benchmark"); `},
		},
	}
}

// patchTesting returns the patched files of package testing of the Go in
// goroot, by file name.
func patchTesting(goroot string) (map[string][]byte, error) {
	dir := filepath.Join(goroot, "src", "testing")
	patched := map[string][]byte{}
	for name, list := range anchors() {
		source, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("reading package testing of this Go: %w", err)
		}
		source, err = insert(name, source, list)
		if err != nil {
			return nil, err
		}
		if name == "testing.go" {
			if source, err = appendInjected(goroot, source); err != nil {
				return nil, err
			}
		}
		patched[name] = source
	}
	return patched, nil
}

// insert puts the code of each anchor into source. Everything goes onto lines
// that exist, so that positions in panics and profiles stay as they are.
func insert(name string, source []byte, list []anchor) ([]byte, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("reading package testing of this Go: %w", err)
	}
	var edits []edit
	for _, a := range list {
		pos, err := find(file, source, files, a)
		if err != nil {
			return nil, fmt.Errorf("package testing of this Go is not known: %s: %w", name, err)
		}
		edits = append(edits, edit{files.Position(pos).Offset, a.code})
	}
	return apply(source, edits), nil
}

type edit struct {
	offset int
	text   string
}

func apply(source []byte, edits []edit) []byte {
	slices.SortStableFunc(edits, func(a, b edit) int { return a.offset - b.offset })
	var out bytes.Buffer
	last := 0
	for _, e := range edits {
		out.Write(source[last:e.offset])
		out.WriteString(e.text)
		last = e.offset
	}
	out.Write(source[last:])
	return out.Bytes()
}

// find returns where the code of an anchor goes. The statement must stand in
// the function exactly once.
func find(file *ast.File, source []byte, files *token.FileSet, a anchor) (token.Pos, error) {
	var function *ast.FuncDecl
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil && functionName(f) == a.function {
			function = f
		}
	}
	if function == nil {
		return token.NoPos, fmt.Errorf("there is no function %s", a.function)
	}
	switch a.where {
	case bodyStart:
		return function.Body.Lbrace + 1, nil
	case bodyEnd:
		if len(function.Body.List) == 0 {
			return token.NoPos, fmt.Errorf("%s is empty", a.function)
		}
		return function.Body.List[len(function.Body.List)-1].End(), nil
	}
	var found []ast.Node
	ast.Inspect(function.Body, func(n ast.Node) bool {
		if s, ok := n.(ast.Stmt); ok {
			text := source[files.Position(s.Pos()).Offset:files.Position(s.End()).Offset]
			if string(text) == a.text {
				found = append(found, s)
			}
		}
		return true
	})
	if len(found) != 1 {
		return token.NoPos, fmt.Errorf("%s has %q %d times, not once", a.function, a.text, len(found))
	}
	if a.where == after {
		return found[0].End(), nil
	}
	return found[0].Pos(), nil
}

func functionName(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) != 1 {
		return f.Name.Name
	}
	if star, ok := f.Recv.List[0].Type.(*ast.StarExpr); ok {
		if id, ok := star.X.(*ast.Ident); ok {
			return "(*" + id.Name + ")." + f.Name.Name
		}
	}
	return "(?)." + f.Name.Name // no anchor is in such a method
}

// appendInjected appends the injected files to testing.go and adds the imports
// that they need. A file is replaced and none is added, because vet before Go
// 1.24 and `-coverpkg=all` do not know added files.
func appendInjected(goroot string, testing []byte) ([]byte, error) {
	files := token.NewFileSet()
	host, err := parser.ParseFile(files, "testing.go", testing, parser.ImportsOnly)
	if err != nil {
		return nil, fmt.Errorf("reading package testing of this Go: %w", err)
	}
	has := imports(host)
	need := map[string]bool{}
	var tail bytes.Buffer
	for _, name := range []string{"client.go", "hooks.go"} {
		source, err := injected.ReadFile("inject/" + name)
		if err != nil {
			return nil, err
		}
		part, err := parser.ParseFile(files, name, source, parser.ImportsOnly)
		if err != nil {
			return nil, err
		}
		for path := range imports(part) {
			need[path] = !has[path]
		}
		// A panic in our code names our file, not a temporary one.
		rest := source[files.Position(afterImports(part)).Offset:]
		fmt.Fprintf(&tail, "\n//line tracetest/%s:%d\n%s", name, files.Position(afterImports(part)).Line+1, bytes.TrimPrefix(rest, []byte("\n")))
	}
	exit, path := exitHook(goroot)
	tail.WriteString(exit)
	if path != "" {
		need[path] = !has[path]
	}
	var list []string
	for path, missing := range need {
		if missing {
			list = append(list, fmt.Sprintf(" import %q;", path))
		}
	}
	sort.Strings(list)
	head := apply(testing, []edit{{files.Position(host.Name.End()).Offset, ";" + strings.Join(list, "")}})
	return append(head, tail.Bytes()...), nil
}

// exitHook returns the function that runs another one when the process exits,
// and the package that it needs. The package exists since Go 1.24; before, a
// process that exits is noticed by its closed connection only, as one that is
// killed is in every release.
func exitHook(goroot string) (code, path string) {
	const hooks = "internal/runtime/exithook"
	if _, err := os.Stat(filepath.Join(goroot, "src", hooks)); err != nil {
		return "\nfunc tracetestAtExit(func()) {}\n", ""
	}
	return "\nfunc tracetestAtExit(f func()) { exithook.Add(exithook.Hook{F: f, RunOnFailure: true}) }\n", hooks
}

func imports(file *ast.File) map[string]bool {
	paths := map[string]bool{}
	for _, spec := range file.Imports {
		if spec.Name == nil {
			paths[strings.Trim(spec.Path.Value, `"`)] = true
		}
	}
	return paths
}

func afterImports(file *ast.File) token.Pos {
	end := file.Name.End()
	for _, decl := range file.Decls {
		if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.IMPORT && d.End() > end {
			end = d.End()
		}
	}
	return end
}
