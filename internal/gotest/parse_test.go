package gotest

import (
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzParseEvent guards against a line that is read otherwise than package json reads it.
func FuzzParseEvent(f *testing.F) {
	for _, line := range []string{
		`{"Time":"2026-01-02T03:04:05.678901234Z","Action":"run","Package":"m/a","Test":"TestA"}`,
		`{"Time":"2026-01-02T03:04:05.6+02:00","Action":"output","Package":"m/a","Test":"TestA/é","Output":"=== RUN   TestA\n\tx \\n \"y\"\u003c\n"}`,
		`{"Action":"output","Package":"m/a","Output":"a\tb\n"}`,
		`{"Time":"2026-01-02T03:04:05Z","Action":"pass","Package":"m/a","Test":"TestA","Elapsed":0.01}`,
		`{"Action":"pass","Elapsed":01}`, `{"Action":"pass","Elapsed":}`, `{"Action":"pass","Elapsed":1e3}`, `{"Action":"pass","Elapsed":0x1p4}`, `{"Action":"pass","Elapsed":Inf}`,
		`{"Action":"pass","Action":"fail"}`, `{"action":"pass"}`, `{"Action":"pass"} `, `{"Action":"pass",}`, `{"Action":"pass"}}`, `{"Action":1}`, `{"Action":null}`, `{}`, `{`, `{"Action":"x"`,
		`{"Action":"start","Other":"x"}`, `{"Time":"","Action":"x"}`, "{\"Action\":\"\xff\"}", "{\"Action\":\"\x01\"}", `{"Action":"a\\nb"}`, `{"Action":"\ud800"}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var want Event
		good := json.Unmarshal(line, &want) == nil && want.Action != ""
		if !good {
			want = Event{}
		}
		got, ok := parseEvent(line)
		if ok != good || !got.Time.Equal(want.Time) {
			t.Fatalf("%q: %v %v, want %v %v", line, got, ok, want, good)
		}
		if got.Time = want.Time; !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	})
}

// BenchmarkParseEvent reads the lines of one quick test.
func BenchmarkParseEvent(b *testing.B) {
	lines := []string{
		`{"Time":"2026-01-02T03:04:05.678901234Z","Action":"run","Package":"m/a","Test":"TestA"}`,
		`{"Time":"2026-01-02T03:04:05.678901234Z","Action":"output","Package":"m/a","Test":"TestA","Output":"=== RUN   TestA\n"}`,
		`{"Time":"2026-01-02T03:04:05.678901234Z","Action":"output","Package":"m/a","Test":"TestA","Output":"--- PASS: TestA (0.00s)\n"}`,
		`{"Time":"2026-01-02T03:04:05.678901234Z","Action":"pass","Package":"m/a","Test":"TestA","Elapsed":0}`,
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, line := range lines {
			if _, ok := parseEvent([]byte(line)); !ok {
				b.Fatal(line)
			}
		}
	}
}
