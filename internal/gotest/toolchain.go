package gotest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Toolchain is the Go that will run the tests, resolved for the folder: a
// go.mod can ask for another one than the go command on PATH.
type Toolchain struct {
	GOROOT     string
	GOVERSION  string // such as "go1.26.8"
	GOMODCACHE string
	GOFLAGS    string
	GOMOD      string // the go.mod of the folder; empty or os.DevNull where there is none
	GOWORK     string // the go.work; empty or "off" where there is none
	GOOS       string
	GOARCH     string
	GOCACHE    string
}

// FindToolchain asks the go command in dir, which may be empty.
func FindToolchain(ctx context.Context, dir string) (*Toolchain, error) {
	out, err := output(ctx, dir, "env", "-json", "GOROOT", "GOVERSION", "GOMODCACHE", "GOFLAGS", "GOMOD", "GOWORK", "GOOS", "GOARCH", "GOCACHE")
	if err != nil {
		return nil, fmt.Errorf("asking the go command for its settings: %w", err)
	}
	t := new(Toolchain)
	if err := json.Unmarshal(out, t); err != nil {
		return nil, fmt.Errorf("reading the answer of `go env`: %w", err)
	}
	return t, nil
}

// AtLeast reports whether this is Go 1.minor or later. A toolchain of which
// that cannot be told, such as one built from a branch, counts as later.
func (t *Toolchain) AtLeast(minor int) bool {
	name, _, _ := strings.Cut(t.GOVERSION, " ")
	return !version.IsValid(name) || version.Compare(name, fmt.Sprintf("go1.%d", minor)) >= 0
}

// InModCache reports whether the toolchain was downloaded by the go command.
// Since Go 1.25 an overlay must not replace files there.
func (t *Toolchain) InModCache() bool {
	if t.GOMODCACHE == "" {
		return false
	}
	root, cache := t.GOROOT, t.GOMODCACHE
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	if real, err := filepath.EvalSymlinks(cache); err == nil {
		cache = real
	}
	return strings.HasPrefix(root+string(filepath.Separator), cache+string(filepath.Separator))
}

// Command returns the go command of this toolchain. With another GOROOT, a
// link to the real one, it is the same Go and calls itself by that path.
func (t *Toolchain) Command(goroot string) (path string, env []string) {
	if goroot == "" || goroot == t.GOROOT {
		return "go", nil
	}
	return filepath.Join(goroot, "bin", "go"), []string{"GOROOT=" + goroot, "GOTOOLCHAIN=local"}
}

// Package is a package that will be tested.
type Package struct {
	ImportPath     string
	Dir            string
	TestGoFiles    []string // of the package itself, names in Dir
	XTestGoFiles   []string // of the external test package
	IgnoredGoFiles []string // that build tags leave out, not only of tests
	// Tagged are the test files among these, where the tests may be built with other tags
	// than they were listed with.
	Tagged   []string `json:"-"`
	TestDeps []string // import paths in its test binary; nil without test files
	Module   struct {
		Path, Dir, GoVersion string
		Main                 bool
	}
	Error *struct{ Err string }
}

// ListFor is List, with TestDeps only where they may hold a package whose module has this
// word in its path. To follow all imports takes ten times as long as the rest: where the
// go.mod names no such module they need not be followed. Since Go 1.17 it names every
// module of which a package is imported by the packages of its own module or their tests
// (https://go.dev/ref/mod#graph-pruning), and the go command refuses to build anything else.
func ListFor(ctx context.Context, t *Toolchain, a *Args, word string) ([]*Package, error) {
	if !namesAll(t, a, word) {
		return List(ctx, a)
	}
	packages, err := listHow(ctx, a, "-find")
	if err != nil || slices.ContainsFunc(packages, func(p *Package) bool {
		return !p.Module.Main || version.Compare("go"+p.Module.GoVersion, "go1.17") < 0
	}) {
		return List(ctx, a)
	}
	return packages, nil
}

// namesAll reports whether there is one go.mod to go by, and it has not the word.
func namesAll(t *Toolchain, a *Args, word string) bool {
	if t.GOWORK != "" && t.GOWORK != "off" {
		return false
	}
	for _, flag := range []string{"mod", "modfile", "overlay"} {
		if value, set := a.Value(flag); set && value != "readonly" && value != "vendor" {
			return false // another go.mod, or one that is still to be completed
		}
	}
	text, err := os.ReadFile(t.GOMOD)
	return err == nil && !bytes.Contains(text, []byte(word))
}

// List returns the packages that the arguments match, in the order of go test.
func List(ctx context.Context, a *Args) ([]*Package, error) { return listHow(ctx, a, "-test") }

func listHow(ctx context.Context, a *Args, how string) ([]*Package, error) {
	fields := "-json=ImportPath,ForTest,Dir,TestGoFiles,XTestGoFiles,IgnoredGoFiles,Module,Error"
	if how == "-test" {
		fields += ",Deps"
	}
	type listed struct {
		Package
		ForTest string
		Deps    []string
	}
	out, err := output(ctx, "", a.list([]string{"-e", how, fields}, a.patterns())...)
	if err != nil {
		return nil, fmt.Errorf("listing the packages %s: %w", strings.Join(a.patterns(), " "), err)
	}
	var packages []*Package
	byPath := map[string]*Package{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var l listed
		if err := decoder.Decode(&l); err != nil {
			return nil, fmt.Errorf("reading the answer of `go list`: %w", err)
		}
		switch tested, isMain := strings.CutSuffix(l.ImportPath, ".test"); {
		case isMain && byPath[tested] != nil:
			byPath[tested].TestDeps = l.Deps
		case l.ForTest == "" && !strings.Contains(l.ImportPath, " ["):
			p := l.Package
			packages = append(packages, &p)
			byPath[p.ImportPath] = &p
		}
	}
	return packages, nil
}

// Dirs returns the folders of packages, as the go test of these arguments will
// find them. A package that cannot be found is missing.
func Dirs(ctx context.Context, a *Args, paths []string) (map[string]string, error) {
	out, err := output(ctx, "", a.list([]string{"-e", "-find", "-f", "{{.ImportPath}}\t{{.Dir}}"}, paths)...)
	if err != nil {
		return nil, fmt.Errorf("finding the folders of %s: %w", strings.Join(paths, " "), err)
	}
	dirs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			dirs[path] = dir
		}
	}
	return dirs, nil
}

// output runs the go command and returns what it wrote. Its error holds what
// it complained about.
func output(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second // what it started may hold the pipe when it is killed
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(bytes.TrimSpace(exit.Stderr)) > 0 {
		return nil, errors.New(string(bytes.TrimSpace(exit.Stderr)))
	}
	if errors.Is(err, exec.ErrNotFound) {
		return nil, errors.New("there is no go command on PATH: install Go from https://go.dev/dl/")
	}
	return out, err
}
