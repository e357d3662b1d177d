package run

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/snapshot"
)

// fakeServer is a Redis with one configuration, that notes what it is asked.
type fakeServer struct {
	n              int
	log            func(string)
	target         snapshot.Target
	first          map[string]string // to go back to
	config, shown  map[string]string
	tests          map[string]bool // parameters that tests have set; which are to be restored, TestUndo checks
	down, restarts bool
	counters       *record.Counters
	partial        string
	during         func() // a snapshot, once
	restoring      func() // a restore, once
}

func (f *fakeServer) Sample(ctx context.Context) record.Snapshot {
	f.log(fmt.Sprint("sample ", f.n))
	if during := f.during; during != nil {
		f.during = nil
		during()
	}
	return f.sample(ctx)
}

func (f *fakeServer) sample(ctx context.Context) record.Snapshot {
	snap := record.Snapshot{Server: f.n, Sent: time.Now(), Received: time.Now()}
	switch {
	case ctx.Err() != nil:
		snap.Error = "cancelled"
	case f.down:
		snap.Error, snap.Gone = "connection refused", true
	default:
		for name, value := range f.config {
			if f.shown[name] != value {
				if snap.Config == nil {
					snap.Config = map[string]string{}
				}
				snap.Config[name] = value
			}
		}
		if f.restarts {
			snap.RunID, f.restarts = "another", false
		}
		if f.counters != nil {
			counters := *f.counters
			snap.Counters = &counters
		}
		f.shown = maps.Clone(f.config)
	}
	return snap
}

func (f *fakeServer) Mark() snapshot.Mark { return snapshot.Mark{} }

func (f *fakeServer) Restore(ctx context.Context, _ snapshot.Claims) snapshot.Restored {
	return snapshot.Restored{Wrote: f.restore(ctx)}
}

func (f *fakeServer) restore(ctx context.Context) *record.Restore {
	f.log(fmt.Sprint("restore ", f.n))
	done := &record.Restore{Server: f.n, Values: map[string]string{}}
	for name := range f.tests {
		if f.config[name] != f.first[name] {
			done.Values[name] = f.first[name]
		}
	}
	if len(done.Values) == 0 {
		return nil
	}
	if f.down || ctx.Err() != nil {
		done.Error = "no connection"
		return done
	}
	if restoring := f.restoring; restoring != nil {
		f.restoring = nil
		restoring()
	}
	maps.Copy(f.config, done.Values)
	snap := f.sample(ctx)
	done.Snapshot = &snap
	return done
}

func (f *fakeServer) Clients(context.Context) ([]record.Client, error) {
	f.log(fmt.Sprint("clients ", f.n))
	return nil, nil
}

func (f *fakeServer) Leave(context.Context) bool {
	f.log(fmt.Sprint("leave ", f.n))
	return true
}
func (f *fakeServer) Return(context.Context)          { f.log(fmt.Sprint("return ", f.n)) }
func (f *fakeServer) Target() snapshot.Target         { return f.target }
func (f *fakeServer) Ports() (string, string, string) { return "", "", "" }
func (f *fakeServer) Parameter(name string) string    { return strings.ToLower(name) }
func (f *fakeServer) Knows(parameter string) bool     { return f.first[parameter] != "" }
func (f *fakeServer) set(name, value string)          { f.config[name] = value }
func (f *fakeServer) begin() record.Server {
	return record.Server{Index: f.n, RunID: fmt.Sprint("run ", f.n), Config: f.first, Counters: &record.Counters{}, Partial: f.partial}
}
func address(n int) string { return fmt.Sprint("127.0.0.1:", 1+n) }
