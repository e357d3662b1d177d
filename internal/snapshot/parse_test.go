package snapshot

import (
	"maps"
	"strings"
	"testing"

	"tracetest/internal/redistest"

	"tracetest/internal/redact"
)

func TestParseTarget(t *testing.T) {
	for in, want := range map[string]struct{ address, cli, shown string }{
		"localhost":                         {"localhost:6379", "redis-cli -h localhost -p 6379", "redis://localhost:6379"},
		" host:1234 ":                       {"host:1234", "redis-cli -h host -p 1234", "redis://host:1234"},
		":1234":                             {"localhost:1234", "redis-cli -h localhost -p 1234", "redis://localhost:1234"},
		"::1":                               {"[::1]:6379", "redis-cli -h ::1 -p 6379", "redis://[::1]:6379"},
		"[::1]":                             {"[::1]:6379", "redis-cli -h ::1 -p 6379", "redis://[::1]:6379"},
		"[::1]:1234":                        {"[::1]:1234", "redis-cli -h ::1 -p 1234", "redis://[::1]:1234"},
		"/run/my redis.sock":                {"/run/my redis.sock", "redis-cli -s '/run/my redis.sock'", "unix:///run/my redis.sock"},
		"unix:///run/r.sock":                {"/run/r.sock", "redis-cli -s /run/r.sock", "unix:///run/r.sock"},
		"unix://u:p@/run/r.sock?db=2":       {"/run/r.sock", "redis-cli -s /run/r.sock --user u", "unix://u:(hidden)@/run/r.sock"},
		"redis://":                          {"localhost:6379", "redis-cli -h localhost -p 6379", "redis://localhost:6379"},
		"REDIS://host":                      {"host:6379", "redis-cli -h host -p 6379", "redis://host:6379"},
		"redis://[::1]:77/3":                {"[::1]:77", "redis-cli -h ::1 -p 77", "redis://[::1]:77"},
		"redis://:p%40%2F@host:77/1":        {"host:77", "redis-cli -h host -p 77", "redis://:(hidden)@host:77"},
		"redis://a'b:p@host:77":             {"host:77", `redis-cli -h host -p 77 --user 'a'\''b'`, "redis://a%27b:(hidden)@host:77"},
		"rediss://host":                     {"host:6379", "redis-cli -h host -p 6379 --tls", "rediss://host:6379"},
		"valkeys://host?skip_verify=true":   {"host:6379", "redis-cli -h host -p 6379 --tls --insecure", "rediss://host:6379"},
		"redis://host:1?pool_size=3&db=1":   {"host:1", "redis-cli -h host -p 1", "redis://host:1"},
		"redis://host:1?client_name=tester": {"host:1", "redis-cli -h host -p 1", "redis://host:1"},
	} {
		got, err := ParseTarget(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if got.Address() != want.address || got.CLI() != want.cli || strings.ReplaceAll(got.String(), "'", "%27") != want.shown {
			t.Errorf("%q is %q, %q, %q", in, got.Address(), got.CLI(), got)
		}
	}
	for in, want := range map[string]string{
		"": "empty", "6379": ":6379", "host:0": "port", "host:x": "port", "host:70000": "port", "a:b:c": "host:port",
		"a,b": "by itself", "a b": "host:port", "http://host": "http", "redis://host:0": "port", "redis://host:99999": "port",
		"redis://host/x": "database", "redis://host?nonsense=1": "valid", "unix://": "socket",
		"user:hunter2@host:1": "redis://:PASSWORD@HOST", "redis://hunter2@host": "PASSWORD",
		"redis://:hunter2/x@host": "percent-encoded", "redis://:1hunter2#x@host": "percent-encoded", "redis://:12/hunter2@host": "percent-encoded",
		"redis://:12#hunter2@host": "percent-encoded", "redis://:12?hunter2@host": "percent-encoded", "redis://:%zzhunter2@host": "percent-encoded",
		"redis://host?password=hunter2": "USER:PASSWORD", "https://:hunter2@host": "scheme",
	} {
		got, err := ParseTarget(in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v, %v; want %q", in, got, err, want)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q shows the password", err)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"host:1", "redis://u:hunter2@host:1/2?db=3", "unix://u:hunter2@/x", "[::1]:1", ":hunter2@", "redis://:hunter2#@h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseTarget(s)
		if err != nil {
			if user, pass, ok := strings.Cut(s, "hunter2@"); ok && strings.Contains(user+pass, ":") && strings.Contains(err.Error(), "hunter2@") {
				t.Errorf("%q shows the password", err)
			}
			return
		}
		if got.Address() == "" || got.login().password != "" && len(got.login().password) > 3 && strings.Contains(got.String()+got.CLI(), got.login().password) &&
			!strings.Contains(got.Address()+got.login().user+redact.Hidden, got.login().password) {
			t.Errorf("%q is %q, %s", s, got, got.CLI())
		}
	})
}

func TestTargets(t *testing.T) {
	for name, c := range map[string]struct {
		flags []string
		env   map[string]string
		want  string
		err   string
	}{
		"default":       {nil, nil, "redis://localhost:6379", ""},
		"flags":         {[]string{"a", "b:1"}, map[string]string{"REDIS_URL": "redis://c"}, "redis://a:6379 redis://b:1", ""},
		"flags twice":   {[]string{"a", "A:6379", "redis://a/2"}, nil, "redis://a:6379", ""},
		"own":           {nil, map[string]string{"TRACETEST_REDIS": "a, b,", "REDIS_URL": "redis://c"}, "redis://a:6379 redis://b:6379", ""},
		"url":           {nil, map[string]string{"TRACETEST_REDIS": " ", "REDIS_URL": "redis://c", "REDIS_ADDR": "d"}, "redis://c:6379", ""},
		"addr":          {nil, map[string]string{"REDIS_ADDR": "d:2"}, "redis://d:2", ""},
		"bad flag":      {[]string{"http://x"}, nil, "", "--redis: "},
		"gaps":          {nil, map[string]string{"TRACETEST_REDIS": "a,,b"}, "redis://a:6379 redis://b:6379", ""},
		"bad own":       {nil, map[string]string{"TRACETEST_REDIS": "x://:hunter2@"}, "", "$TRACETEST_REDIS: "},
		"comma":         {nil, map[string]string{"REDIS_URL": "redis://:a,hunter2@c"}, "redis://:(hidden)@c:6379", ""},
		"urls":          {nil, map[string]string{"REDIS_URL": "redis://:a@c,redis://d"}, "redis://:(hidden)@c:6379 redis://d:6379", ""},
		"addrs":         {nil, map[string]string{"REDIS_ADDR": "a:1,b:2"}, "redis://a:1 redis://b:2", ""},
		"docker's":      {nil, map[string]string{"REDIS_ADDR": "tcp://172.17.0.2:6379"}, "redis://172.17.0.2:6379", ""},
		"database":      {nil, map[string]string{"REDIS_ADDR": "a:1/2"}, "redis://a:1", ""},
		"others' words": {nil, map[string]string{"REDIS_URL": "rediss://:hunter2@a:1/2?ssl_cert_reqs=none&skip_verify=true"}, "rediss://:(hidden)@a:1", ""},
		"bad query":     {nil, map[string]string{"REDIS_URL": "redis://:hun?ter2=1@a:1"}, "redis://localhost:6379", ""},
		"path":          {nil, map[string]string{"REDIS_ADDR": "/run/redis.sock"}, "unix:///run/redis.sock", ""},
		"bad url":       {nil, map[string]string{"REDIS_URL": "x://:hunter2@", "REDIS_ADDR": "a"}, "redis://a:6379", ""},
		"bad addr":      {nil, map[string]string{"REDIS_ADDR": "a?b"}, "redis://localhost:6379", ""},
		"an empty flag": {[]string{""}, nil, "", "--redis: "},
	} {
		named, err := Targets(c.flags, TLS{}, func(name string) string { return c.env[name] })
		var got []string
		for _, target := range named.Targets {
			got = append(got, target.String())
		}
		if strings.Join(got, " ") != c.want || (err == nil) != (c.err == "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v shows the password", err)
		}
		if notes := strings.Join(named.Notes, " "); strings.Contains(notes, "hunter2") || strings.HasPrefix(name, "bad") == (notes == "") && c.err == "" {
			t.Errorf("%s: notes %q", name, notes)
		}
	}
}

func TestMode(t *testing.T) {
	for _, reply := range []string{"redis_mode:sentinel\r\n", "server_mode:sentinel\r\nredis_mode:sentinel\r\n", "redict_mode:sentinel\r\nredis_version:7.2.4\r\n"} {
		if mode := parseInfo(reply).mode(); mode != "sentinel" {
			t.Errorf("%q is of mode %q", reply, mode)
		}
	}
}

func TestInfo(t *testing.T) {
	for name, c := range map[string]struct {
		reply, flavor, version string
		several                bool
	}{
		"redis 6":   {"redis_version:6.0.16\r\nredis_mode:standalone\r\n", "redis", "6.0.16", false},
		"redis 8":   {"redis_version:8.6.3\r\n", "redis", "8.6.3", true},
		"valkey":    {"redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n", "valkey", "9.1.2", true},
		"redict":    {"redis_version:7.2.4\r\nredict_version:7.3.6\r\n", "redict", "7.3.6", true},
		"keydb":     {"redis_version:6.3.4\r\nexecutable:/data/keydb-server\r\nfeatures:cluster_mget\r\n", "keydb", "6.3.4", false},
		"dragonfly": {"redis_version:7.4.0\r\ndragonfly_version:df-v1.30.0\r\n", "dragonfly", "1.30.0", false},
		"garnet":    {"garnet_version:1.0.90\r\nserver_name:garnet\r\nredis_version:7.4.3\r\n", "garnet", "1.0.90", false},
		"none":      {"", "redis", "", false},
	} {
		in := parseInfo(c.reply)
		flavor, version := in.flavor()
		if flavor != c.flavor || version != c.version || in.several() != c.several {
			t.Errorf("%s: %s %s %t", name, flavor, version, in.several())
		}
	}
	c := parseInfo("# Memory\r\nused_memory:123\r\nused_memory_human:1K\r\nevicted_keys:4\r\n\r\n# Commandstats\r\n" +
		"cmdstat_set:calls=1,usec=2,usec_per_call=2.00,rejected_calls=3,failed_calls=0\r\n" +
		"cmdstat_get:calls=1,usec=2,usec_per_call=2.00,rejected_calls=0,failed_calls=0\r\n" +
		"cmdstat_config|set:calls=5,usec=2\r\ncmdstat_config|resetstat:calls=6,usec=2\r\n" +
		"# Errorstats\r\nerrorstat_OOM:count=7\r\nerrorstat_ERR:count=9\r\n" +
		"# Keyspace\r\ndb0:keys=8,expires=0,avg_ttl=0,subexpiry=0\r\ndb15:keys_with_volatile_items=1,keys=2\r\ndbx:keys=1\r\n").counters()
	if c.UsedMemory != 123 || c.Evicted != 4 || c.OOM != 7 || c.ConfigSet != 5 || c.ResetStat != 6 ||
		!maps.Equal(c.Keys, map[string]int64{"db0": 8, "db15": 2}) {
		t.Errorf("counters are %+v", c)
	}
}

func FuzzInfo(f *testing.F) {
	f.Add("# Server\r\nredis_version:7.0.15\r\nused_memory:1\r\ncmdstat_set:calls=1,rejected_calls=2\r\ndb0:keys=1\r\n")
	f.Add("used_memory:-\ndb:keys=\ncmdstat_:rejected_calls=99999999999999999999")
	f.Fuzz(func(t *testing.T, reply string) {
		in := parseInfo(reply)
		in.flavor()
		in.several()
		in.partialConfig()
		in.counters()
	})
}

// Replies of other versions, as far as names are concerned.
func TestAliases(t *testing.T) {
	for name, c := range map[string]struct{ reply, want []string }{
		"6.0":    {[]string{"slave-read-only", "replica-read-only", "hash-max-ziplist-entries", "lua-time-limit", "masterauth", "server_cpulist", "slaveof", "min-slaves-to-write", "min-replicas-to-write"}, []string{"replica-read-only", "hash-max-ziplist-entries", "lua-time-limit", "masterauth", "server_cpulist", "slaveof", "min-replicas-to-write"}},
		"7.0":    {[]string{"hash-max-ziplist-entries", "hash-max-listpack-entries", "lua-time-limit", "busy-reply-threshold", "masterauth", "slaveof", "replicaof", "cluster-slave-no-failover", "cluster-replica-no-failover"}, []string{"hash-max-listpack-entries", "busy-reply-threshold", "masterauth", "replicaof", "cluster-replica-no-failover"}},
		"8.6":    {[]string{"server_cpulist", "server-cpulist", "bgsave_cpulist", "bgsave-cpulist", "hz"}, []string{"server-cpulist", "bgsave-cpulist", "hz"}},
		"valkey": {[]string{"masterauth", "primaryauth", "masteruser", "primaryuser", "slowlog-max-len", "commandlog-slow-execution-max-len"}, []string{"primaryauth", "primaryuser", "commandlog-slow-execution-max-len"}},
	} {
		reply := make(map[string]string)
		for _, name := range c.reply {
			reply[name] = "1"
		}
		dropAliases(reply)
		got := reply
		if len(got) != len(c.want) {
			t.Errorf("%s: %v", name, got)
		}
		for _, name := range c.want {
			if got[name] != "1" {
				t.Errorf("%s: %v lacks %s", name, got, name)
			}
		}
	}
}

// Every pair of names for one parameter in this server's reply is known.
func TestAliasesOfThisServer(t *testing.T) {
	server := redistest.Start(t)
	s, d := open(t, server.Addr, Options{})
	mark := s.Mark()
	for name, value := range d.Config {
		if name == "requirepass" || !other(t, server, name, value) {
			continue
		}
		if l := snap(t, s); len(l.Config) > 1 {
			t.Errorf("one change of %s is %v", name, l.Config)
		}
		if r := goBack(t, s, mark).Wrote; r != nil && r.Error != "" {
			t.Errorf("%s: %s", name, r.Error)
		}
	}
}

func TestReported(t *testing.T) {
	config := map[string]string{"slaveof": "", "replica-priority": "100", "masterauth": "", "lua-time-limit": "5000"}
	for in, want := range map[string]string{
		"replicaof": "slaveof", "SlaveOf": "slaveof", "slave-priority": "replica-priority", "primaryauth": "masterauth",
		"busy-reply-threshold": "lua-time-limit", "no-such": "no-such",
	} {
		if got := reported(config, in); got != want {
			t.Errorf("%s is reported as %s, want %s", in, got, want)
		}
	}
}

func TestDisappearingParameter(t *testing.T) {
	if got := differing(map[string]string{"a": "1", "b": "2"}, map[string]string{"b": "3", "c": "4"}); !maps.Equal(got, map[string]string{"b": "3", "c": "4"}) {
		t.Errorf("got %v", got)
	}
}
