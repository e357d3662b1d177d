package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// profiles runs one suite, after it was built, with CPU profiles of the test process and of
// tracetest, and of Redis where there is perf.
func (b *bench) profiles() error {
	var named []suite
	all, err := b.suites()
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.name == b.only {
			named = append(named, s)
		}
	}
	if len(named) != 1 {
		return errors.New("-profile needs the name of one suite in -only")
	}
	s := named[0]
	into, err := filepath.Abs(b.profile)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return err
	}
	dir, err := b.write(s)
	if err != nil {
		return err
	}
	if err := b.buildProfiled(); err != nil {
		return err
	}
	env := []string{"REDIS_ADDR=" + b.redis.Addr}
	trace := b.contenders(filepath.Join(b.dir, "out-profile"), s)[traceTest]
	with := func(flags ...string) []string {
		return slices.Concat(trace.command[:trace.at], flags, trace.command[trace.at:])
	}
	if _, err := b.start(dir, env, with("-run=^$")...); err != nil {
		return err
	}
	stop := b.perf(filepath.Join(into, "redis.perf"))
	// go test writes no profile of several packages, but each test binary does, into its folder.
	command := with()
	if !slices.Contains(command, "-args") {
		command = append(command, "-args")
	}
	took, err := b.start(dir, append(env, profileEnv+"="+filepath.Join(into, "tracetest.pprof")), append(command, "-test.cpuprofile=test.pprof")...)
	stop()
	if err != nil {
		return err
	}
	if err := collect(dir, into); err != nil {
		return err
	}
	log.Printf("%s: %s; profiles are in %s (go tool pprof -top FILE..., perf report -i redis.perf)", s.title, took.wall.Round(time.Millisecond), into)
	return nil
}

// collect takes the profiles of test processes from the folders of their packages.
func collect(from, into string) error {
	number := 0
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "test.pprof" {
			return err
		}
		number++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(into, fmt.Sprintf("test-%03d.pprof", number)), text, 0o644)
	})
}

// perf has perf look at Redis, if there is perf, until it is told to stop.
func (b *bench) perf(path string) (stop func()) {
	pid, err := b.redis.Try("info", "server")
	if err == nil {
		_, err = strconv.Atoi(field(pid, "process_id:"))
	}
	program, missing := exec.LookPath("perf")
	if err = errors.Join(err, missing); err != nil {
		log.Printf("no profile of Redis: %v", err)
		return func() {}
	}
	cmd := exec.CommandContext(b.ctx, program, "record", "-q", "-g", "-o", path, "-p", field(pid, "process_id:"))
	if err := cmd.Start(); err != nil {
		log.Printf("no profile of Redis: %v", err)
		return func() {}
	}
	return func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	}
}

// profileEnv names, to a tracetest that is built here, the file for its own profile.
const profileEnv = "TRACETEST_BENCH_PROFILE"

// buildProfiled builds a tracetest that writes a CPU profile of itself.
func (b *bench) buildProfiled() error {
	path := filepath.Join(b.root, "cmd", "tracetest", "main.go")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	const exit = "os.Exit(execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr))"
	if !strings.Contains(string(text), exit) {
		return fmt.Errorf("%s does not end as it used to", path)
	}
	changed := strings.Replace(string(text), exit, "stop := startProfile()\n\tcode := execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr)\n\tstop()\n\tos.Exit(code)", 1)
	const start = `package main

import (
	"os"
	"runtime/pprof"
)

func startProfile() (stop func()) {
	path := os.Getenv("` + profileEnv + `")
	os.Unsetenv("` + profileEnv + `") // children have none
	file, err := os.Create(path)
	if err != nil {
		return func() {}
	}
	pprof.StartCPUProfile(file)
	return func() {
		pprof.StopCPUProfile()
		file.Close()
	}
}
`
	replace := map[string]string{}
	for name, text := range map[string]string{path: changed, filepath.Join(filepath.Dir(path), "bench_profile.go"): start} {
		replace[name] = filepath.Join(b.dir, "profiled-"+filepath.Base(name))
		if err := os.WriteFile(replace[name], []byte(text), 0o644); err != nil {
			return err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	file := filepath.Join(b.dir, "profiled.json")
	if err := os.WriteFile(file, overlay, 0o644); err != nil {
		return err
	}
	_, err = b.start(b.root, nil, "go", "build", "-buildvcs=false", "-overlay", file, "-o", b.tracetest, "./cmd/tracetest")
	return err
}
