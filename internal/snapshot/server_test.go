package snapshot

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/redact"
	"tracetest/internal/redistest"
)

func target(t testing.TB, s string) Target {
	t.Helper()
	parsed, err := ParseTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func open(t testing.TB, url string, options Options) (*Server, record.Server) {
	t.Helper()
	s, described, err := Open(t.Context(), target(t, url), 0, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, described
}

// snap must succeed.
func snap(t testing.TB, s *Server) record.Snapshot {
	t.Helper()
	l := s.Sample(t.Context())
	if l.Error != "" {
		t.Fatalf("the snapshot did not succeed: %s", l.Error)
	}
	if l.Sent.After(l.Received) || l.Sent.IsZero() {
		t.Fatalf("sent %v, received %v", l.Sent, l.Received)
	}
	return l
}

func want(t testing.TB, got record.Snapshot, config map[string]string) {
	t.Helper()
	if !maps.Equal(got.Config, config) {
		t.Fatalf("the snapshot has %v, want %v", got.Config, config)
	}
}

// eventually is for what a server does in its own time.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

func TestOpenDescribesTheServer(t *testing.T) {
	server := redistest.Start(t, "--maxmemory", "100mb")
	server.Do(t, "set", "a", "1")
	_, d := open(t, server.Addr, Options{Expect: map[string]string{"maxmemory": "1GB"}})
	if d.Address != server.Addr || d.TLS || d.Flavor == "" || d.Version == "" || len(d.RunID) != 40 || d.Cluster || d.Partial != "" {
		t.Errorf("described as %+v", d)
	}
	if d.Config["maxmemory"] != "104857600" || len(d.Config) < 100 {
		t.Errorf("%d parameters, maxmemory %s", len(d.Config), d.Config["maxmemory"])
	}
	for name := range d.Config {
		if strings.Contains(name, "slave") || strings.Contains(name, "ziplist") || name == "lua-time-limit" {
			t.Errorf("the old name %s is in the baseline", name)
		}
	}
	if d.Counters == nil || d.Counters.UsedMemory < 100_000 || d.Counters.Keys["db0"] != 1 {
		t.Errorf("counters are %+v", d.Counters)
	}
	if d.StartedWith != nil { // what is expected is no such thing
		t.Errorf("started with %v", d.StartedWith)
	}
}

func TestOpenCluster(t *testing.T) {
	server := redistest.Start(t, "--cluster-enabled", "yes", "--cluster-port", freePort(t))
	if _, d := open(t, server.Addr, Options{}); !d.Cluster {
		t.Error("it is not seen as a cluster node")
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func TestSnapshotHoldsWhatChanged(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, "unix://"+server.Socket, Options{})
	want(t, snap(t, s), nil)
	server.Do(t, "config", "set", "maxmemory", "64mb", "slave-read-only", "no")
	l := snap(t, s)
	want(t, l, map[string]string{"maxmemory": "67108864", "replica-read-only": "no"})
	if l.RunID != "" || l.Counters.ConfigSet != 1 {
		t.Errorf("snapshot is %+v, counters %+v", l, l.Counters)
	}
	want(t, snap(t, s), nil)
	server.Do(t, "config", "set", "maxmemory", "0")
	want(t, snap(t, s), map[string]string{"maxmemory": "0"})
}

func TestSnapshotCounts(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	server.Do(t, "select", "0")
	server.Do(t, "config", "set", "maxmemory", "1")
	for range 3 {
		if _, err := server.Try("set", "a", "b"); err == nil {
			t.Fatal("it took a key at maxmemory 1")
		}
	}
	c := snap(t, s).Counters
	if c.OOM != 3 || c.ConfigSet != 1 || c.ResetStat != 0 {
		t.Errorf("counters are %+v", c)
	}
	server.Do(t, "config", "resetstat")
	if c := snap(t, s).Counters; c.OOM != 0 || c.ResetStat != 1 || c.ConfigSet != 0 {
		t.Errorf("after a reset they are %+v", c)
	}
	server.Do(t, "config", "set", "maxmemory", "3mb", "maxmemory-policy", "allkeys-lru")
	for i := range 10 {
		server.Do(t, "eval", "for i=1,500 do redis.call('set', ARGV[1]..i, string.rep('x', 1000)) end return 1", 0, fmt.Sprint(i, "-"))
	}
	if c := snap(t, s).Counters; c.Evicted == 0 {
		t.Errorf("nothing evicted: %+v", c)
	}
}

func TestOneConnectionWithAName(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	for range 5 {
		snap(t, s)
	}
	clients := server.Do(t, "client", "list")
	if n := strings.Count(clients, "\n"); n != 2 || strings.Count(clients, "name=tracetest ") != 1 {
		t.Errorf("%d clients, one is this test's own:\n%s", n, clients)
	}
	if errors := server.Do(t, "info", "errorstats"); strings.Contains(errors, "errorstat_ERR:") {
		t.Errorf("the observer made errors: %s", errors)
	}
}

func TestMark(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	mark := s.Mark()
	if differs(s, mark) || goBack(t, s, mark).Wrote != nil {
		t.Error("it differs from its own mark")
	}
	server.Do(t, "config", "set", "hz", "20")
	snap(t, s)
	if !differs(s, mark) {
		t.Error("a change does not differ")
	}
	server.Do(t, "config", "set", "hz", "10")
	snap(t, s)
	if differs(s, mark) || goBack(t, s, mark).Wrote != nil {
		t.Error("it differs after it was put back")
	}
	if differs(s, Mark{}) {
		t.Error("it differs from no mark at all")
	}
}

func TestSnapshotsFromSeveralGoroutines(t *testing.T) {
	s, _ := open(t, shared.Addr, Options{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if l := s.Sample(context.Background()); l.Error != "" {
					t.Error(l.Error)
				}
				differs(s, s.Mark())
				_ = s.scrub("x")
			}
		})
	}
	all.Wait()
}

func TestCancelledSnapshot(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	server.Pause(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	start := time.Now()
	if l := s.Sample(ctx); !strings.Contains(l.Error, "cancelled") || time.Since(start) > 2*time.Second {
		t.Errorf("after %s: %+v", time.Since(start), l)
	}
	server.Resume(t)
	snap(t, s)
}

func TestPartial(t *testing.T) {
	renamed := redistest.Start(t, "--rename-command", "CONFIG", "hush", "--maxmemory", "10mb")
	forbidden := redistest.Start(t, "--user", "obs", "on", ">pw", "+info")
	for name, at := range map[string]struct {
		server *redistest.Server
		url    string
		why    string
		config string
	}{
		"renamed":   {renamed, renamed.Addr, "renamed or disabled", "hush"},
		"forbidden": {forbidden, "redis://obs:pw@" + forbidden.Addr, "may not run CONFIG GET", "config"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Open(t.Context(), target(t, at.url), 0, Options{})
			if err == nil || !strings.Contains(err.Error(), "--allow-partial") || !strings.Contains(err.Error(), at.server.Addr) {
				t.Errorf("without --allow-partial: %v", err)
			}
			s, d := open(t, at.url, Options{AllowPartial: true})
			if !strings.Contains(d.Partial, at.why) || len(d.Config) != 3 || d.Config["maxmemory-policy"] != "noeviction" ||
				d.Config["maxclients"] == "" || d.Counters == nil || d.RunID == "" {
				t.Errorf("described as %+v", d)
			}
			mark := s.Mark()
			at.server.Do(t, at.config, "set", "maxmemory", "20mb")
			want(t, snap(t, s), map[string]string{"maxmemory": "20971520"})
			r := goBack(t, s, mark).Wrote
			if r == nil || !strings.Contains(r.Error, "maxmemory is not restored") || r.Snapshot == nil {
				t.Errorf("restored with %+v", r)
			}
		})
	}
}

func TestPartialWithoutInfo(t *testing.T) {
	server := redistest.Start(t, "--user", "obs", "on", ">pw", "+config|get")
	url := "redis://obs:pw@" + server.Addr
	if _, _, err := Open(t.Context(), target(t, url), 0, Options{}); err == nil || !strings.Contains(err.Error(), "+info") {
		t.Errorf("without --allow-partial: %v", err)
	}
	s, d := open(t, url, Options{AllowPartial: true})
	if d.Partial == "" || d.Counters != nil || d.RunID != "" {
		t.Errorf("described as %+v", d)
	}
	server.Do(t, "config", "set", "maxmemory", "20mb")
	if l := snap(t, s); l.Config["maxmemory"] != "20971520" || l.Counters != nil {
		t.Errorf("snapshot is %+v", l)
	}
}

// Nothing that this package hands out may hold a secret, in whatever way it is
// printed.
func TestSecretsNeverAppear(t *testing.T) {
	const first, second, third = "first:p@ss/word", "second-s3cret", "third#s3cret"
	server := redistest.Start(t, "--requirepass", first, "--masterauth", first)
	url := "redis://:first%3Ap%40ss%2Fword@" + server.Addr
	s, d := open(t, url, Options{Expect: map[string]string{"requirepass": third}})

	var printed strings.Builder
	show := func(values ...any) {
		for _, v := range values {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%T"} {
				fmt.Fprintf(&printed, verb+"\n", v)
				fmt.Fprintf(&printed, verb+"\n", struct{ inner any }{v})
			}
			if text, err := json.Marshal(v); err == nil {
				printed.Write(text)
			}
		}
	}
	secret := func(name, value string) { // on the observer's own login, a new one would need the password
		t.Helper()
		got := s.exchange(t.Context(), time.Now(), func(until time.Time) answer {
			w := writer{asker: s.asker, seen: s.last.config(), refused: map[string]error{}}
			return answer{err: w.write(until, map[string]string{name: value}, false)}
		})
		if got.err != nil {
			t.Fatal(got.err)
		}
	}
	mark := s.Mark()
	show(d, s, mark, s.Target(), target(t, url))
	auth := reported(d.Config, "masterauth") // primaryauth in Valkey
	if d.Config["requirepass"] != "(hidden 1)" || d.Config[auth] != "(hidden 1)" || d.Config["tls-key-file-pass"] != "" {
		t.Errorf("hidden as %q and %q", d.Config["requirepass"], d.Config[auth])
	}
	secret("requirepass", second)
	l := snap(t, s)
	want(t, l, map[string]string{"requirepass": "(hidden 3)"})
	show(l)
	secret(auth, "")
	l = snap(t, s)
	want(t, l, map[string]string{auth: ""})

	r := goBack(t, s, mark).Wrote
	show(r, *r)
	if r.Error != "" || r.Values["requirepass"] != "(hidden 1)" || r.Command != "" {
		t.Errorf("restored with %+v", r)
	}
	if differs(s, mark) {
		t.Error("a secret was not restored")
	}
	scrubbed := s.scrub("AUTH " + first + ", url " + url + ", then " + second + "; config set requirepass " + fmt.Sprintf("%q", second) + " " + third)
	show(scrubbed)
	if strings.Count(scrubbed, redact.Hidden) != 5 {
		t.Errorf("scrubbed to %q", scrubbed)
	}
	for _, bad := range []string{url + "%", "redis://:" + first + "@" + server.Addr, "http://:" + second + "@host", ":" + second + "@host:1"} {
		_, err := ParseTarget(bad)
		show(err)
	}
	for _, wrong := range []string{"redis://:" + second + "@" + server.Addr, "redis://u:" + second + "@" + server.Addr, "rediss://:" + second + "@" + server.Addr} {
		_, _, err := Open(t.Context(), target(t, wrong), 0, Options{Timeout: time.Second})
		if err == nil {
			t.Errorf("%s was let in", wrong)
		}
		show(err)
	}
	for _, s := range []string{first, second, third, "p@ss/word", "p%40ss", "s3cret"} {
		if at := strings.Index(printed.String(), s); at >= 0 {
			text := printed.String()
			t.Errorf("%q appears in: %s", s, text[max(0, at-80):at+len(s)])
		}
		if at := strings.Index(printed.String(), fmt.Sprintf("%x", s)); at >= 0 {
			t.Errorf("%q appears in hexadecimal", s)
		}
	}
}

func BenchmarkSnapshot(b *testing.B) {
	for name, url := range map[string]string{"tcp": shared.Addr, "unix": "unix://" + shared.Socket} {
		b.Run(name, func(b *testing.B) {
			s, _ := open(b, url, Options{})
			b.ReportAllocs()
			for b.Loop() {
				snap(b, s)
			}
		})
	}
}

// differs says whether the last snapshot was not as the mark is.
func differs(s *Server, m Mark) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return m.at != nil && !maps.Equal(m.at().config(), s.last.config())
}

// goBack restores all in which a server differs from a mark.
func goBack(t *testing.T, s *Server, to Mark) Restored {
	t.Helper()
	return s.Restore(t.Context(), Between(to, s.Mark()))
}
