package rerun

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/redact"
	"tracetest/internal/run"
	"tracetest/internal/snapshot"
)

// fakeWorld has false servers and false tests, and notes what is asked of it.
type fakeWorld struct {
	log                 []string
	servers             []*fakeServer // those that are started come behind those that were named
	named               int
	cancel              context.CancelFunc
	stillborn, unusable bool // how the next server that is started is
	// unfit says which options no trial may have, and alone how a test ends that is no other's, by what runs.
	unfit func(run.Options) bool
	alone func(tests []string) string
}

func newWorld(t *testing.T, servers int) (*fakeWorld, context.Context) {
	w := &fakeWorld{named: servers}
	ctx, cancel := context.WithCancel(t.Context())
	w.cancel = cancel
	for range servers {
		w.add()
	}
	return w, ctx
}

func (w *fakeWorld) note(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

func (w *fakeWorld) add() *fakeServer {
	s := &fakeServer{w: w, n: len(w.servers), first: map[string]string{"hz": "10", "timeout": "0", "replicaof": ""}}
	s.config = maps.Clone(s.first)
	w.servers = append(w.servers, s)
	return s
}

// options name the servers of the user.
func (w *fakeWorld) options() run.Options {
	o := run.Options{Secrets: redact.New()}
	for _, s := range w.servers[:w.named] {
		o.Targets = append(o.Targets, s.Target())
	}
	return o
}

func (w *fakeWorld) connect(_ context.Context, o run.Options, index int) (server, error) {
	for _, s := range w.servers {
		if s.Target().Address() == o.Targets[index].Address() {
			w.note("connect %d", s.n)
			if s.down {
				return nil, errors.New("connection refused")
			}
			return s, nil
		}
	}
	return nil, errors.New("no such server")
}

func (w *fakeWorld) start(context.Context, run.Options) (*private, error) {
	w.note("start")
	if w.stillborn {
		return nil, errors.New("it ended at once")
	}
	s := w.add()
	s.down = w.unusable
	return &private{address: s.Target().Address(), env: func([]string) []string { return []string{"REDIS_ADDR=" + s.Target().Address()} },
		close: func() error { w.note("end %d", s.n); return nil }}, nil
}

var (
	chosen = regexp.MustCompile(`Test\w+`)
)

// at is the server that tests use: that which the environment names, else the first.
func (w *fakeWorld) at(o run.Options) *fakeServer {
	for _, e := range o.Env {
		if to, is := strings.CutPrefix(e, "REDIS_ADDR="); is {
			return w.servers[slices.IndexFunc(w.servers, func(s *fakeServer) bool { return s.Target().Address() == to })]
		}
	}
	return w.servers[0]
}

// run runs false tests, which do what their names say.
func (w *fakeWorld) run(ctx context.Context, o run.Options, more func(record.Entry)) Result {
	r := Result{Outcomes: NewOutcomes(), Findings: &findings.Findings{}}
	r.Findings.Run.Complete = true
	tests := chosen.FindAllString(strings.Join(o.Args, " "), -1)
	at := w.at(o)
	on := ""
	if at.n > 0 {
		on = fmt.Sprint(" on ", at.n)
	}
	w.note("run %s %s restore=%s%s", strings.Join(o.Packages, ","), strings.Join(tests, ","), o.Restore, on)
	if ctx.Err() != nil {
		r.Err = ctx.Err()
		return r
	}
	if w.unfit != nil && w.unfit(o) {
		w.note("with options that no trial may have")
	}
	set := map[string]bool{}
	for i, name := range tests {
		owner := int64(i + 1)
		if more != nil {
			more(record.Entry{Boundary: &record.Boundary{Begin: &record.Owner{ID: owner, Name: name}}})
		}
		if o.Units != nil {
			o.Units(ctx, nil)
		}
		status := "pass"
		switch name {
		case "TestLeak", "TestStubborn":
			at.config["hz"], set["hz"] = "20", true
		case "TestOutside":
			at.config["timeout"] = "9"
		case "TestKeys":
			at.keys++
		case "TestDown":
			at.down = true
		case "TestRestart":
			at.run, at.config = at.run+1, maps.Clone(at.first)
		case "TestFailover":
			at.config["replicaof"] = "b 1"
		case "TestStop":
			w.cancel()
			r.Findings.Run.Complete, r.Findings.Run.Incomplete = false, "interrupted (interrupt)"
		case "TestElsewhere":
			r.Findings.Endpoints = append(r.Findings.Endpoints, findings.Endpoint{Address: "127.0.0.1:99"})
		case "TestVictim":
			if at.down || at.config["hz"] != "10" || at.keys > 0 {
				status = "fail"
			}
		default:
			if w.alone != nil {
				status = w.alone(tests)
			}
		}
		r.Outcomes.Add(record.Entry{Test: &record.Test{Package: o.Packages[0], Test: name, Action: status}})
		if status == "fail" {
			r.Findings.Failures = append(r.Findings.Failures, findings.Failure{Package: o.Packages[0], Test: name, Status: "fail", Message: "it failed"})
		}
		if name == "TestLeak" && o.Restore == run.RestoreTest && !slices.Contains(o.Keep, "hz") {
			at.config["hz"] = "10"
			delete(set, "hz")
			r.Findings.Restored = append(r.Findings.Restored, findings.Restore{After: &record.Name{Package: o.Packages[0], Test: name}, Values: map[string]string{"hz": "10"}})
		}
		if o.Units != nil {
			o.Units(ctx, &record.Ref{Package: o.Packages[0], Owner: owner})
		}
		if ctx.Err() != nil {
			break
		}
	}
	for _, name := range tests {
		if name == "TestLeak" || name == "TestStubborn" {
			by := record.Name{Package: o.Packages[0], Test: name}
			r.Findings.Leaks = append(r.Findings.Leaks, findings.Change{Server: "s", Parameter: "hz", By: &by})
		}
	}
	if o.Restore == run.RestoreRun && set["hz"] && !at.down && !slices.Contains(tests, "TestStubborn") {
		at.config["hz"] = "10"
		delete(set, "hz")
	}
	r.Written = []run.Written{{Names: slices.Collect(maps.Keys(set)), At: at.Mark()}}
	return r
}

// fakeServer is a Redis of which tracetest can have a connection.
type fakeServer struct {
	w             *fakeWorld
	n             int
	run           int
	first, config map[string]string
	keys          int64
	down, refuses bool
}

func (s *fakeServer) Sample(ctx context.Context) record.Snapshot {
	s.w.note("look %d", s.n)
	switch {
	case ctx.Err() != nil:
		return record.Snapshot{Error: "cancelled"}
	case s.down:
		return record.Snapshot{Error: "connection refused"}
	}
	return record.Snapshot{Counters: &record.Counters{Keys: map[string]int64{"db0": s.keys}}}
}

func (s *fakeServer) Mark() snapshot.Mark {
	return snapshot.NewMark(maps.Clone(s.config), fmt.Sprint(s.n, " ", s.run))
}

func (s *fakeServer) Shown() map[string]string { return s.config }

// Restore goes by the same law as a real one.
func (s *fakeServer) Restore(ctx context.Context, claims snapshot.Claims) (done snapshot.Restored) {
	names, left := claims.Allowed(s.Mark())
	done.Left = left
	if len(names) == 0 {
		return done
	}
	s.w.note("restore %d %s", s.n, strings.Join(names, ","))
	done.Wrote = &record.Restore{Values: map[string]string{}}
	if ctx.Err() != nil || s.refuses {
		done.Wrote.Error = "no, said the server"
		return done
	}
	for _, name := range names {
		s.config[name], done.Wrote.Values[name] = s.first[name], s.first[name]
	}
	return done
}

func (s *fakeServer) Contents(_ context.Context, keys, server bool) (snapshot.Contents, error) {
	s.w.note("read %d%s", s.n, contents(keys, server))
	if s.down {
		return snapshot.Contents{}, errors.New("connection refused")
	}
	return snapshot.Contents{}, nil
}

func contents(keys, server bool) (text string) {
	if keys {
		text += " keys"
	}
	if server {
		text += " users"
	}
	return text
}

func (s *fakeServer) PutBack(_ context.Context, _ snapshot.Contents, keep []string) ([]snapshot.Thing, error) {
	s.w.note("put back %d", s.n)
	if s.down {
		return nil, errors.New("connection refused")
	}
	if s.keys > 0 {
		s.keys = 0
		return []snapshot.Thing{{What: "key", Name: "k"}}, nil
	}
	return nil, nil
}

func (s *fakeServer) Forget(context.Context, snapshot.Mark) error {
	s.w.note("flush %d", s.n)
	if s.down {
		return errors.New("connection refused")
	}
	s.keys = 0
	return nil
}

func (s *fakeServer) Target() snapshot.Target {
	target, err := snapshot.ParseTarget(fmt.Sprint("127.0.0.1:", 1+s.n))
	if err != nil {
		panic(err)
	}
	return target
}

func (s *fakeServer) Close() error {
	s.w.note("close %d", s.n)
	return nil
}
