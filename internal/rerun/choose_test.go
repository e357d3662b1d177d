package rerun

import (
	"slices"
	"strings"
	"testing"

	"tracetest/internal/record"
	"tracetest/internal/redact"
)

func test(pkg, name string) Test { return Test{Name: record.Name{Package: pkg, Test: name}} }

func spec(pkg, name, location string) Test {
	return Test{Name: record.Name{Package: pkg, Test: "TestSuite", Spec: name}, Location: location}
}

// What is chosen must be what is named: no test more, and the user's own flags
// of the test binary stay behind -args.
func TestChoose(t *testing.T) {
	tests := []struct {
		targets        []Test
		args           []string
		packages, want string
	}{
		{[]Test{test("p", "TestA"), test("p", "TestB/sub")}, nil, "p", "-run=^(TestA)$|^TestB$/^sub$"},
		{[]Test{test("p", "TestA/x"), test("p", "TestA/y#01/z.")}, nil, "p", `-run=^TestA$/^x$|^TestA$/^y#01$/^z\.$`},
		{[]Test{test("p", NoTest)}, nil, "p", "-run=^$"},
		{[]Test{test("p", "TestA/x"), test("p", "TestA")}, nil, "p", "-run=^(TestA)$"},
		{[]Test{test("p", "TestA"), test("q", "TestB")}, []string{"-race", "-args", "-own"}, "p q", "-race -run=^(TestA|TestB)$ -args -own"},
		{[]Test{test("p", "TestÄ.b")}, []string{"-run=Other"}, "p", `-run=Other -run=^(TestÄ\.b)$`},
		{[]Test{spec("p", "a", "/x/a.b_test.go:12"), spec("p", "b", "/x/a.b_test.go:20")}, []string{"-ginkgo.seed=7"}, "p",
			`-ginkgo.seed=7 -run=^(TestSuite)$ -ginkgo.focus-file=/x/a\.b_test\.go$:12 -ginkgo.focus-file=/x/a\.b_test\.go$:20`},
		{[]Test{spec("p", "a", "/x/a_test.go:12"), test("p", "TestB")}, nil, "p", `-run=^(TestSuite|TestB)$ -ginkgo.focus-file=/x/a_test\.go$:12`},
	}
	for _, test := range tests {
		given := slices.Clone(test.args)
		packages, args, err := choose(test.targets, test.args)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(packages, " ") != test.packages || strings.Join(args, " ") != test.want {
			t.Errorf("%v: %q %q, want %q %q", test.targets, packages, args, test.packages, test.want)
		}
		if !slices.Equal(given, test.args) {
			t.Errorf("the arguments of the run were changed: %q", test.args)
		}
	}
}

// Specs of a loop share their line: their text tells them apart.
func TestChooseAmong(t *testing.T) {
	a, b := spec("p", "a (1)", "/x_test.go:3"), spec("p", "b", "/x_test.go:9")
	a.Among = true
	if _, args, err := choose([]Test{a}, nil); err != nil || args[len(args)-1] != `-ginkgo.focus= (a \(1\))$` {
		t.Errorf("%q %v", args, err)
	}
	if _, args, err := choose([]Test{a, b}, nil); err != nil || args[len(args)-1] != `-ginkgo.focus= (a \(1\)|b)$` {
		t.Errorf("the text of one keeps out the other: %q %v", args, err)
	}
}

// A pattern that no command takes is an error that says so, and no half of it.
func TestChooseTooMany(t *testing.T) {
	var many []Test
	for i := range 5000 {
		many = append(many, test("p", "TestWithQuiteALongName"+strings.Repeat("x", i%10)+string(rune('a'+i%26))+strings.Repeat("y", i/26)))
	}
	if _, _, err := choose(many, nil); err == nil || !strings.Contains(err.Error(), "5000 tests") {
		t.Error(err)
	}
}

// Guards against a test that is looked for by the name that it is shown by, and
// against a command for a person that has a secret in it or matches nothing.
func TestHiddenNames(t *testing.T) {
	secrets := redact.New()
	secrets.Add("s3cret.word")
	shown := Test{Name: record.Name{Package: "p", Test: secrets.Name("TestA/pw=s3cret.word/b")}}
	if shown.Test != "TestA/pw=(hidden 1)/b" {
		t.Fatal(shown.Test)
	}
	real, err := Real([]Test{shown}, secrets)
	if err != nil {
		t.Fatal(err)
	}
	if _, args, err := choose(real, nil); err != nil || args[0] != `-run=^TestA$/^pw=s3cret\.word$/^b$` {
		t.Errorf("%q %v", args, err)
	}
	if _, args, err := choose([]Test{shown}, nil); err != nil || args[0] != `-run=^TestA$/^pw=.*$/^b$` {
		t.Errorf("%q %v", args, err)
	}
	if _, err := Real([]Test{shown}, redact.New()); err == nil || !strings.Contains(err.Error(), "there is a secret in the name") {
		t.Error(err)
	}
}
