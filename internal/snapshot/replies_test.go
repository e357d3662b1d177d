package snapshot

import (
	"fmt"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"tracetest/internal/redistest"
)

// A value of KeyDB can be an array, and of others none at all.
func TestValuesThatAreNoStrings(t *testing.T) {
	reply := []any{"none", []any{}, "null", nil, "list", []any{"one", "ab", "c"}, "number", int64(1), int64(2), "no name", "a", "b", "odd"}
	want := map[string]string{"none": "", "null": "", "list": "one ab c", "number": "1", "a": "b"}
	if got := pairs(reply); !maps.Equal(got, want) {
		t.Errorf("it reads %q, want %q", got, want)
	}
}

// What is no reply, or not the one that was asked for, is a gap that says so, and no
// configuration: whatever stands at that address by then.
func TestWhatIsNoReplyIsAGap(t *testing.T) {
	server := redistest.Start(t)
	for _, text := range []string{
		"HTTP/1.1 400 Bad Request\r\n\r\n", "$x\r\n", "$-1\r\n", "*1\r\n*1\r\n*0\r\n", "*-1\r\n", ":1\r\n", "$3\nabc\n", "\r\n", "-\n", "",
	} {
		var turned atomic.Bool
		addr := between(t, server.Addr, func() (string, bool) { return text, turned.Load() })
		s, _ := open(t, addr, Options{Timeout: time.Second})
		snap(t, s)
		turned.Store(true)
		if got := s.Sample(t.Context()); got.Error == "" || len(got.Config) > 0 {
			t.Errorf("%q reads %+v", text, got)
		}
	}
}

// The short way through INFO must say what the long one does.
func FuzzFigures(f *testing.F) {
	reply := shared.Do(f, "info", "everything")
	f.Add(reply)
	f.Add("# Server\r\nrun_id:abc\r\nused_memory:1\r\ncmdstat_set:calls=1,rejected_calls=2\r\ndb0:keys=1,expires=0\r\nerrorstat_OOM:count=3\r\n")
	f.Add("used_memory:-\ndb:keys=\ncmdstat_:rejected_calls=99999999999999999999\ndb1:keys=0\ndb1:keys=1\ndb1:keys=0")
	f.Add("used_memory:\r\r\nused_memory:x\r\n#used_memory:1\ncmdstat_config|set:calls=x,calls=5\ncmdstat_config|resetstat:xcalls=1,calls=2\nevicted_keys:7")
	f.Fuzz(func(t *testing.T, reply string) {
		long, short := parseInfo(reply), readFigures(reply)
		want, got := long.counters(), short.counters
		if short.runID != long["run_id"] {
			t.Errorf("run_id %q, want %q", short.runID, long["run_id"])
		}
		if (want == nil) != (got == nil) {
			t.Fatalf("%+v, want %+v", got, want)
		}
		if want == nil {
			return
		}
		if !maps.Equal(got.Keys, want.Keys) {
			t.Errorf("%+v, want %+v", got, want)
		}
		a, b := *got, *want
		a.Keys, b.Keys = nil, nil
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%+v, want %+v", a, b)
		}
	})
}

// Guards against a reply that is not read because it is what an earlier one
// was, where nobody had seen the earlier one: it came too late. The snapshot that
// comes next must still show what changed.
func TestWhatALateAnswerShowedIsSeenLater(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{Timeout: 100 * time.Millisecond})
	snap(t, s)
	for _, hz := range []string{"21", "22", "23"} {
		server.Do(t, "client", "pause", "400", "all")
		set := make(chan error)
		go func() {
			_, err := server.Try("config", "set", "hz", hz)
			set <- err
		}()
		time.Sleep(50 * time.Millisecond) // so that the server has it before the snapshot
		if l := s.Sample(t.Context()); l.Error == "" {
			t.Fatal("a paused server answered")
		}
		if err := <-set; err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond) // for the late answer
		want(t, snap(t, s), map[string]string{"hz": hz})
		want(t, snap(t, s), nil)
	}
}

// Guards against figures, or a run_id, that are of the server before a restart
// or before CONFIG RESETSTAT, because only what changes is read.
func TestFiguresAfterAResetAndARestart(t *testing.T) {
	server := redistest.Start(t)
	s, begin := open(t, server.Addr, Options{})
	server.Do(t, "config", "set", "hz", "20")
	server.Do(t, "set", "key", "value")
	l := snap(t, s)
	if l.RunID != "" || l.Counters.ConfigSet != 1 || l.Counters.Keys["db0"] != 1 {
		t.Fatalf("after one CONFIG SET: %+v", l.Counters)
	}
	// All that is counted is as before, but the values are not: who trusts the
	// count of CONFIG SET alone does not see it.
	server.Do(t, "config", "resetstat")
	server.Do(t, "config", "set", "hz", "30")
	l = snap(t, s)
	want(t, l, map[string]string{"hz": "30"})
	if l.Counters.ConfigSet != 1 || l.Counters.ResetStat != 1 {
		t.Fatalf("after CONFIG RESETSTAT and one CONFIG SET: %+v", l.Counters)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	l = snap(t, s)
	want(t, l, map[string]string{"hz": "10"})
	if l.RunID == "" || l.RunID == begin.RunID || l.Counters.ConfigSet != 0 || l.Counters.Keys["db0"] != 0 {
		t.Fatalf("after a restart: run_id %q, %+v", l.RunID, l.Counters)
	}
	server.Do(t, "config", "set", "hz", "30")
	want(t, snap(t, s), map[string]string{"hz": "30"})
}
