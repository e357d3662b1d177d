package gotest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTestNames(t *testing.T) {
	dir := t.TempDir()
	text := "package a\nimport \"testing\"\nfunc TestB(t *testing.T) {}\nfunc TestA(t *testing.T) {}\nfunc Testing() {}\nfunc TestMain(m *testing.M) {}\n" +
		"func ExampleX() {}\nfunc FuzzY(f *testing.F) {}\nfunc BenchmarkZ(b *testing.B) {}\ntype s struct{}\nfunc (s) TestMethod(t *testing.T) {}\nfunc Test(t *testing.T) {}\n"
	if err := os.WriteFile(filepath.Join(dir, "a_test.go"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "b_test.go"), []byte("no Go"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &Package{Dir: dir, TestGoFiles: []string{"a_test.go", "b_test.go", "missing_test.go"}}
	if got, want := strings.Join(p.TestNames(), " "), "BenchmarkZ ExampleX FuzzY Test TestA TestB"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOnly(t *testing.T) {
	for _, c := range []struct{ user, skip, want string }{
		{"", "", "p q"},
		{"", "TestA TestB", "p q -skip=^(TestA|TestB)$"},
		{"-v -skip=TestX", "TestA", "p q -skip=TestX|^(TestA)$ -v"},
		{"-skip TestX -v", "TestA", "p q -skip=TestX|^(TestA)$ -v"},
		{"-C dir -v -args -skip=mine", "TestA", "p q -C dir -skip=^(TestA)$ -v -args -skip=mine"},
	} {
		a, err := ParseArgs([]string{"./..."}, strings.Fields(c.user), "")
		if err != nil {
			t.Fatal(err)
		}
		only, err := a.Only([]string{"p", "q"}, strings.Fields(c.skip), "")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(append(only.Packages, only.User...), " "); got != c.want {
			t.Errorf("%q without %q: got %s, want %s", c.user, c.skip, got, c.want)
		}
	}
	a, _ := ParseArgs(nil, []string{"./a", "-v"}, "")
	if _, err := a.Only(nil, nil, ""); err == nil || !strings.Contains(err.Error(), "put them before it") {
		t.Errorf("packages among the arguments: %v", err)
	}
	a, _ = ParseArgs(nil, nil, "")
	if _, err := a.Only(nil, strings.Fields(strings.Repeat("TestSomething ", 10_000)), ""); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("very many tests: %v", err)
	}
}
