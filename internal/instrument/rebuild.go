package instrument

import "tracetest/internal/gotest"

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
		flags = append(flags, "-gcflags="+pkg+"=-trimpath="+dir+"=>$GOROOT/src")
	}
	return flags
}
