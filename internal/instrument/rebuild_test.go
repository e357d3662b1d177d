//go:build unix

package instrument

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tracetest/internal/gotest"
)

// Guards against patches with which whatever imports net, by way of others too, is compiled once
// more: with a large module that takes minutes. Behind the last slash of a build ID is the sum of
// what was compiled.
func TestImportersStay(t *testing.T) {
	for name, root := range goroots(t) {
		if strings.HasPrefix(name, "localgo1.22") {
			continue // what comes out of its net is another one
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			module := t.TempDir()
			write(t, module, map[string]string{"go.mod": "module stay\n\ngo 1.22\n", "stay.go": `package stay

import (
	"crypto/tls"
	"net"
	"net/http"
	"os/exec"
	"syscall"
)

func Stay() (net.Conn, *http.Client, *exec.Cmd, error) {
	c, err := tls.Dial("tcp", "127.0.0.1:1", &tls.Config{MinVersion: tls.VersionTLS12})
	_, _ = net.DialTCP("tcp", nil, &net.TCPAddr{Port: syscall.AF_INET})
	return c, &http.Client{}, exec.Command("true"), err
}
`})
			tools := toolchain(t, name, root)
			args, err := gotest.ParseArgs(nil, []string{"-C", module}, "")
			if err != nil {
				t.Fatal(err)
			}
			overlay, err := Prepare(t.Context(), t.TempDir(), tools, nil, args, TraceOn)
			if err != nil {
				t.Fatal(err)
			}
			list := func(goroot string, flags ...string) string {
				env := []string{"GOROOT=" + goroot, "GOTOOLCHAIN=local", "GOFLAGS=-buildvcs=false"}
				out, err := goRun(t, module, env, filepath.Join(goroot, "bin", "go"), append(append([]string{"list", "-export", "-f", "{{.ImportPath}} {{.BuildID}}"}, flags...), ".", "net/http", "os/exec")...)
				if err != nil {
					t.Fatal(err, out)
				}
				var all []string
				for line := range strings.Lines(out) {
					pkg, id, _ := strings.Cut(line, " ")
					all = append(all, pkg+" "+id[strings.LastIndexByte(id, '/')+1:])
				}
				return strings.Join(all, "")
			}
			plain := list(root)
			for _, flags := range [][]string{overlay.Flags, overlay.FlagsIn(module)} {
				if got := list(overlay.GOROOT, append(flags, "-overlay="+overlay.File)...); got != plain {
					t.Errorf("%q: got\n%swant\n%s", flags, got, plain)
				}
			}
		})
	}
}

// Guards against flags of the compiler beside the user's own, and against a folder that nobody
// can write to.
func TestLasting(t *testing.T) {
	root := goroots(t)["local"]
	for _, test := range []struct {
		name  string
		flags []string
		cache string
		want  bool
	}{
		{"by default", nil, "cache", true},
		{"the user's own flags of the compiler", []string{"-gcflags=all=-N -l"}, "cache", false},
		{"names without folders", []string{"-trimpath"}, "cache", false},
		{"no folder", nil, "", false},
		{"a folder with a space", nil, "a cache", false},
		{"a file in its place", nil, "file", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, tools := t.TempDir(), toolchain(t, "local", root)
			write(t, dir, map[string]string{"file": ""})
			if tools.GOCACHE = ""; test.cache != "" {
				tools.GOCACHE = filepath.Join(dir, test.cache)
			}
			args, err := gotest.ParseArgs(nil, test.flags, "")
			if err != nil {
				t.Fatal(err)
			}
			old := filepath.Join(tools.GOCACHE, "tracetest", "0123")
			if test.want {
				stale(t, old)
			}
			o, err := Prepare(t.Context(), t.TempDir(), tools, nil, args, TraceOn)
			if err != nil {
				t.Fatal(err)
			}
			if (len(o.Flags) == len(steady())) != test.want || (len(o.Flags) == 0) == test.want {
				t.Errorf("flags %q", o.Flags)
			}
			text, err := os.ReadFile(o.File)
			if err != nil || strings.Contains(string(text), filepath.Join(dir, "cache", "tracetest")) != test.want {
				t.Errorf("%v\n%s", err, text)
			}
			if _, err := os.Stat(old); test.want && err == nil {
				t.Error("what no run used for long is still there")
			}
		})
	}
}

// Guards against files that are made in each run, and against a run that takes those of another
// toolchain, or what is not whole.
func TestLastingAgain(t *testing.T) {
	root := goroots(t)["local"]
	copied := t.TempDir()
	for _, p := range append(tracePatches(root, goos(), runtime.GOARCH), testingPatch(root, goos(), true)) {
		for file := range p.anchors {
			text, err := os.ReadFile(filepath.Join(root, "src", p.dir, file))
			if err != nil {
				t.Fatal(err)
			}
			write(t, copied, map[string]string{filepath.Join("src", p.dir, file): string(text)})
		}
	}
	tools := toolchain(t, "local", root)
	tools.GOROOT, tools.GOCACHE = copied, t.TempDir()
	prepare := func(trace Trace) (dir string) {
		t.Helper()
		args, err := gotest.ParseArgs(nil, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		o, err := Prepare(t.Context(), t.TempDir(), tools, nil, args, trace)
		if err != nil {
			t.Fatal(err)
		}
		if o.Traced != (trace != TraceOff) {
			t.Errorf("trace=%s: traced %v, %q", trace, o.Traced, o.NoTrace)
		}
		_, dir, _ = strings.Cut(o.Flags[0], "-trimpath=")
		dir, _, _ = strings.Cut(dir, "=>")
		return dir
	}
	dir := prepare(TraceAuto)
	mark := filepath.Join(dir, "testing", "fuzz.go")
	marked := func() bool {
		text, err := os.ReadFile(mark)
		return err == nil && string(text) == "marked"
	}
	if err := os.WriteFile(mark, []byte("marked"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again := prepare(TraceAuto); again != dir || !marked() {
		t.Errorf("made again, in %s and %s", dir, again)
	}
	if off := prepare(TraceOff); off == dir {
		t.Error("without the trace it is the same")
	}
	if err := os.Remove(filepath.Join(dir, "testing", "testing.go")); err != nil {
		t.Fatal(err)
	}
	if again := prepare(TraceAuto); again != dir || marked() {
		t.Errorf("what is not whole was used, in %s and %s", dir, again)
	}
	write(t, copied, map[string]string{"src/testing/fuzz.go": "package testing\n\nfunc fRunner() {\n\tfn(f)\n}\n"})
	if other := prepare(TraceAuto); other == dir {
		t.Error("that of another Go was used")
	}
}

// stale makes a folder that no run has used for long.
func stale(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	then := info.ModTime().Add(-2 * lastingFor)
	if err := os.Chtimes(dir, then, then); err != nil {
		t.Fatal(err)
	}
}
