package run

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tracetest/internal/record"
)

// A plan can serve: nobody is started, and the socket stays open while an editor or a
// person runs tests again and again. From the first test process that comes until all is
// quiet is one run, with a record of its own.

// quietFor is how long no test process may run before a launch is over. Between two packages
// of one go test the go command compiles, and is alive.
const quietFor = time.Second

// Environment returns what a command needs in its environment for its tests to be
// watched, and the folder of a go command for the front of its PATH.
func (p *Plan) Environment() (env []string, tools string, err error) {
	if tools, err = p.wrapGo(p.overlay); err != nil {
		return nil, "", err
	}
	env = append([]string{"GOFLAGS=" + goFlags(p.tools.GOFLAGS, p.overlay.File), p.barrier.Env()}, p.quietLabels()...)
	if path, more := p.tools.Command(p.overlay.GOROOT); path != "go" {
		env = append(env, more...)
	}
	return env, tools, nil
}

// Await waits for the tests of the next launch. It reports whether some came before a
// signal did. A server that was named and cannot be reached by then is not watched,
// which is returned as an error: the launch is incomplete.
func (p *Plan) Await(ctx context.Context) (came bool, err error) {
	signals := p.o.Signals.Listen()
	defer p.o.Signals.Leave(signals)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	if came = p.barrier.Await(ctx); !came {
		return false, nil
	}
	return true, p.anew(ctx)
}

// anew makes a plan ready for another run.
func (p *Plan) anew(ctx context.Context) error {
	p.written, p.baseline, p.gone = nil, nil, nil
	err := p.openServers(ctx)
	p.findSentinels(ctx)
	return err
}

// Settled ends a run of a plan that serves. What was read of files is forgotten: they
// may be edited before the next.
func (p *Plan) Settled() {
	for _, s := range p.servers {
		s.Close()
	}
	p.barrier.Anew()
	p.source.Forget()
}

// served is the command of a run that others start.
func served() *command { return &command{quiet: make(chan struct{})} }

// over ends it.
func (c *command) over() { close(c.quiet) }

func (c *command) waitForQuiet(signals <-chan os.Signal) record.End {
	select {
	case <-c.quiet:
		return record.End{Complete: true}
	case s := <-signals:
		return record.End{GoExit: -1, Reason: fmt.Sprintf("interrupted (%v) while tests ran", s)}
	}
}

// ticks say when to look whether a launch is over.
func (w *watcher) ticks() (<-chan time.Time, func()) {
	if !w.p.o.Serve {
		return nil, func() {}
	}
	t := time.NewTicker(quietFor / 10)
	return t.C, t.Stop
}

// quiet reports whether a launch is over: no test process runs, none has for a while, and
// what started them has ended, if it is known to start more.
func (r *reports) quiet() bool {
	if r.w.open.Lasting() || !r.w.p.barrier.Quiet() || time.Since(r.last) < quietFor {
		return false
	}
	for pid := range r.parents {
		if starter(pid) {
			return false
		}
	}
	return true
}

// starter reports whether a process is a go command, or a ginkgo that does not watch files. An editor
// and a shell live on. Where the system does not say, nobody is.
func starter(pid int) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return false
	}
	words := strings.Split(string(bytes.TrimRight(line, "\x00")), "\x00")
	name := filepath.Base(words[0])
	return name == "go" || name == "ginkgo" && !slices.Contains(words, "watch")
}
