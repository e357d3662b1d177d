package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"tracetest/internal/gotest"
	"tracetest/internal/instrument"
)

// A run can leave it to a command of the user's to start the tests: ginkgo,
// gotestsum, make, a compiled test binary. It and all below it find the overlay in
// GOFLAGS and the socket in the environment. Nobody reads `go test -json` then: what
// became of the tests, their processes say themselves (reports.go).

// launched reports whether another command than ours starts the tests.
func (p *Plan) launched() bool { return p.o.Serve || len(p.o.Launch) > 0 }

// findLauncher refuses a command that cannot be started.
func (p *Plan) findLauncher() error {
	if len(p.o.Launch) == 0 {
		return nil
	}
	name := p.o.Launch[0]
	_, err := exec.LookPath(name)
	switch path := goTools[name]; {
	case err == nil || errors.Is(err, exec.ErrDot):
		return nil
	case path != "" && errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("starting %s: it is not in PATH: write `go run %s` in its place, or install it with `go install %s@latest`", name, path, path)
	default:
		return fmt.Errorf("starting %s: %w", name, err)
	}
}

// goTools are the packages of the commands that start tests most often.
var goTools = map[string]string{"ginkgo": "github.com/onsi/ginkgo/v2/ginkgo", "gotestsum": "gotest.tools/gotestsum"}

// launch starts the command. Its standard input, output and error are ours, so
// that it shows what it shows without tracetest.
func (p *Plan) launch(built *instrument.Overlay, env []string) (*command, error) {
	tools, err := p.wrapGo(built)
	if err != nil {
		return nil, err
	}
	name := p.o.Launch[0]
	if name == "go" {
		name = filepath.Join(tools, name) // it is found in our PATH, and not in that of the command
	}
	cmd := exec.Command(name, p.o.Launch[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Env = append(cmd.Env, "GOFLAGS="+goFlags(p.tools.GOFLAGS, built.File), "PATH="+tools+string(filepath.ListSeparator)+os.Getenv("PATH"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	c := &command{cmd: cmd, foreground: term.IsTerminal(int(os.Stdin.Fd()))}
	if !c.foreground {
		ownGroup(cmd)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.o.Launch[0], err)
	}
	return c, nil
}

// goFlags adds to GOFLAGS what the tests need. The go command takes a flag there
// only for commands that know it.
func goFlags(before, overlay string) string {
	flag := "-overlay=" + overlay
	if strings.ContainsAny(flag, " \t") {
		flag = "'" + flag + "'"
	}
	words := []string{flag}
	for _, word := range strings.Fields(before) { // our overlay has the user's own in it
		if !strings.HasPrefix(strings.TrimLeft(word, "-'\""), "overlay=") {
			words = append(words, word)
		}
	}
	if !strings.Contains(before, "-count=") {
		words = append(words, "-count=1") // a cached package runs nothing, and would look clean
	}
	return strings.Join(words, " ")
}

// goCalls is the file in which the go command in front of PATH notes how it is called: the toolchain that is
// asked for, and the arguments.
const goCalls = "calls"

// unreached says why tests below a command may not be instrumented, each reason with its cure, as far as
// the calls of the go command show it.
func (p *Plan) unreached() string {
	text, _ := os.ReadFile(filepath.Join(p.dir, goCalls))
	tested := false
	for line := range strings.Lines(string(text)) {
		toolchain, args, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		words := strings.Fields(args)
		if len(words) == 0 || words[0] != "test" {
			continue
		}
		tested = true
		if slices.ContainsFunc(words, func(word string) bool {
			name := strings.TrimLeft(word, "-")
			return name != word && (name == "overlay" || strings.HasPrefix(name, "overlay="))
		}) {
			return "the command gives go test an -overlay of its own, which replaces that of tracetest. Give it in GOFLAGS instead, where both are merged: GOFLAGS=-overlay=FILE tracetest exec -- COMMAND"
		}
		if toolchain != "" && toolchain != os.Getenv("GOTOOLCHAIN") {
			return fmt.Sprintf("the command sets GOTOOLCHAIN=%s, and the tests were to be built with %s. Set it for tracetest: GOTOOLCHAIN=%s tracetest exec -- COMMAND", toolchain, p.tools.GOVERSION, toolchain)
		}
	}
	if tested {
		return "go test was called, and no test ran that was built with " + p.tools.GOVERSION + ", the Go of this folder. If tests ran, start tracetest in the folder of their module, or with the GOTOOLCHAIN that it uses"
	}
	return "the go command that exec puts in front of PATH was not asked to test. If the command ran tests, it calls go by its full path and replaces GOFLAGS, or replaces PATH or the " +
		"environment, runs a test binary that was built before, or runs them on another machine or in a container. Let it keep GOFLAGS, TRACETEST_SOCKET and PATH, " +
		"build the binary below exec, or run tracetest where the tests run"
}

// wrapGo makes a go command for the front of PATH, and returns its folder. It adds
// what the tests need where a Makefile or a script has replaced GOFLAGS, and the flags of the
// compiler, which hold signs that a shell or make would take for its own.
func (p *Plan) wrapGo(built *instrument.Overlay) (dir string, err error) {
	real := filepath.Join(built.GOROOT, "bin", "go")
	if path, _ := p.tools.Command(built.GOROOT); path == "go" {
		if real, err = exec.LookPath("go"); err != nil {
			return "", err
		}
		if real, err = filepath.Abs(real); err != nil {
			return "", err
		}
	}
	socket := p.barrier.Env()
	script := fmt.Sprintf(`#!/bin/sh
printf '%%s\t%%s\n' "$GOTOOLCHAIN" "$*" 2>/dev/null >>%s
case "$GOFLAGS" in
*%s*) ;;
*) GOFLAGS="${GOFLAGS:+$GOFLAGS }"%s; export GOFLAGS ;;
esac
case "$GOFLAGS" in
*gcflags=* | *trimpath*) ;;
*) GOFLAGS="$GOFLAGS "%s; export GOFLAGS ;;
esac
if [ -z "$TRACETEST_SOCKET" ]; then
	%s
	export TRACETEST_SOCKET
fi
exec %s "$@"
`, Quote(filepath.Join(p.dir, goCalls)), Quote("overlay="), Quote(goFlags("", built.File)), Quote(strings.Join(built.Flags, " ")), "TRACETEST_SOCKET="+Quote(strings.TrimPrefix(socket, "TRACETEST_SOCKET=")), Quote(real))
	dir = filepath.Join(p.dir, "bin")
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o700)
}

// Quote makes one word of any sh out of a text, and of a file that is read as NAME='VALUE' lines; rediscli.Quote
// makes one of bash, for people to read.
func Quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// listBelow lists the packages that a command may come to test: those of the
// module that this folder is in and of the modules below it. The arguments that it
// returns are of the module that uses Ginkgo, if one does: its release is asked for.
func listBelow(ctx context.Context, launch []string, args *gotest.Args, tools *gotest.Toolchain) (all []*gotest.Package, of *gotest.Args, err error) {
	of = args
	var problems []error
	for _, root := range modules(tools) {
		flags := append([]string{"-C", root}, tagsIn(launch)...)
		here, err := gotest.ParseArgs([]string{"./..."}, flags, tools.GOFLAGS)
		if err != nil {
			return nil, nil, err
		}
		listed, err := gotest.List(ctx, here)
		if err != nil {
			problems = append(problems, err) // it may be no module of this suite
			continue
		}
		for _, l := range listed {
			for _, name := range l.IgnoredGoFiles {
				if strings.HasSuffix(name, "_test.go") {
					l.Tagged = append(l.Tagged, name)
				}
			}
		}
		listed = append(listed, unlisted(root, listed)...)
		if slices.ContainsFunc(listed, usesGinkgo) && !slices.ContainsFunc(all, usesGinkgo) {
			of = here
		}
		all = append(all, listed...)
	}
	if all == nil {
		return nil, of, errors.Join(problems...)
	}
	return all, of, nil
}

// divideBelow divides what a command may come to test. What else it tests, the names decide.
func (p *Plan) divideBelow() {
	asked := covers(p.o.Launch)
	tested := slices.DeleteFunc(slices.Clone(p.listed), func(l *gotest.Package) bool {
		return len(l.TestGoFiles)+len(l.XTestGoFiles)+len(l.Tagged) == 0 || !asked(l.Dir)
	})
	p.parts, p.shard = newParts(p.o.Shard, tested)
}

// unlisted returns the packages of a module that `go list` passes over, because build
// tags leave out all of their files.
func unlisted(root string, listed []*gotest.Package) (all []*gotest.Package) {
	module := moduleIn(root)
	if module == "" {
		return nil
	}
	known := map[string]bool{}
	for _, l := range listed {
		known[realPath(l.Dir)] = true
	}
	root = realPath(root)
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir():
			return nil
		case path != root && (passedOver(d.Name()) || exists(filepath.Join(path, "go.mod"))):
			return filepath.SkipDir
		case known[path]:
			return nil
		}
		tests, _ := filepath.Glob(filepath.Join(path, "*_test.go"))
		if rel, err := filepath.Rel(root, path); err == nil && len(tests) > 0 {
			p := &gotest.Package{ImportPath: strings.TrimSuffix(module+"/"+filepath.ToSlash(rel), "/."), Dir: path}
			for _, test := range tests {
				if name := filepath.Base(test); !strings.HasPrefix(name, "_") && !strings.HasPrefix(name, ".") {
					p.Tagged = append(p.Tagged, name)
				}
			}
			all = append(all, p)
		}
		return nil
	})
	return all
}

// moduleIn returns the path of the module in a folder, or "".
func moduleIn(root string) string {
	text, _ := os.ReadFile(filepath.Join(root, "go.mod"))
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "module" {
			return strings.Trim(words[1], "\"`")
		}
	}
	return ""
}

// passedOver reports whether `./...` does not match what is in a folder.
func passedOver(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "vendor" || name == "testdata" || name == "node_modules"
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func usesGinkgo(p *gotest.Package) bool {
	return len(p.Tagged) > 0 || slices.ContainsFunc(p.TestDeps, func(path string) bool { return strings.HasSuffix(path, "/ginkgo/v2") })
}

// tagsIn returns the build tags that a command line names, as flags of the go
// command: go test, ginkgo and gotestsum spell them alike.
func tagsIn(words []string) []string {
	for i, word := range words {
		name, value, joined := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(word, "-"), "-"), "=")
		switch {
		case name != "tags" || !strings.HasPrefix(word, "-"):
		case joined:
			return []string{"-tags=" + value}
		case i+1 < len(words):
			return []string{"-tags=" + words[i+1]}
		}
	}
	return nil
}

// mostModules bounds how many modules are listed.
const mostModules = 32

// modules returns the roots of the module that this folder is in and of those below it.
func modules(tools *gotest.Toolchain) (roots []string) {
	here, err := os.Getwd()
	if err != nil {
		return nil
	}
	if tools.GOMOD != "" && tools.GOMOD != os.DevNull {
		roots = append(roots, filepath.Dir(tools.GOMOD))
	}
	filepath.WalkDir(here, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case d.IsDir() && path != here && passedOver(d.Name()):
			return filepath.SkipDir
		case !d.IsDir() && d.Name() == "go.mod" && !slices.Contains(roots, filepath.Dir(path)):
			roots = append(roots, filepath.Dir(path))
		}
		if len(roots) >= mostModules {
			return filepath.SkipAll
		}
		return nil
	})
	return roots
}

// covers returns which folders a command line asks for tests of, as far as its
// words say: it is about what did not report and should have.
func covers(words []string) func(dir string) bool {
	here, err := os.Getwd()
	if err != nil {
		return func(string) bool { return true }
	}
	deep := slices.ContainsFunc(words, func(w string) bool { return w == "-r" || w == "--r" || w == "-recurse" || w == "--recurse" })
	var within []func(string) bool
	for _, word := range words[1:] {
		path, all := strings.CutSuffix(word, "/...")
		if path != "." && path != ".." && !strings.HasPrefix(path, "./") && !strings.HasPrefix(path, "../") {
			continue
		}
		root := realPath(filepath.Join(here, path))
		within = append(within, func(dir string) bool {
			return dir == root || (all || deep) && strings.HasPrefix(dir, root+string(filepath.Separator))
		})
	}
	if name := filepath.Base(words[0]); len(within) == 0 && !deep && (name == "go" || name == "ginkgo") {
		return func(dir string) bool { return realPath(dir) == realPath(here) }
	}
	return func(dir string) bool {
		dir = realPath(dir)
		return len(within) == 0 || slices.ContainsFunc(within, func(in func(string) bool) bool { return in(dir) })
	}
}
