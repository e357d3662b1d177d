package redact_test

import (
	"testing"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/redact"
)

// An entry of every boundary passes the door while tests run.
func BenchmarkDeep(b *testing.B) {
	r := redact.New()
	r.Add("a-password-of-some-length", "redis")
	e := record.Entry{Seq: 7, At: time.Now(), Boundary: &record.Boundary{Verb: record.VerbBegin, Process: 1, Owner: 4,
		Begin:     &record.Owner{ID: 4, Kind: record.KindTest, Name: "TestSomethingOrOther/with_a_subtest"},
		Snapshots: []record.Snapshot{{Sent: time.Now(), Received: time.Now(), Counters: &record.Counters{UsedMemory: 1 << 20, Keys: map[string]int64{"db0": 4}}}}}}
	b.ReportAllocs()
	for b.Loop() {
		redact.Deep(r, e)
	}
}
