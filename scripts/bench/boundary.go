package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"tracetest/internal/record"
)

// waitedFor is what one boundary takes.
type waitedFor struct {
	ratios     []float64       // held to asked, by round
	wholes     []float64       // held to whole
	held       []time.Duration // medians, by round, where a snapshot was taken
	asked      []time.Duration // what a snapshot of a calm server asks for
	rested     []time.Duration // the same with a rest before each
	whole      []time.Duration // all that there is to ask
	client     []time.Duration // all of it by go-redis
	boundaries int             // of one round
}

// calmCommands are what a snapshot asks for as long as nothing hints at a change.
var calmCommands = [][]any{
	{"info", "server", "memory", "stats", "commandstats", "errorstats", "keyspace"},
}

// snapshotCommands are what a snapshot asks for else.
var snapshotCommands = [][]any{
	{"config", "get", "*"},
	{"info", "server", "memory", "stats", "commandstats", "errorstats", "keyspace"},
}

// boundary compares, in turn, how long the tests of a suite are held with how
// long the commands of a snapshot take on a bare connection.
func (b *bench) boundary() (*waitedFor, error) {
	n := 2000
	if b.quick {
		n = 200
	}
	s := flat("boundary", "", n, "get(t)")
	dir, err := b.write(s)
	if err != nil {
		return nil, err
	}
	out := filepath.Join(b.dir, "out-boundary")
	h := &waitedFor{}
	for round := range b.rounds + 1 {
		whole, err := bareRoundTrip(b.redis.Addr, snapshotCommands, n, 0)
		if err != nil {
			return nil, err
		}
		asked, err := bareRoundTrip(b.redis.Addr, calmCommands, n, 0)
		if err != nil {
			return nil, err
		}
		rested, err := bareRoundTrip(b.redis.Addr, calmCommands, n, rest)
		if err != nil {
			return nil, err
		}
		byClient, err := clientRoundTrip(b.ctx, b.redis.Addr, n)
		if err != nil {
			return nil, err
		}
		if _, err := b.start(dir, []string{"REDIS_ADDR=" + b.redis.Addr}, always(b.contenders(out, s)[traceTest])...); err != nil {
			return nil, err
		}
		all, _, err := held(out)
		if err != nil {
			return nil, err
		}
		if round == 0 {
			continue // it was built
		}
		m := median(all)
		log.Printf("one boundary, round %d of %d: held %s, bare %s, with rests %s, everything %s, go-redis %s", round, b.rounds, m, asked, rested, whole, byClient)
		h.boundaries = len(all)
		h.held, h.asked, h.rested = append(h.held, m), append(h.asked, asked), append(h.rested, rested)
		h.whole, h.client = append(h.whole, whole), append(h.client, byClient)
		h.ratios, h.wholes = append(h.ratios, float64(m)/float64(asked)), append(h.wholes, float64(m)/float64(whole))
	}
	return h, nil
}

// always has everybody wait at each boundary, for else hardly anybody does.
func always(c contender) []string {
	return slices.Insert(slices.Clone(c.command), 1, "--sync=always")
}

// held reads from a record how long tests were held where the server was looked
// at, and at how many other boundaries there were.
func held(out string) (sampled []time.Duration, others int, err error) {
	file, err := os.Open(filepath.Join(out, "run.jsonl"))
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	for e, err := range record.Read(file) {
		switch {
		case err != nil:
			return nil, 0, err
		case e.Boundary == nil:
		case len(e.Boundary.Snapshots) > 0:
			sampled = append(sampled, e.Boundary.Waited)
		default:
			others++
		}
	}
	return sampled, others, nil
}

// rest is about how long Redis has little to do between two boundaries of quick
// tests. A processor that has nothing to do falls asleep, and its waking up is
// part of the next round trip.
const rest = 300 * time.Microsecond

// bareRoundTrip is the median time of commands in one pipeline on
// a connection without any client, with a rest before each.
func bareRoundTrip(addr string, commands [][]any, n int, rest time.Duration) (time.Duration, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	var question []byte
	for _, command := range commands {
		question = fmt.Appendf(question, "*%d\r\n", len(command))
		for _, word := range command {
			question = fmt.Appendf(question, "$%d\r\n%s\r\n", len(word.(string)), word)
		}
	}
	in := bufio.NewReaderSize(conn, 64<<10)
	var took []time.Duration
	for range n {
		if rest > 0 {
			time.Sleep(rest)
		}
		began := time.Now()
		if _, err := conn.Write(question); err != nil {
			return 0, err
		}
		for range commands {
			if err := skipReply(in); err != nil {
				return 0, err
			}
		}
		took = append(took, time.Since(began))
	}
	return median(took), nil
}

// skipReply reads a reply of RESP 2 and keeps nothing of it.
func skipReply(in *bufio.Reader) error {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	n := 0
	for _, c := range line[1 : len(line)-2] {
		n = n*10 + int(c-'0')
	}
	switch line[0] {
	case '$':
		_, err = in.Discard(n + 2)
	case '*':
		for range n {
			if err := skipReply(in); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("unexpected reply %q", line)
	}
	return err
}

// clientRoundTrip is the same by go-redis.
func clientRoundTrip(ctx context.Context, addr string, n int) (time.Duration, error) {
	client := redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, PoolSize: 1, DisableIdentity: true})
	defer client.Close()
	var took []time.Duration
	for range n {
		began := time.Now()
		pipe := client.Pipeline()
		pipe.Process(ctx, redis.NewMapStringStringCmd(ctx, snapshotCommands[0]...))
		pipe.Process(ctx, redis.NewStringCmd(ctx, snapshotCommands[1]...))
		if _, err := pipe.Exec(ctx); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	return median(took), nil
}
