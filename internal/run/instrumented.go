package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tracetest/internal/barrier"
	"tracetest/internal/gotest"
	"tracetest/internal/instrument"
	"tracetest/internal/record"
)

// lister returns the packages.
type lister func() ([]*gotest.Package, error)

// list begins to list the packages that are tested, which takes longer than to ask the
// servers, and returns what waits for them.
func (p *Plan) list(ctx context.Context) lister {
	if p.o.Instrument == "off" || p.launched() || p.listed != nil {
		return func() ([]*gotest.Package, error) { return p.listed, nil }
	}
	var packages []*gotest.Package
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		packages, err = gotest.ListFor(ctx, p.tools, p.args, "ginkgo")
	}()
	return func() ([]*gotest.Package, error) {
		<-done
		return packages, err
	}
}

// openBarrier prepares the barrier. Without one, and unless it is asked for, the
// run goes on with events only.
func (p *Plan) openBarrier(ctx context.Context, list lister) error {
	if p.o.Instrument == "off" {
		if p.parts != nil {
			return errors.New("--shard-by=spec needs instrumented tests, and --instrument=off says that they are not to be")
		}
		p.reason = "--instrument=off"
		if p.o.Trace == instrument.TraceOn {
			return errors.New("--trace=on needs instrumented tests, and --instrument=off says that they are not to be")
		}
		return nil
	}
	err := p.tryInstrument(ctx, list)
	if err == nil {
		return nil
	}
	if p.launched() {
		return fmt.Errorf("the tests that another command starts have to be instrumented: %w", err)
	}
	if p.parts != nil {
		return fmt.Errorf("--shard-by=spec needs instrumented tests: %w", err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if p.o.Instrument == "on" {
		return fmt.Errorf("--instrument=on: %w", err)
	}
	if p.o.Trace == instrument.TraceOn {
		return fmt.Errorf("--trace=on needs instrumented tests: %w", err)
	}
	p.reason = err.Error()
	return nil
}

func (p *Plan) tryInstrument(ctx context.Context, list lister) (err error) {
	if p.launched() {
		p.listed, p.args, err = listBelow(ctx, p.o.Launch, p.args, p.tools)
	} else {
		p.listed, err = list()
	}
	if err != nil {
		if overlay, set := p.args.Value("overlay"); set {
			err = fmt.Errorf("%w (with your own -overlay=%s)", err, overlay)
		}
		return err
	}
	if p.dir, err = privateDir(); err != nil {
		return err
	}
	if p.overlay, err = instrument.Prepare(ctx, p.dir, p.tools, p.listed, p.args, p.o.Trace); err != nil {
		return err
	}
	byDir := map[string]string{}
	for _, listed := range p.listed {
		byDir[realPath(listed.Dir)] = listed.ImportPath
	}
	p.barrier, err = barrier.Listen(p.dir, func(dir string) string { return byDir[realPath(dir)] },
		barrier.Source{Std: p.standard(), Sets: p.source.Sets, Takes: p.source.Takes})
	if err != nil {
		return err
	}
	p.barrier.Key, p.barrier.Whole = p.o.Secrets.Key(), p.launched()
	if p.o.Shard != nil && p.launched() {
		p.divideBelow()
	}
	if p.parts != nil {
		p.barrier.Part = p.parts.of
	}
	return err
}

// standard says which frames are of the standard library: those of a package
// or a file in GOROOT. A closure of it that was inlined has the name of another
// package.
func (p *Plan) standard() func(record.Frame) bool {
	known := map[string]bool{}
	roots := []string{filepath.Join(p.tools.GOROOT, "src"), filepath.Join(p.overlay.GOROOT, "src")}
	return func(f record.Frame) bool {
		path := f.Package()
		std, ok := known[path]
		if !ok {
			info, err := os.Stat(filepath.Join(roots[0], filepath.FromSlash(path)))
			std = err == nil && info.IsDir() && path != ""
			known[path] = std
		}
		return std || slices.ContainsFunc(roots, func(root string) bool { return strings.HasPrefix(f.File, root+string(filepath.Separator)) })
	}
}

// privateDir makes a folder that nobody else can look into, with a short path:
// the path of a unix socket has at most 104 bytes, and $TMPDIR can be longer.
// Its name begins with a dot, because $TMPDIR can also lie in the user's
// module, and ./... must not match what is in it.
func privateDir() (string, error) {
	dir, err := os.MkdirTemp("", ".tracetest-")
	if err == nil && len(dir) > 90 {
		os.RemoveAll(dir)
		dir, err = os.MkdirTemp("/tmp", ".tracetest-")
	}
	if err != nil {
		return "", fmt.Errorf("making a private folder: %w", err)
	}
	return dir, nil
}

func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}
