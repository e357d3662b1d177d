// Package shard divides a suite among machines, so that the matrix of a CI can run it: each
// piece, a package or a test, is in just one shard.
//
// All machines make the same division, without speaking to each other: it depends on the names
// of the pieces and on how long each took, and not on their order. [Division.ID] names it, so
// that whoever puts the shards together can tell that they belong to one division.
package shard

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Which says which of how many shards a machine runs. Index counts from 1.
type Which struct{ Index, Total int }

func (w Which) String() string { return fmt.Sprintf("%d/%d", w.Index, w.Total) }

// jobs are the variables by which a CI tells each job of a matrix or of a parallel step which one
// it is.
var jobs = []struct {
	index, total string
	first        int // index of the first job
}{
	{"CI_NODE_INDEX", "CI_NODE_TOTAL", 1},                           // GitLab, Knapsack, Semaphore 1
	{"CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0},                   // CircleCI
	{"BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0},   // Buildkite
	{"SEMAPHORE_JOB_INDEX", "SEMAPHORE_JOB_COUNT", 1},               // Semaphore
	{"BITBUCKET_PARALLEL_STEP", "BITBUCKET_PARALLEL_STEP_COUNT", 0}, // Bitbucket Pipelines
	{"SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", 1},     // Azure Pipelines
	{"JOB_COMPLETION_INDEX", "TRACETEST_SHARDS", 0},                 // an indexed Job of Kubernetes, which does not tell how many
	{"TRACETEST_SHARD_INDEX", "TRACETEST_SHARDS", 1},                // any other
}

// Parse reads "K/N", or with "auto" what the CI says in its variables.
func Parse(text string, getenv func(string) string) (Which, error) {
	if text == "auto" {
		return fromCI(getenv)
	}
	k, n, ok := strings.Cut(text, "/")
	index, err1 := strconv.Atoi(k)
	total, err2 := strconv.Atoi(n)
	w := Which{index, total}
	if !ok || err1 != nil || err2 != nil {
		return Which{}, fmt.Errorf("--shard=%q: write K/N, such as 2/8, or auto to read it from the variables of the CI", text)
	}
	return w, w.check("--shard=" + text)
}

func (w Which) check(from string) error {
	if w.Total < 1 || w.Index < 1 || w.Index > w.Total {
		return fmt.Errorf("%s: there is no shard %d of %d, they count from 1", from, w.Index, w.Total)
	}
	return nil
}

func fromCI(getenv func(string) string) (Which, error) {
	for _, job := range jobs {
		index, total := getenv(job.index), getenv(job.total)
		if index == "" || total == "" {
			continue
		}
		from := fmt.Sprintf("%s=%s, %s=%s", job.index, index, job.total, total)
		i, err1 := strconv.Atoi(index)
		n, err2 := strconv.Atoi(total)
		if err1 != nil || err2 != nil {
			return Which{}, fmt.Errorf("--shard=auto: %s are no numbers", from)
		}
		w := Which{i + 1 - job.first, n}
		return w, w.check("--shard=auto: " + from)
	}
	if getenv("JOB_COMPLETION_INDEX") != "" {
		return Which{}, fmt.Errorf("--shard=auto: Kubernetes does not say to the pods of a Job how many there are: set TRACETEST_SHARDS to its completions")
	}
	var names []string
	for _, job := range jobs {
		names = append(names, job.index)
	}
	return Which{}, fmt.Errorf("--shard=auto: no CI says which shard this is (none of %s is set, with its total): write --shard=K/N", strings.Join(names, ", "))
}

// A Piece is what is not divided further.
type Piece struct {
	Name    string
	Seconds float64 // that it took before; negative where that is not known
}

// A Division says which pieces each shard runs.
type Division struct {
	Shards [][]string // names, sorted
	ID     string     // the same for the same division
}

// Divide spreads pieces so that the shards take about as long as each other: the longest first, each
// to the shard that has least. A piece of which no time is known counts as the median of the others.
// A name that is given twice is one piece.
func Divide(pieces []Piece, total int) Division {
	all := map[string]float64{}
	for _, p := range pieces {
		if was, known := all[p.Name]; !known || was < 0 {
			all[p.Name] = p.Seconds
		} else if p.Seconds >= 0 {
			all[p.Name] = was + p.Seconds
		}
	}
	usual := median(all)
	sorted := make([]Piece, 0, len(all))
	for name, seconds := range all {
		if seconds < 0 {
			seconds = usual
		}
		sorted = append(sorted, Piece{name, seconds})
	}
	slices.SortFunc(sorted, func(a, b Piece) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), strings.Compare(a.Name, b.Name))
	})
	d := Division{Shards: make([][]string, total)}
	load := make([]float64, total)
	for _, p := range sorted {
		least := 0
		for i := range load {
			if load[i] < load[least] || load[i] == load[least] && len(d.Shards[i]) < len(d.Shards[least]) {
				least = i
			}
		}
		load[least] += p.Seconds
		d.Shards[least] = append(d.Shards[least], p.Name)
	}
	hash := sha256.New()
	for i, names := range d.Shards {
		slices.Sort(names)
		fmt.Fprintf(hash, "%d\n%q\n", i, names)
	}
	d.ID = hex.EncodeToString(hash.Sum(nil)[:8])
	return d
}

// median of what is known; 1 where nothing is.
func median(all map[string]float64) float64 {
	var known []float64
	for _, seconds := range all {
		if seconds >= 0 {
			known = append(known, seconds)
		}
	}
	if len(known) == 0 {
		return 1
	}
	slices.Sort(known)
	return known[len(known)/2]
}
