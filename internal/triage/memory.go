package triage

import (
	"strconv"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/redisconf"
)

// Two different things end in the same error: somebody lowered maxmemory, or the
// tests left data behind until the server was full. What tells them apart is
// the memory in use when writes were first refused, against the limit of then
// and the limit that the run began with.

// near is how much less than the limit can be in use at a snapshot by which a command
// was refused: the buffers of connections come and go.
const near = 1 << 20

// firstRefusal notes how a server stands when a snapshot first shows that it refuses
// writes. Where the limit changed since the snapshot before, the lower one of the two
// refused: a test that restores it lets one snapshot show both.
func (l *ledger) firstRefusal(s *server, p pressure, at time.Time, used int64, before string) {
	if p.oom == 0 || s.refusing {
		return
	}
	s.refusing = true
	m := findings.Memory{Server: s.Address, At: at, Used: used, Limit: bytes(s.now[memoryLimit]), Initial: bytes(s.initial[memoryLimit])}
	if was := bytes(before); was != 0 && (m.Limit == 0 || was < m.Limit) {
		m.Limit = was
	}
	m.Started, m.Began, m.UntracedSets = -1, -1, -1
	if value, expects := l.window.run.Expect[memoryLimit]; expects {
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
	l.memory = append(l.memory, m)
}

// countsSets reports whether a server counts the calls of CONFIG SET apart from
// those of CONFIG GET, as they do since Redis 7.0.
func (s *server) countsSets() bool {
	return redisconf.SinceSeven(s.Flavor, s.Version)
}

func bytes(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// limitThen is the limit of the memory of a server at a snapshot.
type limitThen struct {
	value string
	set   *mutation // the change that had set it; nil for the one that the run began with
}

func (s *server) limit() limitThen { return limitThen{s.now[memoryLimit], s.latest(memoryLimit)} }
