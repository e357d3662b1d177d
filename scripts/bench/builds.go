package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// built is how long a suite takes from one build cache: empty at first, then
// filled, by who builds.
type built struct {
	suite
	names []string
	first []time.Duration   // plain go test is the first: the others find what it built
	again [][]time.Duration // later runs
	moved [][]time.Duration // of the same module in another folder, as a CI job has it that restores the cache
}

// builtTraced is the index of tracetest's default among the builders.
const builtTraced = 1

// heavy is a module with the tree of client-go.
func heavy() suite {
	return suite{name: "heavy", title: "a module with client-go and go-redis", tests: 1, files: map[string]string{
		"suite_test.go": `package suite

import (
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

func TestHeavy(t *testing.T) {
	clients := kubernetes.NewForConfigOrDie(&rest.Config{Host: "127.0.0.1:1"})
	informers.NewSharedInformerFactory(clients, 0)
	rdb := redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS_ADDR")})
	defer rdb.Close()
	if err := rdb.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}
`}}
}

// firstBuilds measures builds with a cache of their own, and, of the small module, those
// with an overlay too where that is not how tracetest instruments by default.
func (b *bench) firstBuilds() ([]*built, error) {
	small := flat("small", "a module of one package with 10 tests", 10, "get(t)")
	var all []*built
	for _, s := range []suite{small, heavy()} {
		if b.quick && s.name == "heavy" {
			continue
		}
		m, err := b.firstBuild(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.title, err)
		}
		all = append(all, m)
	}
	return all, nil
}

// builders are who builds a suite.
func (b *bench) builders(s suite) ([]contender, error) {
	all := b.contenders(filepath.Join(b.dir, "out-builds"), s)
	builders := []contender{all[plainTest], all[traceTest]}
	builders[plainTest].name = "go test"
	help, err := b.say(b.tracetest, "run", "--help")
	if err != nil {
		return nil, err
	}
	if s.name == "small" && strings.Contains(help, ", overlay (") {
		const flag = "--instrument=overlay"
		overlay := all[traceTest]
		overlay.name, overlay.command = "tracetest "+flag, slices.Insert(slices.Clone(overlay.command), 1, flag)
		builders = append(builders, overlay)
	}
	return builders, nil
}

func (b *bench) firstBuild(s suite) (*built, error) {
	dir, err := b.write(s)
	if err != nil {
		return nil, err
	}
	tidy := exec.CommandContext(b.ctx, "go", "mod", "tidy")
	tidy.Dir = dir
	if out, err := tidy.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go mod tidy: %w\n%s", err, out)
	}
	cache := filepath.Join(b.dir, "cache")
	defer os.RemoveAll(cache)
	env := []string{"REDIS_ADDR=" + b.redis.Addr, "GOCACHE=" + cache}
	all, err := b.builders(s)
	if err != nil {
		return nil, err
	}
	m := &built{suite: s, again: make([][]time.Duration, len(all)), moved: make([][]time.Duration, len(all))}
	for _, c := range all {
		took, err := b.start(dir, env, c.command...)
		if err != nil {
			return nil, err
		}
		log.Printf("%s: %s, first build: %s", s.title, c.name, took.wall.Round(time.Millisecond))
		m.names, m.first = append(m.names, c.name), append(m.first, took.wall)
	}
	for range min(b.rounds, 3) {
		for i, c := range all {
			took, err := b.start(dir, env, c.command...)
			if err != nil {
				return nil, err
			}
			m.again[i] = append(m.again[i], took.wall)
		}
	}
	for round := range min(b.rounds, 3) {
		moved := fmt.Sprintf("%s-moved-%d", dir, round)
		if err := os.CopyFS(moved, os.DirFS(dir)); err != nil {
			return nil, err
		}
		for i, c := range all {
			took, err := b.start(moved, env, c.command...)
			if err != nil {
				return nil, err
			}
			m.moved[i] = append(m.moved[i], took.wall)
		}
	}
	return m, nil
}
