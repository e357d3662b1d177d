package main

import (
	"cmp"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"tracetest/internal/report/claims"
)

// fixCommands are for scripts that do what the reports say.
func fixCommands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	return map[string]func(ts *testscript.TestScript, neg bool, args []string){
		// leaking PACKAGE... makes a module of packages of testdata/fixes.
		"leaking": func(ts *testscript.TestScript, _ bool, args []string) {
			testdata := filepath.Join(fixtureDir, "..", "..", "..", "testdata")
			for _, pkg := range args {
				ts.Check(os.CopyFS(ts.MkAbs(pkg), os.DirFS(filepath.Join(testdata, "fixes", pkg))))
			}
			for _, name := range []string{"go.mod", "go.sum"} {
				text, err := os.ReadFile(filepath.Join(testdata, "clients", name))
				ts.Check(err)
				write(ts, name, string(text))
			}
		},
		// paste does what the report says against each leak, and prints what it did.
		"paste": func(ts *testscript.TestScript, _ bool, args []string) {
			f := reported(ts)
			v := claims.New(f)
			var edits []edit
			for _, g := range v.Groups {
				for _, fix := range v.Fixes(g) {
					if !fix.Whole {
						ts.Fatalf("leak %d, %s of %s: not a whole fix: %+v", g.No, g.Changes[0].Parameter, g.Changes[0].By.Test, fix)
					}
					edits = append(edits, editsOf(fix)...)
				}
			}
			report := ts.ReadFile("tracetest-out/report.md")
			for _, line := range edits[0].lines {
				if !strings.Contains(report, line) {
					ts.Fatalf("the report has not %q", line)
				}
			}
			apply(ts, edits)
		},
	}
}

// edit is lines before a line, or in its place.
type edit struct {
	file         string
	line, column int
	drop         bool
	lines        []string
}

func editsOf(fix claims.Fix) []edit {
	all := []edit{{fix.File, fix.Line, fix.Column, false, fix.Lines}}
	for _, r := range fix.Replace {
		all = append(all, edit{r.File, r.Line, 0, true, r.Lines})
	}
	for _, path := range fix.Imports {
		all = append(all, edit{fix.File, 2, 0, false, []string{fmt.Sprintf("import %q", path)}})
	}
	return all
}

// apply edits files from their ends, so that the numbers of lines stay right. What two fixes
// say alike is done once.
func apply(ts *testscript.TestScript, edits []edit) {
	slices.SortStableFunc(edits, func(x, y edit) int {
		return cmp.Or(cmp.Compare(x.file, y.file), y.line-x.line, slices.Compare(x.lines, y.lines))
	})
	edits = slices.CompactFunc(edits, func(x, y edit) bool {
		return x.file == y.file && x.line == y.line && x.drop == y.drop && slices.Equal(x.lines, y.lines)
	})
	for from := 0; from < len(edits); {
		file := edits[from].file
		lines := strings.Split(ts.ReadFile(file), "\n")
		for ; from < len(edits) && edits[from].file == file; from++ {
			e := edits[from]
			at, to := e.line-1, e.line-1
			put := e.lines
			if e.drop {
				to++
			}
			if e.column > 0 {
				to++
				put = []string{lines[at][:e.column-1] + strings.Join(e.lines, "\n") + "\n" + lines[at][e.column-1:]}
			}
			lines = slices.Replace(lines, at, to, put...)
		}
		text, err := format.Source([]byte(strings.Join(lines, "\n")))
		if err != nil {
			ts.Fatalf("%v\n%s", err, strings.Join(lines, "\n"))
		}
		ts.Logf("%s\n%s", file, text)
		write(ts, file, string(text))
	}
}
