package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"tracetest/internal/gate"
	"tracetest/internal/live"
	"tracetest/internal/run"
)

// options are the flags of a run.
type options struct {
	redis        []string
	out          string
	gate         string
	tap          string
	follow       string
	restore      string
	expect       []string
	format       string
	allowPartial bool
	container    string
	prove        bool
	trials       int
	proveTime    time.Duration
	flush        bool
	perturb      bool
	timeout      time.Duration
}

func (o *options) flags(f *pflag.FlagSet) {
	o.where(f)
	f.StringVar(&o.out, "out", "tracetest-out", "`folder` for the reports (report.html, report.md, findings.json) and the record (run.jsonl)")
	f.StringVar(&o.gate, "gate", "auto", "hold tests at their boundaries: auto, on (fail rather than go without) or off")
	f.StringVar(&o.tap, "tap", "auto", "hear what the tests' own connections write: auto, on (fail rather than go without) or off")
	f.StringVar(&o.follow, "follow", "auto", "watch servers that the tests turn out to speak to: auto or off")
	f.StringVar(&o.restore, "restore", "run", "put back what tests left changed: after each test, at the end of the run, or never")
	f.BoolVar(&o.prove, "prove", false, "re-run what settles whether the failures that are tied to a leak come from it")
	f.IntVar(&o.trials, "trials", 2, "how often --prove re-runs each")
	f.DurationVar(&o.proveTime, "prove-time", 2*time.Minute, "how long --prove may take in all")
	f.BoolVar(&o.flush, "flush", false, "delete all data of the server between the trials of --prove; on this machine only")
	f.BoolVar(&o.perturb, "perturb", false, "first move parameters a little off their usual values, so that hard-coded restores show; put back at the end")
	f.StringVar(&o.format, "format", defaultFormat(), "live output: "+strings.Join(live.Formats(), ", "))
}

// where are the flags that say which server to look at, and what is known of it.
func (o *options) where(f *pflag.FlagSet) {
	f.StringArrayVar(&o.redis, "redis", nil, "`URL` or host:port of the server to watch; repeatable\n(default $TRACETEST_REDIS, $REDIS_URL, $REDIS_ADDR, else localhost:6379)")
	f.StringArrayVar(&o.expect, "expect", nil, "`PARAM=VALUE` that the server must have; repeatable")
	f.StringVar(&o.container, "container", "", "`name` of the container that the server is in, to read what it was started with\n(default the one that publishes its port)")
	f.BoolVar(&o.allowPartial, "allow-partial", false, "go on where CONFIG is denied, and watch what INFO shows")
	f.DurationVar(&o.timeout, "redis-timeout", 5*time.Second, "how long a look at Redis may take; then the test goes on")
}

// defaultFormat follows gotestsum, which reads this variable too.
func defaultFormat() string {
	for _, name := range []string{"TRACETEST_FORMAT", "GOTESTSUM_FORMAT"} {
		if format := os.Getenv(name); format != "" {
			return format
		}
	}
	return "pkgname"
}

func (o *options) validate() error {
	for _, f := range []struct {
		name, value string
		allowed     []string
	}{
		{"gate", o.gate, []string{"auto", "on", "off"}},
		{"tap", o.tap, []string{string(gate.TapAuto), string(gate.TapOn), string(gate.TapOff)}},
		{"follow", o.follow, []string{"auto", "off"}},
		{"restore", o.restore, []string{string(run.RestoreNever), string(run.RestoreRun), string(run.RestoreTest)}},
		{"format", o.format, live.Formats()},
	} {
		known := false
		for _, a := range f.allowed {
			known = known || f.value == a
		}
		if !known {
			return fmt.Errorf("--%s=%q: use one of %s", f.name, f.value, strings.Join(f.allowed, ", "))
		}
	}
	if o.prove && (o.trials < 1 || o.proveTime <= 0) {
		return fmt.Errorf("--trials=%d --prove-time=%v: both must be positive", o.trials, o.proveTime)
	}
	if o.prove && o.restore == string(run.RestoreNever) {
		return fmt.Errorf("--prove puts the configuration back between its trials, and --restore=never says not to")
	}
	if o.perturb && o.restore == string(run.RestoreNever) {
		return fmt.Errorf("--perturb writes to the server and puts back what it wrote, and --restore=never says not to write")
	}
	if o.flush && !o.prove {
		return fmt.Errorf("--flush goes with --prove")
	}
	if o.timeout <= 0 {
		return fmt.Errorf("--redis-timeout=%v: it must be positive", o.timeout)
	}
	if o.out == "" {
		return fmt.Errorf("--out is empty: name a folder")
	}
	return nil
}

// expectations parses --expect.
func (o *options) expectations() (map[string]string, error) {
	expect := map[string]string{}
	for _, text := range o.expect {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--expect %q: write PARAM=VALUE, such as maxmemory=2gb", name)
		}
		expect[strings.ToLower(name)] = value
	}
	return expect, nil
}

// version is that of the module, where it was installed by the go command.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
