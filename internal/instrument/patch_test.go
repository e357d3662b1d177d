//go:build unix

package instrument

import (
	"context"
	"encoding/json"
	"fmt"
	"go/scanner"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"tracetest/internal/barrier"
	"tracetest/internal/gotest"
)

// goRun runs a go command in dir and returns what it printed.
func goRun(t *testing.T, dir string, env []string, command string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, command, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// goroots are the toolchains to test with: the local one and, for the long
// tests, others, which the go command may download.
func goroots(t *testing.T) map[string]string {
	t.Helper()
	names := []string{""}
	if os.Getenv("TRACETEST_ALL") != "" {
		names = append(names, "go1.22.12", "go1.23.12", "go1.24.13", "go1.25.14", "go1.26.11", "go1.27.4")
	}
	roots := map[string]string{}
	for _, name := range names {
		var env []string
		if name != "" {
			env = []string{"GOTOOLCHAIN=" + name}
		}
		out, err := goRun(t, t.TempDir(), env, "go", "env", "GOROOT")
		if err != nil {
			t.Logf("%s is left out: %v\n%s", name, err, out)
			continue
		}
		lines := strings.Split(strings.TrimSpace(out), "\n") // a download is announced before it
		roots["local"+name] = lines[len(lines)-1]
	}
	return roots
}

type tokenAt struct {
	token token.Token
	text  string
	line  int
}

func tokens(t *testing.T, source []byte) (all []tokenAt) {
	t.Helper()
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(file, source, func(at token.Position, text string) { t.Errorf("%v: %s", at, text) }, 0)
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			return all
		}
		if tok == token.SEMICOLON {
			continue // most are not in the text
		}
		all = append(all, tokenAt{tok, text, files.PositionFor(pos, false).Line})
	}
}

// everyPatch are the patches of the barrier, and those of the trace.
func everyPatch(goroot string) []patch {
	return append(tracePatches(goroot, "linux", "amd64"), testingPatch(goroot, "linux", false), testingPatch(goroot, "linux", true))
}

// Guards against a Go release that is not known, and against positions in
// panics that point to another line of the standard library than the user's
// editor shows.
func TestPatches(t *testing.T) {
	for name, root := range goroots(t) {
		for _, p := range everyPatch(root) {
			t.Run(name+"/"+p.dir, func(t *testing.T) {
				patched, err := p.apply(root)
				if err != nil {
					t.Fatal(err)
				}
				if len(patched) != len(p.anchors) {
					t.Errorf("%d files", len(patched))
				}
				for file, source := range patched {
					original, err := os.ReadFile(filepath.Join(root, "src", p.dir, file))
					if err != nil {
						t.Fatal(err)
					}
					now := tokens(t, source)
					for _, was := range tokens(t, original) {
						for len(now) > 0 && now[0] != was {
							now = now[1:]
						}
						if len(now) == 0 {
							t.Errorf("%s:%d: %s %q is not where it was", file, was.line, was.token, was.text)
							break
						}
					}
					for _, a := range p.anchors[file] {
						want := 0 // several anchors can have the same code
						for _, other := range p.anchors[file] {
							if other.code == a.code {
								want++
							}
						}
						if n := strings.Count(string(source), a.code); n != want {
							t.Errorf("%s: %q stands there %d times", file, a.code, n)
						}
					}
				}
				// The build cache holds only when nothing changes from run to run.
				again, err := p.apply(root)
				if err != nil || fmt.Sprint(again) != fmt.Sprint(patched) {
					t.Errorf("the files differ from run to run, %v", err)
				}
			})
		}
	}
}

// Guards against patches that hold on this system alone: where the last file of a package is
// another one, or the compiler is given other files. The long tests compile them.
func TestPatchesElsewhere(t *testing.T) {
	root := goroots(t)["local"]
	for _, system := range []string{"linux/arm64", "linux/386", "darwin/arm64", "freebsd/amd64", "openbsd/amd64", "netbsd/arm64"} {
		t.Run(system, func(t *testing.T) {
			goos, goarch, _ := strings.Cut(system, "/")
			dir, o := t.TempDir(), &Overlay{GOROOT: root}
			files, err := o.standard(&gotest.Toolchain{GOROOT: root, GOOS: goos, GOARCH: goarch}, nil, TraceOn)
			if err != nil {
				t.Fatal(err)
			}
			if os.Getenv("TRACETEST_ALL") == "" {
				return
			}
			replace := &replacements{dir, map[string]string{}}
			for name, content := range files {
				if err := replace.write(filepath.Join(root, "src", name), name, content); err != nil {
					t.Fatal(err)
				}
			}
			text, err := json.Marshal(map[string]any{"Replace": replace.of})
			if err != nil {
				t.Fatal(err)
			}
			write(t, dir, map[string]string{"overlay.json": string(text)})
			env := []string{"GOOS=" + goos, "GOARCH=" + goarch, "CGO_ENABLED=0", "GOTOOLCHAIN=local"}
			if out, err := goRun(t, dir, env, filepath.Join(root, "bin", "go"), "build", "-overlay="+filepath.Join(dir, "overlay.json"), "net", "crypto/tls", "syscall", "testing"); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// copyPackage makes a GOROOT with the files of a package that are patched, each
// changed.
func copyPackage(t *testing.T, p patch, change func(file, text string) string) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "src", p.dir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for file := range p.anchors {
		text, err := os.ReadFile(filepath.Join(goroots(t)["local"], "src", p.dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(change(file, string(text))), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// Guards against a Go release that is patched in the wrong place, and against
// a message from which nobody can tell what is missing.
func TestUnknownGo(t *testing.T) {
	sock, trace := testingPatch(goroots(t)["local"], "linux", false), tracePatches(goroots(t)["local"], "linux", "amd64")
	tests := []struct {
		name           string
		p              patch
		file, from, to string
		want           []string
	}{
		{"the statement is gone", sock, "testing.go", "\tt.signal <- true // Release", "\tt.release() // Release", []string{"not known", "testing.go", "(*T).Parallel", "t.signal <- true", "0 times"}},
		{"it stands there twice", sock, "fuzz.go", "\tfn(f)\n", "\tfn(f)\n\tfn(f)\n", []string{"fuzz.go", "fRunner", `"fn(f)"`, "2 times"}},
		{"the function is gone", sock, "run_example.go", "func runExample(", "func runExamples(", []string{"run_example.go", "no function runExample"}},
		{"the function is a method now", sock, "run_example.go", "func runExample(", "func (x y) runExample(", []string{"no function runExample"}},
		{"it is no Go", sock, "benchmark.go", "package testing", "package", []string{"reading package testing", "benchmark.go"}},
		{"a connection gets another name", trace[1], "fd_unix.go", "func newFD(", "func makeFD(", []string{"package net", "fd_unix.go", "no function newFD"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found := false
			root := copyPackage(t, test.p, func(file, text string) string {
				if file != test.file {
					return text
				}
				from := test.from
				if !strings.Contains(text, from) { // the comment behind it differs
					from, _, _ = strings.Cut(from, " //")
					test.to, _, _ = strings.Cut(test.to, " //")
				}
				found = strings.Contains(text, from)
				return strings.ReplaceAll(text, from, test.to)
			})
			if !found {
				t.Skip("this Go has other code there")
			}
			_, err := test.p.apply(root)
			if (err == nil) != (test.want == nil) {
				t.Errorf("error %v", err)
			}
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v does not say %q", err, want)
				}
			}
		})
	}
	if _, err := sock.apply(t.TempDir()); err == nil || !strings.Contains(err.Error(), "reading package testing") {
		t.Errorf("without a GOROOT: %v", err)
	}
	_, err := insert("x", "x.go", []byte("package x\nfunc f() {}\n"), []anchor{{"f", bodyEnd, "", "x"}})
	if err == nil || !strings.Contains(err.Error(), "f is empty") {
		t.Errorf("an empty function: %v", err)
	}
}

const tiny = `package tiny

import (
	"fmt"
	"testing"
)

func TestA(t *testing.T) {
	t.Run("sub", func(t *testing.T) { t.Parallel() })
	t.Run("skip", func(t *testing.T) { t.Skip() })
}
func TestParallel(t *testing.T) { t.Parallel() }
func TestFail(t *testing.T)     { t.Run("sub", func(t *testing.T) { t.Error("no") }) }
func Example()                  { fmt.Println("x") /* Output: x */ }
func BenchmarkX(b *testing.B)   { for i := 0; i < b.N; i++ {} }
func FuzzX(f *testing.F)        { f.Add(1); f.Fuzz(func(t *testing.T, i int) {}) }
`

// toolchain is the one of a GOROOT.
func toolchain(t *testing.T, name, root string) *gotest.Toolchain {
	t.Helper()
	tools := &gotest.Toolchain{GOROOT: root, GOOS: goos(), GOARCH: runtime.GOARCH, GOVERSION: name}
	out, err := goRun(t, t.TempDir(), []string{"GOROOT=" + root, "GOTOOLCHAIN=local"}, filepath.Join(root, "bin", "go"), "env", "GOMODCACHE", "GOCACHE")
	if err != nil {
		t.Fatal(err, out)
	}
	tools.GOMODCACHE, tools.GOCACHE, _ = strings.Cut(strings.TrimSpace(out), "\n")
	return tools
}

// Guards against a patch that does not compile, that vet refuses, or that does
// not speak: a module is tested with it, and the barrier listens.
func TestOverlayRuns(t *testing.T) {
	for name, root := range goroots(t) {
		for _, trace := range []Trace{TraceOff, TraceOn} {
			t.Run(name+"/tap "+string(trace), func(t *testing.T) { overlayRuns(t, name, root, trace) })
		}
	}
}

func overlayRuns(t *testing.T, name, root string, trace Trace) {
	t.Parallel()
	module := t.TempDir()
	write(t, module, map[string]string{"go.mod": "module tiny\n\ngo 1.22\n", "tiny_test.go": strings.Replace(tiny, "/* Output: x */", "\n\t// Output: x\n", 1)})
	tools := toolchain(t, name, root)
	args, err := gotest.ParseArgs(nil, []string{"-C", module}, "")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "tracetest") // short: the path of a socket is
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s, err := barrier.Listen(dir, func(dir string) string { return "of" + dir }, barrier.Source{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	overlay, err := Prepare(t.Context(), dir, tools, nil, args, trace)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	traced := make(chan string)
	go func() {
		var all strings.Builder
		for h := s.Next(ctx); h != nil; h = s.Next(ctx) {
			b := h.Boundary
			if b.Begin != nil {
				fmt.Fprintf(&all, "%s %s %s;", b.Verb, b.Begin.Kind, b.Begin.Name)
			} else if b.End != nil {
				fmt.Fprintf(&all, "%s %s;", b.Verb, b.End.Status)
			} else {
				fmt.Fprintf(&all, "%s;", b.Verb)
			}
			h.Release()
		}
		traced <- all.String()
	}()
	env := []string{s.Env(), "GOROOT=" + overlay.GOROOT, "GOTOOLCHAIN=local", "GOFLAGS=-buildvcs=false"}
	flags := append([]string{"test", "-count=1", "-vet=all", "-overlay=" + overlay.File, "-bench=.", "-benchtime=2x", "."}, overlay.Flags...)
	out, err := goRun(t, module, env, filepath.Join(overlay.GOROOT, "bin", "go"), flags...)
	cancel()
	got := <-traced
	if err == nil || !strings.Contains(out, "--- FAIL: TestFail/sub") || strings.Count(out, "--- FAIL") != 2 {
		t.Errorf("%v\n%s", err, out)
	}
	for _, want := range []string{"hello;", "begin test TestA;begin test TestA/sub;pause;", "end skip;", "begin test TestFail/sub;end fail;end fail-below;",
		"begin fuzz FuzzX;", "begin example Example;end pass;", "continue;"} {
		if !strings.Contains(got, want) {
			t.Errorf("the barrier did not receive %q but\n%s", want, strings.ReplaceAll(got, ";", "\n"))
		}
	}
}
