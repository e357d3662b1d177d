package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tracetest/internal/instrument"
	"tracetest/internal/live"
	"tracetest/internal/run"
	"tracetest/internal/snapshot"
)

// options are the flags of a run.
type options struct {
	signals *run.Signals // that end the command

	redis        []string
	tls          snapshot.TLS
	out          string
	instrument   string
	trace        string
	sync         string
	discover     string
	restore      string
	expect       []string
	expectFile   []string
	format       string
	allowPartial bool
	container    string
	prove        bool
	trials       int
	proveTime    time.Duration
	flush        bool
	perturb      bool
	baseline     string
	timeout      time.Duration
	reports      reports
	shard        shardOptions
	gitBisect    bool
	json         bool
	launch       []string // the command of tracetest exec
	serve        serveOptions
	leak         []string
}

func (o *options) flags(f *pflag.FlagSet) {
	o.where(f)
	f.StringVar(&o.instrument, "instrument", "auto", "`MODE` synchronize tests with snapshots at their boundaries: auto, on (fail where that is impossible) or off")
	o.how(f)
	group(f, "Tests", "instrument")
	f.BoolVar(&o.prove, "prove", false, "re-run tests to prove or refute that the failures correlated with a leak come from it")
	f.IntVar(&o.trials, "trials", 2, "`N` number of re-runs of each")
	f.DurationVar(&o.proveTime, "prove-time", 2*time.Minute, "`TIME` limit of all re-runs together")
	f.BoolVar(&o.flush, "flush", false, "delete all data of the server between the re-runs; on this machine only")
	group(f, "Proof", "prove", "trials", "prove-time", "flush")
	o.shard.flags(f)
	f.BoolVar(&o.gitBisect, "git-bisect", false, "exit codes for git bisect run: 0 good, 1 bad, 125 undecided, 128 and more on signals")
	f.StringArrayVar(&o.leak, "leak", nil, "`PARAM` with --git-bisect: bad is what leaves this parameter changed, whether or not tests fail; repeatable")
	group(f, "Bisection of commits", "git-bisect", "leak")
	f.StringVar(&o.format, "format", defaultFormat(), "`NAME` format of the live output, as of gotestsum: "+strings.Join(live.Formats(), ", "))
	f.BoolVar(&o.json, "json", false, "write the events of go test -json to standard output, for gotestsum --raw-command and others; the rest goes to standard error")
	o.outputs(f)
	group(f, "Output", "format", "json")
}

// how are the flags that say how tests are watched, whoever starts them.
func (o *options) how(f *pflag.FlagSet) {
	f.StringVar(&o.trace, "trace", "auto", "`MODE` trace the tests' own Redis connections, to find the line of a change: auto, on or off")
	f.StringVar(&o.discover, "discover", "auto", "`MODE` also watch servers that the tests turn out to use: auto or off")
	f.StringVar(&o.sync, "sync", "auto", "`WHO` waits at test boundaries: auto (tests that can have changed a server untraced) or always (all)")
	f.StringVar(&o.restore, "restore", "run", "`WHEN` restore what tests left changed: test (after each), run (at its end) or never")
	f.BoolVar(&o.perturb, "perturb", false, "move parameters a little off their usual values first, so that hard-coded restores show; restored at the end")
	f.StringVar(&o.baseline, "baseline", "", "`FILE` known leaks, which alone do not fail the run; see tracetest baseline --help")
	group(f, "Tests", "trace", "discover", "sync", "restore", "perturb", "baseline")
}

// outputs are the flags that say what is written.
func (o *options) outputs(f *pflag.FlagSet) {
	f.StringVar(&o.out, "out", "tracetest-out", "`DIR` folder of the reports (report.html, report.md, junit.xml, findings.json) and the record (run.jsonl)")
	o.reports.flags(f)
	group(f, "Output", "out", "junit-leaks", "sarif", "code-quality")
}

// where are the flags that say which server to watch, and what is known of it.
func (o *options) where(f *pflag.FlagSet) {
	f.StringArrayVar(&o.redis, "redis", nil, "`URL` the server to watch, as a URL or host:port; repeatable (default $TRACETEST_REDIS, $REDIS_URL, $REDIS_ADDR, else localhost:6379)")
	f.StringArrayVar(&o.expect, "expect", nil, "`PARAM=VALUE` what the server must have; repeatable")
	f.StringArrayVar(&o.expectFile, "expect-file", nil, "`FILE` PARAM=VALUE lines, as tracetest check --save writes them; repeatable; --expect wins")
	f.StringVar(&o.container, "container", "", "`NAME` the container of the server, which says what it was started with (default the one that publishes its port)")
	f.BoolVar(&o.allowPartial, "allow-partial", false, "where CONFIG is denied, watch what INFO shows")
	f.DurationVar(&o.timeout, "redis-timeout", 5*time.Second, "`TIME` limit of a snapshot; the test goes on after it")
	f.StringVar(&o.tls.CACert, "cacert", "", "`FILE` certificates to trust, PEM; with it tracetest connects over TLS, whatever the address says")
	f.StringVar(&o.tls.Cert, "cert", "", "`FILE` certificate of the client, for TLS")
	f.StringVar(&o.tls.Key, "key", "", "`FILE` key of the client, for TLS")
	f.StringVar(&o.tls.ServerName, "sni", "", "`HOST` name in the certificate of the server, where it is not that of the address")
	f.BoolVar(&o.tls.Insecure, "insecure", false, "do not check the server's certificate")
	group(f, "Server", "cacert", "cert", "key", "sni", "insecure", "redis", "expect", "expect-file", "container", "allow-partial", "redis-timeout")
}

// A choice is a flag that takes one of a few words.
type choice struct {
	flag  string
	value *string
	words []cobra.Completion // some say what they mean
}

func (o *options) choices() []choice {
	return []choice{
		{"instrument", &o.instrument, []cobra.Completion{
			cobra.CompletionWithDesc("auto", "where that can be done"),
			cobra.CompletionWithDesc("on", "fail rather than go without"), "off"}},
		{"trace", &o.trace, []cobra.Completion{
			cobra.CompletionWithDesc(string(instrument.TraceAuto), "where that can be done"),
			cobra.CompletionWithDesc(string(instrument.TraceOn), "fail rather than go without"), string(instrument.TraceOff)}},
		{"discover", &o.discover, []cobra.Completion{
			cobra.CompletionWithDesc("auto", "from their first command on"), "off"}},
		{"sync", &o.sync, []cobra.Completion{
			cobra.CompletionWithDesc(string(run.SyncAuto), "who can have changed a server untraced"),
			cobra.CompletionWithDesc(string(run.SyncAlways), "everybody")}},
		{"restore", &o.restore, []cobra.Completion{
			cobra.CompletionWithDesc(string(run.RestoreNever), "write nothing"),
			cobra.CompletionWithDesc(string(run.RestoreRun), "at the end of the run"),
			cobra.CompletionWithDesc(string(run.RestoreTest), "after each test")}},
		{"format", &o.format, live.Formats()},
		{"shard-by", &o.shard.by, []cobra.Completion{run.ShardByPackage, cobra.CompletionWithDesc(run.ShardByTest, "where a package is too large"), cobra.CompletionWithDesc(run.ShardBySpec, "where a Ginkgo suite is too large")}},
		o.reports.choice(),
	}
}

// allowed are the words without what they mean.
func (c choice) allowed() []string {
	var words []string
	for _, w := range c.words {
		word, _, _ := strings.Cut(w, "\t")
		words = append(words, word)
	}
	return words
}

func (c choice) check() error {
	if allowed := c.allowed(); !slices.Contains(allowed, *c.value) {
		return fmt.Errorf("--%s=%q: use one of %s", c.flag, *c.value, strings.Join(allowed, ", "))
	}
	return nil
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
	for _, c := range o.choices() {
		if err := c.check(); err != nil {
			return err
		}
	}
	if o.prove && (o.trials < 1 || o.proveTime <= 0) {
		return fmt.Errorf("--trials=%d --prove-time=%v: both must be positive", o.trials, o.proveTime)
	}
	if o.prove && o.restore == string(run.RestoreNever) {
		return fmt.Errorf("--prove restores the configuration between its trials, and --restore=never says not to")
	}
	if o.perturb && o.restore == string(run.RestoreNever) {
		return fmt.Errorf("--perturb writes to the server and restores what it wrote, and --restore=never says not to write")
	}
	if len(o.leak) > 0 && !o.gitBisect {
		return fmt.Errorf("--leak goes with --git-bisect; `tracetest bisect --param %s` says who leaves it changed", o.leak[0])
	}
	if o.flush && !o.prove {
		return fmt.Errorf("--flush goes with --prove")
	}
	if err := errors.Join(o.shard.validate(), o.validateServe()); err != nil {
		return err
	}
	if o.timeout <= 0 {
		return fmt.Errorf("--redis-timeout=%v: it must be positive", o.timeout)
	}
	if o.out == "" {
		return fmt.Errorf("--out is empty: name a folder")
	}
	return nil
}

// version is that of the module, where it was installed by the go command.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
