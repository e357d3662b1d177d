package snapshot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tracetest/internal/redistest"
)

// seesAfter changes a parameter and wants it in the next snapshot.
func seesAfter(t *testing.T, server *redistest.Server, s *Server) {
	t.Helper()
	size := fmt.Sprint(time.Now().UnixNano() % 1e6)
	server.Do(t, "config", "set", "slowlog-log-slower-than", size)
	l := snap(t, s)
	if got := l.Config[reported(s.last.config(), "slowlog-log-slower-than")]; got != size || l.Counters == nil {
		t.Fatalf("the snapshot has %v, want %s; counters %v", l.Config, size, l.Counters)
	}
}

// killed closes the connection of the observer and waits until it is closed.
func killed(t *testing.T, server *redistest.Server) {
	t.Helper()
	server.Do(t, "client", "kill", "type", "normal", "skipme", "yes")
}

func TestConnectionKilled(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	for range 3 {
		killed(t, server)
		seesAfter(t, server, s)
	}
	if n := strings.Count(server.Do(t, "client", "list"), "name=tracetest "); n != 1 {
		t.Errorf("%d connections of the observer", n)
	}
}

func TestIdleTimeout(t *testing.T) {
	server := redistest.Start(t, "--hz", "100")
	s, _ := open(t, server.Addr, Options{})
	server.Do(t, "config", "set", "timeout", "1")
	snap(t, s)
	eventually(t, "the server did not close the idle connection", func() bool {
		return !strings.Contains(server.Do(t, "client", "list"), "name=tracetest")
	})
	seesAfter(t, server, s)
}

func TestPasswordSet(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	mark := s.Mark()

	server.Do(t, "config", "set", "requirepass", "a-new-one")
	if l := snap(t, s); l.Config["requirepass"] != "(hidden 1)" {
		t.Fatalf("snapshot is %+v", l)
	}
	kill := func() { // the test's own connections have no password
		t.Helper()
		s.asker.line.hangUp(false)
	}
	kill()
	snap(t, s)
	kill()
	r := goBack(t, s, mark).Wrote
	if r == nil || r.Error != "" || !strings.HasSuffix(r.Command, " CONFIG SET requirepass ''") {
		t.Fatalf("restored with %+v", r)
	}
	killed(t, server)
	seesAfter(t, server, s)

	// Set and locked out between two snapshots: nobody can know the password.
	server.Do(t, "config", "set", "requirepass", "never-seen")
	kill()
	if l := s.Sample(t.Context()); !strings.HasPrefix(l.Error, "NOAUTH") {
		t.Fatalf("snapshot is %+v", l)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	if l := snap(t, s); l.RunID == "" {
		t.Error("the restart was not seen")
	}
}

func TestPasswordTakenAway(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "from-the-start")
	s, _ := open(t, "redis://:from-the-start@"+server.Addr, Options{})
	if err := server.Restart("--requirepass", ""); err != nil {
		t.Fatal(err)
	}
	l := snap(t, s)
	if l.RunID == "" || l.Config["requirepass"] != "" || len(l.Config) != 1 {
		t.Fatalf("snapshot is %+v", l)
	}
	seesAfter(t, server, s)
}

func TestUserOfAnACL(t *testing.T) {
	server := redistest.Start(t, "--user", "obs", "on", ">pw", "+config|get", "+info")
	s, d := open(t, "redis://obs:pw@"+server.Addr, Options{})
	if d.Partial != "" {
		t.Fatalf("described as %+v", d)
	}
	seesAfter(t, server, s)
	server.Do(t, "acl", "setuser", "default", "resetpass", ">x")
	snap(t, s)
	s.asker.line.hangUp(false)
	snap(t, s)
	if mark := s.Mark(); goBack(t, s, mark).Wrote != nil {
		t.Error("it restores nothing")
	}
}

func TestUserDeleted(t *testing.T) {
	server := redistest.Start(t, "--user", "obs", "on", ">pw", "+config|get", "+info")
	s, _ := open(t, "redis://obs:pw@"+server.Addr, Options{})
	server.Do(t, "acl", "deluser", "obs")
	seesAfter(t, server, s) // as the default user
}

func TestRightsTakenAway(t *testing.T) {
	server := redistest.Start(t, "--user", "obs", "on", ">pw", "+@all", "--user", "root", "on", ">pw", "+@all")
	s, _ := open(t, "redis://obs:pw@"+server.Addr, Options{})
	mark := s.Mark()
	server.Do(t, "config", "set", "hz", "20")
	snap(t, s)
	server.Do(t, "acl", "setuser", "obs", "-config|set")
	if r := goBack(t, s, mark).Wrote; r == nil || !strings.Contains(r.Error, "hz is not restored: the server says: NOPERM") || strings.Contains(r.Command, "--user") {
		t.Errorf("restored with %+v", r)
	}
	server.Do(t, "acl", "setuser", "obs", "-info")
	server.Do(t, "config", "set", "hz", "30")
	if l := snap(t, s); l.Config["hz"] != "30" || l.Counters != nil {
		t.Errorf("without INFO the snapshot is %+v", l)
	}
	server.Do(t, "acl", "setuser", "obs", "-config")
	if l := s.Sample(t.Context()); l.Error != "NOPERM: this user may no longer run CONFIG GET" {
		t.Errorf("snapshot is %+v", l)
	}
	server.Do(t, "acl", "setuser", "obs", "+@all")
	seesAfter(t, server, s)
}

func TestMaxClients(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	server.Do(t, "config", "set", "maxclients", "1")
	if l := snap(t, s); l.Config["maxclients"] != "1" {
		t.Fatalf("snapshot is %+v", l)
	}
	// A new connection is refused, and the text of the refusal may be lost.
	s.asker.line.hangUp(false)
	eventually(t, "the old connection stays", func() bool {
		list, err := server.Try("client", "list")
		return err == nil && !strings.Contains(list, "name=tracetest")
	})
	other, _ := open(t, server.Addr, Options{})
	start := time.Now()
	l := s.Sample(t.Context())
	if !strings.Contains(l.Error, "maxclients") && !strings.Contains(l.Error, "closes the connection") || time.Since(start) > time.Second {
		t.Fatalf("after %s the snapshot is %+v", time.Since(start), l)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "there is no way back", func() bool { return s.Sample(t.Context()).Error == "" })
}

func TestClientPause(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{Timeout: 3 * time.Second})
	server.Do(t, "config", "set", "hz", "20")
	server.Do(t, "client", "pause", "300", "all")
	l := snap(t, s)
	if l.Config["hz"] != "20" || l.Received.Sub(l.Sent) < 200*time.Millisecond {
		t.Errorf("after %s the snapshot is %+v", l.Received.Sub(l.Sent), l)
	}
	server.Do(t, "client", "pause", "60000", "write")
	server.Do(t, "config", "set", "hz", "30")
	if l := snap(t, s); l.Config["hz"] != "30" {
		t.Errorf("snapshot is %+v", l)
	}
}

// As with DEBUG SLEEP, a debugger or a machine that swaps.
func TestHungServer(t *testing.T) {
	const timeout = 400 * time.Millisecond
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{Timeout: timeout})
	mark := s.Mark()
	server.Do(t, "config", "set", "hz", "20")
	snap(t, s)
	server.Pause(t)
	start := time.Now()
	if l := s.Sample(t.Context()); !strings.HasPrefix(l.Error, "no answer within 400ms") && !strings.HasPrefix(l.Error, "no answer within 400 ms") {
		t.Errorf("snapshot is %+v", l)
	}
	if took := time.Since(start); took < timeout || took > 3*timeout {
		t.Errorf("the first snapshot took %s", took)
	}
	for range 3 {
		start := time.Now()
		if l := s.Sample(t.Context()); !strings.HasPrefix(l.Error, "still no answer") {
			t.Errorf("snapshot is %+v", l)
		}
		if took := time.Since(start); took > 3*briefly {
			t.Errorf("a further snapshot took %s", took)
		}
	}
	if r := goBack(t, s, mark).Wrote; r == nil || !strings.HasPrefix(r.Error, "still no answer") || strings.Contains(r.Error, "may still happen") {
		t.Errorf("restored with %+v", r)
	}
	server.Resume(t)
	seesAfter(t, server, s)
	if n := strings.Count(server.Do(t, "client", "list"), "name=tracetest "); n != 1 {
		t.Errorf("%d connections of the observer", n)
	}
	server.Pause(t)
	if r := goBack(t, s, mark).Wrote; r == nil || !strings.HasSuffix(r.Error, "it may still happen") {
		t.Errorf("restored with %+v", r)
	}
	server.Resume(t)
	eventually(t, "the restore did not happen", func() bool {
		return s.Sample(t.Context()).Error == "" && !strings.Contains(server.Do(t, "config", "get", "hz"), "20")
	})
}

// A server that does not come back within the wait for an old question is
// asked on a new connection: the old one may be dead.
func TestOldQuestionIsGivenUp(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{Timeout: 150 * time.Millisecond})
	server.Pause(t)
	if l := s.Sample(t.Context()); l.Error == "" {
		t.Fatal("a paused server answered")
	}
	s.pending.asked = time.Now().Add(-time.Hour)
	if l := s.Sample(t.Context()); l.Error == "" {
		t.Fatal("a paused server answered")
	}
	server.Resume(t)
	eventually(t, "there is no way back", func() bool { return s.Sample(t.Context()).Error == "" })
}

func TestBusyScript(t *testing.T) {
	server := redistest.Start(t, "--busy-reply-threshold", "20")
	s, _ := open(t, server.Addr, Options{Timeout: 3 * time.Second})
	server.Do(t, "config", "set", "hz", "20")
	go server.Try("eval", "local t = redis.call('time'); local stop = t[1]*1000000 + t[2] + 400000; "+
		"repeat t = redis.call('time') until t[1]*1000000 + t[2] > stop return 1", 0)
	eventually(t, "the script is not busy", func() bool {
		_, err := server.Try("get", "a")
		return err != nil && strings.HasPrefix(err.Error(), "BUSY")
	})
	if l := snap(t, s); l.Config["hz"] != "20" {
		t.Errorf("snapshot is %+v", l)
	}
	go server.Try("eval", "while true do end", 0)
	eventually(t, "the script is not busy", func() bool {
		_, err := server.Try("get", "a")
		return err != nil && strings.HasPrefix(err.Error(), "BUSY")
	})
	// A busy machine can take longer than one snapshot's patience to answer.
	eventually(t, "the snapshot does not say that a script is running", func() bool {
		s.mu.Lock()
		s.patience = time.Second
		s.mu.Unlock()
		return s.Sample(t.Context()).Error == "BUSY: a script is running"
	})
	server.Do(t, "script", "kill")
	snap(t, s)
}

func TestOutputBufferLimit(t *testing.T) {
	server := redistest.Start(t, "--databases", "600")
	s, _ := open(t, server.Addr, Options{})
	mark := s.Mark()
	// An answer only counts from some 16 kB on, which each connection has space
	// for. So INFO is made longer: a line for each database.
	server.Do(t, "eval", "for i = 0, 599 do redis.call('select', i); redis.call('set', 'a', 'b') end return 1", 0)
	server.Do(t, "config", "set", "client-output-buffer-limit", "normal 1k 0 0")
	for i := range 3 {
		server.Do(t, "config", "set", "hz", fmt.Sprint(20+i))
		l := snap(t, s)
		if l.Config["hz"] != fmt.Sprint(20+i) {
			t.Fatalf("snapshot is %+v", l)
		}
		if l.Counters != nil || s.asker.small == "" {
			t.Fatalf("the answer was let through, so this test tests nothing: %+v", l)
		}
	}
	if r := goBack(t, s, mark).Wrote; r == nil || r.Error != "" {
		t.Fatalf("restored with %+v", r)
	}
	seesAfter(t, server, s)
}

func TestRestartAndShutdown(t *testing.T) {
	server := redistest.Start(t, "--maxmemory", "100mb")
	s, d := open(t, server.Addr, Options{})
	server.Do(t, "config", "set", "maxmemory", "1mb")
	snap(t, s)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if l := s.Sample(t.Context()); l.Error != "connection refused" || time.Since(start) > time.Second {
		t.Errorf("after %s the snapshot is %+v", time.Since(start), l)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	l := snap(t, s)
	if l.RunID == "" || l.RunID == d.RunID || l.Config["maxmemory"] != "104857600" {
		t.Errorf("snapshot is %+v", l)
	}
	if l := snap(t, s); l.RunID != "" {
		t.Error("the restart is said twice")
	}
	// A restart that is over before any snapshot.
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	if l := snap(t, s); l.RunID == "" {
		t.Error("the second restart was not seen")
	}
}

func TestReplicaOfNobody(t *testing.T) {
	server := redistest.Start(t, "--replica-serve-stale-data", "no")
	s, _ := open(t, server.Addr, Options{})
	mark := s.Mark()
	server.Do(t, "config", "set", "hz", "20")
	server.Do(t, "replicaof", "127.0.0.1", "1")
	want(t, snap(t, s), map[string]string{"replicaof": "127.0.0.1 1", "hz": "20"})
	r := goBack(t, s, mark).Wrote
	if r == nil || r.Error != "" || strings.Contains(r.Command, "REPLICAOF") {
		t.Fatalf("restored with %+v", r)
	}
	want(t, *r.Snapshot, map[string]string{"hz": "10"}) // and not the role
	if err := s.Forget(t.Context(), mark); err == nil || !strings.Contains(err.Error(), "failover") {
		t.Errorf("flushed a server that has another role: %v", err)
	}
}
