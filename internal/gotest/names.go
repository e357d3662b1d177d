package gotest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TestNames returns the names of the top-level tests, examples, fuzz tests and benchmarks of a
// package, sorted, as its test files declare them. A file that does not parse has none: the
// compiler will say why.
func (p *Package) TestNames() []string {
	names := map[string]bool{}
	for _, file := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && isTest(f.Name.Name) {
				names[f.Name.Name] = true
			}
		}
	}
	sorted := make([]string, 0, len(names))
	for name := range names {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	return sorted
}

// isTest is the rule of the go command (isTest in its load/test.go): what follows the prefix does not
// begin with a lower-case letter. TestMain is no test.
func isTest(name string) bool {
	for _, prefix := range []string{"Test", "Benchmark", "Fuzz", "Example"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && name != "TestMain" {
			first, _ := utf8.DecodeRuneInString(rest)
			return rest == "" || !unicode.IsLower(first)
		}
	}
	return false
}

// maxSkip bounds the pattern of -skip: Linux takes 128 KiB for one argument.
const maxSkip = 100 << 10

// Only returns the arguments for a part of what these match: packages, and of their top-level tests all but those
// in skip. What the user's own -skip leaves out stays left out.
func (a *Args) Only(packages, skip []string, goflags string) (*Args, error) {
	if len(a.embedded) > 0 {
		return nil, fmt.Errorf("packages stand behind \"--\" (%s): to divide them, put them before it", strings.Join(a.embedded, " "))
	}
	user := slices.Clone(a.User)
	if len(skip) > 0 {
		quoted := make([]string, len(skip))
		for i, name := range skip {
			quoted[i] = regexp.QuoteMeta(name)
		}
		pattern := "^(" + strings.Join(quoted, "|") + ")$"
		if own, set := a.Value("skip"); set && own != "" {
			pattern = own + "|" + pattern
		}
		if len(pattern) > maxSkip {
			return nil, fmt.Errorf("the %d tests of the other shards make a -skip of %d bytes, which is too long: divide by package", len(skip), len(pattern))
		}
		user = a.withFlag(user, "-skip="+pattern)
	}
	return ParseArgs(packages, user, goflags)
}

// None returns the arguments for a run of one package in which no test runs: go test without any package would
// test the folder that it is in.
func (a *Args) None(path, goflags string) (*Args, error) {
	user := a.withFlag(slices.Clone(a.User), "-run=^$")
	if _, set := a.Value("bench"); set {
		user = a.withFlag(user, "-bench=^$")
	}
	return ParseArgs([]string{path}, user, goflags)
}

// withFlag puts a flag of go test where it is one: before -args and what belongs to the test binary. A flag
// that is there already loses to it, for the last one counts.
func (a *Args) withFlag(user []string, flag string) []string {
	name, _, _ := flagOf(flag)
	at := leadingDir(user)
	kept := slices.Clone(user[:at])
	kept = append(kept, flag)
	drop := map[int]bool{}
	for _, f := range a.flags {
		if f.user && f.name == name && f.at >= 0 {
			drop[f.at] = true
			if f.at > 0 && !strings.HasPrefix(user[f.at], "-") {
				drop[f.at-1] = true // its name, where the value is an argument of its own
			}
		}
	}
	for i := at; i < len(user); i++ {
		if !drop[i] {
			kept = append(kept, user[i])
		}
	}
	return kept
}
