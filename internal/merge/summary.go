package merge

import (
	"fmt"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// Schema names the format of merged.json.
const Schema = "tracetest.merged/1"

// Summary is what many runs showed: the content of merged.json. Slices are
// never nil. Runs are referred to by their index in Runs, from 0.
type Summary struct {
	Schema     string         `json:"schema"`
	Verdicts   Verdicts       `json:"verdicts"`
	Tests      findings.Tests `json:"tests"`    // of all runs
	Distinct   int            `json:"distinct"` // different tests, with those that only group others and the packages
	Failures   Causes         `json:"failures"` // of all runs
	Leaks      []Leak         `json:"leaks"`    // those of most runs first
	Wrong      []Test         `json:"wrong"`    // tests that leaked, fell victim, failed or passed with commands refused
	Servers    []Server       `json:"servers"`
	Shards     []Shards       `json:"shards"` // divisions of a suite of which shards were given
	Exit       int            `json:"exit"`   // the exit code that all runs together would have
	Runs       []Run          `json:"runs"`   // in the order in which they were given
	Unreadable []Unreadable   `json:"unreadable"`
	Duplicates []Duplicate    `json:"duplicates"`
	Bounds     []Bound        `json:"bounds"` // what was left out for want of room; empty where nothing was
}

// Verdict says how a run went, the worst first that holds of it.
type Verdict string

const (
	Incomplete Verdict = "incomplete" // cut short, or its record is damaged
	Leaked     Verdict = "leaked"     // a test left something changed, or a parameter is not what it was
	Failed     Verdict = "failed"     // tests failed, and no leak was seen
	Doubtful   Verdict = "doubtful"   // tests passed and no leak was seen, and not everything was watched
	Clean      Verdict = "clean"
)

// Verdicts counts runs.
type Verdicts struct {
	Runs       int `json:"runs"`
	Clean      int `json:"clean"`
	Leaked     int `json:"leaked"`
	Failed     int `json:"failed"`
	Doubtful   int `json:"doubtful"`
	Incomplete int `json:"incomplete"`
}

func (v *Verdicts) count(verdict Verdict) {
	v.Runs++
	switch verdict {
	case Incomplete:
		v.Incomplete++
	case Leaked:
		v.Leaked++
	case Failed:
		v.Failed++
	case Doubtful:
		v.Doubtful++
	case Clean:
		v.Clean++
	}
}

// Run is one that was merged.
type Run struct {
	File       string         `json:"file"`
	Started    time.Time      `json:"started"`
	Seconds    float64        `json:"seconds"` // how long it took
	Go         string         `json:"go"`
	Mode       record.Mode    `json:"mode"`
	Traced     bool           `json:"traced"`
	Verdict    Verdict        `json:"verdict"`
	Exit       int            `json:"exit"`
	Incomplete string         `json:"incomplete"` // why it is not complete; empty when it is
	Doubts     []string       `json:"doubts"`     // why what was not seen may still have happened
	Shard      *record.Shard  `json:"shard"`      // which part of a suite it is; null: all of it
	Tests      findings.Tests `json:"tests"`
	Marks      []Mark         `json:"marks"` // leaks and failures in time, at most 200
	Leaks      int            `json:"leaks"`
	Failures   int            `json:"failures"`
	Victims    int            `json:"victims"` // failures that are tied to a change of this run, but not one of their own
}

// Causes counts failures by what Redis had to do with them.
type Causes struct {
	Total      int `json:"total"`
	OOM        int `json:"oom"`
	Eviction   int `json:"eviction"`
	Other      int `json:"other"`
	Correlated int `json:"correlated"` // those of oom and eviction that are tied to a change of their run, and those that were proved
}

func (c *Causes) add(d Causes) {
	c.Total += d.Total
	c.OOM += d.OOM
	c.Eviction += d.Eviction
	c.Other += d.Other
	c.Correlated += d.Correlated
}

// Leak is leaks of one parameter by one owner, or of the same suspects, at one
// line, over the runs.
type Leak struct {
	Parameter    string               `json:"parameter"`
	By           *record.Name         `json:"by"`            // nil where it is not settled
	Suspects     []record.Name        `json:"suspects"`      // then: one of them, in each run
	MoreSuspects int                  `json:"more_suspects"` // beyond the first hundred
	AndEarlier   int                  `json:"and_earlier"`   // others that may be the one and that the runs do not list
	Function     string               `json:"function"`      // of the call; empty where none was seen
	Place        string               `json:"place"`         // file:line of the call, else of the spec; relative to the folder of the run
	TestPlace    string               `json:"test_place"`    // file:line of the test that led to the call, of the first that was seen; empty where that is Place
	Certainties  []findings.Certainty `json:"certainties"`
	Values       []Value              `json:"values"`
	MoreValues   int                  `json:"more_values"` // leaks of values that are not among Values
	Secret       bool                 `json:"secret"`
	Untraced     bool                 `json:"untraced"` // no test binary was traced doing it: another program did, while the owner ran
	Count        int                  `json:"count"`    // times, in all runs
	InRuns       int                  `json:"in_runs"`  // runs that it was seen in
	Ran          int                  `json:"ran"`      // runs that its owner ran in; -1 where that is not known
	Runs         []int                `json:"runs"`     // the first hundred of InRuns
	Servers      []string             `json:"servers"`  // at most a hundred addresses
	Failures     int                  `json:"failures"` // that are correlated with it, each in its own run
	Known        int                  `json:"known"`    // times of Count that the baseline of its run knew it
}

// text orders leaks.
func (l *Leak) text() string {
	owner := record.Name{}
	if l.By != nil {
		owner = *l.By
	}
	return fmt.Sprintf("%q %q %q %q %v", owner, l.Suspects, l.Parameter, l.Place, l.Untraced)
}

// Value is what a parameter was changed from and to, and how often.
type Value struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Count int    `json:"count"`
}

// Test is one that something went wrong with in at least one run. Counts are
// of runs, however often it ran in one.
type Test struct {
	record.Name
	Ran        int    `json:"ran"`    // -1 where that was not counted
	Leaked     int    `json:"leaked"` // not where another program did it while it ran
	Victim     int    `json:"victim"` // failed, tied to a change that is not its own
	Failed     int    `json:"failed"`
	IgnoredOOM int    `json:"ignored_oom"` // passed although commands of it were refused
	Causes     Causes `json:"causes"`      // of its failures; here each counts
	LeakedRuns []int  `json:"leaked_runs"`
	VictimRuns []int  `json:"victim_runs"`
	FailedRuns []int  `json:"failed_runs"`
	Message    string `json:"message"` // of its first failure
}

// Server is one that runs watched.
type Server struct {
	Address  string `json:"address"`
	Flavor   string `json:"flavor"`
	Version  string `json:"version"`
	Runs     int    `json:"runs"`
	Leaks    int    `json:"leaks"`
	Restarts int    `json:"restarts"`
	Gaps     int    `json:"gaps"` // times that it could not be seen
}

func (s Server) name() Server {
	return Server{Address: s.Address, Flavor: s.Flavor, Version: s.Version}
}

func (s *Server) add(t Server) {
	s.Runs++
	s.Leaks += t.Leaks
	s.Restarts += t.Restarts
	s.Gaps += t.Gaps
}

// Unreadable is an input of which nothing is known.
type Unreadable struct {
	File  string `json:"file"`
	Error string `json:"error"`
}

// Duplicate is an input that is another one over again.
type Duplicate struct {
	File string `json:"file"`
	Of   string `json:"of"`
}

// Bound says what was left out for want of room.
type Bound struct {
	What    string `json:"what"`    // tests, wrong, leaks or servers
	Kept    int    `json:"kept"`    // different ones
	Dropped int    `json:"dropped"` // sightings of others
}
