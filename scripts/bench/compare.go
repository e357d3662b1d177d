package main

import (
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"tracetest/internal/record"
)

// A contender is a way to run a suite.
type contender struct {
	name    string
	command []string
	at      int // where flags of go test may be put in
}

// contenders are the ways to run a suite.
func (b *bench) contenders(out string, s suite) []contender {
	packages, test := []string{"./..."}, []string{"-count=1", "-p=1"}
	if s.packages != nil {
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
	var args []string
	if s.args != nil {
		args = append([]string{"-args"}, s.args(b)...)
	}
	plain, sum := []string{"go", "test", "-json"}, []string{b.gotestsum, "--format=pkgname", "--"}
	trace = append(append(trace, packages...), "--")
	return []contender{
		{"go test -json", slices.Concat(plain, test, packages, args), len(plain)},
		{"gotestsum", slices.Concat(sum, test, packages, args), len(sum)},
		{"tracetest", slices.Concat(trace, test, args), len(trace)},
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

// compare runs the contenders in turn. In a first round the suite is built, and it does
// not count; gotestsum builds what go test did.
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
			if i == sumTest && (round == 0 || !s.sum) {
				continue
			}
			if round == 0 { // a test binary is linked, and tests nothing
				contender.command = slices.Concat(contender.command[:contender.at], []string{"-run=^$"}, contender.command[contender.at:])
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
	c.snaps, c.spans, err = boundaries(c.out)
	return c, err
}

// boundaries counts those of a record, and those among them where a server was looked at.
func boundaries(out string) (sampled, all int, err error) {
	file, err := os.Open(filepath.Join(out, "run.jsonl"))
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	for e, err := range record.Read(file) {
		switch {
		case err != nil:
			return 0, 0, err
		case e.Boundary == nil:
			continue
		case len(e.Boundary.Snapshots) > 0:
			sampled++
		}
		all++
	}
	return sampled, all, nil
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
func more(of, than []time.Duration) []float64 {
	var all []float64
	for round := range of {
		all = append(all, (of[round] - than[round]).Seconds())
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
