// Package instrument builds the tests so that they report what they do.
//
// [Prepare] writes an overlay for `go test -overlay`: patched files of the standard
// library, with the code of inject in them, and a hook for Ginkgo's specs. What
// the tests then talk to is package barrier; the two share nothing but the wire.
//
// Invariants:
//   - Nothing is written but into the folder that is given and one in the build cache: not
//     the user's tree, not GOROOT, not the module cache.
//   - A call is inserted at the text of a statement within a named function, found
//     just once. A Go release in which one is not found is not instrumented.
//   - Positions stay as they are: no line is added above a statement.
//
// Limits: the lock in the hooks orders tests that the race detector might
// otherwise see racing.
package instrument

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"tracetest/internal/gotest"
)

// Overlay is what the go command needs to build the tests with the barrier.
type Overlay struct {
	File   string // for -overlay: the user's own replacements and ours
	GOROOT string // to run the go command from; the toolchain's own, or a link to it
	// Flags are for the compiler: patched files have the names of those that they replace, as
	// they have where nothing is replaced. Without them all packages are compiled once more that
	// import net, be it by way of others.
	Flags []string
	// Unhooked are the packages whose Ginkgo specs cannot report to the barrier, and why.
	Unhooked map[string]string
	Traced   bool
	NoTrace  string // why there is no trace
}

// Trace says whether the tests' connections are to be traced.
type Trace string

const (
	TraceAuto Trace = "auto" // where that is possible
	TraceOn   Trace = "on"
	TraceOff  Trace = "off"
)

// replacements are the files of an overlay, as they are written.
type replacements struct {
	dir string
	of  map[string]string // by the path of the original
}

// write puts a file of ours in the place of another. It may be there already, and other runs
// read it then.
func (r *replacements) write(original, name string, content []byte) error {
	path := filepath.Join(r.dir, name)
	r.of[original] = path
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing the overlay: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return fmt.Errorf("writing the overlay: %w", err)
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing the overlay: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}

// Prepare writes an overlay into dir, which must exist and be private, and what can last into
// the build cache. Nothing else is written: not the user's tree, not GOROOT, not the module cache.
//
// The files have the same content in every run, wherever dir is, and so the
// build cache of the go command holds.
func Prepare(ctx context.Context, dir string, tools *gotest.Toolchain, packages []*gotest.Package, args *gotest.Args, trace Trace) (*Overlay, error) {
	if err := possible(tools); err != nil {
		return nil, err
	}
	replace, err := userOverlay(args)
	if err != nil {
		return nil, err
	}
	o := &Overlay{File: filepath.Join(dir, "overlay.json"), GOROOT: tools.GOROOT, Unhooked: map[string]string{}}
	if tools.InModCache() {
		if err := o.reach(dir, tools.GOROOT, replace); err != nil {
			return nil, err
		}
	}
	files := &replacements{dir, replace}
	if err := o.place(files, tools, args, trace); err != nil {
		return nil, err
	}
	hooks, err := newHooker(ctx, args, tools.GOMODCACHE, replace, packages)
	if err != nil {
		return nil, err
	}
	for i, p := range packages {
		if err := o.hook(files, hooks, i, p); err != nil {
			return nil, err
		}
	}
	text, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", "\t")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(o.File, text, 0o600); err != nil {
		return nil, fmt.Errorf("writing the overlay: %w", err)
	}
	return o, nil
}

// place writes the patched files of the standard library: where they last, if that can be, and
// not again where they have lasted.
func (o *Overlay) place(files *replacements, tools *gotest.Toolchain, args *gotest.Args, trace Trace) error {
	original := func(name string) string { return filepath.Join(o.GOROOT, "src", filepath.FromSlash(name)) }
	lasts := newLasting(tools, args, trace)
	if dir, names := lasts.find(); names != nil && !slices.ContainsFunc(names, func(name string) bool { return files.of[original(name)] != "" }) {
		for _, name := range names {
			files.of[original(name)] = filepath.Join(dir, filepath.FromSlash(name))
		}
		o.traced(trace, nil)
		o.Flags = namesKept(dir)
		return nil
	}
	standard, err := o.standard(tools, files.of, trace)
	if err != nil {
		return err
	}
	write := func(to *replacements) error {
		for name, content := range standard {
			if err := to.write(original(name), filepath.FromSlash(name), content); err != nil {
				return err
			}
		}
		return nil
	}
	if dir, err := lasts.dir(standard); err == nil && write(&replacements{dir, files.of}) == nil {
		o.Flags = namesKept(dir)
		if o.Traced || trace == TraceOff {
			lasts.note(dir, slices.Sorted(maps.Keys(standard)))
		}
		return nil
	}
	return write(files)
}

// traced notes whether there is a trace, and why not.
func (o *Overlay) traced(trace Trace, problem error) {
	if trace == TraceOff {
		o.NoTrace = "--trace=off"
	} else if problem != nil {
		o.NoTrace = problem.Error()
	}
	o.Traced = o.NoTrace == ""
}

// possible returns why tests cannot be instrumented here, or nil.
func possible(tools *gotest.Toolchain) error {
	switch tools.GOOS {
	case "windows", "plan9", "js", "wasip1":
		return fmt.Errorf("tests cannot be instrumented on %s: that needs unix sockets", tools.GOOS)
	}
	if tools.GOOS != runtime.GOOS {
		return fmt.Errorf("the tests are built for %s and this is %s: they cannot be instrumented", tools.GOOS, runtime.GOOS)
	}
	return nil
}

// reach makes a link in dir to a toolchain in the module cache, by which its files can be
// replaced. https://go.dev/issue/71075: Go 1.25 refuses to replace files below
// GOMODCACHE. Below a link to it, it does not.
func (o *Overlay) reach(dir, goroot string, replace map[string]string) error {
	o.GOROOT = filepath.Join(dir, "go")
	if err := os.Symlink(goroot, o.GOROOT); err != nil {
		return fmt.Errorf("linking the toolchain: %w", err)
	}
	// The go command will know its own files by the link alone.
	for from, to := range maps.Clone(replace) {
		if below(goroot, from) {
			delete(replace, from)
			replace[o.GOROOT+strings.TrimPrefix(from, filepath.Clean(goroot))] = to
		}
	}
	return nil
}

// hook adds to the package of this number what makes Ginkgo report its specs.
func (o *Overlay) hook(files *replacements, hooks *hooker, number int, p *gotest.Package) error {
	tagged := 0
	for original, content := range hooks.hookTagged(p) {
		if err := files.write(original, fmt.Sprintf("ginkgo_%d_%d_test.go", number, tagged), content); err != nil {
			return err
		}
		tagged++
	}
	original, content, reason := hooks.hook(p)
	if reason != "" {
		o.Unhooked[p.ImportPath] = reason
	}
	if original == "" {
		return nil
	}
	return files.write(original, fmt.Sprintf("ginkgo_%d_test.go", number), content)
}

// standard returns the patched files of the standard library, by their path
// below src. The barrier is needed; the trace is done without unless it is asked for.
func (o *Overlay) standard(tools *gotest.Toolchain, replace map[string]string, trace Trace) (map[string][]byte, error) {
	add := func(files map[string][]byte, p patch) error {
		patched, err := p.apply(tools.GOROOT)
		for name, content := range patched {
			name = p.dir + "/" + name
			if _, taken := replace[filepath.Join(o.GOROOT, "src", filepath.FromSlash(name))]; taken {
				return fmt.Errorf("your own overlay replaces %s, which must be patched", filepath.Join(tools.GOROOT, "src", filepath.FromSlash(name)))
			}
			files[name] = content
		}
		return err
	}
	traced := map[string][]byte{}
	var problem error
	for _, p := range tracePatches(tools.GOROOT, tools.GOOS, tools.GOARCH) {
		if trace != TraceOff && problem == nil {
			problem = add(traced, p)
		}
	}
	if problem != nil && trace == TraceOn {
		return nil, fmt.Errorf("--trace=on: %w", problem)
	}
	o.traced(trace, problem)
	if !o.Traced {
		clear(traced)
	}
	return traced, add(traced, testingPatch(tools.GOROOT, tools.GOOS, o.Traced))
}

// userOverlay reads the overlay that the user asked for, on the command line
// or in GOFLAGS. Its paths are relative to the folder of the go command.
func userOverlay(args *gotest.Args) (map[string]string, error) {
	path, set := args.Value("overlay")
	if !set || path == "" {
		return map[string]string{}, nil
	}
	base, err := filepath.Abs(args.Dir())
	if err != nil {
		return nil, err
	}
	absolute := func(p string) string {
		if p == "" || filepath.IsAbs(p) {
			return p // "" means that the file is to look deleted
		}
		return filepath.Join(base, p)
	}
	text, err := os.ReadFile(absolute(path))
	if err != nil {
		return nil, fmt.Errorf("reading your own overlay: %w", err)
	}
	var overlay struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &overlay); err != nil {
		return nil, fmt.Errorf("reading your own overlay %q: %w", path, err)
	}
	replace := make(map[string]string, len(overlay.Replace))
	for from, to := range overlay.Replace {
		replace[filepath.Clean(absolute(from))] = absolute(to)
	}
	return replace, nil
}

func below(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return dir != "" && err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
