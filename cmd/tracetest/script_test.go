package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/redistest"
)

// The scripts in testdata/script run the real tracetest on small modules and a
// real Redis. The commands that they have beside testscript's own are in
// scriptCommands.
func TestScripts(t *testing.T) {
	t.Parallel()
	env := goEnv(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                scriptCommands(),
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "all": // the long matrix: make test-all
				return os.Getenv("TRACETEST_ALL") != "", nil
			case "default": // somebody's server is where one is looked for if none is named
				conn, err := net.DialTimeout("tcp", "localhost:6379", time.Second)
				if err == nil {
					conn.Close()
				}
				return err == nil, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, env...)
			return nil
		},
	})
}

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tracetest": func() { os.Exit(execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// goEnv shares the caches of the go command with the scripts, so that package
// testing is patched and compiled once and not once a script.
func goEnv(t *testing.T) []string {
	t.Helper()
	names := []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GOTOOLCHAIN", "GOROOT", "GONOSUMDB", "GOPRIVATE"}
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var env []string
	for i, value := range strings.Split(strings.TrimRight(string(out), "\n"), "\n") {
		if names[i] != "GOROOT" {
			env = append(env, names[i]+"="+value)
		}
	}
	return append(env, "GOFLAGS="+goFlags, "GOWORK=off", "CI=true")
}

const goFlags = "-buildvcs=false -vet=off"

// linkOnce puts testdata/linkonce into a folder, and returns the GOFLAGS with which
// the go command uses it: for tests that run the same test binary many times.
func linkOnce(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(fixtureDir, "linkonce"))
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "linkonce")
	if strings.ContainsAny(program, " \t'\"") {
		return goFlags, nil // it is linked each time
	}
	return goFlags + " -toolexec=" + program, os.WriteFile(program, text, 0o777)
}

// linkedOnce is linkOnce for the environment of a test.
func linkedOnce(t *testing.T) string {
	t.Helper()
	flags, err := linkOnce(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return "GOFLAGS=" + flags
}

// scriptCommands are the commands that the scripts have beside testscript's.
func scriptCommands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	var servers sync.Map // address to *redistest.Server
	all := map[string]func(ts *testscript.TestScript, neg bool, args []string){
		// redis [args] starts a server of the script's own and watches it.
		"redis": func(ts *testscript.TestScript, _ bool, args []string) {
			s := startRedis(ts, args)
			ts.Setenv("REDIS_ADDR", s.Addr)
			ts.Setenv("REDIS_SOCKET", s.Socket)
			ts.Setenv("TRACETEST_REDIS", s.Addr)
			_, port, _ := strings.Cut(s.Addr, ":")
			ts.Setenv("REDIS_PORT", port)
			servers.Store(s.Addr, s)
		},
		// certificate writes one for 127.0.0.1 and redis.test that signs itself, and its key: $CERT and $KEY.
		"certificate": func(ts *testscript.TestScript, _ bool, _ []string) {
			cert, key, err := redistest.WriteCertificate(ts.MkAbs("."))
			ts.Check(err)
			ts.Setenv("CERT", cert)
			ts.Setenv("KEY", key)
		},
		// redis2 starts a second server, in $REDIS2.
		"redis2": func(ts *testscript.TestScript, _ bool, args []string) {
			ts.Setenv("REDIS2", startRedis(ts, args).Addr)
		},
		// module [name [folder]] makes a module with the helpers of fixture.go.txt.
		"module": func(ts *testscript.TestScript, _ bool, args []string) {
			name, dir := "suite", "."
			if len(args) > 0 {
				name = args[0]
			}
			if len(args) > 1 {
				dir = args[1]
			}
			ts.Check(os.MkdirAll(ts.MkAbs(dir), 0o777))
			write(ts, filepath.Join(dir, "go.mod"), "module "+name+"\n\ngo 1.24\n")
			helpers(ts, dir, name)
		},
		// linkonce links each test binary once, though the script runs it many times.
		"linkonce": func(ts *testscript.TestScript, _ bool, _ []string) {
			dir, err := os.MkdirTemp("", "links")
			ts.Check(err)
			ts.Defer(func() { os.RemoveAll(dir) })
			flags, err := linkOnce(dir)
			ts.Check(err)
			ts.Setenv("GOFLAGS", flags)
		},
		// helpers folder [package] puts the helpers into another package.
		"helpers": func(ts *testscript.TestScript, _ bool, args []string) {
			name := filepath.Base(args[0])
			if len(args) > 1 {
				name = args[1]
			}
			helpers(ts, args[0], name)
		},
		// run CODE args... runs tracetest and wants this exit code.
		"run": func(ts *testscript.TestScript, _ bool, args []string) {
			err := ts.Exec("tracetest", args[1:]...)
			code := 0
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				code = exit.ExitCode()
			}
			ts.Logf("exit code %d", code)
			if strconv.Itoa(code) != args[0] {
				ts.Fatalf("tracetest %s: exit code %d, want %s\n%s", strings.Join(args[1:], " "), code, args[0], ts.ReadFile("stderr"))
			}
		},
		// leak PARAMETER FROM TO CERTAINTY OWNER: there is this leak.
		// reverted: the same among the reverted changes.
		"leak":     func(ts *testscript.TestScript, neg bool, args []string) { wantChange(ts, neg, args, leaks) },
		"reverted": func(ts *testscript.TestScript, neg bool, args []string) { wantChange(ts, neg, args, contained) },
		// suspect PARAMETER OWNER: the change of it is ambiguous, and this owner is a suspect.
		"suspect": wantSuspect,
		// accused PARAMETER OWNER: this owner is named for the change of it, or is among the suspects.
		"accused": wantAccused,
		// leaks N, reverts N, failures N: there are so many.
		"leaks": func(ts *testscript.TestScript, _ bool, args []string) { wantCount(ts, args, len(reported(ts).Leaks)) },
		"reverts": func(ts *testscript.TestScript, _ bool, args []string) {
			wantCount(ts, args, len(reported(ts).Reverted))
		},
		"failures": func(ts *testscript.TestScript, _ bool, args []string) {
			wantCount(ts, args, len(reported(ts).Failures))
		},
		// failure STATUS CAUSE OWNER [TEXT]: there is this failure, its message holding the text.
		"failure": wantFailure,
		// restored PARAMETER OWNER: the leak of it was restored by this owner, or by "tracetest", or by "nobody".
		"restored": wantRestored,
		// tests total passed failed skipped
		"tests": func(ts *testscript.TestScript, _ bool, args []string) {
			n := reported(ts).Tests
			got := fmt.Sprintf("%d %d %d %d", n.Total, n.Passed, n.Failed, n.Skipped)
			if want := strings.Join(args, " "); got != want {
				ts.Fatalf("tests (total passed failed skipped): got %s, want %s", got, want)
			}
		},
		// config PARAMETER VALUE: the server has it.
		"config": func(ts *testscript.TestScript, _ bool, args []string) {
			s, _ := servers.Load(ts.Getenv("REDIS_ADDR"))
			got, err := s.(*redistest.Server).Try("CONFIG", "GET", args[0])
			ts.Check(err)
			if want := fmt.Sprintf("[%s %s]", args[0], args[1]); got != want {
				ts.Fatalf("CONFIG GET: got %s, want %s", got, want)
			}
		},
		// commits FROM TO makes commits of these numbers that change nothing of the tests.
		"commits": func(ts *testscript.TestScript, _ bool, args []string) {
			from, err := strconv.Atoi(args[0])
			ts.Check(err)
			to, err := strconv.Atoi(args[1])
			ts.Check(err)
			for n := from; n <= to; n++ {
				ts.Check(ts.Exec("git", "commit", "-q", "--allow-empty", "-m", fmt.Sprintf("commit %d", n)))
			}
		},
		// send COMMAND sends a command to the server.
		"send": func(ts *testscript.TestScript, _ bool, args []string) {
			s, _ := servers.Load(ts.Getenv("REDIS_ADDR"))
			var words []any
			for _, a := range args {
				words = append(words, a)
			}
			_, err := s.(*redistest.Server).Try(words...)
			ts.Check(err)
		},
		"signal": signalVerb,
	}
	maps.Copy(all, topologyCommands())
	maps.Copy(all, fixCommands())
	return all
}

func startRedis(ts *testscript.TestScript, args []string) *redistest.Server {
	dir, err := os.MkdirTemp("", "redis-data")
	ts.Check(err)
	ts.Defer(func() { os.RemoveAll(dir) })
	s, err := redistest.Run(dir, args...)
	ts.Check(err)
	ts.Defer(func() {
		s.Close()
		// A script may have started another one in its place.
		if conn, err := net.DialTimeout("tcp", s.Addr, time.Second); err == nil {
			fmt.Fprint(conn, "SHUTDOWN NOSAVE\r\n")
			conn.SetReadDeadline(time.Now().Add(5 * time.Second))
			conn.Read(make([]byte, 1))
			conn.Close()
		}
	})
	return s
}

func helpers(ts *testscript.TestScript, dir, name string) {
	text, err := os.ReadFile(filepath.Join(fixtureDir, "fixture.go.txt"))
	ts.Check(err)
	write(ts, filepath.Join(dir, "fixture_test.go"), strings.Replace(string(text), "package fixture", "package "+name, 1))
}

var fixtureDir, _ = filepath.Abs("testdata")

func write(ts *testscript.TestScript, path, text string) {
	ts.Check(os.WriteFile(ts.MkAbs(path), []byte(text), 0o666))
}

func reported(ts *testscript.TestScript) *findings.Findings {
	var f findings.Findings
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("tracetest-out/findings.json")), &f))
	return &f
}

func leaks(f *findings.Findings) []findings.Change     { return f.Leaks }
func contained(f *findings.Findings) []findings.Change { return f.Reverted }

// ownerText is how scripts write an owner: "Test", "Test: spec" or "package path".
func ownerText(o *record.Name) string {
	switch {
	case o == nil:
		return "nobody"
	case o.Spec != "":
		return o.Test + ": " + o.Spec
	case o.Test != "":
		return o.Test
	}
	return "package " + o.Package
}

func changeText(c findings.Change) string {
	who := ownerText(c.By)
	if c.Certainty == findings.Ambiguous {
		var names []string
		for _, s := range c.Suspects {
			names = append(names, ownerText(&s))
		}
		slices.Sort(names)
		who = strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s %s %s %s %s", c.Parameter, c.From, c.To, c.Certainty, who)
}

func wantChange(ts *testscript.TestScript, neg bool, args []string, of func(*findings.Findings) []findings.Change) {
	want := strings.Join(args, " ")
	var all []string
	for _, c := range of(reported(ts)) {
		all = append(all, changeText(c))
	}
	if slices.Contains(all, want) == neg {
		ts.Fatalf("want %q (not: %v) among:\n%s", want, neg, strings.Join(all, "\n"))
	}
}

func wantSuspect(ts *testscript.TestScript, _ bool, args []string) {
	f := reported(ts)
	for _, c := range append(f.Leaks, f.Reverted...) {
		if c.Parameter == args[0] && c.Certainty == findings.Ambiguous && c.By == nil &&
			slices.ContainsFunc(c.Suspects, func(o record.Name) bool { return ownerText(&o) == args[1] }) {
			return
		}
	}
	ts.Fatalf("%s is no suspect of changing %s:\n%s", args[1], args[0], ts.ReadFile("tracetest-out/findings.json"))
}

func wantAccused(ts *testscript.TestScript, neg bool, args []string) {
	f := reported(ts)
	for _, c := range append(f.Leaks, f.Reverted...) {
		if who := ", " + changeText(c) + ","; c.Parameter == args[0] && (strings.Contains(who, " "+args[1]+",")) != neg {
			return
		}
	}
	ts.Fatalf("%s is not accused of changing %s (not: %v):\n%s", args[1], args[0], neg, ts.ReadFile("tracetest-out/findings.json"))
}

func wantCount(ts *testscript.TestScript, args []string, got int) {
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("got %d, want %s:\n%s", got, args[0], ts.ReadFile("tracetest-out/findings.json"))
	}
}

func wantFailure(ts *testscript.TestScript, neg bool, args []string) {
	var all []string
	for _, f := range reported(ts).Failures {
		owner := ownerText(&record.Name{Package: f.Package, Test: f.Test, Spec: f.Spec})
		all = append(all, fmt.Sprintf("%s %s %s: %s", f.Status, f.Cause, owner, f.Message))
		if f.Status == args[0] && string(f.Cause) == args[1] && owner == args[2] && (len(args) < 4 || strings.Contains(f.Message, args[3])) {
			if neg {
				ts.Fatalf("there is %q", args)
			}
			return
		}
	}
	if !neg {
		ts.Fatalf("want %q among:\n%s", args, strings.Join(all, "\n"))
	}
}

func wantRestored(ts *testscript.TestScript, _ bool, args []string) {
	for _, c := range reported(ts).Leaks {
		if c.Parameter != args[0] {
			continue
		}
		got := ownerText(c.RestoredBy)
		if c.RestoredByTool {
			got = "tracetest"
		}
		if got != args[1] {
			ts.Fatalf("the leak of %s was put back by %q, want %q", args[0], got, args[1])
		}
		return
	}
	ts.Fatalf("%s did not leak", args[0])
}
