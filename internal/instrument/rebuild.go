package instrument

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

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

// lastingFor is how long patched files are kept that no run has used.
const lastingFor = 30 * 24 * time.Hour

// lastingDir returns a folder in the build cache for these files, the same in each run.
func lastingDir(tools *gotest.Toolchain, files map[string][]byte) (string, error) {
	if !filepath.IsAbs(tools.GOCACHE) || strings.ContainsAny(tools.GOCACHE, " \t\n'\"=;$") {
		return "", errors.New("the flag of the compiler has no such paths")
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%s %d\n%s", name, len(files[name]), files[name])
	}
	all := filepath.Join(tools.GOCACHE, "tracetest")
	dir := filepath.Join(all, fmt.Sprintf("%x", sum.Sum(nil)[:8]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	now := time.Now()
	if err := os.Chtimes(dir, now, now); err != nil {
		return "", err
	}
	others, _ := os.ReadDir(all)
	for _, other := range others {
		if info, err := other.Info(); err == nil && now.Sub(info.ModTime()) > lastingFor {
			os.RemoveAll(filepath.Join(all, other.Name()))
		}
	}
	return dir, nil
}

// flags are the flags of the compiler by which the names of files are kept.
func (r *replacements) flags() (flags []string) {
	for _, pkg := range steady() {
		flags = append(flags, "-gcflags="+pkg+"=-trimpath="+r.dir+"=>$GOROOT/src")
	}
	return flags
}
