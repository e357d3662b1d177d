package instrument

import (
	"path/filepath"
	"strings"

	"tracetest/internal/gotest"
)

// The go command compiles a package once more where one that it imports has other content, and
// compares only what came out. So it stops at packages whose compiled form is what it was
// before, and that is so where what they import of a patched one is: patches.go keeps
// types and symbols, and here the names of files are kept. Of a file that an overlay replaces the
// compiler is given the name /usr/local/go/src/net/net.go, of one that none replaces
// $GOROOT/src/net/net.go. The flag -trimpath of the compiler says otherwise.
//
// The flag is a part of what the go command knows a compiled package by. So the patched files
// stand where they stood in the run before, beside what was compiled from them.

// steady returns the packages of which others import what they import where nothing is patched.
// Of testing and runtime/pprof they need not: few packages import these.
func steady() []string { return []string{"crypto/tls", "net", "syscall"} }

// keepsNames reports whether the names of files can be kept. With flags of the user's own for the
// compiler they cannot; with -trimpath they are the same already.
func keepsNames(args *gotest.Args) bool {
	_, compiler := args.Value("gcflags")
	_, trimmed := args.Value("trimpath")
	return !compiler && !trimmed
}

// namesKept are the flags of the compiler by which the files of a folder have the names of those
// that they replace.
func namesKept(dir string) (flags []string) {
	for _, pkg := range steady() {
		flags = append(flags, compilerFlags+pkg+"=-trimpath="+dir+"=>$GOROOT/src")
	}
	return flags
}

const compilerFlags = "-gcflags="

// FlagsIn returns Flags for a go command that runs in a folder: with packages by their folders. Of a name
// the go command makes a regular expression again for each package that it loads, for each tested
// one: 3 ms of 150 at the least (MatchPackage in cmd/go/internal/load, as of Go 1.26).
func (o *Overlay) FlagsIn(dir string) (flags []string) {
	for _, flag := range o.Flags {
		pkg, then, _ := strings.Cut(strings.TrimPrefix(flag, compilerFlags), "=")
		rel, err := filepath.Rel(dir, filepath.Join(o.GOROOT, "src", filepath.FromSlash(pkg)))
		if err != nil || !filepath.IsAbs(dir) || strings.ContainsAny(rel, " \t\n'\"=") || strings.Contains(rel, "...") {
			return o.Flags
		}
		flags = append(flags, compilerFlags+"./"+filepath.ToSlash(rel)+"="+then)
	}
	return flags
}
