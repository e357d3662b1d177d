package shard

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
)

// The union of the shards is the suite, each piece is in one, and no order of the pieces matters.
func TestDivide(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for round := range 300 {
		var pieces []Piece
		want := []string{}
		for i := range random.Intn(60) {
			seconds := random.Float64() * 100
			if random.Intn(3) == 0 {
				seconds = -1
			}
			pieces = append(pieces, Piece{fmt.Sprintf("p%02d", i), seconds})
			want = append(want, pieces[i].Name)
		}
		total := 1 + random.Intn(12)
		d := Divide(pieces, total)
		var union []string
		for _, names := range d.Shards {
			union = append(union, names...)
		}
		slices.Sort(union)
		if len(d.Shards) != total || strings.Join(union, " ") != strings.Join(want, " ") {
			t.Fatalf("round %d: %d shards with %v, want %d with %v", round, len(d.Shards), union, total, want)
		}
		random.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		again := Divide(pieces, total)
		if again.ID != d.ID || fmt.Sprint(again.Shards) != fmt.Sprint(d.Shards) {
			t.Fatalf("round %d: another order of the pieces is another division", round)
		}
	}
}

// No shard takes longer than the ideal by more than the longest piece that fits into it.
func TestDivideIsBalanced(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	var pieces []Piece
	seconds := map[string]float64{}
	sum := 0.0
	for i := range 200 {
		p := Piece{fmt.Sprintf("p%03d", i), 1 + random.Float64()*20}
		pieces, seconds[p.Name], sum = append(pieces, p), p.Seconds, sum+p.Seconds
	}
	for i, names := range Divide(pieces, 8).Shards {
		load := 0.0
		for _, name := range names {
			load += seconds[name]
		}
		if load > sum/8*1.05 {
			t.Errorf("shard %d takes %.0f s, and the ideal is %.0f s", i+1, load, sum/8)
		}
	}
}

// Without any times the shards have as many pieces as each other.
func TestDivideWithoutTimes(t *testing.T) {
	var pieces []Piece
	for i := range 21 {
		pieces = append(pieces, Piece{fmt.Sprint(i), -1})
	}
	for i, names := range Divide(pieces, 4).Shards {
		if len(names) < 5 || len(names) > 6 {
			t.Errorf("shard %d has %d pieces of 21", i+1, len(names))
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text, env string
		want      string // or a part of the error
	}{
		{"2/8", "", "2/8"},
		{"1/1", "", "1/1"},
		{"0/8", "", "there is no shard 0 of 8"},
		{"9/8", "", "there is no shard 9 of 8"},
		{"2", "", "write K/N"},
		{"a/b", "", "write K/N"},
		{"", "", "write K/N"},
		{"auto", "CI_NODE_INDEX=3 CI_NODE_TOTAL=4", "3/4"},
		{"auto", "CIRCLE_NODE_INDEX=0 CIRCLE_NODE_TOTAL=4", "1/4"},
		{"auto", "BUILDKITE_PARALLEL_JOB=3 BUILDKITE_PARALLEL_JOB_COUNT=4", "4/4"},
		{"auto", "SYSTEM_JOBPOSITIONINPHASE=1 SYSTEM_TOTALJOBSINPHASE=2", "1/2"},
		{"auto", "JOB_COMPLETION_INDEX=7 TRACETEST_SHARDS=8", "8/8"},
		{"auto", "JOB_COMPLETION_INDEX=7", "set TRACETEST_SHARDS"},
		{"auto", "CI_NODE_INDEX=x CI_NODE_TOTAL=4", "are no numbers"},
		{"auto", "CI_NODE_INDEX=5 CI_NODE_TOTAL=4", "there is no shard 5 of 4"},
		{"auto", "", "write --shard=K/N"},
	} {
		env := map[string]string{}
		for _, pair := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(pair, "=")
			env[name] = value
		}
		w, err := Parse(c.text, func(name string) string { return env[name] })
		got := w.String()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%q with %q: got %q, want %q", c.text, c.env, got, c.want)
		}
	}
}
