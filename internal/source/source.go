// Package source reads what the source says of a line that is on a stack: what its function
// does, and where a clean-up can stand there. It reads each file once, and none that is large.
// What it cannot read nobody knows: it never fails a run.
package source

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"sync"

	"tracetest/internal/record"
)

var setsConfig = regexp.MustCompile(`(?i)config_?set|["'\x60 ]config["'\x60 ]`)

// A Source is what the source says of frames. The innermost function at a line counts. It is
// safe for use by many goroutines.
type Source struct {
	mu    sync.Mutex
	files map[string]*file
}

type file struct {
	functions []function
	read      bool
	syntax    *syntax // nil of what is in the module cache
}

// function is one of a file, by its lines.
type function struct {
	lines
	sets  bool    // it mentions what sets a parameter
	takes []lines // where it does what others can have handed to it
}

type lines struct{ from, to int }

func (l lines) have(line int) bool { return l.from <= line && line <= l.to }

// New returns a Source that has read nothing.
func New() *Source { return &Source{files: map[string]*file{}} }

// Forget lets files be read again, which may have been edited.
func (s *Source) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.files)
}

// Sets reports whether a function mentions what sets a parameter.
func (s *Source) Sets(f record.Frame) bool {
	at := s.at(f)
	return at != nil && at.sets
}

// Takes reports whether a call stands where a function does work that others can
// have handed to it: within a loop that does not merely count, or behind a place
// at which it received something. Of a file that cannot be read nobody knows.
func (s *Source) Takes(f record.Frame) bool {
	at := s.at(f)
	if at == nil {
		return !s.file(f.File).read && strings.HasSuffix(f.File, ".go")
	}
	for _, l := range at.takes {
		if l.have(f.Line) {
			return true
		}
	}
	return false
}

// at returns the innermost function at a frame's line, or nil.
func (s *Source) at(f record.Frame) (inner *function) {
	file := s.file(f.File)
	for i, fn := range file.functions {
		if fn.have(f.Line) && (inner == nil || fn.to-fn.from < inner.to-inner.from) {
			inner = &file.functions[i]
		}
	}
	return inner
}

// file returns what a file says.
func (s *Source) file(name string) *file {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[name]
	if f == nil {
		f = read(name)
		s.files[name] = f
	}
	return f
}

// read reads the functions of a file, and none where it cannot be read.
func read(name string) *file {
	read := &file{}
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() || info.Size() > 4<<20 {
		return read
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return read
	}
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
	if err != nil {
		return read
	}
	of := func(n ast.Node) lines {
		return lines{files.PositionFor(n.Pos(), false).Line, files.PositionFor(n.End(), false).Line}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		var body *ast.BlockStmt
		switch n := n.(type) {
		case *ast.FuncDecl:
			body = n.Body
		case *ast.FuncLit:
			body = n.Body
		default:
			return true
		}
		from, to := files.PositionFor(n.Pos(), false), files.PositionFor(n.End(), false)
		fn := function{lines: lines{from.Line, to.Line}, sets: setsConfig.Match(text[from.Offset:to.Offset])}
		if body != nil {
			fn.takes = takesIn(body, of)
		}
		read.functions = append(read.functions, fn)
		return true
	})
	read.read, read.syntax = true, syntaxOf(name, text, files, tree)
	return read
}

// takesIn returns where a function may do what others handed to it.
func takesIn(body *ast.BlockStmt, of func(ast.Node) lines) (all []lines) {
	inspectOwn(body, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.ForStmt:
			if n.Init == nil || n.Cond == nil || n.Post == nil || receives(n.Body) {
				all = append(all, of(n))
			}
		case *ast.RangeStmt:
			if n.Value == nil && !counts(n.X) || receives(n.Body) {
				all = append(all, of(n))
			}
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				all = append(all, lines{of(n).from, of(body).to})
			}
		}
	})
	return all
}

// receives reports whether what is received is used there.
func receives(body *ast.BlockStmt) (found bool) {
	inspectOwn(body, func(n ast.Node) {
		u, is := n.(*ast.UnaryExpr)
		found = found || is && u.Op == token.ARROW
	})
	return found
}

// inspectOwn visits what is of a function itself, and of no function within it.
// A receive of which the value is dropped is a signal, and is left out.
func inspectOwn(body *ast.BlockStmt, visit func(ast.Node)) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ExprStmt:
			if u, is := ast.Unparen(n.X).(*ast.UnaryExpr); is && u.Op == token.ARROW {
				return false
			}
		case nil:
			return false
		}
		visit(n)
		return true
	})
}

// counts reports whether what is ranged over can be seen to be no channel.
func counts(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.BasicLit, *ast.CompositeLit:
		return true
	case *ast.CallExpr:
		id, is := x.Fun.(*ast.Ident)
		return is && id.Name == "len"
	}
	return false
}
