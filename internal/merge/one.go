package merge

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/triage"
)

// One is what a merge keeps of one run.
type One struct {
	run      Run
	ran      []uint64 // hashes of who ran, each once
	failures Causes
	wrong    []wrong
	leaks    []leakSeen
	servers  []Server
}

// wrong is a test that something went wrong with.
type wrong struct {
	record.Name
	failures, leaks, victim, ignored int
	causes                           Causes
	message                          string
}

// leakKey says which leaks are one over the runs. The server is no part of it:
// each shard has its own. Neither are the values, which may be random.
type leakKey struct {
	owner     record.Name
	suspects  string
	parameter string
	place     string
	untraced  bool // nobody was traced doing it
}

type leakSeen struct {
	key         leakKey
	change      findings.Change // the first of them
	test        string          // see Leak.TestPlace
	count       int
	known       int
	failures    int
	certainties []findings.Certainty
	values      []Value
	servers     []string
}

// Of reads one run. Doubts say why what was not seen in it may still have
// happened.
func Of(file string, f *findings.Findings, doubts []string) *One {
	o := &One{run: Run{File: file, Started: f.Run.Started, Seconds: max(0, f.Run.Finished.Sub(f.Run.Started)).Seconds(), Go: f.Run.Go, Mode: f.Run.Mode, Traced: f.Run.Traced,
		Exit: f.Run.Exit, Shard: f.Run.Shard, Marks: marks(f), Incomplete: f.Run.Incomplete, Doubts: append([]string{}, doubts...), Tests: f.Tests, Leaks: len(f.Leaks), Failures: len(f.Failures)}}
	o.run.Verdict = verdict(f, doubts)
	if !f.Run.Complete && o.run.Incomplete == "" {
		o.run.Incomplete = "it did not come to its end"
	}
	at := map[record.Name]int{}
	of := func(owner record.Name) *wrong {
		i, known := at[owner]
		if !known {
			i = len(o.wrong)
			at[owner] = i
			o.wrong = append(o.wrong, wrong{Name: owner})
		}
		return &o.wrong[i]
	}
	leakAt := o.leaked(f)
	for _, c := range f.Leaks {
		if c.By != nil && !c.Untraced {
			of(*c.By).leaks++
		}
	}
	for _, x := range f.Failures {
		o.failed(f, x, of(x.Name()), leakAt)
	}
	for _, s := range f.IgnoredOOM {
		of(s.By).ignored++
	}
	o.attend(f)
	o.watched(f)
	return o
}

// leaked gathers the leaks that are the same in every run, and returns where in
// o.leaks each leak of the findings is.
func (o *One) leaked(f *findings.Findings) []int {
	leakAt := make([]int, len(f.Leaks))
	leaks := map[leakKey]int{}
	for i, c := range f.Leaks {
		key := keyOf(f, c)
		j, known := leaks[key]
		if !known {
			j = len(o.leaks)
			leaks[key] = j
			o.leaks = append(o.leaks, leakSeen{key: key, change: c, test: testPlace(f, c)})
		}
		leakAt[i] = j
		o.leaks[j].add(c)
	}
	return leakAt
}

// failed counts a failure: for the run, for the test, and for the leak that it is
// correlated with.
func (o *One) failed(f *findings.Findings, x findings.Failure, w *wrong, leakAt []int) {
	causes := Causes{Total: 1}
	switch x.Cause {
	case findings.CauseOOM:
		causes.OOM = 1
	case findings.CauseEviction:
		causes.Eviction = 1
	default:
		causes.Other = 1
	}
	if x.Correlated() {
		causes.Correlated = 1
		if !ownChange(f, x) {
			o.run.Victims++
			w.victim++
		}
		if x.Leak != nil && *x.Leak >= 0 && *x.Leak < len(f.Leaks) {
			o.leaks[leakAt[*x.Leak]].failures++
		}
	}
	o.failures.add(causes)
	w.failures++
	w.causes.add(causes)
	if w.message == "" {
		w.message = shorten(x.Message)
	}
}

// ownChange reports whether a failure is tied to a change that the test which
// failed made itself, or a part of it did, and restored.
func ownChange(f *findings.Findings, x findings.Failure) bool {
	if x.Reverted == nil || *x.Reverted < 0 || *x.Reverted >= len(f.Reverted) {
		return false
	}
	by := f.Reverted[*x.Reverted].By
	return by != nil && by.In(x.Name())
}

// verdict judges a run. Whatever is not known to be clean is not.
func verdict(f *findings.Findings, doubts []string) Verdict {
	switch {
	case !f.Run.Complete:
		return Incomplete
	case len(f.Leaks) > 0 || f.Run.Exit == triage.ExitLeaked:
		return Leaked
	case f.Run.Exit != triage.ExitClean || f.Run.GoExit != 0 || len(f.Failures) > 0:
		return Failed
	case len(doubts) > 0:
		return Doubtful
	}
	return Clean
}

// attend notes who ran: each test, what it is within, and the packages.
func (o *One) attend(f *findings.Findings) {
	hashes := make([]uint64, 0, f.Cases.Len()+len(f.Packages))
	for c := range f.Cases.All() {
		for owner := range c.Within() {
			hashes = append(hashes, hashOf(owner))
		}
	}
	for _, p := range f.Packages {
		if p.Ran {
			hashes = append(hashes, hashOf(record.Name{Package: p.Path}))
		}
	}
	for _, w := range o.wrong { // also where no end of it was reported
		hashes = append(hashes, hashOf(w.Name))
	}
	slices.Sort(hashes)
	o.ran = slices.Clip(slices.Compact(hashes))
}

func (o *One) watched(f *findings.Findings) {
	at := map[string]int{}
	for _, s := range f.Servers {
		at[s.Address] = len(o.servers)
		o.servers = append(o.servers, Server{Address: s.Address, Flavor: s.Flavor, Version: s.Version})
	}
	count := func(address string, add func(*Server)) {
		if i, known := at[address]; known {
			add(&o.servers[i])
		}
	}
	for _, c := range f.Leaks {
		for _, address := range c.Servers() {
			count(address, func(s *Server) { s.Leaks++ })
		}
	}
	for _, r := range f.Restarts {
		count(r.Server, func(s *Server) { s.Restarts++ })
	}
	for _, b := range f.Gaps {
		count(b.Server, func(s *Server) { s.Gaps++ })
	}
}

func keyOf(f *findings.Findings, c findings.Change) leakKey {
	key := leakKey{parameter: c.Parameter, untraced: c.Untraced}
	if c.By != nil {
		key.owner = *c.By
	} else {
		key.suspects = fmt.Sprint(len(c.Suspects), c.AndEarlier) // there may be thousands, so they are not named here
		for _, s := range slices.SortedFunc(slices.Values(c.Suspects), record.Name.Compare) {
			key.suspects = strconv.FormatUint(hash(key.suspects, s.Package, s.Test, s.Spec), 16)
		}
	}
	switch {
	case c.Call != nil:
		key.place = f.Run.Rel(c.Call.Place())
	case c.Location != "":
		key.place = f.Run.Rel(c.Location)
	}
	return key
}

// testPlace is the line of the test that had a helper make a change; empty where it made
// the change itself.
func testPlace(f *findings.Findings, c findings.Change) string {
	if c.Call == nil {
		return ""
	}
	return f.Run.Rel(c.Call.Outermost())
}

func (l *leakSeen) add(c findings.Change) {
	l.count++
	if c.Known != nil {
		l.known++
	}
	if !slices.Contains(l.certainties, c.Certainty) {
		l.certainties = append(l.certainties, c.Certainty)
	}
	for _, address := range c.Servers() {
		if !slices.Contains(l.servers, address) {
			l.servers = append(l.servers, address)
		}
	}
	for i := range l.values {
		if v := &l.values[i]; v.From == c.From && v.To == c.To {
			v.Count++
			return
		}
	}
	l.values = append(l.values, Value{c.From, c.To, 1})
}

func newLeak(seen leakSeen, most int) *Leak {
	c := seen.change
	suspects := append([]record.Name{}, c.Suspects[:min(len(c.Suspects), most)]...)
	l := &Leak{Parameter: c.Parameter, By: c.By, Suspects: suspects, MoreSuspects: len(c.Suspects) - len(suspects), AndEarlier: c.AndEarlier, Place: seen.key.place, TestPlace: seen.test, Secret: c.Secret, Untraced: c.Untraced,
		Certainties: []findings.Certainty{}, Values: []Value{}, Runs: []int{}, Servers: []string{}}
	if c.Call != nil {
		l.Function = c.Call.Function
	}
	return l
}

// hashOf is the hash of an owner's name. A suite node runs when its package does.
func hashOf(o record.Name) uint64 {
	if o.SuiteNode() {
		return hash(o.Package, "", "")
	}
	return hash(o.Package, o.Test, o.Spec)
}

// hash is FNV-1a, of 64 bits, over the parts of a name. Of ten million tests two
// share one with a probability of about 3 in a million, and then only the
// number of runs of these two is wrong.
func hash(parts ...string) uint64 {
	h := uint64(14695981039346656037)
	for _, part := range parts {
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211 // no byte of UTF-8
	}
	return h
}

// shorten keeps the first words of a message. It must not keep the whole of it
// alive in memory.
func shorten(s string) string {
	const most = 300
	s = strings.ToValidUTF8(s, "\ufffd")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.Clone(s)
}

// marks are where in time a run's leaks and failures are.
func marks(f *findings.Findings) []Mark {
	all := []Mark{}
	since := func(at time.Time) float64 { return max(0, at.Sub(f.Run.Started).Seconds()) }
	for _, l := range f.Leaks {
		all = append(all, Mark{since(l.At), "leak", l.Parameter})
	}
	failed := map[record.Name]string{}
	for _, x := range f.Failures {
		kind := "failure"
		if x.Correlated() {
			kind = "victim"
		}
		failed[x.Name()] = kind
	}
	if len(failed) > 0 {
		for c := range f.Cases.All() {
			if kind := failed[c.Name]; kind != "" {
				all = append(all, Mark{since(c.End), kind, cmp.Or(c.Spec, c.Test)})
			}
		}
	}
	return sortMarks(all)
}
