package run

import (
	"maps"
	"slices"
	"strings"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
	"tracetest/internal/redisconf"
	"tracetest/internal/snapshot"
)

// A ledger says of one server what may be undone: parameters that tests of this run were seen
// writing, and what they had found. Nothing else on a server is tracetest's to write.
//
// A change is the tests' own if a traced write explains it, or if nothing but a test can have made
// it. All others are somebody else's, and so is what a parameter is from then on: that, and
// not what it was when the run began, is what a later write of a test is undone to. A server that
// restarted, or that another one has taken the address of, begins anew with what it has then.
type ledger struct {
	first   map[string]string // as the run found it, as it may be shown
	now     map[string]string
	known   bool      // it is known which run of the server this is
	clock   int       // counts snapshots
	seen    time.Time // when the last of them was taken
	start   found
	changed map[string]*standing // since start
	writes  []*sent              // that a snapshot may still show
	sets    int64                // calls of CONFIG SET that the server had counted
	unseen  int64                // of those that were traced, how many it may not have counted yet
}

// found is a value that no test of this run wrote: what it is, or that it is not known why.
type found struct {
	clock int
	mark  snapshot.Mark
	value string     // of one parameter, as it may be shown
	why   record.Why // nobody's business but theirs who set it; empty for the values that the run began with
}

// standing is how things are with a parameter that has changed.
type standing struct {
	found found
	set   snapshot.Mark // has the present value
	why   record.Why    // why that is not to be undone; empty: a test wrote it
}

// sent is a traced write.
type sent struct {
	*record.Write
	answered bool
	refused  bool
	unsure   bool            // only of the value that it wrote is it certain that it is its own
	spent    map[string]bool // parameters of which it explained a change
	past     int             // snapshots since its process is gone
}

func newLedger(at record.Server, mark snapshot.Mark) *ledger {
	l := &ledger{known: at.RunID != "", first: at.Config, now: maps.Clone(at.Config), start: found{mark: mark}, changed: map[string]*standing{}}
	if at.Counters != nil {
		l.sets = at.Counters.ConfigSet
	}
	return l
}

// write takes in that a test is about to send a write.
func (l *ledger) write(w *record.Write) {
	if len(w.Values) > 0 {
		l.writes = append(l.writes[max(0, len(l.writes)-maxWrites):], &sent{Write: w, spent: map[string]bool{}})
	}
	if rediscmd.Of(w.Command).Name == rediscmd.ConfigSet {
		l.unseen++
	}
}

// reply takes in its answer, before the snapshot that shows what it did.
func (l *ledger) reply(r *record.Reply) {
	for _, w := range l.writes {
		if w.Process == r.Process && w.Number == r.Number {
			w.answered = true
			// A transaction that was not executed has a null for an answer.
			w.refused = strings.HasPrefix(r.Text, "-") || r.Text == "*-1" || strings.HasPrefix(r.Text, "_")
			w.unsure = w.unsure || strings.HasSuffix(r.Text, " with an error")
		}
	}
}

// A witness says what is known of a snapshot beside what it shows.
type witness struct {
	owned   bool                   // the server is tracetest's own, started for this run
	traced  bool                   // every write of a test would have been traced
	held    bool                   // tests ran since the last snapshot, and all of them waited at both ends
	other   func() bool            // somebody who is connected can have changed it
	present func(process int) bool // a test binary is still there
}

// snap takes in a snapshot of the server, and its mark.
func (l *ledger) snap(snap record.Snapshot, at snapshot.Mark, by witness) {
	if snap.Error != "" {
		for _, w := range l.writes {
			w.unsure = true
		}
		return
	}
	l.clock++
	if snap.RunID != "" {
		maps.Copy(l.now, snap.Config)
		l.start = found{clock: l.clock, mark: at, why: record.WhyRestarted}
		l.changed, l.writes, l.unseen, l.sets = map[string]*standing{}, nil, 0, 0
		if snap.Counters != nil {
			l.sets = snap.Counters.ConfigSet
		}
		return
	}
	unknown := l.uncounted(snap.Counters)
	for _, name := range slices.Sorted(maps.Keys(snap.Config)) {
		if value := snap.Config[name]; l.now[name] != value {
			l.set(name, value, at, l.why(name, value, unknown, by))
		}
	}
	l.forget(by)
	l.seen = snap.Sent
}

// why says why a change is not to be undone; "" if a test of this run made it.
func (l *ledger) why(name, value string, unknown bool, by witness) record.Why {
	switch traced := l.explains(name, value); {
	case redisconf.IsRole(name):
		return record.WhyRole
	case by.owned:
		return ""
	case !l.known:
		return record.WhyUnknown
	case traced && unknown: // it may have been set to something else in between
		return record.WhyOthers
	case traced:
		return ""
	case by.traced:
		return record.WhyUntraced
	case !by.held:
		return record.WhyUnsynchronized
	case by.other():
		return record.WhyOthers
	}
	return ""
}

// explains reports whether a traced write set a parameter to a value, or to another
// spelling of it: the server had accepted it, and then had changed.
func (l *ledger) explains(name, value string) bool {
	for _, w := range slices.Backward(l.writes) {
		for _, v := range w.Values {
			if v.Parameter == name && !w.refused && !w.spent[name] && (v.Secret || redisconf.Same(v.Value, value) || w.answered && !w.unsure) {
				w.spent[name] = true
				return true
			}
		}
	}
	return false
}

// set notes a change.
func (l *ledger) set(name, value string, at snapshot.Mark, why record.Why) {
	s := l.changed[name]
	if s == nil {
		s = &standing{found: l.start}
		s.found.value = l.now[name]
		l.changed[name] = s
	}
	l.now[name], s.set, s.why = value, at, why
	if why != "" {
		s.found = found{clock: l.clock, mark: at, value: value, why: why}
	}
}

// uncounted reports whether CONFIG SET was called more often since the last snapshot than it was
// traced.
func (l *ledger) uncounted(c *record.Counters) bool {
	if c == nil {
		return false
	}
	calls := c.ConfigSet - l.sets
	l.sets = c.ConfigSet
	if calls < 0 { // CONFIG RESETSTAT
		return false
	}
	more := calls > l.unseen
	l.unseen = max(0, l.unseen-calls)
	return more
}

// forget drops writes that have been answered, now that there was a snapshot, and those that are
// never answered because the process is gone.
func (l *ledger) forget(by witness) {
	sets := int64(0)
	l.writes = slices.DeleteFunc(l.writes, func(w *sent) bool {
		if w.answered {
			return true
		}
		if !by.present(w.Process) {
			w.past++
		}
		if rediscmd.Of(w.Command).Name == rediscmd.ConfigSet {
			sets++
		}
		return w.past > lateSnapshots
	})
	l.unseen = min(l.unseen, sets)
}

// maxWrites bounds how many writes are kept that are not answered.
const maxWrites = 256

// lateSnapshots is how many snapshots a write is waited for after the end of its process, as in
// package triage.
const lateSnapshots = 2

// restored takes in the snapshot behind a write of tracetest's own.
func (l *ledger) restored(r *record.Restore, at snapshot.Mark, by witness) {
	if r.Snapshot == nil || r.Snapshot.Error != "" {
		return
	}
	if r.Snapshot.RunID == "" {
		for name := range r.Values {
			value, moved := r.Snapshot.Config[name]
			if s := l.changed[name]; moved && s != nil && value == r.Values[name] {
				l.now[name], s.set = value, at
				if value == s.found.value { // else it is what an earlier test had set
					s.why = s.found.why
				}
			}
		}
		if r.Snapshot.Counters != nil {
			l.sets = r.Snapshot.Counters.ConfigSet // our own
		}
	}
	l.snap(*r.Snapshot, at, by)
}

// undo claims what changed since a unit began, or with clock zero since the run did: where everything
// since was the tests', it goes back to what it was then, else to what they found last that was
// not theirs.
func (l *ledger) undo(then snapshot.Mark, clock int, keep []string) snapshot.Claims {
	claims := snapshot.Claims{}
	for name, s := range l.changed {
		if slices.Contains(keep, name) {
			continue
		}
		claims[name] = snapshot.Claim{Set: s.set, To: then, Why: s.why}
		if s.found.clock > clock {
			claims[name] = snapshot.Claim{Set: s.set, To: s.found.mark, Why: s.why}
		}
	}
	return claims
}

// left says of each parameter that is not as the run found it why it is not to be restored.
func (l *ledger) left() map[string]record.Why {
	all := map[string]record.Why{}
	for name, value := range l.now {
		if was, known := l.first[name]; !known || was == value {
			continue
		}
		why := l.start.why
		if s := l.changed[name]; s != nil {
			why = s.why
			if why == "" && s.found.value != l.first[name] {
				why = s.found.why // undone, it is still not what it was
			}
		}
		if why != "" {
			all[name] = why
		}
	}
	return all
}

// wrote are parameters that tests of this run have set and nobody else has since.
func (l *ledger) wrote() (names []string) {
	for name, s := range l.changed {
		if s.why == "" && s.found.why == "" && l.now[name] != l.first[name] {
			names = append(names, name)
		}
	}
	return names
}
