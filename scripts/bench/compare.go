package main

import (
	"log"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// A contender is a way to run a suite.
type contender struct {
	name    string
	command []string
}

// contenders are the ways to run a suite.
func (b *bench) contenders(out string, s suite) []contender {
	packages, test := "./...", []string{"-count=1", "-p=1"}
	if s.packages != "" {
		packages = s.packages
	}
	test = append(test, s.flags...)
	trace := []string{b.tracetest, "--out", out}
	servers := b.servers
	if servers == nil {
		servers = []string{b.redis.Addr}
	}
	for _, addr := range servers {
		trace = append(trace, "--redis", addr)
	}
	after := []string{packages}
	if s.args != nil {
		after = append(append(after, "-args"), s.args(b)...)
	}
	return []contender{
		{"go test -json", slices.Concat([]string{"go", "test", "-json"}, test, after)},
		{"gotestsum", slices.Concat([]string{b.gotestsum, "--format=pkgname", "--"}, test, after)},
		{"tracetest", slices.Concat(trace, []string{packages, "--"}, test, after[1:])},
	}
}

// comparison is what the contenders took for one suite, by round.
type comparison struct {
	suite
	names []string
	walls [][]time.Duration // by contender
	cpus  [][]time.Duration // the processor time of all its processes, and of Redis
	out   string            // folder of tracetest's last run
	snaps int               // boundaries at which a snapshot was taken
	spans int               // those and the others
}

// compare runs the contenders in turn. A first round, in which the suite is
// built, does not count; gotestsum builds what go test did.
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
	all := b.contenders(c.out, s)
	c.walls, c.cpus = make([][]time.Duration, len(all)), make([][]time.Duration, len(all))
	for round := range rounds + 1 {
		for i, contender := range all {
			if round == 0 && i == sumTest {
				continue
			}
			before, err := b.redisTime()
			if err != nil {
				return nil, err
			}
			took, err := b.start(dir, []string{"REDIS_ADDR=" + b.redis.Addr}, contender.command...)
			if err != nil {
				return nil, err
			}
			after, err := b.redisTime()
			if err != nil {
				return nil, err
			}
			log.Printf("%s, round %d of %d: %s %s", s.title, round, rounds, contender.name, took.wall.Round(time.Millisecond))
			if round > 0 {
				c.walls[i], c.cpus[i] = append(c.walls[i], took.wall), append(c.cpus[i], took.cpu+after-before)
			}
		}
	}
	for _, contender := range all {
		c.names = append(c.names, contender.name)
	}
	sampled, passed, err := held(c.out)
	c.snaps, c.spans = len(sampled), len(sampled)+passed
	return c, err
}

// redisTime is the processor time that Redis has used.
func (b *bench) redisTime() (sum time.Duration, err error) {
	text, err := b.redis.Try("info", "cpu")
	if err != nil {
		return 0, err
	}
	for _, name := range []string{"used_cpu_user:", "used_cpu_sys:"} {
		seconds, err := strconv.ParseFloat(field(text, name), 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(seconds * 1e9)
	}
	return sum, nil
}

// more is by how much one contender took longer than another, by round, in seconds.
func (c *comparison) more(of, than int) []float64 {
	var all []float64
	for round := range c.walls[of] {
		all = append(all, (c.walls[of][round] - c.walls[than][round]).Seconds())
	}
	return all
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
