// Package gotest is the go command as tracetest sees it: its command line, its
// toolchain, the packages that it will test and the events that it prints.
//
// The user's arguments are read to learn what is already set and what must not
// be; they are never written anew. What stands behind "--" reaches `go test`
// byte for byte and in order.
package gotest

import (
	"fmt"
	"slices"
	"strings"
)

// Args is a user's `go test` command line.
type Args struct {
	User []string // everything behind "--", as it was given
	// Packages given before "--", or ./... where the user named none at all.
	Packages []string

	flags    []flag
	embedded []string // packages that stand among User
}

type flag struct {
	name  string // without dashes and without "test."
	value string
	user  bool // from the command line and not from GOFLAGS
	at    int  // index in User of the argument that holds the value; -1: there is none
}

// valued lists the flags of `go test` (Go 1.22 to 1.27, `go help build`,
// `go help testflag`) that take their value from the next argument when it is
// not given with "=". All others are boolean or belong to the test binary.
func valued(name string) bool {
	switch name {
	case "C", "asmflags", "bench", "benchtime", "blockprofile", "blockprofilerate", "buildmode",
		"compiler", "count", "covermode", "coverpkg", "coverprofile", "cpu", "cpuprofile",
		"debug-actiongraph", "debug-runtime-trace", "debug-trace", "exec",
		"fuzz", "fuzzminimizetime", "fuzztime", "gccgoflags", "gcflags", "installsuffix",
		"ldflags", "list", "memprofile", "memprofilerate", "mod", "modfile", "mutexprofile",
		"mutexprofilefraction", "o", "outputdir", "overlay", "p", "parallel", "pgo", "pkgdir", "run",
		"shuffle", "skip", "tags", "timeout", "toolexec", "trace", "vet":
		return true
	}
	return false
}

func boolean(name string) bool {
	switch name {
	case "a", "artifacts", "asan", "benchmem", "buildvcs", "c", "changelist", "cover", "failfast", "fullpath",
		"i", "json", "linkshared", "modcacherw", "msan", "n", "race", "short", "trimpath", "v", "work", "x":
		return true
	}
	return false
}

// IsFlag reports whether go test has a flag of this name.
func IsFlag(name string) bool { return valued(name) || boolean(name) || name == "args" }

// prefixed reports whether a flag may also be written with "test." before it,
// as the test binary knows it.
func prefixed(name string) bool {
	switch name {
	case "artifacts", "bench", "benchmem", "benchtime", "blockprofile", "blockprofilerate", "count", "cpu",
		"cpuprofile", "failfast", "fullpath", "fuzz", "fuzzminimizetime", "fuzztime", "list", "memprofile",
		"memprofilerate", "mutexprofile", "mutexprofilefraction", "outputdir", "parallel", "run", "short",
		"shuffle", "skip", "timeout", "trace", "v":
		return true
	}
	return false
}

// ParseArgs reads the packages given before "--", the arguments behind it and
// the value of GOFLAGS. It refuses what cannot work under tracetest.
func ParseArgs(packages, user []string, goflags string) (*Args, error) {
	a := &Args{User: user, Packages: packages}
	words, err := splitQuoted(goflags)
	if err != nil {
		return nil, fmt.Errorf("reading GOFLAGS: %w", err)
	}
	for _, word := range words {
		if name, value, _ := flagOf(word); name != "" {
			a.flags = append(a.flags, flag{name: name, value: value, at: -1})
		}
	}
	a.scan(user)
	if len(packages) > 0 && len(a.embedded) > 0 {
		return nil, fmt.Errorf("packages stand before and behind \"--\" (%s and %s): go test takes one list of packages, put them all before \"--\"",
			strings.Join(packages, " "), strings.Join(a.embedded, " "))
	}
	if len(packages) == 0 && len(a.embedded) == 0 {
		a.Packages = []string{"./..."}
	}
	return a, a.refuse()
}

// Embedded returns the packages that stand among the arguments of the user.
func (a *Args) Embedded() []string { return a.embedded }

// splitQuoted splits a list as the go command splits GOFLAGS: at spaces, where
// a whole word, and not a part of one, may stand in quotes.
func splitQuoted(text string) ([]string, error) {
	const spaces = " \t\n\r"
	var words []string
	for text = strings.TrimLeft(text, spaces); text != ""; text = strings.TrimLeft(text, spaces) {
		if quote := text[:1]; quote == `"` || quote == "'" {
			word, rest, closed := strings.Cut(text[1:], quote)
			if !closed {
				return nil, fmt.Errorf("unterminated %s string", quote)
			}
			words, text = append(words, word), rest
			continue
		}
		end := strings.IndexAny(text, spaces)
		if end < 0 {
			end = len(text)
		}
		words, text = append(words, text[:end]), text[end:]
	}
	return words, nil
}

// flagOf takes a flag apart. The name is empty where the argument is no flag.
func flagOf(arg string) (name, value string, hasValue bool) {
	body, dashed := strings.CutPrefix(arg, "-")
	if !dashed {
		return "", "", false
	}
	name, value, hasValue = strings.Cut(strings.TrimPrefix(body, "-"), "=")
	if short, test := strings.CutPrefix(name, "test."); test && prefixed(short) {
		name = short
	}
	return name, value, hasValue
}

// scan follows the rules of the go command (testFlags in its source): the first
// arguments that are no flags are packages; what follows -args or "--", or a
// word that is neither a package nor the value of a flag, belongs to the test
// binary.
func (a *Args) scan(user []string) {
	closed := false     // the list of packages has ended, or cannot come any more
	maybeValue := false // the next word may be the value of a flag that go test does not know
	for i := 0; i < len(user); i++ {
		arg := user[i]
		wasMaybe := maybeValue
		maybeValue = false
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			switch {
			case !closed:
				a.embedded = append(a.embedded, arg)
			case !wasMaybe:
				return
			}
			continue
		}
		closed = closed || len(a.embedded) > 0
		name, value, hasValue := flagOf(arg)
		if name == "" || name == "args" {
			return
		}
		if !valued(name) && !boolean(name) {
			closed, maybeValue = true, !hasValue
		}
		at := i
		if valued(name) && !hasValue {
			if at = -1; i+1 < len(user) {
				i++
				at, value = i, user[i]
			}
		}
		a.flags = append(a.flags, flag{name: name, value: value, user: true, at: at})
	}
}

// Value returns the value that go test will use for a flag: the last one, of
// the command line before GOFLAGS. A boolean flag without a value is "true".
func (a *Args) Value(name string) (value string, set bool) {
	for _, fromUser := range []bool{true, false} {
		for _, f := range slices.Backward(a.flags) {
			if f.name == name && f.user == fromUser {
				if f.value == "" && boolean(name) {
					return "true", true
				}
				return f.value, true
			}
		}
	}
	return "", false
}

func (a *Args) on(name string) bool {
	value, set := a.Value(name)
	return set && value != "false" && value != "0" && value != "f" && value != "F" && value != "FALSE" && value != "False"
}

func (a *Args) refuse() error {
	if a.on("c") {
		return fmt.Errorf("-c compiles a test binary and runs no test: use `go test -c`, tracetest has nothing to watch")
	}
	if a.on("n") {
		return fmt.Errorf("-n prints commands and runs no test: use `go test -n`, tracetest has nothing to watch")
	}
	if value, set := a.Value("json"); set && !a.on("json") {
		return fmt.Errorf("-json=%s: tracetest reads the tests' progress from `go test -json`, leave -json away", value)
	}
	return nil
}

// Dir returns the value of -C, in which the go command will run, or "".
func (a *Args) Dir() string {
	dir, _ := a.Value("C")
	return dir
}

// GoTest returns the arguments of the go command: what tracetest adds where
// the user did not set it, the packages, and then the user's own.
//
// -count=1 because a cached package runs nothing and would look clean, -p=1
// because packages share the server. A -C must come first (`go help build`).
//
// Overlay is the path of an overlay file that contains the user's own, or
// empty. Of several -overlay the last one counts, so the user's is the one
// argument whose value is replaced. Flags are others that go with it.
func (a *Args) GoTest(overlay string, flags []string) []string {
	user := slices.Clone(a.User)
	for _, f := range a.flags {
		if f.user && f.name == "overlay" && f.at >= 0 && overlay != "" {
			name, _, joined := strings.Cut(user[f.at], "=")
			user[f.at] = overlay
			if joined {
				user[f.at] = name + "=" + overlay
			}
		}
	}
	args := []string{"test"}
	if n := leadingDir(user); n > 0 {
		args, user = append(args, user[:n]...), user[n:]
	}
	if !a.on("json") || !a.fromUser("json") {
		args = append(args, "-json")
	}
	if _, set := a.Value("count"); !set {
		args = append(args, "-count=1")
	}
	if _, set := a.Value("p"); !set {
		args = append(args, "-p=1")
	}
	if overlay != "" && !a.fromUser("overlay") {
		args = append(args, "-overlay="+overlay)
	}
	args = append(args, flags...)
	if len(a.embedded) == 0 {
		args = append(args, a.Packages...)
	}
	return append(args, user...)
}

func (a *Args) fromUser(name string) bool {
	return slices.ContainsFunc(a.flags, func(f flag) bool { return f.user && f.name == name })
}

// leadingDir returns how many arguments a -C at the front takes.
func leadingDir(user []string) int {
	if len(user) == 0 {
		return 0
	}
	name, _, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(user[0], "-"), "-"), "=")
	switch {
	case name != "C" || !strings.HasPrefix(user[0], "-"):
		return 0
	case hasValue || len(user) == 1:
		return 1
	}
	return 2
}

// list returns the arguments for a `go list` that sees packages as the go test
// of these arguments will.
func (a *Args) list(flags, packages []string) []string {
	args := []string{"list"}
	if n := leadingDir(a.User); n > 0 {
		args = append(args, a.User[:n]...)
	}
	args = append(args, flags...)
	for _, f := range a.flags {
		switch f.name {
		case "tags", "mod", "modfile", "race", "msan", "asan", "compiler", "buildmode", "overlay", "installsuffix":
			if !f.user {
				continue // GOFLAGS reaches go list as well
			}
			arg := "-" + f.name
			if f.value != "" || valued(f.name) {
				arg += "=" + f.value
			}
			args = append(args, arg)
		}
	}
	return append(append(args, "--"), packages...)
}

// patterns returns the package patterns that will be tested.
func (a *Args) patterns() []string {
	if len(a.embedded) > 0 {
		return a.embedded
	}
	return a.Packages
}
