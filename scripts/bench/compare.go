package main

import (
	"log"
	"path/filepath"
	"slices"
	"time"
)

// A contender is a way to run a suite.
type contender struct {
	name    string
	command []string
}

func (b *bench) contenders(out string, arguments ...string) []contender {
	test := append([]string{"-count=1", "-p=1"}, arguments...)
	return []contender{
		{"go test -json", append(append([]string{"go", "test", "-json"}, test...), "./...")},
		{"gotestsum", append(append([]string{b.gotestsum, "--format=pkgname", "--"}, test...), "./...")},
		{"tracetest", append([]string{b.tracetest, "--redis", b.redis.Addr, "--out", out, "./...", "--"}, test...)},
	}
}

// comparison is what the contenders took for one suite, by round.
type comparison struct {
	suite
	names []string
	walls [][]time.Duration // by contender
	out   string            // folder of tracetest's last run
	snaps int               // boundaries at which a snapshot was taken
	spans int               // those and the others
}

// compare runs the contenders in turn. A first round, in which the suite is
// built, does not count.
func (b *bench) compare(s suite) (*comparison, error) {
	dir, err := b.write(s)
	if err != nil {
		return nil, err
	}
	c := &comparison{suite: s, out: filepath.Join(b.dir, "out-"+s.name)}
	rounds := b.rounds
	if s.rounds > 0 {
		rounds = min(rounds, s.rounds)
	}
	all := b.contenders(c.out)
	c.walls = make([][]time.Duration, len(all))
	for round := range rounds + 1 {
		for i, contender := range all {
			took, err := b.start(dir, []string{"REDIS_ADDR=" + b.redis.Addr}, contender.command...)
			if err != nil {
				return nil, err
			}
			log.Printf("%s, round %d of %d: %s %s", s.title, round, rounds, contender.name, took.wall.Round(time.Millisecond))
			if round > 0 {
				c.walls[i] = append(c.walls[i], took.wall)
			}
		}
	}
	for _, contender := range all {
		c.names = append(c.names, contender.name)
	}
	sampled, passed, err := held(c.out)
	c.snaps, c.spans = len(sampled), len(sampled)+len(passed)
	return c, err
}

// ratios are those of one contender to another, by round.
func (c *comparison) ratios(of, to int) []float64 {
	var all []float64
	for round := range c.walls[of] {
		all = append(all, float64(c.walls[of][round])/float64(c.walls[to][round]))
	}
	return all
}

const (
	plainTest = iota // index of a contender
	sumTest
	traceTest
)

// median returns the middle one, or of an even number the lower of the two.
func median[T int64 | float64 | time.Duration](all []T) T {
	if len(all) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(all))[(len(all)-1)/2]
}
