// Command expected runs the suite with and without the leak and compares what
// happens with expected.json, or writes that file anew.
//
//	go run ./tools/expected [-runs N] [-hold 50ms] [-redis-server PATH] [-write]
//
// It starts the Redis servers that it needs, each on a free port, and must be
// called in the root of the module. The verdicts come from Ginkgo's JSON report, the
// rejections from the server's own error statistics (Redis 6.2 and later), read
// before and after each spec by a hook that is compiled in with -overlay.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2/types"
	"github.com/redis/go-redis/v9"
)

const (
	file    = "expected.json"
	folder  = "test/integration/gateway"
	helpers = folder + "/helpers.go"
	seed    = 100
	skip    = "degrades gracefully under memory pressure"

	startMemory = "2147483648"
	startPolicy = "noeviction"
	leakMemory  = "1048576"
	leakPolicy  = "allkeys-lru"

	oomText = "OOM command not allowed"
)

//go:embed hook.go.txt
var hook []byte

// Expected is the content of expected.json.
type Expected struct {
	Package string `json:"package"`
	Test    string `json:"test"`
	Seed    int64  `json:"seed"`
	Specs   int    `json:"specs"`

	WithLeak    Totals `json:"with_leak"`
	WithoutLeak Totals `json:"without_leak"`
	LeakSkipped Totals `json:"leaking_spec_skipped"`

	Leak Leak `json:"leak"`

	Victims               []Victim  `json:"victims"`
	OwnFailures           []Failure `json:"own_failures"`
	PassingWithRejections []string  `json:"passing_with_rejections"`

	Order []string `json:"order"`
}

// Totals counts the specs of a run.
type Totals struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// Leak says which spec leaves what changed, and where that is done.
type Leak struct {
	Spec     string   `json:"spec"`
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Function string   `json:"function"`
	Changes  []Change `json:"changes"`
}

// Change is one CONFIG SET.
type Change struct {
	Parameter string `json:"parameter"`
	From      string `json:"from"`
	To        string `json:"to"`
	File      string `json:"file"`
	Line      int    `json:"line"`
}

// Victim is a spec that fails because of the leak.
type Victim struct {
	Spec       string `json:"spec"`
	IgnoredOOM bool   `json:"ignored_oom"` // the message does not say OOM
	Symptom    string `json:"symptom"`     // oom, execabort or not-stored
}

// Failure is a spec that fails with and without the leak.
type Failure struct {
	Spec    string `json:"spec"`
	Message string `json:"message"`
}

// run is what one run of the suite gave.
type run struct {
	totals   Totals
	order    []string
	specs    map[string]types.SpecReport
	rejected map[string]int // nil if the server does not count them
}

func main() {
	log.SetFlags(0)
	server := flag.String("redis-server", "redis-server", "the Redis server to start")
	runs := flag.Int("runs", 1, "how often to run the suite with the leak")
	hold := flag.Duration("hold", 0, "how long to hold the suite before and after each spec")
	write := flag.Bool("write", false, "write "+file+" instead of comparing with it")
	flag.Parse()

	var want Expected
	if !*write {
		body, err := os.ReadFile(file)
		if err != nil {
			log.Fatal(err)
		}
		if err := json.Unmarshal(body, &want); err != nil {
			log.Fatal(err)
		}
	}
	for i := range *runs {
		got, err := observe(*server, *hold)
		if err != nil {
			log.Fatalf("run %d: %v", i+1, err)
		}
		if *write {
			if err := save(got); err != nil {
				log.Fatal(err)
			}
			*write, want = false, got
		}
		if !reflect.DeepEqual(got, want) {
			a, _ := json.MarshalIndent(got, "", "  ")
			log.Fatalf("run %d: not as expected:\n%s", i+1, a)
		}
		log.Printf("run %d: as expected: %d of %d pass with the leak, %d without", i+1,
			got.WithLeak.Passed, got.Specs, got.WithoutLeak.Passed)
	}
}

func save(e Expected) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(e); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o666)
}

// observe runs the suite in all ways and works out what expected.json has to say.
func observe(server string, hold time.Duration) (Expected, error) {
	var none Expected
	leak, err := suite(server, hold, "", true)
	if err != nil {
		return none, fmt.Errorf("with the leak: %w", err)
	}
	clean, err := suite(server, hold, "GATEWAY_MEMORY_PRESSURE=restore", false)
	if err != nil {
		return none, fmt.Errorf("with the clean-up: %w", err)
	}
	off, err := suite(server, hold, "GATEWAY_MEMORY_PRESSURE=off", false)
	if err != nil {
		return none, fmt.Errorf("without memory pressure: %w", err)
	}
	skipped, err := suite(server, hold, "", false, "-ginkgo.skip="+skip)
	if err != nil {
		return none, fmt.Errorf("without the leaking spec: %w", err)
	}

	e := Expected{
		Package:     "gateway/" + folder,
		Test:        "TestGateway",
		Seed:        seed,
		Specs:       len(leak.order),
		WithLeak:    leak.totals,
		WithoutLeak: clean.totals,
		LeakSkipped: skipped.totals,
		Order:       leak.order,
	}
	if !reflect.DeepEqual(leak.order, clean.order) || !reflect.DeepEqual(leak.order, off.order) {
		return none, errors.New("the order is not fixed")
	}
	leaked := false
	for _, text := range leak.order {
		l, c := leak.specs[text], clean.specs[text]
		if c.State != off.specs[text].State {
			return none, fmt.Errorf("%s: %s with the clean-up, %s without memory pressure",
				text, c.State, off.specs[text].State)
		}
		isLeak := strings.HasSuffix(text, skip)
		if isLeak {
			leaked = true
			if e.Leak, err = describeLeak(l); err != nil {
				return none, err
			}
		} else if c.State != skipped.specs[text].State {
			return none, fmt.Errorf("%s: %s with the clean-up, %s without the leaking spec",
				text, c.State, skipped.specs[text].State)
		}
		if n := clean.rejected[text] + off.rejected[text] + skipped.rejected[text]; n > 0 && !isLeak {
			return none, fmt.Errorf("%s: %d rejections without the leak", text, n)
		}
		rejections := leak.rejected == nil || leak.rejected[text] > 0

		switch {
		case l.State == types.SpecStatePassed && c.State == types.SpecStatePassed:
			if leak.rejected[text] > 0 {
				e.PassingWithRejections = append(e.PassingWithRejections, text)
			}
		case l.State == types.SpecStateFailed && c.State == types.SpecStatePassed:
			if !leaked || !rejections {
				return none, fmt.Errorf("%s: fails only with the leak, but nothing was rejected", text)
			}
			v, err := describeVictim(l)
			if err != nil {
				return none, err
			}
			e.Victims = append(e.Victims, v)
		case l.State == types.SpecStateFailed && c.State == types.SpecStateFailed:
			if leak.rejected[text] > 0 {
				return none, fmt.Errorf("%s: has a failure of its own, and %d rejections", text, leak.rejected[text])
			}
			message := l.Failure.Message
			for _, other := range []run{clean, off, skipped} {
				if m := other.specs[text].Failure.Message; m != message {
					return none, fmt.Errorf("%s: fails differently:\n%s\n%s", text, message, m)
				}
			}
			e.OwnFailures = append(e.OwnFailures, Failure{text, message})
		default:
			return none, fmt.Errorf("%s: %s with the leak, %s without", text, l.State, c.State)
		}
	}
	if leak.rejected == nil {
		log.Print("this server does not count rejections: passing_with_rejections is not checked")
		e.PassingWithRejections, err = previous()
	}
	return e, err
}

func previous() ([]string, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var e Expected
	err = json.Unmarshal(body, &e)
	return e.PassingWithRejections, err
}

func describeLeak(spec types.SpecReport) (Leak, error) {
	l := Leak{
		Spec:     spec.FullText(),
		File:     folder + "/" + filepath.Base(spec.LeafNodeLocation.FileName),
		Line:     spec.LeafNodeLocation.LineNumber,
		Function: "(*RedisTestClient).SimulateMemoryPressure",
		Changes: []Change{
			{Parameter: "maxmemory-policy", From: startPolicy, To: leakPolicy, File: helpers},
			{Parameter: "maxmemory", From: startMemory, To: leakMemory, File: helpers},
		},
	}
	source, err := os.ReadFile(helpers)
	if err != nil {
		return l, err
	}
	for i, line := range strings.Split(string(source), "\n") {
		for j := range l.Changes {
			if strings.Contains(line, `.ConfigSet(ctx, "`+l.Changes[j].Parameter+`"`) {
				l.Changes[j].Line = i + 1
			}
		}
	}
	return l, nil
}

func describeVictim(spec types.SpecReport) (Victim, error) {
	v := Victim{Spec: spec.FullText()}
	message := spec.Failure.Message
	output := message + spec.CapturedGinkgoWriterOutput + spec.CapturedStdOutErr
	v.IgnoredOOM = !strings.Contains(output, "OOM")
	switch {
	case strings.Contains(message, oomText):
		v.Symptom = "oom"
	case strings.Contains(message, "EXECABORT") && v.IgnoredOOM:
		v.Symptom = "execabort"
	case strings.HasPrefix(message, "fingerprint not stored\n") && v.IgnoredOOM:
		v.Symptom = "not-stored"
	default:
		return v, fmt.Errorf("%s: unknown symptom: %s", v.Spec, output)
	}
	return v, nil
}

// suite runs the suite on a server of its own.
func suite(server string, hold time.Duration, env string, leaks bool, args ...string) (run, error) {
	var r run
	dir, err := os.MkdirTemp("", "expected")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)

	rdb, stop, err := start(server, dir)
	if err != nil {
		return r, err
	}
	defer stop()
	ctx := context.Background()

	overlay, err := overlayHook(dir)
	if err != nil {
		return r, err
	}
	report, rejected := filepath.Join(dir, "report.json"), filepath.Join(dir, "rejected.json")
	args = append([]string{
		"test", "-count=1", "-overlay=" + overlay, "./" + folder,
		fmt.Sprint("-ginkgo.seed=", seed), "-ginkgo.no-color", "-ginkgo.json-report=" + report,
	}, args...)
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GATEWAY_MEMORY_PRESSURE=", "REDIS_ADDR="+rdb.Options().Addr,
		"EXPECTED_HOLD="+hold.String(), "EXPECTED_REJECTED="+rejected)
	if env != "" {
		cmd.Env = append(cmd.Env, env)
	}
	output, _ := cmd.CombinedOutput() // it fails in any case
	if err := load(report, rejected, &r); err != nil {
		return r, fmt.Errorf("%w\n%s", err, output)
	}

	memory, policy := startMemory, startPolicy
	if leaks {
		memory, policy = leakMemory, leakPolicy
	}
	for name, want := range map[string]string{"maxmemory": memory, "maxmemory-policy": policy} {
		got, err := rdb.ConfigGet(ctx, name).Result()
		if err != nil {
			return r, err
		}
		if got[name] != want {
			return r, fmt.Errorf("%s is %s after the run, not %s", name, got[name], want)
		}
	}
	info, err := rdb.Info(ctx).Result()
	if err == nil && leaks && !strings.Contains(info, "errorstat_OOM") {
		r.rejected = nil
	}
	return r, err
}

func load(report, rejected string, r *run) error {
	var reports []types.Report
	body, err := os.ReadFile(report)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, &reports); err != nil {
		return err
	}
	if body, err = os.ReadFile(rejected); err != nil {
		return err
	}
	if err := json.Unmarshal(body, &r.rejected); err != nil {
		return err
	}
	r.specs = map[string]types.SpecReport{}
	for _, spec := range reports[0].SpecReports {
		if spec.LeafNodeType != types.NodeTypeIt {
			continue
		}
		text := spec.FullText()
		if _, ok := r.specs[text]; ok {
			return fmt.Errorf("two specs are called %s", text)
		}
		r.specs[text] = spec
		r.order = append(r.order, text)
		switch spec.State {
		case types.SpecStatePassed:
			r.totals.Passed++
		case types.SpecStateSkipped:
			r.totals.Skipped++
		default:
			r.totals.Failed++
		}
	}
	return nil
}

// overlayHook writes the hook and the file that puts it into the test package.
func overlayHook(dir string) (string, error) {
	source := filepath.Join(dir, "hook.go")
	if err := os.WriteFile(source, hook, 0o666); err != nil {
		return "", err
	}
	target, err := filepath.Abs(filepath.Join(folder, "zz_expected_test.go"))
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]any{"Replace": map[string]string{target: source}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, body, 0o666)
}

// start starts a Redis as the incident's was started.
func start(server, dir string) (*redis.Client, func(), error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	addr := l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	l.Close()

	cmd := exec.Command(server, "--port", port, "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--appendonly", "no", "--maxmemory", startMemory)
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	stop := func() {
		rdb.Close()
		cmd.Process.Kill()
		cmd.Wait()
	}
	for range 100 {
		if err = rdb.Ping(context.Background()).Err(); err == nil {
			return rdb, stop, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	return nil, nil, fmt.Errorf("%s does not answer: %w", server, err)
}
