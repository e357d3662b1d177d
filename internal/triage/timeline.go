package triage

import (
	"maps"
	"slices"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// memoryLimit is the parameter that bounds the memory of a server.
const memoryLimit = "maxmemory"

const (
	maxSamples = 2048 // of a server; then neighbours are joined
	maxSteps   = 2048 // of a parameter
)

// timeline gathers a Timeline while a record is read.
type timeline struct {
	samples   []findings.Sample
	width     int // snapshots in a sample
	snapshots int // in the last one
	values    map[string]*findings.Values
}

func (t *timeline) see(at time.Time, c *record.Counters, p pressure) {
	s := findings.Sample{From: at, To: at, Least: c.UsedMemory, Most: c.UsedMemory, OOM: p.oom, Evicted: p.evicted}
	if n := len(t.samples); n > 0 && t.snapshots < t.width {
		t.samples[n-1] = joined(t.samples[n-1], s)
		t.snapshots++
		return
	}
	if len(t.samples) == maxSamples {
		for i := range maxSamples / 2 {
			t.samples[i] = joined(t.samples[2*i], t.samples[2*i+1])
		}
		t.samples = t.samples[:maxSamples/2]
		t.width *= 2
	}
	t.samples = append(t.samples, s)
	t.width, t.snapshots = max(t.width, 1), 1
}

// joined is two neighbours as one.
func joined(s, next findings.Sample) findings.Sample {
	return findings.Sample{From: s.From, To: next.To, Least: min(s.Least, next.Least), Most: max(s.Most, next.Most), OOM: s.OOM + next.OOM, Evicted: s.Evicted + next.Evicted}
}

func (t *timeline) change(m *mutation, began time.Time) {
	v := t.values[m.parameter]
	if v == nil {
		if t.values == nil {
			t.values = map[string]*findings.Values{}
		}
		v = &findings.Values{Parameter: m.parameter, Steps: []findings.Step{{At: began, Value: m.from}}}
		t.values[m.parameter] = v
	}
	if len(v.Steps) == maxSteps {
		v.More++
		return
	}
	v.Steps = append(v.Steps, findings.Step{At: m.received, Value: m.to})
}

// drawn returns the timeline of a server. The limit of its memory is always in
// it, because what it used is drawn against that.
func (s *server) drawn(began time.Time) findings.Timeline {
	t := findings.Timeline{Samples: s.timeline.samples}
	names := slices.Sorted(maps.Keys(s.timeline.values))
	if at, found := slices.BinarySearch(names, memoryLimit); !found {
		names = slices.Insert(names, at, memoryLimit)
	}
	for _, name := range names {
		if v := s.timeline.values[name]; v != nil {
			t.Values = append(t.Values, *v)
		} else if value, known := s.Config[name]; known {
			t.Values = append(t.Values, findings.Values{Parameter: name, Steps: []findings.Step{{At: began, Value: value}}})
		}
	}
	return t
}
