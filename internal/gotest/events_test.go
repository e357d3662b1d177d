package gotest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// Guards against a line that ends the reading: then the tests' pipe fills up
// and the run stands still.
func TestScan(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	in := strings.Join([]string{
		`{"Action":"run","Package":"p","Test":"T","Unknown":{"a":[1]}}`,
		`{"Time":"2026-01-02T03:04:05.6Z","Action":"output","Package":"p","Test":"T","Output":"a\u003e\n"}` + "\r",
		``, `  `, "\r",
		`null`, `{}`, `[]`, `123`, `{"Package":"p"}`, `{"Action":7}`, `{"Action":"pass"`, `FAIL	p [build failed]`,
		`{"Action":"output","Package":"p","Output":"` + long + `"}`,
		long,
		"\xff\xfe",
		`{"Action":"later-invention","Package":"p"}`,
		`{"Action":"pass","Package":"p","Elapsed":1.5}`, // without newline
	}, "\n")
	wantEvents := []Event{
		{Action: "run", Package: "p", Test: "T"},
		{Time: time.Date(2026, 1, 2, 3, 4, 5, 6e8, time.UTC), Action: "output", Package: "p", Test: "T", Output: "a>\n"},
		{Action: "output", Package: "p", Output: long},
		{Action: "later-invention", Package: "p"},
		{Action: "pass", Package: "p", Elapsed: 1.5},
	}
	wantOther := []string{"  ", "null", "{}", "[]", "123", `{"Package":"p"}`, `{"Action":7}`, `{"Action":"pass"`, "FAIL\tp [build failed]", long, "\xff\xfe"}
	for name, reader := range map[string]io.Reader{
		"at once":      strings.NewReader(in),
		"in halves":    iotest.HalfReader(strings.NewReader(in)),
		"with the end": iotest.DataErrReader(strings.NewReader(in)),
	} {
		t.Run(name, func(t *testing.T) {
			var events []Event
			var other []string
			var lines [][]byte
			err := Scan(reader, func(e Event, line []byte) {
				events = append(events, e)
				lines = append(lines, line)
			}, func(text string) { other = append(other, text) })
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(events, wantEvents) {
				t.Errorf("%d events, want %d", len(events), len(wantEvents))
			}
			if !reflect.DeepEqual(other, wantOther) {
				t.Errorf("other lines %.60q, want %.60q", other, wantOther)
			}
			// The lines must hold after the next was read.
			for i, line := range lines {
				var again Event
				if err := json.Unmarshal(line, &again); err != nil || !reflect.DeepEqual(again, events[i]) {
					t.Errorf("line %d was overwritten: %.60q", i, line)
				}
			}
		})
	}
}

func TestScanTellsOfErrors(t *testing.T) {
	broken := errors.New("broken")
	n := 0
	in := io.MultiReader(strings.NewReader("{\"Action\":\"run\"}\n{\"Action\":\"pa"), iotest.ErrReader(broken))
	err := Scan(in, func(Event, []byte) { n++ }, func(string) { n += 10 })
	if !errors.Is(err, broken) || n != 11 {
		t.Errorf("error %v, %d", err, n)
	}
}

// feed adds events that were written as "action package test output".
func feed(o *Outputs, lines ...string) (entries []string) {
	for _, line := range lines {
		f := strings.SplitN(line, " ", 4)
		e := Event{Action: f[0], Package: f[1]}
		if len(f) > 2 {
			e.Test = f[2]
		}
		if len(f) > 3 {
			e.Output = f[3]
		}
		if t := o.Add(e); t != nil {
			entries = append(entries, fmt.Sprintf("%s %s %s %s", t.Action, t.Package, t.Test, t.Output))
		}
	}
	return entries
}

// Guards against output that is given to another test, cut where the go
// command split it, or kept for tests that passed.
func TestOutputs(t *testing.T) {
	o := NewOutputs()
	got := feed(o,
		"start p", "run p A", "output p A OOM com", "output q A other", "run p A/s", "output p A/s sub", "output p A mand not allowed",
		"attr p A", "artifacts p A", "pause p A", "cont p A", "build-fail p", "invented p A",
		"fail p A/s", "fail p A",
		"run p B", "output p B dropped", "pass p B", "run p B", "output p B kept", "fail p B",
		"run p S", "output p S why", "skip p S",
		"output p  panic", "fail p", "output p  again", "pass p",
	)
	want := []string{
		"start p  ", "run p A ", "run p A/s ", "pause p A ", "cont p A ",
		"fail p A/s sub", "fail p A OOM command not allowed",
		"run p B ", "pass p B ", "run p B ", "fail p B kept",
		"run p S ", "skip p S ", "fail p  panic", "pass p  ",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if rest := o.Rest(); len(rest) != 1 || rest[0].Package != "q" || rest[0].Output != "other" {
		t.Errorf("left: %+v", rest)
	}
}

// Guards against the compiler's complaint being shown for another package.
func TestOutputsOfBuilds(t *testing.T) {
	o := NewOutputs()
	for _, e := range []Event{
		{Action: "build-output", ImportPath: "p [p.test]", Output: "# p\n"},
		{Action: "build-output", ImportPath: "q", Output: "q.go:1: no\n"},
		{Action: "build-output", ImportPath: "p [p.test]", Output: "p.go:1: undefined\n"},
		{Action: "build-fail", ImportPath: "p [p.test]"},
		{Action: "output", Package: "p", Output: "FAIL\tp [build failed]\n"},
	} {
		if o.Add(e) != nil {
			t.Errorf("%s is recorded", e.Action)
		}
	}
	got := o.Add(Event{Action: "fail", Package: "p", FailedBuild: "p [p.test]"})
	if got.FailedBuild != "p [p.test]" || got.Output != "# p\np.go:1: undefined\nFAIL\tp [build failed]\n" {
		t.Errorf("%+v", got)
	}
	if other := o.Add(Event{Action: "fail", Package: "x", FailedBuild: "never seen"}); other.Output != "" {
		t.Errorf("%+v", other)
	}
}

// Guards against a test that prints without end and fills the memory, and
// against losing the first failure or the panic at the end of what it printed.
func TestOutputsAreClipped(t *testing.T) {
	tests := []struct {
		name  string
		total int
		chunk int
		lost  bool
	}{
		{"short", 1000, 100, false},
		{"exactly the head", keepHead, 1 << 10, false},
		{"into the tail", keepHead + keepTail, 1 << 10, false},
		{"beyond", 20 << 20, 1 << 10, true},
		{"beyond, in odd pieces", 3_000_000, 1237, true},
		{"beyond, in one piece", 2 << 20, 2 << 20, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var all strings.Builder
			for i := 0; all.Len() < test.total; i++ {
				fmt.Fprintf(&all, "%d,", i)
			}
			text := all.String()[:test.total]
			o := NewOutputs()
			for rest := text; rest != ""; {
				n := min(test.chunk, len(rest))
				o.Add(Event{Action: "output", Package: "p", Test: "T", Output: rest[:n]})
				rest = rest[n:]
				if c := o.texts[[2]string{"p", "T"}]; c.head.Len()+cap(c.tail) > keepHead+8*keepTail+2*test.chunk {
					t.Fatalf("%d bytes are kept", c.head.Len()+cap(c.tail))
				}
			}
			got := o.Add(Event{Action: "fail", Package: "p", Test: "T"}).Output
			if !test.lost {
				if got != text {
					t.Errorf("%d bytes are not what was printed", len(got))
				}
				return
			}
			head, tail, cut := strings.Cut(got, "\n[...]\n")
			if !cut || !strings.HasPrefix(text, head) || !strings.HasSuffix(text, tail) || len(head) < keepHead || len(tail) < keepTail {
				t.Errorf("%d bytes of head and %d of tail, cut: %v", len(head), len(tail), cut)
			}
		})
	}
}

// Guards against reports that change from run to run.
func TestRestIsSorted(t *testing.T) {
	for range 20 {
		o := NewOutputs()
		feed(o, "output p2 A x", "output p1 B x", "output p1 A x", "output p1 A/s x", "output p1  package", "output p10 Z x")
		var got []string
		for _, r := range o.Rest() {
			if r.Action != "cut" || r.Output != "x" {
				t.Fatalf("%+v", r)
			}
			got = append(got, r.Package+" "+r.Test)
		}
		if want := []string{"p1 A", "p1 A/s", "p1 B", "p10 Z", "p2 A"}; !reflect.DeepEqual(got, want) {
			t.Fatalf("got %q", got)
		}
	}
}

// Guards against a benchmark that passed, of which go test reports no end, and
// that is then taken for one in which the process died.
func TestRestHasNoBenchmarkThatPassed(t *testing.T) {
	bench := []string{"start p", "run p BenchmarkX", "output p BenchmarkX x", "run p BenchmarkX/s", "output p BenchmarkX/s x", "output q BenchmarkX x", "output p TestHung x"}
	tests := []struct {
		name string
		then []string
		want int
	}{
		{"the package passed", []string{"pass p"}, 2},
		{"another benchmark failed, and with it the package", []string{"output p BenchmarkY y", "fail p BenchmarkY", "fail p"}, 2},
		{"the process died in it", []string{"output p  panic", "fail p"}, 4},
		{"the run was cut short", nil, 4},
	}
	for _, test := range tests {
		o := NewOutputs()
		feed(o, append(bench, test.then...)...)
		if rest := o.Rest(); len(rest) != test.want {
			t.Errorf("%s: %d left, want %d", test.name, len(rest), test.want)
		}
	}
}
