package merge

import (
	"cmp"
	"slices"

	"tracetest/internal/record"
	"tracetest/internal/triage"
)

// Shards is what was given of one division of a suite. Together its shards are the suite.
type Shards struct {
	By      string `json:"by"`      // package or test
	Suite   string `json:"suite"`   // names the division
	Total   int    `json:"total"`   // shards that there are
	Missing []int  `json:"missing"` // indexes of those that were not given, from 1
	Twice   []int  `json:"twice"`   // of those that were given more than once, such as a retry
	Runs    []int  `json:"runs"`
}

// shardsOf groups the runs that are shards, in the order in which they were given.
func shardsOf(runs []Run) []Shards {
	all := []Shards{}
	seen := map[record.Shard]map[int]int{}
	at := map[record.Shard]int{}
	for number, r := range runs {
		if r.Shard == nil {
			continue
		}
		key := *r.Shard
		key.Index = 0
		if seen[key] == nil {
			seen[key], at[key] = map[int]int{}, len(all)
			all = append(all, Shards{By: key.By, Suite: key.Suite, Total: key.Total, Missing: []int{}, Twice: []int{}, Runs: []int{}})
		}
		s := &all[at[key]]
		s.Runs = append(s.Runs, number)
		if seen[key][r.Shard.Index]++; seen[key][r.Shard.Index] == 2 {
			s.Twice = append(s.Twice, r.Shard.Index)
		}
	}
	for key, indexes := range seen {
		s := &all[at[key]]
		for i := 1; i <= key.Total && len(s.Missing) < maxMissing; i++ {
			if indexes[i] == 0 {
				s.Missing = append(s.Missing, i)
			}
		}
		slices.Sort(s.Twice)
	}
	return all
}

// maxMissing bounds a list that a record of another program could make endless.
const maxMissing = 1000

// exit is the exit code of all runs together, as that of one: what failed or is not known counts before what leaked.
func (s *Summary) exit() int {
	code := triage.ExitClean
	worse := func(c int) {
		order := []int{triage.ExitClean, triage.ExitLeaked, triage.ExitUnable, triage.ExitFailed}
		if slices.Index(order, c) > slices.Index(order, code) {
			code = c
		}
	}
	for _, r := range s.Runs {
		worse(r.Exit)
		if r.Verdict == Incomplete {
			worse(triage.ExitFailed)
		}
	}
	if len(s.Unreadable) > 0 || slices.ContainsFunc(s.Shards, func(d Shards) bool { return len(d.Missing) > 0 }) {
		worse(triage.ExitFailed)
	}
	return code
}

// A Mark is a leak or a failure in time.
type Mark struct {
	Seconds float64 `json:"seconds"` // since its run began
	Kind    string  `json:"kind"`    // leak, victim or failure
	Text    string  `json:"text"`    // whose, or of what
}

// maxMarks bounds those of one run.
const maxMarks = 200

func sortMarks(marks []Mark) []Mark {
	slices.SortStableFunc(marks, func(a, b Mark) int { return cmp.Compare(a.Seconds, b.Seconds) })
	return marks[:min(len(marks), maxMarks)]
}
