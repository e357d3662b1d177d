package instrument

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

// The code that goes into the standard library of the tests.
//
//go:embed inject/client.go inject/aside.go inject/aside_linux.go inject/hooks.go inject/part.go inject/said.go inject/notrace.go
//go:embed inject/ahead.go inject/ahead_linux.go inject/ahead_other.go
//go:embed inject/trace.go inject/trace_ginkgo.go inject/trace_secrets.go inject/trace_stacks.go inject/trace_table.go
//go:embed inject/labels/labels.go inject/nettrace/commands.go inject/nettrace/replies.go inject/nettrace/conn.go inject/nettrace/state.go inject/nettrace/table.go inject/nettrace/unseen.go
var injected embed.FS

// An anchor is a place in a function of a package where code is
// inserted. Places are found by the text of a statement inside the right
// function, never by line number, so that they hold over Go releases.
type anchor struct {
	in    string // such as "tRunner" or "(*T).Parallel"
	where place
	text  string // of the statement; empty for the braces
	code  string // what to insert, on the same line
}

type place int

const (
	bodyStart place = iota
	bodyEnd
	before
	after
)

// A patch is what is done to one package of the standard library.
type patch struct {
	dir     string // import path
	anchors map[string][]anchor
	host    string   // file to which the injected code is appended; empty: there is none
	parts   []string // of the injected code
	glue    glue
}

// apply returns the patched files of the Go in goroot, by file name.
func (p patch) apply(goroot string) (map[string][]byte, error) {
	patched := map[string][]byte{}
	for name, list := range p.anchors {
		source, err := os.ReadFile(filepath.Join(goroot, "src", filepath.FromSlash(p.dir), name))
		if err != nil {
			return nil, fmt.Errorf("reading package %s of this Go: %w", p.dir, err)
		}
		if source, err = insert(p.dir, name, source, list); err != nil {
			return nil, err
		}
		if name == p.host {
			if source, err = p.inject(source); err != nil {
				return nil, err
			}
		}
		patched[name] = source
	}
	return patched, nil
}

// insert puts the code of each anchor into source. Everything goes onto lines
// that exist, so that positions in panics and profiles stay as they are.
func insert(pkg, name string, source []byte, list []anchor) ([]byte, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("reading package %s of this Go: %w", pkg, err)
	}
	var edits []edit
	for _, a := range list {
		pos, err := find(file, source, files, a)
		if err != nil {
			return nil, fmt.Errorf("package %s of this Go is not known: %s: %w", pkg, name, err)
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
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil && functionName(f) == a.in {
			function = f
		}
	}
	if function == nil {
		return token.NoPos, fmt.Errorf("there is no function %s", a.in)
	}
	switch a.where {
	case bodyStart:
		return function.Body.Lbrace + 1, nil
	case bodyEnd:
		if len(function.Body.List) == 0 {
			return token.NoPos, fmt.Errorf("%s is empty", a.in)
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
		return token.NoPos, fmt.Errorf("%s has %q %d times, not once", a.in, a.text, len(found))
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

// glue is code that stands in no file of its own, since it depends on the Go
// release or ties packages together, and the packages that it needs.
type glue struct {
	code    string
	imports []string
	unsafe  bool // it uses go:linkname
}

// inject appends the injected code to a file and adds the imports that it
// needs. A file is replaced and none is added, because vet before Go 1.24 and
// `-coverpkg=all` do not know added files.
func (p patch) inject(host []byte) ([]byte, error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, p.host, host, parser.ImportsOnly)
	if err != nil {
		return nil, fmt.Errorf("reading package %s of this Go: %w", p.dir, err)
	}
	has := imports(parsed)
	need := map[string]bool{}
	var tail bytes.Buffer
	for _, name := range p.parts {
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
	tail.WriteString(p.glue.code)
	for _, path := range p.glue.imports {
		need[path] = !has[path]
	}
	var list []string
	for path, missing := range need {
		if missing {
			list = append(list, fmt.Sprintf("; import %q", path))
		}
	}
	if p.glue.unsafe {
		list = append(list, `; import _ "unsafe"`)
	}
	sort.Strings(list)
	head := apply(host, []edit{{files.Position(parsed.Name.End()).Offset, strings.Join(list, "")}})
	return append(head, tail.Bytes()...), nil
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
