package redisconf_test

import (
	"strings"
	"testing"

	"tracetest/internal/redisconf"
	"tracetest/internal/redistest"
)

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{
		"maxmemory=1gb": "1073741824", "maxmemory=1G": "1000000000", "MaxMemory=1kb": "1024", "maxmemory=1k": "1000", "maxmemory=5B": "5",
		"maxmemory=1GiB": "1GiB", "maxmemory=": "", "maxmemory=99999999999gb": "99999999999gb", "maxmemory-clients=5%": "5%",
		"maxmemory-policy=AllKeys-LRU": "allkeys-lru", "appendonly=YES": "yes", "hz= 10 ": "10", "logfile=/A/B": "/A/B", "requirepass=YES": "YES",
		"client-output-buffer-limit=Normal 0 0 0 replica 256mb 64mb 60": "normal 0 0 0 slave 268435456 67108864 60",
		"save=900  1 300 10": "900 1 300 10", "notify-keyspace-events=KEA": "AKE", "notify-keyspace-events=Q": "Q",
	} {
		name, value, _ := strings.Cut(in, "=")
		if got := redisconf.Normalize(name, value); got != want {
			t.Errorf("%s is %q, want %q", in, got, want)
		}
	}
}

// Normalize must say what this server says.
func TestNormalizeAsTheServer(t *testing.T) {
	server := redistest.Start(t)
	for _, set := range []string{
		"maxmemory=1gb", "maxmemory=3M", "maxmemory=7kb", "maxmemory-clients=10%", "maxmemory-clients=1mb", "maxmemory-policy=VOLATILE-LFU",
		"repl-backlog-size=2mb", "proto-max-bulk-len=100mb", "client-query-buffer-limit=2mb", "auto-aof-rewrite-min-size=1G",
		"active-defrag-ignore-bytes=10mb", "stream-node-max-bytes=8kb", "hll-sparse-max-bytes=4kb", "cluster-link-sendbuf-limit=1m",
		"loglevel=VERBOSE", "appendfsync=No", "lazyfree-lazy-eviction=YES", "oom-score-adj=Relative", "save=60 1",
		"repl-diskless-load=SwapDB", "acl-pubsub-default=AllChannels", "sanitize-dump-payload=Clients", "shutdown-on-sigterm=Nosave",
		"notify-keyspace-events=KEA", "notify-keyspace-events=xKn", "notify-keyspace-events=mEKd$lg", "notify-keyspace-events=Kg$lshzxetd",
		"notify-keyspace-events=KEAnm", "client-output-buffer-limit=normal 0 0 0 replica 1gb 64mb 60 pubsub 32mb 8mb 60",
	} {
		name, value, _ := strings.Cut(set, "=")
		if server.Do(t, "config", "get", name) == "[]" {
			continue // not a parameter of this server
		}
		server.Do(t, "config", "set", name, value)
		if got, want := server.Do(t, "config", "get", name), "["+name+" "+redisconf.Normalize(name, value)+"]"; got != want {
			t.Errorf("%s reads %s, Normalize says %s", set, got, want)
		}
	}
}

func TestIsSecret(t *testing.T) {
	for _, name := range []string{"requirepass", "masterauth", "primaryauth", "tls-key-file-pass", "TLS-client-key-file-pass", "hash-seed", "x-secret", "x-token"} {
		if !redisconf.IsSecret(name) {
			t.Errorf("%s is shown", name)
		}
	}
	for _, name := range []string{"tls-auth-clients", "masteruser", "maxmemory", "save", "tls-auth-clients-user"} {
		if redisconf.IsSecret(name) {
			t.Errorf("%s is hidden", name)
		}
	}
}

func TestNudged(t *testing.T) {
	for name, value := range map[string]string{"maxmemory": "x", "slowlog-log-slower-than": "-1", "maxmemory-policy": "noeviction", "save": "900 1", "requirepass": "7"} {
		if moved, ok := redisconf.Nudged(name, value); ok {
			t.Errorf("%s %q was moved to %q", name, value, moved)
		}
	}
	if moved, _ := redisconf.Nudged("maxmemory", "0"); moved != "1125899906842624" {
		t.Errorf("no limit became %q", moved)
	}
}

// An old name and the current one are one parameter, with one row.
func TestOldNames(t *testing.T) {
	for old, current := range map[string]string{
		"slaveof": "replicaof", "lua-time-limit": "busy-reply-threshold", "masterauth": "primaryauth", "hash-max-ziplist-entries": "hash-max-listpack-entries",
		"server_cpulist": "server-cpulist", "maxmemory": "maxmemory",
	} {
		if got := redisconf.CurrentName(old); got != current {
			t.Errorf("%s is now %s, want %s", old, got, current)
		}
	}
	if !redisconf.IsRole("SlaveOf") {
		t.Error("slaveof is no role")
	}
}

// Guards against the drift of the tables that this one replaced: a limit was
// memory to one and digits to another, and zero was the lowest limit to a third.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		less, ok   bool
	}{
		{"maxmemory", "1048576", "0", true, true},
		{"maxmemory", "0", "1048576", false, true},
		{"maxmemory", "0", "0", false, true},
		{"cluster-link-sendbuf-limit", "0", "5", false, true},
		{"hz", "0", "10", true, true},
		{"maxmemory", "9", "10", true, true},
		{"maxmemory-clients", "5%", "0", false, false},
	} {
		if less, ok := redisconf.Less(c.name, c.a, c.b); less != c.less || ok != c.ok {
			t.Errorf("%s %s < %s: %v %v", c.name, c.a, c.b, less, ok)
		}
	}
	for _, name := range []string{"maxmemory-dataset", "replica-full-sync-buffer-limit", "stream-node-max-bytes", "maxmemory"} {
		if redisconf.Of(name).Kind != redisconf.Memory {
			t.Errorf("%s is not memory", name)
		}
	}
}

// Every default of the table is what a server without a configuration says.
func TestDefaultsOfTheServer(t *testing.T) {
	server := redistest.Start(t)
	for _, name := range redisconf.Defaults() {
		if name == "appendonly" || name == "save" {
			continue // set by the test's own server
		}
		want := "[" + name + " " + redisconf.Of(name).Default + "]"
		if got := server.Do(t, "config", "get", name); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// What a family has in common holds under old names too, and for a parameter that
// has a row.
func TestFamilies(t *testing.T) {
	for _, name := range []string{"slowlog-max-len", "commandlog-large-reply-max-len", "latency-monitor-threshold", "latency-tracking"} {
		if !redisconf.Of(name).Logs {
			t.Errorf("%s is not known to say what is logged", name)
		}
	}
	for _, name := range []string{"requirepass", "Port", "tls-port", "tls-auth-clients", "maxclients", "protected-mode"} {
		if !redisconf.Of(name).Locks {
			t.Errorf("%s is not known to lock clients out", name)
		}
	}
	if p := redisconf.Of("maxmemory"); p.Logs || p.Locks || !p.ReadsBack || p.Default != "0" {
		t.Errorf("maxmemory is %+v", p)
	}
}
