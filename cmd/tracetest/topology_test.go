package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tracetest/internal/redistest"
)

// What the scripts on failovers and restarts have beside scriptCommands: several
// servers that belong together, and what happens to them in the middle of a run.

// observer is whom tracetest logs in as there. It may do everything but give a server another
// role, and a server that it tries that on notes it in its ACL LOG.
const observer = "observer on >pw ~* &* +@all -replicaof -slaveof -failover -cluster|failover -cluster|replicate -cluster|reset " +
	"-cluster|meet -cluster|forget -cluster|addslots -cluster|delslots -cluster|setslot -cluster|bumpepoch -shutdown"

// topology is the servers of one script, by the variables that have their addresses.
type topology map[string]*redistest.Server

func topologyCommands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	var scripts sync.Map // *testscript.TestScript to topology
	of := func(ts *testscript.TestScript) topology {
		t, _ := scripts.LoadOrStore(ts, topology{})
		return t.(topology)
	}
	return map[string]func(ts *testscript.TestScript, neg bool, args []string){
		// server NAME [args] starts a server. Its address is in $NAME, the URL for tracetest in $NAME_URL. In
		// the arguments $OTHER_PORT is the port of another one.
		"server": func(ts *testscript.TestScript, _ bool, args []string) {
			s := startRedis(ts, slices.Concat([]string{"--user"}, strings.Fields(observer), args[1:]))
			of(ts)[args[0]] = s
			_, port, _ := net.SplitHostPort(s.Addr)
			ts.Setenv(args[0], s.Addr)
			ts.Setenv(args[0]+"_PORT", port)
			ts.Setenv(args[0]+"_URL", "redis://observer:pw@"+s.Addr)
		},
		// sentinels NAME starts three that look after a server, and waits until they know each other.
		"sentinels": func(ts *testscript.TestScript, _ bool, args []string) { of(ts).sentinels(ts, args[0]) },
		// at NAME WANT = COMMAND... sends a command to a server until WANT is in the answer. With ! it is not.
		"at": func(ts *testscript.TestScript, neg bool, args []string) {
			var words []any
			for _, word := range args[3:] {
				words = append(words, word)
			}
			if neg {
				if got, err := of(ts)[args[0]].Try(words...); err != nil || strings.Contains(got, args[1]) {
					ts.Fatalf("%s: %s (%v)", args, got, err)
				}
				return
			}
			eventually(ts, strings.Join(args, " "), func() string {
				got, err := of(ts)[args[0]].Try(words...)
				if err == nil && strings.Contains(got, args[1]) {
					return ""
				}
				return fmt.Sprintf("it is %s (%v)", got, err)
			})
		},
		// during FILE ACTION NAME [args]: when a test makes the file, this happens to the server; then there is FILE.done.
		"during": func(ts *testscript.TestScript, _ bool, args []string) {
			file, s, action := ts.MkAbs(args[0]), of(ts)[args[2]], args[1]
			sentinel := ts.Getenv("SENTINEL")
			os.Remove(file)
			os.Remove(file + ".done")
			go func() {
				for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
					if _, err := os.Stat(file); err == nil {
						err := happen(s, action, sentinel, args[3:])
						os.WriteFile(file+".part", fmt.Appendf(nil, "%v", err), 0o666)
						os.Rename(file+".part", file+".done")
						return
					}
				}
			}()
		},
		// replicate NAME MASTER makes a node of a cluster the replica of another.
		"replicate": func(ts *testscript.TestScript, _ bool, args []string) {
			id, err := of(ts)[args[1]].Try("CLUSTER", "MYID")
			ts.Check(err)
			eventually(ts, "it is a replica", func() string {
				if _, err := of(ts)[args[0]].Try("CLUSTER", "REPLICATE", id); err != nil {
					return err.Error()
				}
				return ""
			})
			eventually(ts, "its link is up", func() string {
				got, _ := of(ts)[args[0]].Try("INFO", "replication")
				state, _ := of(ts)[args[1]].Try("CLUSTER", "INFO")
				if strings.Contains(got, "master_link_status:up") && strings.Contains(state, "cluster_state:ok") {
					return ""
				}
				return got + state
			})
		},
		// norole NAME...: from the servers' own view, tracetest never tried to give them another role, and it
		// was there.
		"norole": func(ts *testscript.TestScript, _ bool, args []string) {
			for _, name := range args {
				denied, err := of(ts)[name].Try("ACL", "LOG")
				ts.Check(err)
				if denied != "[]" {
					ts.Fatalf("%s: tracetest tried what it may not: %s", name, denied)
				}
			}
		},
	}
}

func happen(s *redistest.Server, action, sentinel string, args []string) error {
	switch action {
	case "restart": // with other arguments
		return s.Restart(args...)
	case "kill": // and come back 3 s later
		if err := s.Stop(); err != nil {
			return err
		}
		time.Sleep(3 * time.Second)
		return s.Restart(args...)
	case "sentinel-failover":
		_, port, _ := net.SplitHostPort(sentinel)
		out, err := exec.Command("redis-cli", "-p", port, "SENTINEL", "FAILOVER", "mymaster").CombinedOutput()
		if err == nil && !strings.Contains(string(out), "OK") {
			err = fmt.Errorf("SENTINEL FAILOVER: %s", out)
		}
		return err
	}
	var words []any
	for _, word := range append([]string{action}, args...) {
		words = append(words, word)
	}
	_, err := s.Try(words...)
	return err
}

func eventually(ts *testscript.TestScript, what string, problem func() string) {
	last := ""
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if last = problem(); last == "" {
			return
		}
	}
	ts.Fatalf("%s: %s", what, last)
}

func (t topology) sentinels(ts *testscript.TestScript, name string) {
	host, port, _ := net.SplitHostPort(t[name].Addr)
	var ports []string
	for range 3 {
		dir, err := os.MkdirTemp("", "sentinel")
		ts.Check(err)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		own := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
		listener.Close()
		conf := filepath.Join(dir, "sentinel.conf")
		ts.Check(os.WriteFile(conf, fmt.Appendf(nil, "port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor mymaster %s %s 2\n"+
			"sentinel down-after-milliseconds mymaster 700\nsentinel failover-timeout mymaster 3000\n", own, dir, host, port), 0o666))
		cmd := exec.Command("redis-server", conf, "--sentinel")
		ts.Check(cmd.Start())
		ts.Defer(func() {
			cmd.Process.Kill()
			cmd.Wait()
			os.RemoveAll(dir)
		})
		ports = append(ports, own)
	}
	ts.Setenv("SENTINEL", "127.0.0.1:"+ports[0])
	for _, port := range ports {
		eventually(ts, "the Sentinels know each other", func() string {
			out, err := exec.Command("redis-cli", "-p", port, "INFO", "sentinel").CombinedOutput()
			if err == nil && strings.Contains(string(out), "status=ok") && strings.Contains(string(out), "slaves=1,sentinels=3") {
				return ""
			}
			return string(out)
		})
	}
}
