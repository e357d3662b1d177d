package gotest

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func parse(t *testing.T, packages, user []string, goflags string) *Args {
	t.Helper()
	a, err := ParseArgs(packages, user, goflags)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// words splits a command line at spaces. A word of two quotes is empty.
func words(line string) []string {
	all := strings.Fields(line)
	for i := range all {
		if all[i] == `''` {
			all[i] = ""
		}
	}
	return all
}

// Guards against a flag of the user that is dropped, moved, rewritten or
// silently beaten by one of ours, and against a cached run.
func TestGoTest(t *testing.T) {
	const ours = "test -json -count=1 -p=1 -overlay=O"
	tests := []struct {
		name, packages, user, goflags string
		noOverlay                     bool
		want                          string
	}{
		{name: "nothing", want: ours + " ./..."},
		{name: "without the barrier", noOverlay: true, want: "test -json -count=1 -p=1 ./..."},
		{name: "packages before --", packages: "./a ./b", want: ours + " ./a ./b"},
		{name: "packages behind --", user: "-v ./a ./b -run X", want: ours + " -v ./a ./b -run X"},
		{name: "packages first behind --", user: "./a -run X", want: ours + " ./a -run X"},
		{name: "flags that take a value", packages: "./a", user: "-run X -timeout 5m -tags a,b -bench . -v", want: ours + " ./a -run X -timeout 5m -tags a,b -bench . -v"},
		{name: "a value that looks like a package", user: "-run ./a", want: ours + " ./... -run ./a"},
		{name: "an empty value", user: "-run ''", want: ours + " ./... -run ''"},
		{name: "bytes are kept", packages: "./a", user: `-run=^Test(A|B)$/x=y -ldflags=-X=a.b=c`, want: ours + ` ./a -run=^Test(A|B)$/x=y -ldflags=-X=a.b=c`},
		{name: "json, count and p are the user's", user: "-json -count=3 -p 2", want: "test -overlay=O ./... -json -count=3 -p 2"},
		{name: "two dashes", user: "--json --count 3 --p=2", want: "test -overlay=O ./... --json --count 3 --p=2"},
		{name: "flags of the test binary", user: "-test.count=2 -test.v -test.run X", want: "test -json -p=1 -overlay=O ./... -test.count=2 -test.v -test.run X"},
		{name: "test.p is no flag of go test", user: "-test.p=2", want: ours + " ./... -test.p=2"},
		{name: "json=1", user: "-json=1", want: "test -count=1 -p=1 -overlay=O ./... -json=1"},
		{name: "GOFLAGS", goflags: "-count=2 -p=3 -tags=x", want: "test -json -overlay=O ./..."},
		{name: "GOFLAGS with json", goflags: "-json", want: ours + " ./..."},
		{name: "GOFLAGS in quotes", goflags: `"-ldflags=-s -p=4" '-count=2'`, want: "test -json -p=1 -overlay=O ./..."},
		{name: "GOFLAGS with an overlay: ours comes later and holds it", goflags: "-overlay=mine", want: ours + " ./..."},
		{name: "C first", user: "-C dir -v", want: "test -C dir -json -count=1 -p=1 -overlay=O ./... -v"},
		{name: "C= first", packages: "./a", user: "-C=dir -v", want: "test -C=dir -json -count=1 -p=1 -overlay=O ./a -v"},
		{name: "--C first", user: "--C dir ./a", want: "test --C dir -json -count=1 -p=1 -overlay=O ./a"},
		{name: "overlay=x", user: "-v -overlay=mine -run X", want: "test -json -count=1 -p=1 ./... -v -overlay=O -run X"},
		{name: "overlay x", user: "-v -overlay mine -run X", want: "test -json -count=1 -p=1 ./... -v -overlay O -run X"},
		{name: "--overlay", user: "--overlay mine --overlay=mine2", want: "test -json -count=1 -p=1 ./... --overlay O --overlay=O"},
		{name: "overlay without the barrier", noOverlay: true, user: "-overlay mine", want: "test -json -count=1 -p=1 ./... -overlay mine"},
		{name: "overlay without a value, for go test to refuse", user: "-v -overlay", want: "test -json -count=1 -p=1 ./... -v -overlay"},
		{name: "behind -args all is the test's", user: "-v -args -count=5 -overlay=x -c ./a", want: ours + " ./... -v -args -count=5 -overlay=x -c ./a"},
		{name: "behind --args too", user: "./a --args -n", want: ours + " ./a --args -n"},
		{name: "behind -- too", user: "./a -- -count=5", want: ours + " ./a -- -count=5"},
		{name: "a flag of the test binary", packages: "./a", user: "-ginkgo.seed=1 -ginkgo.v", want: ours + " ./a -ginkgo.seed=1 -ginkgo.v"},
		{name: "a flag of the test binary, its value apart", user: "-ginkgo.focus cache -count=2", want: "test -json -p=1 -overlay=O ./... -ginkgo.focus cache -count=2"},
		{name: "packages, then a flag of the test binary", user: "./a -ginkgo.focus cache -p 2", want: "test -json -count=1 -overlay=O ./a -ginkgo.focus cache -p 2"},
		{name: "a word behind the packages ends what go test reads", user: "./a -v word -count=5", want: ours + " ./a -v word -count=5"},
		{name: "vet and shuffle take values", user: "-vet off -shuffle on", want: ours + " ./... -vet off -shuffle on"},
		{name: "boolean flags take none", user: "-race -cover ./a", want: ours + " -race -cover ./a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			user := words(test.user)
			before := slices.Clone(user)
			a := parse(t, words(test.packages), user, test.goflags)
			overlay := "O"
			if test.noOverlay {
				overlay = ""
			}
			if got, want := a.GoTest(overlay, nil), words(test.want); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if !reflect.DeepEqual(user, before) {
				t.Errorf("the user's own arguments became %q", user)
			}
		})
	}
}

// Guards against a run that cannot work, or that tests nothing and looks
// clean.
func TestRefused(t *testing.T) {
	tests := []struct {
		packages, user, goflags string
		want                    string // empty: it is allowed
	}{
		{user: "-c", want: "-c compiles"},
		{user: "-c=true", want: "-c compiles"},
		{user: "-c=false"},
		{user: "-n ./a", want: "-n prints"},
		{goflags: "-n", want: "-n prints"},
		{goflags: "-n", user: "-n=0"},
		{user: "-json=false", want: "-json=false"},
		{user: "-json=0", want: "-json=0"},
		{user: "-json=true"},
		{goflags: "-json=false", want: "-json=false"},
		{goflags: "-json=false", user: "-json"},
		{packages: "./a", user: "./b", want: `before and behind "--" (./a and ./b)`},
		{packages: "./a", user: "-v ./b", want: "before and behind"},
		{packages: "./a", user: "-run ./b"},
		{packages: "./a", user: "-ginkgo.focus ./b"},
		{packages: "./a", user: "-args ./b -c"},
		{user: "-v -run -c"},
		{goflags: `"-ldflags=-s -w`, want: "unterminated"},
	}
	for _, test := range tests {
		_, err := ParseArgs(words(test.packages), words(test.user), test.goflags)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q -- %q, GOFLAGS=%s: error %v, want %q", test.packages, test.user, test.goflags, err, test.want)
		}
	}
}

// Guards against an answer that differs from what go test will use: the
// overlay to merge is the one that counts.
func TestValue(t *testing.T) {
	tests := []struct {
		user, goflags, name string
		want                string
		set                 bool
	}{
		{"", "", "overlay", "", false},
		{"-overlay=a -overlay b", "-overlay=c", "overlay", "b", true},
		{"", "-overlay=a -overlay=b", "overlay", "b", true},
		{"", "--overlay=a", "overlay", "a", true},
		{"-race", "", "race", "true", true},
		{"-race=false", "-race", "race", "false", true},
		{"", "-race", "race", "true", true},
		{"-tags ''", "-tags=x", "tags", "", true},
		{"-args -overlay=a", "", "overlay", "", false},
		{"", "'-ldflags=-s -w' -tags=x", "ldflags", "-s -w", true},
		{"", "\"-ldflags=-s -w\"\t-tags=x\n", "tags", "x", true},
		{"", `-ldflags="-s -tags=x`, "tags", "x", true}, // a quote within a word does not count
		{"", `-tags="x"`, "tags", `"x"`, true},
		{"", "stray -tags=x", "stray", "", false},
	}
	for _, test := range tests {
		got, set := parse(t, nil, words(test.user), test.goflags).Value(test.name)
		if got != test.want || set != test.set {
			t.Errorf("%q, GOFLAGS=%s: -%s is %q %v, want %q %v", test.user, test.goflags, test.name, got, set, test.want, test.set)
		}
	}
}

func TestDirAndPatterns(t *testing.T) {
	tests := []struct{ packages, user, dir, patterns string }{
		{"", "", "", "./..."},
		{"./a ./b", "-C sub", "sub", "./a ./b"},
		{"", "-C=sub ./c -v", "sub", "./c"},
		{"", "-ginkgo.seed=1 ./c", "", "./..."},
	}
	for _, test := range tests {
		a := parse(t, words(test.packages), words(test.user), "")
		if a.Dir() != test.dir || !reflect.DeepEqual(a.patterns(), words(test.patterns)) {
			t.Errorf("%q -- %q: folder %q, packages %q", test.packages, test.user, a.Dir(), a.patterns())
		}
	}
}

// Guards against a go list that sees other packages or other files than the go
// test after it.
func TestListArguments(t *testing.T) {
	tests := []struct{ user, goflags, want string }{
		{"", "", "list -X -- P"},
		{"-v -run X -count=2 -timeout 5m -bench .", "", "list -X -- P"},
		{"-C dir -tags a,b -race -mod vendor", "", "list -C dir -X -tags=a,b -race -mod=vendor -- P"},
		{"-race=false -msan -asan=true -modfile x.mod", "", "list -X -race=false -msan -asan=true -modfile=x.mod -- P"},
		{"-buildmode=pie -compiler gc -installsuffix s -overlay=o", "", "list -X -buildmode=pie -compiler=gc -installsuffix=s -overlay=o -- P"},
		{"-tags=", "", "list -X -tags= -- P"}, // without "=" it would swallow what comes next
		{"-tags ''", "", "list -X -tags= -- P"},
		{"-args -tags=x", "", "list -X -- P"},
		{"-tags=x", "-mod=mod -tags=y", "list -X -tags=x -- P"}, // GOFLAGS reaches go list as well
	}
	for _, test := range tests {
		a := parse(t, []string{"P"}, words(test.user), test.goflags)
		if got := a.list([]string{"-X"}, a.patterns()); !reflect.DeepEqual(got, words(test.want)) {
			t.Errorf("%q: %q, want %q", test.user, got, words(test.want))
		}
	}
}

// Guards against a flag of the go command that is not in our lists: then its
// value would pass for a package.
func TestFlagsOfTheGoCommandAreKnown(t *testing.T) {
	help := run(t, "", "help", "testflag") + run(t, "", "help", "build") + run(t, "", "help", "test")
	checked := 0
	for line := range strings.Lines(help) {
		// A flag is described below a line such as "\t-run regexp".
		rest, ok := strings.CutPrefix(line, "\t-")
		if !ok {
			continue
		}
		fields := strings.Fields(rest)
		if len(fields) > 2 || fields[0] == "args" || strings.Contains(fields[0], "=") {
			continue
		}
		name, _, _ := strings.Cut(fields[0], "[") // "-buildvcs[=true]"
		checked++
		if !valued(name) && !boolean(name) {
			t.Errorf("-%s is not known", strings.TrimSpace(rest))
			continue
		}
		if (len(fields) == 2) != valued(name) {
			t.Errorf("-%s: taken for a flag with a value: %v", strings.TrimSpace(rest), valued(name))
		}
	}
	if checked < 30 {
		t.Errorf("only %d flags were found in the help of the go command", checked)
	}
}
