//go:build unix

package instrument

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"tracetest/internal/gotest"
)

func goos() string { return runtime.GOOS }

// write writes files, by name, into a folder.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// module writes a module into a new folder, by its real path.
func module(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, files)
	return dir
}

func parse(t *testing.T, goflags string, user ...string) *gotest.Args {
	t.Helper()
	args, err := gotest.ParseArgs(nil, user, goflags)
	if err != nil {
		t.Fatal(err)
	}
	return args
}

func prepare(t *testing.T, args *gotest.Args) (*Overlay, map[string]string) {
	t.Helper()
	tools, err := gotest.FindToolchain(t.Context(), args.Dir())
	if err != nil {
		t.Fatal(err)
	}
	packages, err := gotest.List(t.Context(), args)
	if err != nil {
		t.Fatal(err)
	}
	o, err := Prepare(t.Context(), t.TempDir(), tools, packages, args, TraceOff)
	if err != nil {
		t.Fatal(err)
	}
	return o, replaces(t, o.File)
}

func replaces(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var overlay struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &overlay); err != nil {
		t.Fatal(err)
	}
	return overlay.Replace
}

// Guards against the user's own overlay being lost, from the command line or
// from GOFLAGS, or read relative to the wrong folder.
func TestUserOverlay(t *testing.T) {
	dir := module(t, map[string]string{"o.json": `{"Replace": {"a.go": "new/a.go", "./gone.go": "", "/abs/x.go": "/abs/y.go", "../up.go": "z.go"}}`, "bad.json": "{", "empty.json": "{}"})
	want := map[string]string{filepath.Join(dir, "a.go"): filepath.Join(dir, "new", "a.go"), filepath.Join(dir, "gone.go"): "",
		"/abs/x.go": "/abs/y.go", filepath.Join(filepath.Dir(dir), "up.go"): filepath.Join(dir, "z.go")}
	tests := []struct {
		name, goflags string
		user          []string
		want          map[string]string
		problem       string
	}{
		{name: "none", user: []string{"-C", dir}, want: map[string]string{}},
		{name: "flag", user: []string{"-C", dir, "-overlay=o.json"}, want: want},
		{name: "flag, value apart", user: []string{"-C=" + dir, "-overlay", "o.json"}, want: want},
		{name: "the last one counts", user: []string{"-C", dir, "-overlay=missing.json", "-overlay=o.json"}, want: want},
		{name: "GOFLAGS", goflags: "-overlay=o.json", user: []string{"-C", dir}, want: want},
		{name: "flag before GOFLAGS", goflags: "-overlay=o.json", user: []string{"-C", dir, "-overlay=empty.json"}, want: map[string]string{}},
		{name: "absolute", user: []string{"-C", dir, "-overlay", filepath.Join(dir, "o.json")}, want: want},
		{name: "missing", user: []string{"-C", dir, "-overlay=missing.json"}, problem: "missing.json"},
		{name: "damaged", user: []string{"-C", dir, "-overlay=bad.json"}, problem: `"bad.json"`},
	}
	for _, test := range tests {
		got, err := userOverlay(parse(t, test.goflags, test.user...))
		if (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.problem)
		}
		if test.problem == "" && !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// Guards against a user's version of package testing that is silently dropped.
func TestCollisionIsRefused(t *testing.T) {
	root := goroots(t)["local"]
	real := filepath.Join(root, "src", "testing", "testing.go")
	text, _ := json.Marshal(map[string]any{"Replace": map[string]string{real: "mine.go"}})
	dir := module(t, map[string]string{"go.mod": "module m\n", "o.json": string(text)})
	for name, cache := range map[string]string{"plain": "", "below the module cache": filepath.Dir(root)} {
		tools := &gotest.Toolchain{GOROOT: root, GOMODCACHE: cache, GOOS: goos(), GOARCH: runtime.GOARCH}
		_, err := Prepare(t.Context(), t.TempDir(), tools, nil, parse(t, "", "-C", dir, "-overlay=o.json"), TraceOff)
		if err == nil || !strings.Contains(err.Error(), "your own overlay replaces "+real) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// Guards against an overlay that Go 1.25 refuses, and against other files of
// the toolchain that the user replaces being lost with the link.
func TestToolchainInTheModuleCache(t *testing.T) {
	root := goroots(t)["local"]
	other := filepath.Join(root, "src", "strings", "strings.go")
	text, _ := json.Marshal(map[string]any{"Replace": map[string]string{other: "mine.go", "a.go": "b.go"}})
	dir := module(t, map[string]string{"go.mod": "module m\n", "o.json": string(text)})
	tools := &gotest.Toolchain{GOROOT: root, GOMODCACHE: filepath.Dir(root), GOOS: goos(), GOARCH: runtime.GOARCH}
	o, err := Prepare(t.Context(), t.TempDir(), tools, nil, parse(t, "", "-C", dir, "-overlay=o.json"), TraceOff)
	if err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(o.GOROOT); err != nil || to != root {
		t.Errorf("%q links to %q, %v", o.GOROOT, to, err)
	}
	replace := replaces(t, o.File)
	if replace[filepath.Join(o.GOROOT, "src", "testing", "testing.go")] == "" || replace[filepath.Join(o.GOROOT, "src", "strings", "strings.go")] != filepath.Join(dir, "mine.go") ||
		replace[filepath.Join(dir, "a.go")] != filepath.Join(dir, "b.go") {
		t.Errorf("%q", replace)
	}
	for from := range replace {
		if below(root, from) {
			t.Errorf("%s lies below the module cache", from)
		}
	}
}

func TestSystemsWithoutInstrumentation(t *testing.T) {
	for _, system := range []string{"windows", "plan9", "js", "wasip1", "another"} {
		if _, err := Prepare(t.Context(), t.TempDir(), &gotest.Toolchain{GOOS: system}, nil, parse(t, ""), TraceOff); err == nil || !strings.Contains(err.Error(), system) {
			t.Errorf("%s: error %v", system, err)
		}
	}
}

func TestBelow(t *testing.T) {
	tests := []struct {
		dir, path string
		want      bool
	}{{"/a", "/a/b", true}, {"/a", "/a", true}, {"/a/", "/a/..b/c", true}, {"/a", "/ab/c", false}, {"/a", "/", false}, {"/a", "/b/a", false}, {"", "/b", false}, {"/a", "rel", false}}
	for _, test := range tests {
		if got := below(test.dir, test.path); got != test.want {
			t.Errorf("%s below %s: %v", test.path, test.dir, got)
		}
	}
}

// fakeGinkgo has what the hook uses of Ginkgo, so that modules with it need no
// network.
const fakeGinkgo = `package ginkgo

type Labels []string
type SpecReport struct {
	ContainerHierarchyTexts                       []string
	ContainerHierarchyLocations                   []struct{ FileName string }
	LeafNodeText                                  string
	LeafNodeLocation                              struct{ FileName string }
	State                                         SpecState
	NumAttempts                                   int
	CapturedGinkgoWriterOutput, CapturedStdOutErr string
	ReportEntries                                 []any
	IsInOrderedContainer                          bool
}
type Report struct{ SpecReports []SpecReport }
type SpecState uint

func (SpecState) String() string { return "" }

func ReportBeforeEach(func(SpecReport)) bool                { return true }
func ReportAfterEach(func(SpecReport)) bool                 { return true }
func ReportAfterSuite(string, func(Report)) bool            { return true }
`

const fakeBeforeSuite = "\nfunc ReportBeforeSuite(func(Report)) bool { return true }\n"

func ginkgoModule() map[string]string {
	return map[string]string{
		"go.mod": "module m\n\ngo 1.22\n\nrequire (\n\tgithub.com/bsm/ginkgo/v2 v2.0.0\n\tgithub.com/onsi/ginkgo/v2 v2.0.0\n)\n\n" +
			"replace (\n\tgithub.com/bsm/ginkgo/v2 => ./bsm\n\tgithub.com/onsi/ginkgo/v2 => ./onsi\n)\n",
		"onsi/go.mod": "module github.com/onsi/ginkgo/v2\n\ngo 1.22\n", "onsi/reporting_dsl.go": fakeGinkgo + fakeBeforeSuite,
		"bsm/go.mod": "module github.com/bsm/ginkgo/v2\n\ngo 1.22\n", "bsm/reporting_dsl.go": fakeGinkgo,
		"plain/p_test.go":    "package plain\n",
		"in/a_test.go":       "package in\n\nimport _ \"github.com/onsi/ginkgo/v2\"\n",
		"in/b_test.go":       "// Package comment.\npackage in // comment; \"quoted\"\n\nimport \"testing\"\n\nfunc Test(t *testing.T) {} // ends in a comment",
		"out/a_test.go":      "package out\n",
		"out/x_test.go":      "package /* here */ out_test /* and\nhere */\n\nimport . \"github.com/onsi/ginkgo/v2\"\n\nvar _ Labels\n",
		"forked/f_test.go":   "\ufeff//go:build !never\n// +build !never\n\npackage forked\r\n\r\nimport _ \"github.com/bsm/ginkgo/v2\"\r\n",
		"forked/z_test.go":   "//go:build never\n\npackage forked\n",
		"both/b_test.go":     "package both; import (_ \"github.com/bsm/ginkgo/v2\"; _ \"github.com/onsi/ginkgo/v2\")",
		"replaced/r_test.go": "package replaced\n\nimport _ \"github.com/onsi/ginkgo/v2\"\n\nvar original int\n",
		"mine.go":            "package replaced\n\nimport _ \"github.com/onsi/ginkgo/v2\"\n\nvar ofOverlay int\n",
		"o.json":             `{"Replace": {"replaced/r_test.go": "mine.go"}}`,
	}
}

// Guards against a hook that does not compile, that moves the user's lines, or
// that goes into a file that is not built.
func TestGinkgoHook(t *testing.T) {
	t.Parallel()
	files := ginkgoModule()
	dir := module(t, files)
	args := parse(t, "", "-C", dir, "-overlay=o.json", "./in", "./out", "./forked", "./both", "./replaced", "./plain")
	o, replace := prepare(t, args)
	if len(o.Unhooked) != 0 {
		t.Errorf("not hooked: %q", o.Unhooked)
	}
	hooks := map[string][2]int{"in/tracetestb_test.go": {1, 1}, "out/tracetestx_test.go": {1, 1}, "forked/tracetestf_test.go": {1, 0},
		"both/tracetestb_test.go": {2, 1}, "replaced/tracetestr_test.go": {1, 1}}
	for name, want := range hooks {
		text, err := os.ReadFile(replace[filepath.Join(dir, name)])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		nodes, begins := strings.Count(string(text), ".ReportBeforeEach("), strings.Count(string(text), ".ReportBeforeSuite(")
		if want != [2]int{nodes, begins} {
			t.Errorf("%s has %d hooks and %d of BeforeSuite", name, nodes, begins)
		}
	}
	for from := range replace { // theirs may be edited while tests are run again and again
		if name, _ := filepath.Rel(dir, from); files[filepath.ToSlash(name)] != "" && filepath.ToSlash(name) != "replaced/r_test.go" {
			t.Errorf("%s of the user's is replaced", name)
		}
	}
	out, err := goRun(t, dir, []string{"GOFLAGS=-buildvcs=false"}, "go", "vet", "-overlay="+o.File, "./in", "./out", "./forked", "./both", "./replaced", "./plain")
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	// The build cache holds only when nothing changes from run to run.
	_, again := prepare(t, args)
	for from, to := range replace {
		one, _ := os.ReadFile(to)
		two, _ := os.ReadFile(again[from])
		if string(one) != string(two) {
			t.Errorf("%s differs from run to run", from)
		}
	}
}

// Guards against a go command that refuses the whole overlay because of one
// package, and against a package that is left out without a word.
func TestUnhooked(t *testing.T) {
	const onsi = "github.com/onsi/ginkgo/v2"
	dir := module(t, map[string]string{"cache/a_test.go": "package a\n", "bad/a_test.go": "pack age\n", "fine/a_test.go": "package fine\n"})
	h := &hooker{modcache: filepath.Join(dir, "cache"), replaced: map[string]string{filepath.Join(dir, "fine", "deleted_test.go"): ""}, beforeSuite: map[string]bool{}}
	tests := []struct {
		name   string
		p      gotest.Package
		path   string
		reason string
	}{
		{"in the module cache", gotest.Package{Dir: filepath.Join(dir, "cache"), TestGoFiles: []string{"a_test.go"}, TestDeps: []string{onsi}}, "", "module cache"},
		{"cannot be parsed", gotest.Package{Dir: filepath.Join(dir, "bad"), TestGoFiles: []string{"a_test.go"}, TestDeps: []string{onsi}}, "", "a_test.go cannot be parsed"},
		{"is not there", gotest.Package{Dir: filepath.Join(dir, "fine"), TestGoFiles: []string{"none_test.go"}, TestDeps: []string{onsi}}, "", "none_test.go"},
		{"Ginkgo itself", gotest.Package{ImportPath: onsi + "/internal", Dir: dir, TestGoFiles: []string{"a_test.go"}, TestDeps: []string{onsi}}, "", "Ginkgo itself"},
		{"no Ginkgo", gotest.Package{Dir: filepath.Join(dir, "fine"), TestGoFiles: []string{"a_test.go"}, TestDeps: []string{"github.com/onsi/ginkgo"}}, "", ""},
		{"no test files", gotest.Package{Dir: dir, TestDeps: []string{onsi}}, "", ""},
		{"fine", gotest.Package{Dir: filepath.Join(dir, "fine"), TestGoFiles: []string{"a_test.go"}, TestDeps: []string{onsi}}, filepath.Join(dir, "fine", "tracetesta_test.go"), ""},
	}
	for _, test := range tests {
		path, content, reason := h.hook(&test.p)
		if path != test.path || (len(content) > 0) != (path != "") || (reason == "") != (test.reason == "") || !strings.Contains(reason, test.reason) {
			t.Errorf("%s: %q, %d bytes, reason %q", test.name, path, len(content), reason)
		}
	}
}

// Guards against a hook that is built where the file that it is of is not: Ginkgo need not be there.
func TestHookOfATaggedFile(t *testing.T) {
	const onsi = "import _ \"github.com/onsi/ginkgo/v2\"\n"
	dir := module(t, map[string]string{"a_test.go": "// Not this: //go:build x\n\n//go:build integration && !race\n\n// Package p.\npackage p\n" + onsi,
		"linux_test.go": "package p\n" + onsi, "plain_test.go": "package p\n"})
	h := &hooker{beforeSuite: map[string]bool{}}
	hooks := h.hookTagged(&gotest.Package{Dir: dir, Tagged: []string{"a_test.go", "linux_test.go", "plain_test.go"}})
	tagged, free := string(hooks[filepath.Join(dir, "tracetesta_test.go")]), string(hooks[filepath.Join(dir, "tracetestlinux_test.go")])
	if len(hooks) != 2 || !strings.HasPrefix(tagged, "//go:build integration && !race\n\npackage p\n") || !strings.HasPrefix(free, "package p\n") {
		t.Errorf("%d hooks: %.80q and %.80q", len(hooks), tagged, free)
	}
}
