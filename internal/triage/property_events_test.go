package triage_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/triage/story"
)

// Without the barrier: tests run ahead of their events by up to two seconds, and
// whoever really wrote is always among the suspects.
func TestRandomEvents(t *testing.T) {
	for seed := range several(2000) {
		random := rand.New(rand.NewPCG(seed, 3))
		r := story.Of(record.Run{Mode: record.ModeEvents}, 1).Baseline()
		type event struct {
			at           time.Duration // when it happened
			action, test string
		}
		type write struct {
			at    time.Duration
			value string
			owner string
		}
		var events []event
		var writes []write
		at := 10 * time.Millisecond
		fast := time.Duration(1 + random.IntN(4000))
		events = append(events, event{at, "start", ""})
		for i := range 20 {
			name := fmt.Sprintf("Test%d", i)
			at += time.Duration(random.Int64N(int64(fast*time.Millisecond) / 100))
			events = append(events, event{at, "run", name})
			length := time.Duration(random.Int64N(int64(fast * time.Millisecond)))
			if random.IntN(6) == 0 {
				writes = append(writes, write{at + length/2, values["hz"][random.IntN(3)], "shop/cache > " + name})
			}
			at += length
			events = append(events, event{at, "pass", name})
		}
		events = append(events, event{at + 1, "pass", ""})
		wrote := map[string]string{} // by snapshot: the last writer
		last := ""
		begin := r.Now
		lag := time.Duration(0)
		for i, e := range events {
			lag = time.Duration(random.Int64N(int64(2 * time.Second)))
			if read := begin.Add(e.at + lag); read.After(r.Now) {
				r.Now = read
			}
			r.Event(e.action, "shop/cache", e.test, "")
			if random.IntN(3) > 0 && i < len(events)-1 {
				continue
			}
			// The snapshot sees what was written before it.
			for len(writes) > 0 && begin.Add(writes[0].at).Before(r.Now) {
				r.Set("hz", writes[0].value)
				last = writes[0].owner
				writes = writes[1:]
			}
			r.TakeSnapshot()
			wrote[r.Entries[len(r.Entries)-1].Boundary.Snapshots[0].Received.String()] = last
		}
		r.End(0)
		f := triaged(r.Entries)
		for _, x := range append(slices.Clone(f.Leaks), f.Reverted...) {
			writer, known := wrote[x.At.String()]
			if !known || x.By != nil || !slices.ContainsFunc(x.Suspects, func(o record.Name) bool { return owner(o) == writer }) {
				t.Fatalf("seed %d: %s wrote, and %s are suspected", seed, writer, owners(x.Suspects))
			}
		}
		if bad := broken(f); len(bad) > 0 {
			t.Fatalf("seed %d: %s\n%s", seed, strings.Join(bad, "\n"), render(f))
		}
	}
}
