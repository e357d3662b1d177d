package triage

import (
	"strconv"
	"strings"
	"time"
)

// Two different things end in the same error: somebody lowered maxmemory, or the
// tests left data behind until the server was full. What tells them apart is
// the memory in use when writes were first refused, against the limit of then
// and the limit that the run began with.

// Memory is how a server stood when it first refused writes for want of it.
type Memory struct {
	Server   string    `json:"server"`
	At       time.Time `json:"at"`       // of the look that first showed it
	Used     int64     `json:"used"`     // bytes, at that look
	Limit    int64     `json:"limit"`    // bytes, maxmemory then, or at the look before if that is lower; zero: none
	Initial  int64     `json:"initial"`  // bytes, maxmemory when the run began; zero: none
	Started  int64     `json:"started"`  // bytes, maxmemory that the server was started with; -1: not known
	Expected *int64    `json:"expected"` // bytes, what --expect says; null: nothing
	Began    int64     `json:"began"`    // bytes in use when the run began; -1: not known
	// UnheardSets is how many calls of CONFIG SET the server had counted by then that
	// were heard from no test; -1 where it does not count them.
	UntracedSets int64 `json:"untraced_sets"`
	// Reason is "limit" where the memory in use would have been within the limit
	// that the run began with, "before" where it would have been within that which
	// the server was started with, "start" where the limit is the one of then and was
	// reached before the first test, "memory" where it was not, and "both" where it was
	// lowered and would have been reached all the same. It is "unseen" where no limit
	// that a snapshot showed was reached: one was in force between two snapshots, or the
	// memory was full and freed again.
	Reason string `json:"reason"`
}

// near is how much less than the limit can be in use at a snapshot by which a command
// was refused: the buffers of connections come and go.
const near = 1 << 20

// Swallowed is an owner that passed although a command of it was refused.
type IgnoredOOM struct {
	By        Owner `json:"by"`
	OOMErrors int64 `json:"oom_errors"`
}

// maxSwallowed bounds the list of those; the rest is counted.
const maxIgnored = 1000

// firstRefusal notes how a server stands when a snapshot first shows that it refuses
// writes. Where the limit changed since the snapshot before, the lower one of the two
// refused: a test that restores it lets one snapshot show both.
func (a *Analysis) firstRefusal(s *server, p pressure, at time.Time, used int64, before string) {
	if p.oom == 0 || s.refusing {
		return
	}
	s.refusing = true
	m := Memory{Server: s.Address, At: at, Used: used, Limit: bytes(s.now[memoryLimit]), Initial: bytes(s.initial[memoryLimit])}
	if was := bytes(before); was != 0 && (m.Limit == 0 || was < m.Limit) {
		m.Limit = was
	}
	m.Started, m.Began, m.UntracedSets = -1, -1, -1
	if value, expects := a.run.Expect[memoryLimit]; expects {
		n := bytes(value)
		m.Expected = &n
	}
	if s.Counters != nil {
		m.Began = s.Counters.UsedMemory
	}
	if s.countsSets() {
		m.UntracedSets = max(0, s.sets-s.tracedSets)
	}
	if o, known := s.StartedWith[memoryLimit]; known {
		m.Started = bytes(o.Value)
	}
	lowered := m.Limit != 0 && (m.Initial == 0 || m.Limit < m.Initial)
	switch {
	case m.Limit == 0 || used+near < m.Limit:
		m.Reason = "unseen"
	case !lowered && m.Started >= 0 && m.Limit != 0 && (m.Started == 0 || used < m.Started && m.Limit < m.Started):
		m.Reason = "before"
	case !lowered && m.Began > m.Limit:
		m.Reason = "start"
	case lowered && m.Initial != 0 && used >= m.Initial:
		m.Reason = "both"
	case lowered:
		m.Reason = "limit"
	default:
		m.Reason = "memory"
	}
	a.memory = append(a.memory, m)
}

// countsSets reports whether a server counts the calls of CONFIG SET apart from
// those of CONFIG GET, as they do since Redis 7.0.
func (s *server) countsSets() bool {
	return s.Flavor != "redis" || s.Version != "" && !strings.HasPrefix(s.Version, "6.")
}

func bytes(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// swallow notes an owner that passed although commands of it were refused. One
// that has others within it met what they met.
func (a *Analysis) ignoreOOM(o *owner, status string) {
	if status != "pass" || o.inner {
		return
	}
	var n int64
	for s := range o.met {
		met := a.metBy(o, s, a.last)
		n += max(met.oom, met.traced)
	}
	if n == 0 {
		return
	}
	if len(a.ignored) == maxIgnored {
		return
	}
	ref := o.ref()
	a.ignored = append(a.ignored, IgnoredOOM{By: a.name(ref, ""), OOMErrors: n})
}
