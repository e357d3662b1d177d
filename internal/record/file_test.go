package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// fixed is a record of every kind of entry, as a run would write it.
func fixed() []Entry {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	snap := Snapshot{Server: 0, Sent: at, Received: at.Add(time.Millisecond), Config: map[string]string{"maxmemory": "1048576"},
		Counters: &Counters{UsedMemory: 9, OOM: 2, Keys: map[string]int64{"db0": 3}}}
	by := By{Label: LabelOwner, Owner: &Owner{ID: 4, Parent: 1, Kind: KindSpec, Name: "Cache keeps", Location: "f_test.go:40", Container: "f_test.go:30"}, Unit: 4, Test: "TestSuite", Lost: true,
		Stack:   []Frame{{Function: "net.(*conn).Write", File: "/go/src/net/net.go", Line: 197, Std: true}, {Function: "m/a.Set[...]", File: "/m/a/a.go", Line: 3}},
		Waiting: []By{{Label: LabelPackage, Stack: []Frame{{Function: "m/a.TestMain", File: "/m/a/a_test.go", Line: 9, Sets: true}}}, {}}}
	return []Entry{
		{Run: &Run{Schema: Schema, Command: []string{"tracetest", "./..."}, Go: "go1.26.8", Mode: ModeInstrumented, Traced: true, Restore: "run", GoTest: []string{"go", "test"}}},
		{Server: &Server{Address: "localhost:6379", Flavor: "redis", Version: "7.0.15", RunID: "r", Config: map[string]string{"maxmemory": "0"},
			StartedWith: map[string]Origin{"maxmemory": {Value: "0", Source: "--expect"}}}},
		{Process: &Process{Index: 1, PID: 7, PPID: 6, Package: "m/a", Args: []string{"a.test", "-test.v"}}},
		{Boundary: &Boundary{Verb: VerbBegin, Process: 1, Owner: 1, Begin: &Owner{ID: 1, Kind: KindTest, Name: "TestA/\"quoted\"\n<é>"}, Waited: time.Second, Snapshots: []Snapshot{snap}}},
		{Process: &Process{Index: 2, PID: 8, PPID: 7, Host: &Host{Process: 1, Owners: []int64{1}}}},
		{Boundary: &Boundary{Verb: VerbEnd, Process: 1, Owner: 1, End: &Outcome{Status: "fail", Message: "m", Location: "f.go:1"}}},
		{Boundary: &Boundary{Verb: VerbSuiteEnd, Process: 1, Nodes: []Node{{Type: "BeforeSuite", Location: "f.go:2", Outcome: Outcome{Status: "pass"}}}}},
		{Test: &Test{Time: at, Action: "fail", Package: "m/a", Test: "TestA", Output: "long\n"}},
		{Restore: &Restore{When: "run", Values: map[string]string{"maxmemory": "0"}, Command: "redis-cli", Snapshot: &snap}},
		{Contact: &Contact{Process: 1, Network: "tcp", Address: "127.0.0.1:6379", Local: "127.0.0.1:5000", TLS: true, Server: 0}},
		{Contact: &Contact{Process: 2, Network: "unix", Address: "/tmp/redis.sock", Server: -1, Inside: true, Problem: "--discover=off"}},
		{Write: &Write{Process: 1, Number: 2, Server: 0, Address: "127.0.0.1:6379", Command: []string{"CONFIG", "SET", "save", "", "requirepass", "(hidden)"},
			Values: []Value{{Parameter: "save"}, {Parameter: "requirepass", Secret: true}}, By: by, Snapshots: []Snapshot{snap}}},
		{Write: &Write{Process: 2, Number: 1, Server: -1, Command: []string{"FLUSHALL"}}},
		{Reply: &Reply{Process: 1, Number: 2, Text: "-ERR \"no\"\ttoday", Snapshots: []Snapshot{snap}}},
		{Refused: &Refused{Process: 1, Number: 3, Count: 1, Server: 0, Address: "127.0.0.1:6379", Text: "OOM command not allowed", By: by}},
		{Refused: &Refused{Process: 1, Number: 3, Count: 41, Server: -1}},
		{Clients: &Clients{Server: 0, Parameter: []string{"maxmemory", "hz"}, List: []Client{
			{Address: "10.0.0.7:5000", Name: "cron", Library: "go-redis(,go1.26.8)_9.7.0", User: "default", Command: "config|set", Age: 7, Idle: 1}, {Address: "10.0.0.8:5000"}}}},
		{Clients: &Clients{Server: 0, Parameter: []string{"hz"}, Error: "i/o timeout"}},
		{Server: &Server{Index: 1, Address: "/tmp/other.sock", Flavor: "valkey", Version: "8.0.1", RunID: "s", Config: map[string]string{}}},
		{Boundary: &Boundary{Verb: VerbFinish, Snapshots: []Snapshot{{Server: 0, Sent: at, Received: at}, {Server: 1, Sent: at, Received: at, Error: "connection refused", Gone: true}}}},
		{Notice: &Notice{Code: "not-waiting", Text: "It was late."}},
		{End: &End{GoExit: 1, Complete: true}},
	}
}

// read returns the entries of a record and what is wrong with it.
func read(in io.Reader) (entries []Entry, damaged []int, fatal error) {
	for entry, err := range Read(in) {
		var bad *SyntaxError
		switch {
		case errors.As(err, &bad):
			damaged = append(damaged, bad.Line)
		case err != nil:
			return entries, damaged, err
		default:
			entries = append(entries, entry)
		}
	}
	return entries, damaged, nil
}

func written(t testing.TB) string {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, nil)
	for _, e := range fixed() {
		w.Append(e)
	}
	if err := w.Err(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Guards against a report that differs from the run that wrote the record.
func TestRoundTrip(t *testing.T) {
	var seen []Entry
	var out bytes.Buffer
	w := NewWriter(&out, func(e Entry) { seen = append(seen, e) })
	for _, e := range fixed() {
		w.Append(e)
	}
	got, damaged, fatal := read(&out)
	if len(damaged) > 0 || fatal != nil {
		t.Fatalf("damaged %v, error %v", damaged, fatal)
	}
	want := fixed()
	for i := range want {
		if got[i].Seq != int64(i+1) || got[i].At.IsZero() {
			t.Errorf("entry %d has number %d and time %v", i, got[i].Seq, got[i].At)
		}
		if !got[i].At.Equal(seen[i].At) {
			t.Errorf("entry %d: the analysis saw %v, the file has %v", i, seen[i].At, got[i].At)
		}
		want[i].Seq, want[i].At = got[i].Seq, got[i].At
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read\n%+v\nwant\n%+v", got, want)
	}
}

// writes counts the writes, of which each must be a whole line.
type writes struct {
	t     *testing.T
	lines [][]byte
}

func (w *writes) Write(p []byte) (int, error) {
	if bytes.Count(p, []byte("\n")) != 1 || p[len(p)-1] != '\n' {
		w.t.Errorf("a write that is no line: %q", p)
	}
	w.lines = append(w.lines, bytes.Clone(p))
	return len(p), nil
}

// Guards against an entry that is lost with a killed tracetest because half of
// it was in a buffer, and against two goroutines that mix their lines or
// numbers, or that show the analysis another order than the file has.
func TestWriterIsOneWritePerEntry(t *testing.T) {
	out := &writes{t: t}
	var seen []int64
	w := NewWriter(out, func(e Entry) { seen = append(seen, e.Seq) })
	var all sync.WaitGroup
	const goroutines, each = 8, 100
	for g := range goroutines {
		all.Go(func() {
			for i := range each {
				w.Append(Entry{Test: &Test{Action: "run", Package: fmt.Sprint(g), Test: fmt.Sprint(i)}})
			}
		})
	}
	all.Wait()
	if len(out.lines) != goroutines*each || len(seen) != len(out.lines) {
		t.Fatalf("%d writes and %d seen, want %d", len(out.lines), len(seen), goroutines*each)
	}
	for i, line := range out.lines {
		if seen[i] != int64(i+1) || !bytes.HasPrefix(line, fmt.Appendf(nil, `{"seq":%d,`, i+1)) {
			t.Fatalf("write %d is %.40s, seen was %d", i+1, line, seen[i])
		}
	}
}

// Guards against entries that wait and are lost, or written in another order.
func TestLater(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out, nil)
	lines := func(want int) {
		t.Helper()
		if n := strings.Count(out.String(), "\n"); n != want {
			t.Errorf("%d lines, want %d", n, want)
		}
	}
	entries := fixed()
	w.Append(entries[0])
	run := Entry{Test: &Test{Action: "run", Package: "p", Test: "T"}}
	w.Later(run)
	lines(1)
	w.Append(run)
	lines(3)
	w.Later(run)
	w.Flush()
	lines(4)
	for n := 0; strings.Count(out.String(), "\n") == 4; n++ {
		if w.Later(run); n > mostLater {
			t.Fatal("more and more waits")
		}
	}
	w.Flush()
	got, damaged, fatal := read(&out)
	if len(damaged) > 0 || fatal != nil || got[len(got)-1].Seq != int64(len(got)) {
		t.Errorf("read %d entries, damaged %v, %v", len(got), damaged, fatal)
	}
}

// full is a disk on which there is room for some bytes only, until it is freed.
type full struct {
	bytes.Buffer
	room int
}

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.room {
		n, _ := f.Buffer.Write(p[:f.room])
		f.room = 0
		return n, errFull
	}
	f.room -= len(p)
	return f.Buffer.Write(p)
}

// Guards against a full disk that stops the tests, that is not reported, or that
// ruins the entries which come after it was freed.
func TestWriterOnAFullDisk(t *testing.T) {
	out := &full{room: 1 << 20}
	seen := 0
	w := NewWriter(out, func(Entry) { seen++ })
	entries := fixed()
	w.Append(entries[0])
	out.room = 10
	w.Append(entries[1])
	w.Append(entries[2])
	out.room = 1 << 20
	w.Append(entries[len(entries)-2])
	w.Append(entries[len(entries)-1])
	if err := w.Err(); !errors.Is(err, errFull) || !strings.Contains(err.Error(), "entry 2") {
		t.Errorf("error %v, want the one of entry 2", err)
	}
	if seen != 5 {
		t.Errorf("%d entries were shown, want all 5", seen)
	}
	got, damaged, fatal := read(&out.Buffer)
	if fatal != nil || len(damaged) != 1 || len(got) != 3 || got[1].Notice == nil || got[2].End == nil {
		t.Errorf("read %d entries, damaged lines %v, error %v", len(got), damaged, fatal)
	}
}

// Guards against a damaged record that hides what is whole in it, and against
// a file that is no record and is read as one.
func TestReadWhatIsDamaged(t *testing.T) {
	whole := written(t)
	lines := strings.SplitAfter(whole, "\n")
	lines = lines[:len(lines)-1]
	join := func(at int, line string) string {
		changed := append([]string(nil), lines...)
		changed[at] = line
		return strings.Join(changed, "")
	}
	all := len(lines)
	tests := []struct {
		name    string
		in      string
		entries int
		damaged []int
		fatal   string
	}{
		{"whole", whole, all, nil, ""},
		{"empty", "", 0, nil, ""},
		{"only blank lines", "\n \n\r\n", 0, nil, ""},
		{"blank lines and CRLF", "\n" + strings.ReplaceAll(whole, "\n", "\r\n\n"), all, nil, ""},
		{"last line without its newline", strings.TrimSuffix(whole, "\n"), all, nil, ""},
		{"last line cut", whole[:len(whole)-20], all - 1, []int{all}, ""},
		{"middle line is no JSON", join(4, "{\"seq\":5,\n"), all - 1, []int{5}, ""},
		{"middle line says nothing", join(4, "{\"seq\":5}\n"), all - 1, []int{5}, ""},
		{"middle line says two things", join(4, `{"notice":{"code":"c"},"end":{"go_exit":0}}`+"\n"), all - 1, []int{5}, ""},
		{"middle line is null", join(4, "null\n"), all - 1, []int{5}, ""},
		{"middle line is an array", join(4, "[1]\n"), all - 1, []int{5}, ""},
		{"two entries in one line", join(4, strings.TrimSuffix(lines[4], "\n")+lines[5]), all - 1, []int{5}, ""},
		{"begin without an owner", join(4, `{"boundary":{"verb":"begin","owner":3}}`+"\n"), all - 1, []int{5}, ""},
		{"owner within itself", join(4, `{"boundary":{"verb":"begin","owner":3,"begin":{"id":3,"parent":3}}}`+"\n"), all - 1, []int{5}, ""},
		{"owner within a later one", join(4, `{"boundary":{"verb":"begin","owner":3,"begin":{"id":3,"parent":4}}}`+"\n"), all - 1, []int{5}, ""},
		{"end without an outcome", join(4, `{"boundary":{"verb":"end","owner":3}}`+"\n"), all - 1, []int{5}, ""},
		{"a field of a later version", unsealed(join(all-2, `{"notice":{"code":"c","text":"t","later":1},"more":2}`+"\n")), all, nil, ""},
		{"a line without its checksum", join(4, unsealed(lines[4])), all - 1, []int{5}, ""},
		{"a header without its checksum", join(0, unsealed(lines[0])), all - 1, []int{2}, ""},

		{"another schema", join(0, `{"seq":1,"run":{"schema":"tracetest.record/9"}}`+"\n"), 0, nil, `"tracetest.record/9"`},
		{"no header", strings.Join(lines[1:], ""), 0, nil, "does not begin with the header"},
		{"damaged header", join(0, "{\n"), 0, nil, "does not begin with the header"},
		{"a JSON array", "[\n1,\n2\n]\n", 0, nil, "does not begin with the header"},
		{"a binary file", "\x7fELF\x02\x01\x00\x00\xff\xfe", 0, nil, "does not begin with the header"},
		{"test events", `{"Action":"start","Package":"p"}` + "\n", 0, nil, "does not begin with the header"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, damaged, fatal := read(strings.NewReader(test.in))
			if len(got) != test.entries || !reflect.DeepEqual(damaged, test.damaged) {
				t.Errorf("%d entries, damaged %v; want %d and %v", len(got), damaged, test.entries, test.damaged)
			}
			if (fatal == nil) != (test.fatal == "") || fatal != nil && !strings.Contains(fatal.Error(), test.fatal) {
				t.Errorf("error %v, want %q", fatal, test.fatal)
			}
		})
	}
}

// endless yields one byte for ever, and counts.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	e.n += len(p)
	return len(p), nil
}

// Guards against a device or a huge file, given instead of a record, that
// fills the memory or is read for ever.
func TestReadGivesUpOnWhatIsNoRecord(t *testing.T) {
	in := &endless{}
	_, _, fatal := read(in)
	if fatal == nil || in.n > 2*longestLine {
		t.Errorf("error %v after %d bytes", fatal, in.n)
	}
}

// Guards against a huge line that ends the reading or is kept in memory whole.
// A line of some MiB is a record's own.
func TestReadHugeLines(t *testing.T) {
	lines := strings.SplitAfter(unsealed(written(t)), "\n")
	big := `{"test":{"action":"fail","package":"p","output":"` + strings.Repeat("x", 4<<20) + "\"}}\n"
	junk := io.LimitReader(&endless{}, 3*longestLine)
	in := io.MultiReader(strings.NewReader(lines[0]+big), junk, strings.NewReader("\n"+lines[len(fixed())-2]))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, damaged, fatal := read(in)
	runtime.ReadMemStats(&after)
	if fatal != nil || !reflect.DeepEqual(damaged, []int{3}) || len(got) != 3 || len(got[1].Test.Output) != 4<<20 {
		t.Errorf("%d entries, damaged %v, error %v", len(got), damaged, fatal)
	}
	if used := after.HeapSys - before.HeapSys; after.HeapSys > before.HeapSys && used > 8*longestLine {
		t.Errorf("the heap grew by %d bytes", used)
	}
}

type brokenReader struct{ text io.Reader }

var errBroken = errors.New("the disk is broken")

func (b brokenReader) Read(p []byte) (int, error) {
	if n, err := b.text.Read(p); err == nil {
		return n, nil
	}
	return 0, errBroken
}

// Guards against a file that cannot be read to its end and passes for a whole
// record.
func TestReadTellsOfErrors(t *testing.T) {
	got, _, fatal := read(brokenReader{strings.NewReader(written(t))})
	if !errors.Is(fatal, errBroken) || len(got) != len(fixed()) {
		t.Errorf("%d entries, error %v", len(got), fatal)
	}
	for range Read(strings.NewReader(written(t))) {
		break // must not panic when the reader of the sequence has enough
	}
}

// Guards against a record that others can read, or that is appended to an old
// one, or that follows a link to somebody else's file.
func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "run.jsonl"), filepath.Join(dir, "other")
	for _, file := range []string{path, other} {
		if err := os.WriteFile(file, []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range []bool{false, true} {
		if link {
			if err := errors.Join(os.Remove(path), os.Symlink(other, path)); err != nil {
				t.Skip(err)
			}
		}
		f, err := Create(path, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString("new")
		f.Close()
		info, err := os.Lstat(path)
		if err != nil || info.Mode().Perm()&0o400 == 0 || !info.Mode().IsRegular() || info.Size() != 3 {
			t.Errorf("after a link %v: %v, %v", link, info, err)
		}
		if text, _ := os.ReadFile(other); string(text) != "old" {
			t.Errorf("the file behind the link now holds %q", text)
		}
	}
	if _, err := Create(filepath.Join(dir, "missing", "run.jsonl"), 0o600); err == nil {
		t.Error("made a file in a folder that does not exist")
	}
}

// FuzzRead guards against input that makes the reader, or whoever follows the
// record, panic or never come back.
func FuzzRead(f *testing.F) {
	whole := written(f)
	f.Add([]byte(whole))
	f.Add([]byte(whole[:len(whole)/2]))
	f.Add([]byte("[]"))
	header := strings.SplitAfter(whole, "\n")[0]
	f.Add([]byte(header + `{"boundary":{"verb":"begin","owner":1,"begin":{"id":1,"parent":1}}}` + "\n"))
	f.Add([]byte(header + `{"boundary":{"verb":"pause","process":1,"owner":1}}` + "\n" + `{"process":{"index":1,"host":{"process":1,"owners":[1,2]}}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		open := NewOpen()
		for entry, err := range Read(bytes.NewReader(in)) {
			if err != nil {
				continue
			}
			open.Apply(entry)
			open.Active()
			if b := entry.Boundary; b != nil {
				open.In(b.Process)
				open.Children(b.Process, b.Owner)
			}
		}
	})
}

// Guards against a whole record that is called damaged: while a snapshot is taken for the
// begin of one test, those of other processes begin and are recorded, with higher numbers.
func TestOwnersOfSeveralProcesses(t *testing.T) {
	begin := func(id int64) Entry {
		return Entry{Boundary: &Boundary{Verb: VerbBegin, Process: int(id%2) + 1, Owner: id, Begin: &Owner{ID: id, Kind: KindTest, Name: "T"}}}
	}
	end := func(id int64) Entry {
		return Entry{Boundary: &Boundary{Verb: VerbEnd, Process: int(id%2) + 1, Owner: id, End: &Outcome{Status: "pass"}}}
	}
	for _, test := range []struct {
		what    string
		entries []Entry
		damaged int
	}{
		{"one is late", []Entry{begin(1), begin(3), end(3), begin(2), end(2), begin(4)}, 0},
		{"one is never recorded", []Entry{begin(1), begin(3), begin(4)}, 0},
		{"one begins twice", []Entry{begin(1), begin(3), begin(3)}, 1},
		{"a late one twice", []Entry{begin(2), begin(1), begin(1)}, 1},
		{"one ends that did not begin", []Entry{begin(1), begin(3), end(2)}, 1},
	} {
		var text bytes.Buffer
		w := NewWriter(&text, nil)
		w.Append(fixed()[0])
		for i := range 2 {
			w.Append(Entry{Process: &Process{Index: i + 1, PID: i + 1}})
		}
		for _, e := range test.entries {
			w.Append(e)
		}
		if _, damaged, fatal := read(&text); len(damaged) != test.damaged || fatal != nil {
			t.Errorf("%s: damaged %v, %v", test.what, damaged, fatal)
		}
	}
}
