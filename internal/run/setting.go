package run

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"

	"tracetest/internal/record"
)

var setsConfig = regexp.MustCompile(`(?i)config_?set|["'\x60 ]config["'\x60 ]`)

// setting says which frames are of functions that mention in their source what
// sets a parameter. The innermost function at the line counts.
func setting() func(record.Frame) bool {
	files := map[string][]span{}
	return func(f record.Frame) bool {
		spans, known := files[f.File]
		if !known {
			spans = functions(f.File)
			files[f.File] = spans
		}
		inner, mentions := 0, false
		for _, s := range spans {
			if s.from <= f.Line && f.Line <= s.to && (inner == 0 || s.to-s.from < inner) {
				inner, mentions = s.to-s.from+1, s.sets
			}
		}
		return mentions
	}
}

// span is a function in a file.
type span struct {
	from, to int // lines
	sets     bool
}

// functions returns those of a file, and none where it cannot be read.
func functions(name string) (all []span) {
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() || info.Size() > 4<<20 {
		return nil
	}
	source, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			from, to := files.PositionFor(n.Pos(), false), files.PositionFor(n.End(), false)
			all = append(all, span{from.Line, to.Line, setsConfig.Match(source[from.Offset:to.Offset])})
		}
		return true
	})
	return all
}
