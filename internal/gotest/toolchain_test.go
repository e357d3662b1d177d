package gotest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// run runs the go command in dir and returns what it printed.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// tree writes files, by name, into a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const aTest = "\n\nimport \"testing\"\n\nfunc Test(t *testing.T) {}\n"

func list(t *testing.T, packages []string, user ...string) []*Package {
	t.Helper()
	listed, err := List(t.Context(), parse(t, packages, user, ""))
	if err != nil {
		t.Fatal(err)
	}
	return listed
}

func paths(listed []*Package) (all []string) {
	for _, p := range listed {
		all = append(all, p.ImportPath)
	}
	return all
}

// Guards against a package that the barrier does not hook because its files were
// not seen, and against synthesised packages ("p.test", "p [p.test]") that
// pass for the user's.
func TestList(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{
		"go.mod":           "module m\n\ngo 1.22\n",
		"both/a.go":        "package both\n",
		"both/a_test.go":   "package both" + aTest,
		"both/x_test.go":   "package both_test\n\nimport (\n\t\"testing\"\n\n\t_ \"m/dep\"\n)\n\nfunc TestX(t *testing.T) {}\n",
		"dep/dep.go":       "package dep\n",
		"none/none.go":     "package none\n",
		"only/x_test.go":   "package only_test" + aTest,
		"tagged/t.go":      "package tagged\n",
		"tagged/t_test.go": "//go:build special\n\npackage tagged" + aTest,
		"broken/b.go":      "package broken\n\nimport _ \"m/missing\"\n",
	})
	listed := list(t, nil, "-C", dir)
	if want := []string{"m/both", "m/broken", "m/dep", "m/none", "m/only", "m/tagged"}; !reflect.DeepEqual(paths(listed), want) {
		t.Fatalf("packages %q, want %q", paths(listed), want)
	}
	both, dep, only, tagged := listed[0], listed[2], listed[4], listed[5]
	if both.Dir != filepath.Join(dir, "both") || both.Module.Path != "m" || both.Module.GoVersion != "1.22" ||
		!reflect.DeepEqual(both.TestGoFiles, []string{"a_test.go"}) || !reflect.DeepEqual(both.XTestGoFiles, []string{"x_test.go"}) {
		t.Errorf("m/both: %+v", both)
	}
	if !strings.Contains(strings.Join(both.TestDeps, " "), "m/dep") {
		t.Errorf("m/both does not depend on m/dep: %q", both.TestDeps)
	}
	if len(only.TestGoFiles) != 0 || len(only.XTestGoFiles) != 1 || len(only.TestDeps) == 0 {
		t.Errorf("m/only: %+v", only)
	}
	if dep.TestDeps != nil || len(tagged.TestGoFiles) != 0 || tagged.TestDeps != nil {
		t.Errorf("packages without test files: %+v, %+v", dep, tagged)
	}
	for _, p := range list(t, []string{"./tagged"}, "-C", dir, "-tags", "special") {
		if len(p.TestGoFiles) != 1 {
			t.Errorf("with the tag: %+v", p)
		}
	}
	missing := list(t, []string{"./nowhere"}, "-C", dir)
	if len(missing) != 1 || missing[0].Error == nil {
		t.Errorf("a package that does not exist: %+v", missing)
	}
	if _, err := List(t.Context(), parse(t, nil, []string{"-C", dir, "-mod=nonsense"}, "")); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("error %v does not say what the go command complained about", err)
	}
}

// Guards against files that only the user's overlay brings, or takes away.
func TestListWithAnOverlay(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{
		"go.mod": "module m\n", "p.go": "package p\n", "a_test.go": "package p" + aTest, "new": "package p\n\nfunc x() {}\n",
		"overlay.json": `{"Replace": {"a_test.go": "", "b_test.go": "new"}}`,
	})
	listed := list(t, []string{"."}, "-C", dir, "-overlay", "overlay.json")
	if len(listed) != 1 || !reflect.DeepEqual(listed[0].TestGoFiles, []string{"b_test.go"}) {
		t.Errorf("%+v", listed[0])
	}
}

// Guards against a dependency that is looked for elsewhere than go test does.
func TestListAndDirsInWorkspaceAndVendor(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"main/go.mod":    "module m\n\ngo 1.22\n\nrequire example.com/dep v1.0.0\n\nreplace example.com/dep => ../dep\n",
		"main/m.go":      "package m\n\nimport _ \"example.com/dep/inner\"\n",
		"main/m_test.go": "package m" + aTest,
		"dep/go.mod":     "module example.com/dep\n\ngo 1.22\n",
		"dep/inner/i.go": "package inner\n",
	}
	vendored := tree(t, files)
	run(t, filepath.Join(vendored, "main"), "mod", "vendor")
	files["main/go.mod"] = "module m\n\ngo 1.22\n"
	files["go.work"] = "go 1.22\n\nuse (\n\t./main\n\t./dep\n)\n"
	workspace := tree(t, files)
	tests := []struct{ name, dir, inner string }{
		{"vendor", filepath.Join(vendored, "main"), filepath.Join(vendored, "main", "vendor", "example.com", "dep", "inner")},
		{"workspace", filepath.Join(workspace, "main"), filepath.Join(workspace, "dep", "inner")},
	}
	for _, test := range tests {
		a := parse(t, nil, []string{"-C", test.dir}, "")
		listed, err := List(t.Context(), a)
		if err != nil || !reflect.DeepEqual(paths(listed), []string{"m"}) {
			t.Errorf("%s: packages %q, %v", test.name, paths(listed), err)
		}
		dirs, err := Dirs(t.Context(), a, []string{"example.com/dep/inner", "example.com/missing"})
		if err != nil || dirs["example.com/dep/inner"] != test.inner || dirs["example.com/missing"] != "" {
			t.Errorf("%s: folders %q, %v; want %q", test.name, dirs, err, test.inner)
		}
	}
}

// Guards against a package whose imports are not followed although it may import the module
// that is looked for.
func TestListFor(t *testing.T) {
	t.Parallel()
	mod := func(more string) map[string]string {
		return map[string]string{
			"go.mod": "module m\n\ngo 1.22\n" + more, "m.go": "package m\n", "m_test.go": "package m" + aTest, "other.mod": "module m\n\ngo 1.22\n",
			"dep/go.mod": "module example.com/dep\n\ngo 1.22\n", "dep/d.go": "package dep\n", "dep/d_test.go": "package dep" + aTest,
		}
	}
	with := func(files map[string]string, name, text string) map[string]string { files[name] = text; return files }
	const needs = "\nrequire example.com/dep v1.0.0\n\nreplace example.com/dep => ./dep\n"
	tests := []struct {
		name     string
		files    map[string]string
		args     []string
		packages []string
		followed bool
	}{
		{"not in go.mod", mod(""), nil, nil, false},
		{"another module in it", mod(needs), nil, nil, false},
		{"in go.mod", mod("\n// a ginkgo in words is taken for one\n"), nil, nil, true},
		{"tests of another module", mod(needs), nil, []string{".", "example.com/dep"}, true},
		{"before Go 1.17", with(mod(""), "go.mod", "module m\n\ngo 1.16\n"), nil, nil, true},
		{"no go directive", with(mod(""), "go.mod", "module m\n"), nil, nil, true},
		{"workspace", with(mod(""), "go.work", "go 1.22\n\nuse .\n"), nil, nil, true},
		{"modfile", mod(""), []string{"-modfile=other.mod"}, nil, true},
		{"mod", mod(""), []string{"-mod=mod"}, nil, true},
		{"mod=readonly", mod(""), []string{"-mod=readonly"}, nil, false},
	}
	for _, test := range tests {
		dir := tree(t, test.files)
		a := parse(t, test.packages, append([]string{"-C", dir}, test.args...), "")
		tools, err := FindToolchain(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		listed, err := ListFor(t.Context(), tools, a, "ginkgo")
		if err != nil || len(listed) != max(1, len(test.packages)) {
			t.Errorf("%s: %q, %v", test.name, paths(listed), err)
			continue
		}
		if len(listed[0].TestGoFiles) != 1 || listed[0].Module.Path != "m" {
			t.Errorf("%s: %+v", test.name, listed[0])
		}
		if followed := len(listed[0].TestDeps) > 0; followed != test.followed {
			t.Errorf("%s: imports followed: %v", test.name, followed)
		}
	}
}

// Guards against the barrier being built for another Go, or against flags that
// the go command has and we do not know of.
func TestFindToolchain(t *testing.T) {
	t.Setenv("GOFLAGS", `"-ldflags=-s -w" -tags=x`)
	dir := tree(t, map[string]string{"go.mod": "module m\n"})
	tools, err := FindToolchain(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(tools.GOVERSION, "go1.") || tools.GOOS == "" || tools.GOROOT == "" {
		t.Errorf("%+v", tools)
	}
	if _, err := os.Stat(filepath.Join(tools.GOROOT, "src", "testing", "testing.go")); err != nil {
		t.Error(err)
	}
	a := parse(t, nil, nil, tools.GOFLAGS)
	if ldflags, _ := a.Value("ldflags"); ldflags != "-s -w" {
		t.Errorf("-ldflags is %q", ldflags)
	}
	if tags, _ := a.Value("tags"); tags != "x" {
		t.Errorf("-tags is %q", tags)
	}
}

// Guards against an error that does not say what is wrong.
func TestGoCommandProblems(t *testing.T) {
	if _, err := FindToolchain(t.Context(), filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a folder that does not exist is no error")
	}
	dir := tree(t, map[string]string{"go.mod": "modul m\n"})
	if _, err := List(t.Context(), parse(t, nil, []string{"-C", dir}, "")); err == nil || !strings.Contains(err.Error(), "go.mod:1") {
		t.Errorf("error %v does not name the line of go.mod", err)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := FindToolchain(stopped, ""); err == nil {
		t.Error("nothing stops the go command")
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := FindToolchain(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "no go command on PATH") {
		t.Errorf("error %v", err)
	}
}

// Guards against an overlay that Go 1.25 refuses, for a toolchain that it
// downloaded, also behind a link; and against a neighbour that is taken for it.
func TestInModCache(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"cache/mod/toolchain/bin/go": "", "cache/model/bin/go": ""})
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "cache"), link); err != nil {
		t.Skip(err)
	}
	cache := filepath.Join(dir, "cache", "mod")
	tests := []struct {
		root, cache string
		want        bool
	}{
		{filepath.Join(cache, "toolchain"), cache, true},
		{filepath.Join(link, "mod", "toolchain"), cache, true},
		{filepath.Join(cache, "toolchain"), filepath.Join(link, "mod"), true},
		{filepath.Join(dir, "cache", "model"), cache, false},
		{filepath.Join(dir, "elsewhere"), cache, false},
		{filepath.Join(dir, "elsewhere"), "", false},
	}
	for _, test := range tests {
		if got := (&Toolchain{GOROOT: test.root, GOMODCACHE: test.cache}).InModCache(); got != test.want {
			t.Errorf("%s in %s: %v, want %v", test.root, test.cache, got, test.want)
		}
	}
}

// Guards against another Go than the one that the overlay was made for.
func TestCommand(t *testing.T) {
	tools := &Toolchain{GOROOT: "/root"}
	for _, same := range []string{"", "/root"} {
		if path, env := tools.Command(same); path != "go" || env != nil {
			t.Errorf("%q: %q %q", same, path, env)
		}
	}
	path, env := tools.Command("/link")
	if path != filepath.Join("/link", "bin", "go") || !reflect.DeepEqual(env, []string{"GOROOT=/link", "GOTOOLCHAIN=local"}) {
		t.Errorf("link: %q %q", path, env)
	}
}
