package gotest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A Container is a top-level node of a Ginkgo suite, as a file declares it.
type Container struct {
	Path     string // import path of its package, a slash and the name of the file
	File     string
	Line, To int // Line is the place that Ginkgo gives it
}

// container is a function that makes one: Ginkgo's, with its prefixes, or one around it that is named after it.
var container = regexp.MustCompile(`(Describe|Context|When|DescribeTable|DescribeTableSubtree|It|Specify|Entry)$`)

// Specs returns the containers that the test files of a package declare at their top level, or in init, and those
// of the other packages that are given, which its test binary has in it. Tests are its test functions that run the
// suite themselves. Containers that are made elsewhere are missing.
func (p *Package) Specs(others []*Package) (all []Container, tests []string) {
	for _, name := range slices.Concat(p.TestGoFiles, p.XTestGoFiles, p.Tagged) {
		found, runs := specsIn(filepath.Join(p.Dir, name), p.ImportPath)
		all, tests = append(all, found...), append(tests, runs...)
	}
	for _, other := range others {
		if other == p || !slices.Contains(p.TestDeps, other.ImportPath) {
			continue
		}
		files, _ := filepath.Glob(filepath.Join(other.Dir, "*.go"))
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				found, _ := specsIn(file, other.ImportPath)
				all = append(all, found...)
			}
		}
	}
	return all, tests
}

// specsIn returns those of a file.
func specsIn(path, pkg string) (all []Container, tests []string) {
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "/ginkgo/v2") {
		return nil, nil
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil
	}
	add := func(e ast.Expr) {
		if call, ok := e.(*ast.CallExpr); ok && container.MatchString(called(call)) {
			all = append(all, Container{Path: pkg + "/" + filepath.Base(path), File: path,
				Line: files.PositionFor(call.Lparen, false).Line, To: files.PositionFor(call.End(), false).Line})
		}
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					for _, value := range v.Values {
						add(value)
					}
				}
			}
		case *ast.FuncDecl:
			switch {
			case d.Recv != nil || d.Body == nil:
			case d.Name.Name == "init":
				for _, s := range d.Body.List {
					if e, ok := s.(*ast.ExprStmt); ok {
						add(e.X)
					}
				}
			case isTest(d.Name.Name) && runsSpecs(d.Body):
				tests = append(tests, d.Name.Name)
			}
		}
	}
	return all, tests
}

func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

func runsSpecs(body *ast.BlockStmt) (runs bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			runs = runs || called(call) == "RunSpecs"
		}
		return !runs
	})
	return runs
}
