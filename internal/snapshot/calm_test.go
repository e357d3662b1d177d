package snapshot

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"tracetest/internal/redistest"
)

// configGets is how often the server was asked for its configuration.
func configGets(t *testing.T, server *redistest.Server) int {
	t.Helper()
	found := regexp.MustCompile(`cmdstat_config\|get:calls=(\d+)`).FindStringSubmatch(server.Do(t, "info", "commandstats"))
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(found[1])
	return n
}

// As long as nothing happens, nothing but INFO is asked.
func TestCalmAsksForInfoAlone(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	snap(t, s)
	before := configGets(t, server)
	for i := range 100 {
		server.Do(t, "set", "key", strconv.Itoa(i))
		want(t, snap(t, s), nil)
	}
	if n := configGets(t, server) - before; n != 0 {
		t.Errorf("100 snapshots of a calm server asked %d times for its configuration", n)
	}
}

// Guards against a change that is not seen because the counts are what they
// were: each round leaves the counts of the round before, with another value.
func TestCalmIsNotFooledByResets(t *testing.T) {
	rounds := map[string]func(do func(...any), hz string){
		"reset, set": func(do func(...any), hz string) {
			do("config", "resetstat")
			do("config", "set", "hz", hz)
		},
		"set, reset": func(do func(...any), hz string) {
			do("config", "set", "hz", hz)
			do("config", "resetstat")
		},
		"reset, set, reset": func(do func(...any), hz string) {
			do("config", "resetstat")
			do("config", "set", "hz", hz)
			do("config", "resetstat")
		},
		"reset, set, and snapshots of others": func(do func(...any), hz string) {
			do("config", "resetstat")
			do("config", "set", "hz", hz)
			for range 5 {
				do("info", "everything")
				do("config", "get", "*")
				do("ping")
			}
		},
		"in a transaction": func(do func(...any), hz string) {
			do("multi")
			do("config", "resetstat")
			do("config", "set", "hz", hz)
			do("exec")
		},
	}
	for name, round := range rounds {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t)
			s, _ := open(t, server.Addr, Options{})
			client := redis.NewClient(&redis.Options{Addr: server.Addr})
			defer client.Close()
			conn := client.Conn() // one, for MULTI
			defer conn.Close()
			do := func(args ...any) {
				if err := conn.Do(t.Context(), args...).Err(); err != nil {
					t.Fatalf("%v: %v", args, err)
				}
			}
			for i := range 20 {
				hz := strconv.Itoa(20 + i)
				round(do, hz)
				want(t, snap(t, s), map[string]string{"hz": hz})
				if i%3 == 0 {
					want(t, snap(t, s), nil)
				}
			}
		})
	}
}

// between is the address of a way to a server. Each question on it is passed on unless said ends the connection,
// after an answer of its own where it has one.
func between(t *testing.T, server string, said func() (answer string, end bool)) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer in.Close()
				out, err := net.Dial("tcp", server)
				if err != nil {
					return
				}
				defer out.Close()
				go func() { _, _ = io.Copy(in, out) }()
				question := make([]byte, 64<<10)
				for {
					n, err := in.Read(question)
					if err != nil {
						return
					}
					if answer, end := said(); end {
						_, _ = io.WriteString(in, answer)
						return
					}
					_, _ = out.Write(question[:n])
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// Guards against taking the counts for known where the connection is lost
// before the configuration that belongs to them is read.
func TestCalmIsNotFooledByALostConnection(t *testing.T) {
	server := redistest.Start(t)
	var armed atomic.Int32
	addr := between(t, server.Addr, func() (string, bool) { return "", armed.Load() > 0 && armed.Add(-1) == 0 })
	s, _ := open(t, addr, Options{})
	snap(t, s)
	server.Do(t, "config", "set", "hz", "77")
	armed.Store(2)
	want(t, snap(t, s), map[string]string{"hz": "77"})
}

// Guards against the calls of another tracetest that stand in for those that a
// reset took away.
func TestCalmIsNotFooledByAnotherObserver(t *testing.T) {
	server := redistest.Start(t)
	one, _ := open(t, server.Addr, Options{})
	two, _ := open(t, server.Addr, Options{})
	for i := range 40 {
		hz := strconv.Itoa(20 + i)
		server.Do(t, "config", "resetstat")
		server.Do(t, "config", "set", "hz", hz)
		first, second := one, two
		if i%2 == 1 {
			first, second = two, one
		}
		want(t, snap(t, first), map[string]string{"hz": hz})
		want(t, snap(t, second), map[string]string{"hz": hz})
	}
}

// Guards against a change that falls between the two questions of a snapshot: it
// must be in that snapshot or in the next.
func TestCalmSeesWhatIsSetDuringASnapshot(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	for round := range 60 {
		stop, last := make(chan bool), make(chan string)
		go func() {
			for i := 0; ; i++ {
				value := strconv.Itoa(1000 + round*1000 + i)
				if _, err := server.Try("config", "set", "timeout", value); err != nil {
					t.Error(err)
				}
				select {
				case <-stop:
					last <- value
					return
				default:
				}
			}
		}()
		seen := ""
		for range 5 {
			if value, changed := snap(t, s).Config["timeout"]; changed {
				seen = value
			}
		}
		close(stop)
		value := <-last
		if now, changed := snap(t, s).Config["timeout"]; changed {
			seen = now
		}
		if seen != value {
			t.Fatalf("round %d: timeout is %s, and %s was seen", round, value, seen)
		}
	}
}

// Not only CONFIG SET changes what CONFIG GET * says.
func TestCalmKnowsWhatElseChangesParameters(t *testing.T) {
	server, other := redistest.Start(t), redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	want(t, snap(t, s), nil)
	var host, port string
	if _, err := fmt.Sscanf(regexp.MustCompile(`:`).ReplaceAllString(other.Addr, " "), "%s %s", &host, &port); err != nil {
		t.Fatal(err)
	}
	server.Do(t, "replicaof", host, port)
	want(t, snap(t, s), map[string]string{"replicaof": host + " " + port})
	server.Do(t, "replicaof", "no", "one")
	want(t, snap(t, s), map[string]string{"replicaof": ""})
	// FAILOVER hands its role over later than the command.
	other.Do(t, "replicaof", "127.0.0.1", regexp.MustCompile(`\d+$`).FindString(server.Addr))
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if regexp.MustCompile(`connected_slaves:1\r?\nslave0:.*state=online`).MatchString(server.Do(t, "info", "replication")) {
			break
		}
		if time.Since(begin) > 20*time.Second {
			t.Fatal("the replica did not come")
		}
	}
	snap(t, s)
	server.Do(t, "failover")
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if value, changed := snap(t, s).Config["replicaof"]; changed {
			if value != host+" "+port {
				t.Errorf("replicaof is %q", value)
			}
			break
		}
		if time.Since(begin) > 20*time.Second {
			t.Fatal("the failover was never seen")
		}
	}
}

// Which counts tell of a change, by lines of INFO as servers send them.
func TestCallsThatCanChangeParameters(t *testing.T) {
	const calm = "cmdstat_config|get:calls=3,usec=1\r\ncmdstat_info:calls=5,usec=1\r\n"
	before := readFigures(calm).calls
	for more, same := range map[string]bool{
		"cmdstat_get:calls=7,usec=1":                   true,
		"cmdstat_info:calls=4,usec=1":                  false, // ours are lost: the counts were set to zero
		"cmdstat_config|set:calls=1,usec=1":            false,
		"cmdstat_config|resetstat:calls=1,usec=1":      false,
		"cmdstat_FT.CONFIG|SET:calls=1,usec=1":         false,
		"cmdstat_ft.config:calls=1,usec=1":             false,
		"cmdstat_replicaof:calls=1,usec=1":             false,
		"cmdstat_slaveof:calls=1,usec=1":               false,
		"cmdstat_failover:calls=1,usec=1":              false,
		"cmdstat_acl|setuser:calls=1,usec=1":           false,
		"cmdstat_module|load:calls=1,usec=1":           false,
		"cmdstat_cluster|reset:calls=1,usec=1":         false,
		"cmdstat_debug:calls=1,usec=1":                 false,
		"cmdstat_ping:calls=1,usec=1,rejected_calls=9": true,
	} {
		now := readFigures("cmdstat_config|get:calls=3,usec=1\r\ncmdstat_info:calls=6,usec=1\r\n" + more + "\r\n").calls
		if now.same(before) != same {
			t.Errorf("%s: the same is %v", more, !same)
		}
	}
	// Redis 6 tells of CONFIG as a whole, and our own calls are among them.
	old := readFigures("cmdstat_config:calls=3,usec=1\r\ncmdstat_info:calls=5,usec=1\r\n").calls
	if now := readFigures("cmdstat_config:calls=3,usec=1\r\ncmdstat_info:calls=6,usec=1\r\n").calls; now.same(old) {
		t.Error("a server that does not tell the calls of CONFIG apart is trusted")
	}
}
