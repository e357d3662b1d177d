package findings

import (
	"slices"
	"strings"

	"tracetest/internal/record"
)

// A DoubtKind is a way in which something may have happened that was not observed.
type DoubtKind string

// The doubts, in the order in which they are listed.
const (
	DoubtNoServer        DoubtKind = "no server"        // none was watched
	DoubtNoTest          DoubtKind = "no test"          // none ran
	DoubtNotSynchronized DoubtKind = "not synchronized" // the tests were not synchronized; Reason says why
	DoubtNotInstrumented DoubtKind = "not instrumented" // Names are packages whose test binaries never said hello
	DoubtNotReported     DoubtKind = "not reported"     // Reason says of which packages another command may have run the tests unseen
	DoubtUntraced        DoubtKind = "untraced"         // without the trace nobody knows which servers the tests used
	DoubtPartial         DoubtKind = "partial"          // Names is a server of which not all was watched
	DoubtUnwatched       DoubtKind = "unwatched"        // Names are addresses that the tests used and nobody watched
	DoubtUnreachable     DoubtKind = "unreachable"      // Names are servers that could not be seen, Times times
	DoubtRestarted       DoubtKind = "restarted"        // Names are servers that restarted, Times times
	DoubtLate            DoubtKind = "late"             // tests went on before a server had answered, Times times
	DoubtUnclaimed       DoubtKind = "unclaimed"        // Names are parameters that were left changed by nobody known
)

// A Doubt is a reason why what was not observed may still have happened.
type Doubt struct {
	Kind   DoubtKind
	Names  []string
	Times  int
	Reason string
}

// Clean reports whether a run is known to have left nothing behind.
func (f *Findings) Clean() bool {
	return len(f.Leaks) == 0 && f.Run.Complete && len(f.Doubts()) == 0
}

// Doubts are what stands between a run without a leak and the word clean, whatever its
// exit code is. As with [conditions], there is no other place that decides this.
func (f *Findings) Doubts() []Doubt {
	var all []Doubt
	add := func(when bool, d Doubt) {
		if when {
			all = append(all, d)
		}
	}
	untraced := f.Uninstrumented()
	add(len(f.Servers) == 0, Doubt{Kind: DoubtNoServer})
	add(f.Tests.Total == 0, Doubt{Kind: DoubtNoTest})
	add(f.Run.Mode != record.ModeInstrumented, Doubt{Kind: DoubtNotSynchronized, Reason: f.Run.ModeReason})
	add(len(untraced) > 0, Doubt{Kind: DoubtNotInstrumented, Names: untraced})
	add(!f.Run.Traced, Doubt{Kind: DoubtUntraced, Reason: f.Run.TraceReason})
	for _, s := range f.Servers {
		add(s.Partial != "", Doubt{Kind: DoubtPartial, Names: []string{s.Address}, Reason: s.Partial})
	}
	if endpoints := f.Unwatched(); len(endpoints) > 0 {
		add(true, Doubt{Kind: DoubtUnwatched, Names: addresses(endpoints, func(s Endpoint) string { return s.Address }), Reason: endpoints[0].Problem})
	}
	add(len(f.Gaps) > 0, Doubt{Kind: DoubtUnreachable, Names: addresses(f.Gaps, func(b Gap) string { return b.Server }), Times: len(f.Gaps)})
	add(len(f.Restarts) > 0, Doubt{Kind: DoubtRestarted, Names: addresses(f.Restarts, func(r Restart) string { return r.Server }), Times: len(f.Restarts)})
	late := 0
	for _, n := range f.Notices {
		switch n.Code {
		case NoticeNotWaiting:
			late++
		case "not-reported":
			add(true, Doubt{Kind: DoubtNotReported, Reason: n.Text})
		}
	}
	add(late > 0, Doubt{Kind: DoubtLate, Times: late})
	names := f.Unclaimed()
	add(len(names) > 0, Doubt{Kind: DoubtUnclaimed, Names: names})
	return all
}

// Unwatched lists what the tests used and nobody watched. A server in the
// test binary itself is nobody else's business.
func (f *Findings) Unwatched() []Endpoint {
	var all []Endpoint
	for _, s := range f.Endpoints {
		if s.Server != "" || s.Inside || s.Foreign {
			continue
		}
		written := slices.ContainsFunc(f.Writes, func(w Write) bool {
			return !w.Watched && w.Server == s.Address && strings.HasPrefix(w.Reply, "+OK")
		})
		if s.Problem == "" && written { // it began with a line of text, as other protocols do
			s.Problem = "it was not known for a Redis; name it with --redis"
		}
		if s.Problem != "" {
			all = append(all, s)
		}
	}
	return all
}

// Uninstrumented lists the packages of an instrumented run that could run code
// without being watched: their test binaries never said hello.
func (f *Findings) Uninstrumented() []string {
	if f.Run.Mode != record.ModeInstrumented {
		return nil
	}
	var paths []string
	for _, p := range f.Packages {
		unbuilt := slices.ContainsFunc(f.Failures, func(x Failure) bool { return x.Package == p.Path && x.Status == "build" })
		ranCode := p.Ran || p.Outcome == "pass" || p.Outcome == "died" || p.Outcome == "fail" && !unbuilt
		if ranCode && !p.Instrumented {
			paths = append(paths, p.Path)
		}
	}
	return paths
}

// Unclaimed lists the parameters that were at a value at the end at which no leak left them.
func (f *Findings) Unclaimed() []string {
	var names []string
	for _, c := range f.Changed {
		claimed := func(l Change) bool { return l.Server == c.Server && l.Parameter == c.Parameter && l.To == c.Value }
		if !slices.ContainsFunc(f.Leaks, claimed) && !slices.Contains(names, c.Parameter) {
			names = append(names, c.Parameter)
		}
	}
	return names
}

// addresses lists what of takes from each, once.
func addresses[T any](all []T, of func(T) string) []string {
	var found []string
	for _, x := range all {
		if s := of(x); !slices.Contains(found, s) {
			found = append(found, s)
		}
	}
	return found
}
