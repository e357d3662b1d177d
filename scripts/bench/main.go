// Command bench measures what tracetest costs beside `go test -json` and
// gotestsum, on suites that it generates and a Redis that it starts, and writes
// docs/benchmarks.md. `make bench` runs it, in the root of the repository.
//
// The contenders run in turn (A B C A B C ...), so that whatever else the
// machine does meets them all, and are compared within each round: what counts
// is the median of the ratios of the rounds. Nothing is compared with a
// measurement of another day.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"tracetest/internal/redistest"
)

// options say what is measured.
type options struct {
	quick   bool
	rounds  int
	only    string
	out     string
	profile string
}

// bench is what the measurements share.
type bench struct {
	options
	ctx       context.Context
	root      string // of the repository
	dir       string // temporary
	redis     *redistest.Server
	tracetest string
	gotestsum string
	began     time.Time
	servers   []string // that tracetest watches; nil: the one that the tests use
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	var o options
	flag.BoolVar(&o.quick, "quick", false, "small suites and one round, to try the harness out; writes no page unless -out is given")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each contender runs, at least")
	flag.StringVar(&o.only, "only", "", "measure only what has this in its `name`: a suite, scaling, report or builds")
	flag.StringVar(&o.profile, "profile", "", "measure nothing, but write CPU profiles of the processes of the one suite that -only names, into this `folder`")
	flag.StringVar(&o.out, "out", "", "the page to write (default docs/benchmarks.md, and none with -quick or -only)")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unknown argument %q: see -help", flag.Arg(0))
	}
	if o.out == "" && !o.quick && o.only == "" && o.profile == "" {
		o.out = filepath.Join("docs", "benchmarks.md")
	}
	if o.quick {
		o.rounds = 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		stop()
		log.Fatal(err)
	}
}

func run(ctx context.Context, o options) (err error) {
	b := &bench{options: o, ctx: ctx, began: time.Now()}
	if b.root, err = os.Getwd(); err != nil {
		return err
	}
	if _, err := os.Stat("cmd/tracetest"); err != nil {
		return fmt.Errorf("this is to be run in the root of the repository, as make bench does: %w", err)
	}
	if b.dir, err = os.MkdirTemp("", "tracetest-bench-"); err != nil {
		return err
	}
	defer b.remove()
	if b.redis, err = redistest.Run(b.dir); err != nil {
		return err
	}
	defer b.redis.Close()
	if err := b.build(); err != nil {
		return err
	}
	if o.profile != "" {
		return b.profiles()
	}
	r, err := b.measure()
	if err != nil {
		return err
	}
	m, err := b.machine()
	if err != nil {
		return err
	}
	page := r.page(m, o.command(), time.Since(b.began))
	fmt.Print("\n", page)
	if o.out == "" {
		return nil
	}
	return os.WriteFile(o.out, []byte(page), 0o644)
}

// remove removes what was written, copies of modules among it, which nobody may write to.
func (b *bench) remove() {
	filepath.WalkDir(b.dir, func(path string, d os.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	if err := os.RemoveAll(b.dir); err != nil {
		log.Print(err)
	}
}

// command is what was typed.
func (o options) command() string {
	switch {
	case len(os.Args) > 1:
		return "go run ./scripts/bench " + strings.Join(os.Args[1:], " ")
	}
	return "make bench"
}

// build builds tracetest as it is checked out, and gotestsum in the version of
// go.mod. The latter needs more modules than go.mod has, for we use a part of it.
func (b *bench) build() error {
	b.tracetest, b.gotestsum = filepath.Join(b.dir, "tracetest"), filepath.Join(b.dir, "gotestsum")
	version, err := b.say("go", "list", "-m", "-f={{.Version}}", gotestsumModule)
	if err != nil {
		return err
	}
	if _, err := b.start(b.root, nil, "go", "build", "-buildvcs=false", "-o", b.tracetest, "./cmd/tracetest"); err != nil {
		return err
	}
	_, err = b.start(b.root, []string{"GOBIN=" + b.dir}, "go", "install", gotestsumModule+"@"+version)
	return err
}

const gotestsumModule = "gotest.tools/gotestsum"

// say returns what a program prints.
func (b *bench) say(command ...string) (string, error) {
	out, err := exec.CommandContext(b.ctx, command[0], command[1:]...).Output()
	if err != nil {
		return "", fmt.Errorf("%v: %w", command, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// wanted says whether something is to be measured.
func (b *bench) wanted(name string) bool { return b.only == "" || strings.Contains(name, b.only) }

// suites are those that are compared.
func (b *bench) suites() ([]suite, error) {
	all := suites(b.quick)
	if !b.wanted("real") {
		return all, nil
	}
	real, err := b.real()
	if err != nil {
		return nil, fmt.Errorf("the suite of a public module: %w", err)
	}
	if len(real) == 0 {
		log.Printf("%s could not be had", realModule)
	}
	return append(all, real...), nil
}

// measure runs everything that is wanted.
func (b *bench) measure() (*results, error) {
	r := &results{options: b.options}
	all, err := b.suites()
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if !b.wanted(s.name) {
			continue
		}
		c, err := b.compare(s)
		if err != nil {
			return nil, fmt.Errorf("suite %s: %w", s.name, err)
		}
		r.suites = append(r.suites, c)
	}
	if b.wanted("report") {
		grown, err := b.growth()
		if err != nil {
			return nil, fmt.Errorf("triage and report: %w", err)
		}
		r.grown = grown
	}
	if b.wanted("scaling") {
		scaled, err := b.scaling()
		if err != nil {
			return nil, fmt.Errorf("scaling: %w", err)
		}
		r.scaled = scaled
	}
	if b.wanted("builds") {
		built, err := b.firstBuilds()
		if err != nil {
			return nil, fmt.Errorf("builds: %w", err)
		}
		r.builds = built
	}
	return r, nil
}
