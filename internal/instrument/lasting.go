package instrument

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tracetest/internal/gotest"
)

// lasting is where patched files of the standard library stand from run to run: a folder in the
// build cache for each content, and for each toolchain a file that says which folder it is and what is in
// it, so that they need not be made again. The zero value keeps nothing.
type lasting struct {
	root string // in the build cache
	key  string // of the toolchain, and of what is patched
}

// lastingFor is how long is kept what no run has used.
const lastingFor = 30 * 24 * time.Hour

func newLasting(tools *gotest.Toolchain, args *gotest.Args, trace Trace) lasting {
	// A path with one of these is none in a flag of the compiler.
	if !keepsNames(args) || !filepath.IsAbs(tools.GOCACHE) || strings.ContainsAny(tools.GOCACHE, " \t\n'\"=;$") {
		return lasting{}
	}
	sum := sha256.New()
	patches := append(tracePatches(tools.GOROOT, tools.GOOS, tools.GOARCH), testingPatch(tools.GOROOT, tools.GOOS, trace != TraceOff))
	fmt.Fprintf(sum, "%v %s %s %v\n", trace == TraceOff, tools.GOROOT, tools.GOVERSION, patches)
	fs.WalkDir(injected, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			text, _ := injected.ReadFile(path)
			fmt.Fprintf(sum, "%s %d\n%s", path, len(text), text)
		}
		return err
	})
	for _, p := range patches {
		dir := filepath.Join(tools.GOROOT, "src", filepath.FromSlash(p.dir))
		for _, name := range append(slices.Sorted(maps.Keys(p.anchors)), "") {
			if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
				fmt.Fprintln(sum, name, info.Size(), info.ModTime().UnixNano())
			}
		}
	}
	return lasting{root: filepath.Join(tools.GOCACHE, "tracetest"), key: fmt.Sprintf("%x", sum.Sum(nil)[:8])}
}

// find returns the folder and what is in it, by its path below src; nil where it is not all there.
func (l lasting) find() (dir string, names []string) {
	if l.root == "" {
		return "", nil
	}
	text, err := os.ReadFile(l.index())
	if err != nil {
		return "", nil
	}
	folder, list, _ := strings.Cut(string(text), "\n")
	dir = filepath.Join(l.root, filepath.Base(folder))
	for name := range strings.Lines(list) {
		name = strings.TrimSuffix(name, "\n")
		if info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil || info.Size() == 0 || !filepath.IsLocal(name) {
			return "", nil
		}
		names = append(names, name)
	}
	now := time.Now()
	for _, used := range []string{dir, l.index()} {
		if os.Chtimes(used, now, now) != nil {
			return "", nil
		}
	}
	return dir, names
}

// dir makes the folder for files, by their path below src, and removes what no run has used for long.
func (l lasting) dir(files map[string][]byte) (string, error) {
	if l.root == "" {
		return "", errors.New("nothing lasts")
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%s %d\n%s", name, len(files[name]), files[name])
	}
	dir := filepath.Join(l.root, fmt.Sprintf("%x", sum.Sum(nil)[:8]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	now := time.Now()
	if err := os.Chtimes(dir, now, now); err != nil {
		return "", err
	}
	all, _ := os.ReadDir(l.root)
	for _, one := range all {
		if info, err := one.Info(); err == nil && now.Sub(info.ModTime()) > lastingFor {
			os.RemoveAll(filepath.Join(l.root, one.Name()))
		}
	}
	return dir, nil
}

// note notes what is in a folder. Where that cannot be, the next run makes it once more.
func (l lasting) note(dir string, names []string) {
	to := &replacements{l.root, map[string]string{}}
	to.write("", filepath.Base(l.index()), []byte(filepath.Base(dir)+"\n"+strings.Join(names, "\n")+"\n"))
}

func (l lasting) index() string { return filepath.Join(l.root, l.key+".txt") }
