package snapshot

import (
	"errors"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tracetest/internal/redistest"
)

// other is another value that a parameter may have, found by trying.
func other(t *testing.T, server *redistest.Server, name, value string) bool {
	t.Helper()
	switch name {
	case "port", "bind", "tls-port", "unixsocket", "dir", "dbfilename", "bind-source-addr":
		return false // is tested by itself, or cannot be set
	case "logfile":
		return false
	}
	candidates := []string{"yes", "no", "1000", "17", "allkeys-lru", "always", "verbose", "other", "75", "1 2 3",
		"AKE", "100 10", "normal 1000000 2000000 7", "relative", "clients", "flush-before-load", "disabled", "swapdb", "resetchannels"}
	if n, err := strconv.Atoi(value); err == nil {
		candidates = append([]string{strconv.Itoa(n + 1), strconv.Itoa(n - 1)}, candidates...)
	}
	for _, candidate := range candidates {
		if candidate == value {
			continue
		}
		if _, err := server.Try("config", "set", name, candidate); err != nil {
			continue
		}
		if !strings.Contains(server.Do(t, "config", "get", name), "["+name+" "+value+"]") {
			return true
		}
	}
	return false
}

func TestRestoreEveryParameter(t *testing.T) {
	server := redistest.Start(t)
	s, d := open(t, "unix://"+server.Socket, Options{})
	mark := s.Mark()
	changed := 0
	for _, name := range slices.Sorted(maps.Keys(d.Config)) {
		if name == "requirepass" || name == "masterauth" {
			continue // see TestSecretsNeverAppear
		}
		if other(t, server, name, s.last.config()[name]) {
			changed++
		}
	}
	l := snap(t, s)
	if changed < 100 || len(l.Config) < 100 {
		t.Errorf("%d parameters were changed, the snapshot has %d", changed, len(l.Config))
	}
	t.Logf("%d parameters changed", len(l.Config))
	r := goBack(t, s, mark).Wrote
	if r == nil || r.Error != "" || len(r.Values) != len(l.Config) || differs(s, mark) {
		t.Fatalf("restored with %+v", r)
	}
	for name := range l.Config {
		if r.Values[name] != d.Config[name] || r.Snapshot.Config[name] != d.Config[name] {
			t.Errorf("%s is restored to %q, was %q", name, r.Values[name], d.Config[name])
		}
	}
	if n := strings.Count(r.Command, "CONFIG SET"); n != 1 {
		t.Errorf("%d commands: %s", n, r.Command)
	}
}

func TestRestoreByHand(t *testing.T) {
	if _, err := exec.LookPath("redis-cli"); err != nil {
		t.Fatal("this test needs redis-cli: install redis-tools")
	}
	server := redistest.Start(t)
	for _, url := range []string{server.Addr, "unix://" + server.Socket} {
		s, _ := open(t, url, Options{})
		mark := s.Mark()
		server.Do(t, "config", "set", "maxmemory", "1mb", "save", "60 1", "requirepass", "")
		snap(t, s)
		r := goBack(t, s, mark).Wrote
		if r == nil || r.Error != "" {
			t.Fatalf("restored with %+v", r)
		}
		server.Do(t, "config", "set", "maxmemory", "1mb", "save", "60 1")
		if l := snap(t, s); len(l.Config) != 2 {
			t.Fatalf("snapshot is %+v", l)
		}
		if output, err := exec.Command("sh", "-c", r.Command).CombinedOutput(); err != nil || string(output) != "OK\n" {
			t.Fatalf("%s says %s (%v)", r.Command, output, err)
		}
		snap(t, s)
		if differs(s, mark) {
			t.Errorf("%s did not restore it", r.Command)
		}
	}
}

// One parameter that cannot be set must not keep the others from it.
func TestRestoreWhatCanBe(t *testing.T) {
	server := redistest.Start(t, "--io-threads", "1", "--appendfilename", "other.aof")
	s, _ := open(t, server.Addr, Options{})
	server.Do(t, "config", "set", "maxmemory", "5mb", "hz", "20")
	snap(t, s)
	r := s.Restore(t.Context(), s.Asked(map[string]string{"maxmemory": "0", "hz": "10", "appendfilename": "appendonly.aof"})).Wrote
	if r == nil || !strings.Contains(r.Error, "appendfilename is not restored: the server says: ERR") ||
		strings.Contains(r.Error, "hz") || strings.Contains(r.Error, ";") {
		t.Fatalf("restored with %+v", r)
	}
	want(t, *r.Snapshot, map[string]string{"maxmemory": "0", "hz": "10"})
}

func TestRestoreWhileOutOfMemory(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	mark := s.Mark()
	server.Do(t, "config", "set", "maxmemory", "1")
	snap(t, s)
	if r := goBack(t, s, mark).Wrote; r == nil || r.Error != "" {
		t.Fatalf("restored with %+v", r)
	}
	server.Do(t, "set", "a", "b")
}

func TestRestoreOnAKilledConnection(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	mark := s.Mark()
	server.Do(t, "config", "set", "maxmemory", "1")
	snap(t, s)
	killed(t, server)
	if r := goBack(t, s, mark).Wrote; r == nil || r.Error != "" {
		t.Fatalf("restored with %+v", r)
	}
}

func TestRestoreAStoppedServer(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	mark := s.Mark()
	server.Do(t, "config", "set", "maxmemory", "1")
	snap(t, s)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	if r := goBack(t, s, mark).Wrote; r == nil || r.Error != "not read back: connection refused" {
		t.Fatalf("restored with %+v", r)
	}
}

// What a server was before it restarted, or before another one came to its address, is
// nothing to it; and what somebody has set since the last snapshot is theirs. Both are found out
// on the connection that would be written on: no snapshot was taken in between.
func TestRestoreNothingOfAnother(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	mark := s.Mark()
	server.Do(t, "config", "set", "maxmemory", "1mb", "hz", "20")
	snap(t, s)
	server.Do(t, "config", "set", "maxmemory", "50mb")
	r := goBack(t, s, mark).Wrote
	if r == nil || r.Error != "maxmemory is not restored: somebody else has set it since" {
		t.Fatalf("restored with %+v", r)
	}
	if got := server.Do(t, "config", "get", "maxmemory") + server.Do(t, "config", "get", "hz"); got != "[maxmemory 52428800][hz 10]" {
		t.Errorf("left with %s", got)
	}
	if err := server.Restart("--maxmemory", "70mb"); err != nil {
		t.Fatal(err)
	}
	server.Do(t, "config", "set", "hz", "10")
	claims := Between(mark, s.Mark()) // nobody has looked since
	if r = s.Restore(t.Context(), claims).Wrote; r == nil || !strings.Contains(r.Error, ErrAnother.Error()) {
		t.Fatalf("restored with %+v", r)
	}
	snap(t, s) // it is known by now
	if done := s.Restore(t.Context(), claims); done.Wrote != nil || !errors.Is(done.Err(), ErrAnother) {
		t.Fatalf("restored with %+v: %v", done, done.Err())
	}
	if got := server.Do(t, "config", "get", "maxmemory"); got != "[maxmemory 73400320]" {
		t.Errorf("left with %s", got)
	}
	server.Do(t, "set", "a", "b")
	if err := s.Forget(t.Context(), mark); err == nil || server.Do(t, "get", "a") != "b" {
		t.Errorf("emptied another server: %v", err)
	}
}

// Redis 6 takes one parameter at a time.
func TestRestoreOneByOne(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	mark := s.Mark()
	server.Do(t, "config", "set", "maxmemory", "1", "hz", "20")
	snap(t, s)
	s.together = false
	r := goBack(t, s, mark).Wrote
	if r == nil || r.Error != "" || strings.Count(r.Command, "CONFIG SET") != 2 || r.Snapshot.Counters.ConfigSet != 3 {
		t.Fatalf("restored with %+v", r)
	}
}
