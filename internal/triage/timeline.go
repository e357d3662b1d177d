package triage

import (
	"slices"
	"time"

	"tracetest/internal/record"
)

// memoryLimit is the parameter that bounds the memory of a server.
const memoryLimit = "maxmemory"

// A Timeline is what the looks at one server showed over the run. It is for
// drawing: of a long run it holds less detail, and never more than a picture
// can show.
type Timeline struct {
	Samples []Sample // in order, without gaps but where the server was out of sight
	Values  []Values // of maxmemory and of the parameters that changed, by name
}

// A Sample is the snapshots of a stretch of time.
type Sample struct {
	From, To time.Time // when the first and the last of them were received
	Least    int64     // of used_memory, in bytes
	Most     int64
	OOM      int64 // commands refused since the sample before
	Evicted  int64 // keys evicted since then
}

// Values are what a parameter was, in order. The first is its baseline.
type Values struct {
	Parameter string
	Steps     []Step
	More      int // steps that were left out behind the last
}

// A Step is a value and when it was first seen.
type Step struct {
	At    time.Time
	Value string
}

const (
	maxSamples = 2048 // of a server; then neighbours are joined
	maxSteps   = 2048 // of a parameter
)

// timeline gathers a Timeline while a record is read.
type timeline struct {
	samples   []Sample
	width     int // looks in a sample
	snapshots int // in the last one
	values    map[string]*Values
}

func (t *timeline) see(at time.Time, c *record.Counters, p pressure) {
	s := Sample{From: at, To: at, Least: c.UsedMemory, Most: c.UsedMemory, OOM: p.oom, Evicted: p.evicted}
	if n := len(t.samples); n > 0 && t.snapshots < t.width {
		t.samples[n-1] = t.samples[n-1].and(s)
		t.snapshots++
		return
	}
	if len(t.samples) == maxSamples {
		for i := range maxSamples / 2 {
			t.samples[i] = t.samples[2*i].and(t.samples[2*i+1])
		}
		t.samples = t.samples[:maxSamples/2]
		t.width *= 2
	}
	t.samples = append(t.samples, s)
	t.width, t.snapshots = max(t.width, 1), 1
}

func (s Sample) and(next Sample) Sample {
	return Sample{From: s.From, To: next.To, Least: min(s.Least, next.Least), Most: max(s.Most, next.Most), OOM: s.OOM + next.OOM, Evicted: s.Evicted + next.Evicted}
}

func (t *timeline) change(m *mutation, began time.Time) {
	v := t.values[m.parameter]
	if v == nil {
		if t.values == nil {
			t.values = map[string]*Values{}
		}
		v = &Values{Parameter: m.parameter, Steps: []Step{{At: began, Value: m.from}}}
		t.values[m.parameter] = v
	}
	if len(v.Steps) == maxSteps {
		v.More++
		return
	}
	v.Steps = append(v.Steps, Step{At: m.received, Value: m.to})
}

// drawn returns the timeline of a server. The limit of its memory is always in
// it, because what it used is drawn against that.
func (s *server) drawn(began time.Time) Timeline {
	t := Timeline{Samples: s.timeline.samples}
	names := sortedKeys(s.timeline.values)
	if at, found := slices.BinarySearch(names, memoryLimit); !found {
		names = slices.Insert(names, at, memoryLimit)
	}
	for _, name := range names {
		if v := s.timeline.values[name]; v != nil {
			t.Values = append(t.Values, *v)
		} else if value, known := s.Config[name]; known {
			t.Values = append(t.Values, Values{Parameter: name, Steps: []Step{{At: began, Value: value}}})
		}
	}
	return t
}
