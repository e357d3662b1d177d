package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// built is how long a suite takes from one build cache: empty at first, then
// filled, by who builds.
type built struct {
	suite
	names  []string
	first  []time.Duration // after plain `go test`, whose is the first
	second []time.Duration // medians of the rounds
	ratio  []float64       // of second to that of go test, medians of the rounds
	moved  []time.Duration // of the same module in another folder, as a CI job has it that restores the cache
}

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

// firstBuilds measures builds with a cache of their own.
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
	out := filepath.Join(b.dir, "out-builds")
	all := []contender{b.contenders(out, s)[plainTest], b.contenders(out, s)[traceTest]}
	m := &built{suite: s}
	for _, c := range all {
		took, err := b.start(dir, env, c.command...)
		if err != nil {
			return nil, err
		}
		log.Printf("%s: %s, first build: %s", s.title, c.name, took.wall.Round(time.Millisecond))
		m.names, m.first = append(m.names, strings.TrimSuffix(c.name, " -json")), append(m.first, took.wall)
	}
	walls := make([][]time.Duration, len(all))
	ratios := make([][]float64, len(all))
	for range min(b.rounds, 3) {
		for i, c := range all {
			took, err := b.start(dir, env, c.command...)
			if err != nil {
				return nil, err
			}
			walls[i] = append(walls[i], took.wall)
			ratios[i] = append(ratios[i], float64(took.wall)/float64(walls[plainTest][len(walls[i])-1]))
		}
	}
	for i := range all {
		m.second, m.ratio = append(m.second, median(walls[i])), append(m.ratio, median(ratios[i]))
	}
	moved := dir + "-moved"
	if err := os.CopyFS(moved, os.DirFS(dir)); err != nil {
		return nil, err
	}
	for _, c := range all {
		took, err := b.start(moved, env, c.command...)
		if err != nil {
			return nil, err
		}
		m.moved = append(m.moved, took.wall)
	}
	return m, nil
}
