package record

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"
)

// quick are the entries of one test at which nothing happens.
func quick(id int64) []Entry {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	name := fmt.Sprintf("TestSomething%04d", id)
	snaps := []Snapshot{{Sent: at, Received: at.Add(time.Millisecond), Counters: &Counters{UsedMemory: 1 << 20, ConfigSet: 3, Keys: map[string]int64{"db0": 7}}}}
	return []Entry{
		{Boundary: &Boundary{Verb: VerbBegin, Process: 1, Owner: id, Begin: &Owner{ID: id, Kind: KindTest, Name: name}, Waited: time.Millisecond, Snapshots: snaps}},
		{Test: &Test{Time: at, Action: "run", Package: "m/a", Test: name}},
		{Boundary: &Boundary{Verb: VerbEnd, Process: 1, Owner: id, End: &Outcome{Status: "pass"}, Waited: time.Millisecond, Snapshots: snaps}},
		{Test: &Test{Time: at, Action: "pass", Package: "m/a", Test: name}},
	}
}

// BenchmarkAppend records a test.
func BenchmarkAppend(b *testing.B) {
	w := NewWriter(io.Discard, nil)
	entries := quick(1)
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range entries {
			w.Append(e)
		}
	}
}

// BenchmarkRead reads the record of 1000 tests.
func BenchmarkRead(b *testing.B) {
	var text bytes.Buffer
	w := NewWriter(&text, nil)
	w.Append(fixed()[0])
	const tests = 1000
	for id := range tests {
		for _, e := range quick(int64(id + 1)) {
			w.Append(e)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range Read(bytes.NewReader(text.Bytes())) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*tests), "ns/test")
}
