package origin

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tracetest/internal/redistest"
)

func pidOf(t *testing.T, s *redistest.Server) int {
	t.Helper()
	for line := range strings.Lines(s.Do(t, "INFO", "server")) {
		if text, ok := strings.CutPrefix(line, "process_id:"); ok {
			pid, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatal("INFO says no process_id")
	return 0
}

// A server that keeps its arguments tells them; one that sets its title has
// overwritten them, and then its file is known and the rest is said to be not.
func TestFindProcess(t *testing.T) {
	t.Run("arguments", func(t *testing.T) {
		s := redistest.Start(t, "--set-proc-title", "no", "--maxmemory", "64mb")
		got := Find(t.Context(), Facts{Address: s.Addr, PID: pidOf(t, s)}, "")
		if v := got.Values["maxmemory"]; !got.Whole || v.Text != "64mb" || !strings.HasPrefix(v.Source, "arguments of process ") {
			t.Errorf("%+v", got)
		}
		// The same by its socket.
		if got := Find(t.Context(), Facts{Address: s.Socket, PID: pidOf(t, s)}, ""); got.Values["maxmemory"].Text != "64mb" {
			t.Errorf("by the socket: %+v", got)
		}
	})
	t.Run("file", func(t *testing.T) {
		conf := filepath.Join(t.TempDir(), "redis.conf")
		if err := os.WriteFile(conf, []byte("maxmemory 50mb\nhz 20\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s := redistest.Start(t, conf, "--maxmemory", "100mb")
		got := Find(t.Context(), Facts{Address: s.Addr, PID: pidOf(t, s), ConfigFile: conf}, "")
		if got.Whole || got.Unknown == "" || got.Values["hz"] != (Value{"20", conf}) {
			t.Errorf("with a title over the arguments: %+v", got)
		}
	})
}

// The pid in INFO is that of the server's namespace. Another process of this
// machine that has the number must not be taken for it.
func TestFindAnotherProcess(t *testing.T) {
	one, two := redistest.Start(t, "--set-proc-title", "no", "--maxmemory", "64mb"), redistest.Start(t)
	for name, pid := range map[string]int{"another server": pidOf(t, one), "no server": os.Getpid(), "nobody": 1 << 30, "unknown": 0} {
		if got := Find(t.Context(), Facts{Address: two.Addr, PID: pid}, ""); len(got.Values) > 0 || got.Whole || got.Unknown == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := Find(t.Context(), Facts{Address: "192.0.2.1:6379", PID: pidOf(t, one)}, ""); got.Unknown != "the server is on another machine" {
		t.Errorf("elsewhere: %+v", got)
	}
}

// engine puts a stand-in for the CLI of a container engine on PATH, which says
// what a real one said.
func engine(t *testing.T, name, answer string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "answer.json")
	if err := os.WriteFile(path, []byte(answer), 0o600); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\ncase $1 in\nps) echo 9b1c2f; echo 77aa01 ;;\ninspect) [ \"$2\" != gone ] || { echo 'no such container' >&2; exit 1; }; cat %q ;;\nesac\n", path)
	if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/bin:/usr/bin")
}

func recordedAnswer(t *testing.T, name, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "{dir}", dir)
}

// The container of the incident, as podman and docker tell of it: it is found
// by the port that it publishes, and its arguments are those of the server.
func TestFindContainer(t *testing.T) {
	t.Run("podman", func(t *testing.T) {
		engine(t, "podman", recordedAnswer(t, "podman.json", ""))
		got := Find(t.Context(), Facts{Address: "localhost:6379", PID: 1}, "")
		if !got.Whole || got.Container != "redis-gateway" || got.Values["maxmemory"] != (Value{"2147483648", "podman inspect redis-gateway"}) {
			t.Errorf("%+v", got)
		}
		if got := Find(t.Context(), Facts{Address: "localhost:6380", PID: 1}, ""); len(got.Values) > 0 || got.Unknown == "" {
			t.Errorf("another port: %+v", got)
		}
		// By its name also where the server is reached by another address.
		if got := Find(t.Context(), Facts{Address: "192.0.2.1:7000"}, "redis-gateway"); got.Values["maxmemory-policy"].Text != "allkeys-lru" {
			t.Errorf("by name: %+v", got)
		}
		if got := Find(t.Context(), Facts{Address: "localhost:6379"}, "gone"); !strings.Contains(got.Unknown, "no such container") {
			t.Errorf("no such container: %+v", got)
		}
	})
	// What podman 4.3 said of a container that was started for this.
	t.Run("podman, recorded", func(t *testing.T) {
		engine(t, "podman", recordedAnswer(t, "podman_rootfs.json", ""))
		got := Find(t.Context(), Facts{Address: "localhost:16380", PID: 1}, "")
		if !got.Whole || got.Container != "redis-gateway" || got.Values["maxmemory"].Text != "2147483648" || got.Values["save"].Text != "" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("docker", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "redis.conf"), []byte("maxmemory 50mb\nhz 10\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		engine(t, "docker", recordedAnswer(t, "docker.json", dir))
		got := Find(t.Context(), Facts{Address: "127.0.0.1:16379"}, "")
		if !got.Whole || got.Values["maxmemory"].Text != "50mb" || got.Values["hz"] != (Value{"20", "docker inspect redis-ci"}) {
			t.Errorf("a mounted file and arguments: %+v", got)
		}
		got = Find(t.Context(), Facts{Address: "127.0.0.1:26379"}, "")
		if got.Whole || len(got.Values) > 0 || !strings.Contains(got.Unknown, "entrypoint") {
			t.Errorf("an entrypoint that makes up the arguments: %+v", got)
		}
		engine(t, "docker", recordedAnswer(t, "docker.json", filepath.Join(dir, "none")))
		if got := Find(t.Context(), Facts{Address: "127.0.0.1:16379"}, ""); got.Whole || got.Values["hz"].Text != "20" || !strings.Contains(got.Unknown, "cannot be read") {
			t.Errorf("a file that is not to be had: %+v", got)
		}
	})
	t.Run("broken", func(t *testing.T) {
		engine(t, "docker", "<html>")
		if got := Find(t.Context(), Facts{Address: "127.0.0.1:16379"}, ""); len(got.Values) > 0 || got.Unknown == "" {
			t.Errorf("%+v", got)
		}
	})
}

// What the incident's own triage claims: a restart keeps the arguments and drops
// what CONFIG SET changed.
func TestRestartKeepsArguments(t *testing.T) {
	s := redistest.Start(t, "--maxmemory", "2gb")
	s.Do(t, "CONFIG", "SET", "maxmemory", "1mb")
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	if got := s.Do(t, "CONFIG", "GET", "maxmemory"); got != "[maxmemory 2147483648]" {
		t.Errorf("after a restart: %s", got)
	}
}
