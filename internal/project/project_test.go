package project_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tracetest/internal/project"
)

// tree makes files in a folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const whole = `redis = "localhost:6390"
out = "reports"
expect-file = ["redis.expect"]
baseline = "known.json"
packages = ["./test/integration/...", "example.com/x/..."]

[expect]
maxmemory = "2gb"
timeout = 0
appendonly = false
`

func TestLoad(t *testing.T) {
	dir := tree(t, map[string]string{"go.mod": "module x\n", ".tracetest.toml": whole, "test/a_test.go": ""})
	f, err := project.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := &project.File{Path: filepath.Join(dir, ".tracetest.toml"), Redis: []string{"localhost:6390"}, Out: "reports", Expect: []string{"appendonly=no", "maxmemory=2gb", "timeout=0"},
		ExpectFile: []string{"redis.expect"}, Baseline: "known.json", Packages: []string{"./test/integration/...", "example.com/x/..."}}
	if !reflect.DeepEqual(f, want) {
		t.Errorf("got %+v\nwant %+v", f, want)
	}
	f, err = project.Load(filepath.Join(dir, "test"))
	if err != nil || f.Out != "../reports" || f.Packages[0] != "./integration/..." || f.Baseline != "../known.json" {
		t.Errorf("from below: %+v, %v", f, err)
	}
}

// A file above the project is somebody else's.
func TestLoadStopsAtTheProject(t *testing.T) {
	dir := tree(t, map[string]string{".tracetest.toml": `out = "x"`, "repo/.git/HEAD": "", "repo/mod/go.mod": "module x\n", "alone/go.mod": "module y\n", "bare/a": ""})
	for _, sub := range []string{"repo", "repo/mod", "alone", "bare"} {
		if f, err := project.Load(filepath.Join(dir, sub)); err != nil || f.Path != "" {
			t.Errorf("%s: %+v, %v", sub, f, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "repo", ".tracetest.toml"), []byte(`out = "x"`), 0o666); err != nil {
		t.Fatal(err)
	}
	if f, err := project.Load(filepath.Join(dir, "repo", "mod")); err != nil || f.Out != "../x" {
		t.Errorf("the file of the repository: %+v, %v", f, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`rediss = "x"`:            "unknown key rediss; did you mean redis?",
		`nonsense = 1`:            "unknown key nonsense; there are redis, out,",
		"out = \"x\"\nredis = 1":  "redis",
		"out = \"x\"\n[packages]": "packages",
		`expect = ["a=b"]`:        "expect",
		"\n\nout = ":              "line 3",
		`[expect]` + "\nx = [1]":  "neither a text nor a number",
	} {
		_, err := project.Load(tree(t, map[string]string{".tracetest.toml": text}))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), ".tracetest.toml") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
