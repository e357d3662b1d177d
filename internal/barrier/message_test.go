package barrier

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"

	"tracetest/internal/record"
)

// ear is a barrier that takes in what the trace reports, and a process that has begun
// to a Redis over connection 1.
func ear() (*Server, *process) {
	std := func(f record.Frame) bool { return strings.HasPrefix(f.File, "/go/src/") }
	p := &process{conns: map[int64]string{1: "127.0.0.1:6379"}, specOf: map[int64]record.By{}}
	p.Index = 3
	p.number("7", 7)
	p.number("8", 8)
	sets := func(f record.Frame) bool { return f.File == "/m/p.go" && (f.Line <= 6 || f.Line == 14) }
	takes := func(f record.Frame) bool { return f.File == "/m/p.go" && f.Line == 12 }
	return &Server{source: Source{Std: std, Sets: sets, Takes: takes}}, p
}

// takeIn decodes a message of the trace and takes it in.
func takeIn(s *Server, p *process, fields []string) *Message { return s.message(p, decode(fields)) }

// label is what the process writes into a profiler label.
func label(by record.By) string {
	if by.Owner.Kind == record.KindSpec {
		return fmt.Sprintf("%q %q", "spec", fmt.Sprint(by.Owner.ID))
	}
	o := by.Owner
	return fmt.Sprintf("%q %q %q %q %q %q", string(o.Kind), fmt.Sprint(o.ID), o.Name, fmt.Sprint(o.Parent), fmt.Sprint(by.Unit), fmt.Sprint(o.Beside))
}

var testA = record.By{Label: record.LabelOwner, Unit: 7, Owner: &record.Owner{ID: 7, Kind: record.KindTest, Name: "TestA"}}

// Guards against what a test process said being taken for something else.
func TestMessage(t *testing.T) {
	by := testA
	by.Lost, by.Started = true, []record.Frame{{Function: "m/p.G", File: "/m/p.go", Line: 12, Takes: true}}
	by.Perhaps = []record.By{{Label: record.LabelPackage}}
	by.Stack = []record.Frame{{Function: "net.(*conn).Write", File: "/go/src/net/net.go", Line: 12, Std: true}, {Function: "m/p.F", File: "C:/a b/x.go", Line: 3},
		{Function: "odd", File: "no line"}, {Function: "odd", File: "x.go:y"}, {}}
	words := func(verb string, rest ...string) []string {
		return append([]string{verb, "1", "5", "true", "m/p.G /m/p.go:12", "2", label(testA), "package",
			"5", "net.(*conn).Write /go/src/net/net.go:12", "m/p.F C:/a b/x.go:3", "odd no line", "odd x.go:y", "", "", "", ""}, rest...)
	}
	for _, test := range []struct {
		said []string
		want Message
	}{
		{[]string{"redis", "1", "0", "tcp", "h:1", "l:2", "true", "false", "true"}, Message{Contact: &record.Contact{Process: 3, Network: "tcp", Address: "h:1", Local: "l:2", Server: -1, TLS: true}}},
		{[]string{"redis", "2", "0", "unix", "/s", "", "false", "true", "false"}, Message{Contact: &record.Contact{Process: 3, Network: "unix", Address: "/s", Server: -1, Inside: true, Vague: true}}},
		{words("write", "CONFIG", "SET", "save", ""), Message{Write: &record.Write{Process: 3, Number: 5, Server: -1, Address: "h:1", Command: []string{"CONFIG", "SET", "save", ""}, By: by}}},
		{[]string{"write", "9", "6", "false", "", "1", "package", "0", "", "", "", "FLUSHALL"}, Message{Write: &record.Write{Process: 3, Number: 6, Server: -1, Command: []string{"FLUSHALL"}, By: record.By{Label: record.LabelPackage}}}},
		{[]string{"write", "2", "6", "false", "", "1", "", "0", "", "", "", "FLUSHALL"}, Message{Write: &record.Write{Process: 3, Number: 6, Server: -1, Address: "/s", Command: []string{"FLUSHALL"}}}},
		{[]string{"reply", "1", "5", "+OK"}, Message{Reply: &record.Reply{Process: 3, Number: 5, Text: "+OK"}}},
		{words("fault", "OOM x"), Message{Refused: &record.Refused{Process: 3, Number: 5, Count: 1, Server: -1, Address: "h:1", Text: "OOM x", By: by}}},
		{[]string{"faults", "0", "5", "12"}, Message{Refused: &record.Refused{Process: 3, Number: 5, Count: 12, Server: -1}}},
	} {
		s, p := ear()
		takeIn(s, p, []string{"redis", "1", "0", "tcp", "h:1", "l:2", "true", "false", "true"})
		takeIn(s, p, []string{"redis", "2", "0", "unix", "/s", "", "false", "true", "false"})
		if got := takeIn(s, p, test.said); got == nil || !reflect.DeepEqual(*got, test.want) {
			t.Errorf("%q: %+v, want %+v", test.said, got, test.want)
		}
	}
}

// Guards against a panic, and against half of a message being taken for all of
// it.
func TestMessageMalformed(t *testing.T) {
	for _, said := range [][]string{
		{}, {""}, {"redis"}, {"write", "1", "2"}, {"redis", "1", "0", "tcp"}, {"redis", "1", "0", "tcp", "h:1", "l:2", "true", "false"}, {"reply"}, {"reply", "1", "5"}, {"faults", "0", "5"},
		{"write", "1", "2", "false"}, {"write", "1", "2", "false", ""}, {"write", "1", "2", "false", "", "0"}, {"write", "1", "2", "false", "", "0", "0", "", "", "", "FLUSHALL"},
		{"write", "1", "2", "false", "", "1", "package"}, {"write", "1", "2", "false", "", "1", "package", "0"}, {"write", "1", "2", "false", "", "1", "package", "0", "", "", ""},
		{"write", "1", "2", "false", "", "x", "package", "0", "", "", "", "FLUSHALL"}, {"write", "1", "2", "false", "", "-1", "package", "0", "", "", "", "FLUSHALL"},
		{"write", "1", "2", "false", "", "99", "package", "0", "", "", "", "FLUSHALL"}, {"write", "1", "2", "false", "", "1", "package", "2", "", "", "FLUSHALL"},
		{"write", "1", "2", "false", "", "1", "package", "9223372036854775808", "", "", "", "FLUSHALL"}, {"write", "1", "2", "false", "", "9223372036854775807", "package", "0", "", "", "", "FLUSHALL"},
		{"fault", "1", "2", "false", "", "1", "package", "0", "", "", ""}, {"fault", "1", "2", "false", "", "1", "package", "0", "", "", "", "OOM", "x"},
		{"begin", "1", "2", "3", "4", "5", "6", "7"}, {"REDIS", "1", "0", "tcp", "h:1", "l:2", "true", "false"}, {"", "", "", "", "", "", "", ""},
	} {
		s, p := ear()
		if got := takeIn(s, p, said); got != nil {
			t.Errorf("%q is taken for %+v", said, got)
		}
	}
	s, p := ear()
	if got := takeIn(s, p, []string{"write", "x", "y", "?", "", "1", "{", "0", "what are no stacks\n\ngoroutine", "what is no profile\n#\t\n#\t\t\t\n\n#", "x\ty", "FLUSHALL"}); got == nil || !reflect.DeepEqual(got.Write.By, record.By{}) || got.Write.Address != "" {
		t.Errorf("without numbers and label: %+v", got)
	}
}

// Guards against an owner that is lost or changed on its way through a profiler
// label.
func TestLabels(t *testing.T) {
	for _, by := range []record.By{
		testA,
		{Label: record.LabelOwner, Unit: 1, Owner: &record.Owner{ID: 9, Parent: 1, Kind: record.KindExample, Name: "a \"b\" <c>\n\u2028 ü\xff"}},
		{Label: record.LabelOwner, Owner: &record.Owner{ID: 9, Kind: record.KindSpec}},
		{Label: record.LabelOwner, Unit: 1, Owner: &record.Owner{ID: 2, Parent: 1, Kind: record.KindTest, Name: "TestA/sub", Beside: true}},
	} {
		text := label(by)
		if got := owned(text); !reflect.DeepEqual(got, by) {
			t.Errorf("%s is read as %+v, want %+v", text, got, by)
		}
		if got := owned(labelIn(fmt.Sprintf(`{"a":"b", "tracetest":%q, "z":"\"}"}`, text))); !reflect.DeepEqual(got, by) {
			t.Errorf("%s is found as %+v among others", text, got)
		}
	}
	if got := owned("package"); !reflect.DeepEqual(got, record.By{Label: record.LabelPackage}) {
		t.Errorf("package: %+v", got)
	}
	for _, text := range []string{"", "none", "{", "{}", "null", "[]", `"owner"`, `{"label":"owner"}`, `{"label":"owner","owner":null}`, `{"label":"owner","owner":{"id":"x"}}`, label(testA) + "x"} {
		if got := owned(text); !reflect.DeepEqual(got, record.By{}) {
			t.Errorf("%s is read as %+v", text, got)
		}
	}
	for _, labels := range []string{"", "{", `{"a":"b"}`, `{"tracetest":`, `{"tracetest":x}`, `{"tracetest":"x}`, `{"a":"\"tracetest\":\"package\""}`, `{"xtracetest":"package"}`} {
		if got := labelIn(labels); got != "" {
			t.Errorf("%s has the label %q", labels, got)
		}
	}
}

// Guards against a function that is taken for another module's, by which the
// call of a client would not be found.
func TestPackageOfFunction(t *testing.T) {
	for function, want := range map[string]string{
		"m/p.F": "m/p", "m/p.(*T).M": "m/p", "m/p.T.M": "m/p", "m/p.F.func1": "m/p", "m/p.(*T).M.func1.2": "m/p", "m/p.(*T).M-fm": "m/p", "m/p.init.0": "m/p", "m/p.glob..func1": "m/p",
		"main.main": "main", "net.(*conn).Write": "net", "runtime/pprof.Do": "runtime/pprof", "m/p_test.TestA": "m/p_test",
		"m/p.F[...]": "m/p", "m/p.F[go.shape.int]": "m/p", "m/p.F[github.com/x/y.T]": "m/p", "m/p.(*T[a/b.c,d/e.f]).M.func1": "m/p", "m/p.F[[]a/b.c].func2": "m/p",
		"gopkg.in/check%2ev1.(*C).Assert": "gopkg.in/check.v1", "gopkg.in/yaml%2ev3.F[a/b%2ec.d]": "gopkg.in/yaml.v3", "github.com/x/y%2ez%2ew.F": "github.com/x/y.z.w",
		"github.com/redis/go-redis/v9.(*baseClient).process": "github.com/redis/go-redis/v9", "example.com/a.b/c.F": "example.com/a.b/c", "": "", "odd": "odd", "a/b": "a/b",
	} {
		if got := (record.Frame{Function: function}).Package(); got != want {
			t.Errorf("%s is of %q, want %q", function, got, want)
		}
	}
	for path, want := range map[string]string{
		"github.com/redis/go-redis/v9/internal/pool": "github.com/redis/go-redis", "github.com/redis/go-redis": "github.com/redis/go-redis", "gopkg.in/redis.v5": "gopkg.in/redis.v5",
		"m/a/b/c": "m/a/b/c", "net": "net", "": "",
	} {
		if got := repository(path); got != want {
			t.Errorf("%s is of %q, want %q", path, got, want)
		}
	}
}

// Guards against a caller that is not found among the goroutines, one that has
// nothing to do with the client, and one that is taken for another's.
func TestWaitingGoroutines(t *testing.T) {
	const file = "/m/p.go"
	spec := record.By{Label: record.LabelOwner, Unit: 9, Test: "TestSuite", Owner: &record.Owner{ID: 9, Parent: 7, Kind: record.KindSpec, Name: "s"}}
	other := record.By{Label: record.LabelOwner, Unit: 8, Owner: &record.Owner{ID: 8, Kind: record.KindTest, Name: "TestB"}}
	ours, theirs := label(testA), label(other)
	var dump, profile strings.Builder
	dump.WriteString("goroutine 90 [running]:\nnet.(*conn).Write(0x1)\n\t/go/src/net/net.go:1 +0x1\ncreated by x.F in goroutine 3\n\t/x.go:1 +0x1\n")
	profile.WriteString("goroutine profile: total 12\n")
	id := 0
	// add adds a goroutine to both; the profile is taken a moment later, when the
	// client's own calls may be others.
	add := func(label, started string, frames ...string) {
		id++
		fmt.Fprintf(&dump, "\ngoroutine %d [select]:\n", id)
		profile.WriteString("1 @ 0x43e 0x46e\n")
		if label != "" {
			fmt.Fprintf(&profile, "# labels: {\"a\":\"b\", \"tracetest\":%q}\n", label)
		}
		for i, f := range frames {
			function, place, _ := strings.Cut(f, " ")
			fmt.Fprintf(&dump, "%s({0x1, 0x2}, 0x3?)\n\t%s +0x1f\n", function, place)
			if i == 0 && strings.Contains(function, "rueidis") {
				function += ".park"
			}
			fmt.Fprintf(&profile, "#\t0x5\t%s+0x14\t\t\t%s\n", function, place)
		}
		if started != "" {
			function, place, _ := strings.Cut(started, " ")
			fmt.Fprintf(&dump, "created by %s in goroutine 77\n\t%s +0x5\n", function, place)
		}
		profile.WriteString("\n")
	}
	const client, inner = "github.com/redis/rueidis.(*pipe).Do /mod/rueidis/pipe.go:10", "github.com/redis/rueidis/internal/x.F /mod/x.go:11"
	at := func(function string, line int) string { return fmt.Sprintf("m/p.%s %s:%d", function, file, line) }
	const end = "testing.tRunner /go/src/testing/testing.go:1690"
	add(ours, "testing.(*T).Run /go/src/testing/testing.go:1", client, inner, at("setMemory", 3), end)
	add(ours, "", client, inner, at("outer.func1", 8), at("outer", 6), end)
	add("package", at("main", 12), client, inner, at("configuration", 12), at("T.quoted", 14), at("none", 99)) // the one that started it
	add(ours, "", client, "m/p.F[...] /nowhere/x.go:1")
	add(ours, "", at("setMemory", 3), end) // not in a call of the client
	add("", "", client, inner, at("timer", 3))
	add(ours, "", client) // the client's own
	add(ours, "", "github.com/redis/go-redis/v9.(*Client).Process /mod/redis.go:1", at("setMemory", 3), end)
	add(ours, "", client, at("same", 20), end) // two of one stack: either label
	add(theirs, "", client, at("same", 20), end)
	add(ours, "", client, at("node", 30)) // in a spec
	add(ours, "", client, at("node", 31)) // in one of two
	specs := fmt.Sprintf("11\t%s\t%s\n12\t%s\t%s\t%s\n11\tother\tpackage\n", ours, label(spec), ours, ours, label(spec))
	stack := []record.Frame{{Function: "net.(*conn).Write", Std: true}, {Function: "github.com/redis/rueidis.(*pipe)._backgroundWrite"}, {Function: "github.com/redis/rueidis.f"}}
	s, p := ear()
	p.specOf[9] = spec
	var got []string
	for _, by := range s.waiting(p, decodeOthers(dump.String(), profile.String(), specs), []string{"package"}, stack) {
		text := string(by.Label)
		if by.Owner != nil {
			text += " " + by.Owner.Name
		}
		for _, other := range by.Perhaps {
			text += " or " + other.Owner.Name
		}
		for _, f := range append(slices.Clone(by.Stack), by.Started...) {
			if strings.Contains(f.Function, "rueidis") {
				if f.Sets {
					t.Errorf("a frame of the client sets: %+v", f)
				}
				continue
			}
			text += fmt.Sprintf(" %s:%d", strings.TrimPrefix(f.Function, "m/p."), f.Line)
			for mark, is := range map[string]bool{" std": f.Std, " sets": f.Sets} {
				if is {
					text += mark
				}
			}
			if f.Takes {
				text += " takes"
			}
		}
		if by.Starts {
			text += ", the starter"
		}
		got = append(got, text)
	}
	want := []string{
		"owner TestA setMemory:3 sets testing.tRunner:1690 std", "owner TestA outer.func1:8 outer:6 sets testing.tRunner:1690 std",
		"package configuration:12 takes T.quoted:14 sets none:99 main:12 takes, the starter", "owner TestA F[...]:1", " timer:3 sets",
		"owner TestA same:20 testing.tRunner:1690 std", "owner TestB same:20 testing.tRunner:1690 std", "owner s node:30", "owner TestA or s node:31",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for name, stack := range map[string][]record.Frame{"no stack": nil, "nothing but the standard library": {{Function: "net.(*conn).Write", Std: true}}, "no function": {{}}} {
		if all := s.waiting(p, decodeOthers(dump.String(), profile.String(), specs), []string{"package"}, stack); all != nil {
			t.Errorf("%s: %+v", name, all)
		}
	}
}

// Guards against a release of Go that writes its stacks and profiles in another
// way.
func TestRealProfile(t *testing.T) {
	let, waits, done := make(chan bool), make(chan bool), make(chan bool)
	go func() {
		pprof.Do(t.Context(), pprof.Labels("user", "u", "tracetest", label(testA), "zone", "z"), func(context.Context) {
			new(sync.Once).Do(func() { waits <- true; <-let }) // package sync stands for the client's
		})
		close(done)
	}()
	<-waits
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var profile strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		t.Fatal(err)
	}
	close(let)
	<-done
	s, p := ear()
	s.source.Std = nil
	all := s.waiting(p, decodeOthers(string(stacks), profile.String(), ""), nil, []record.Frame{{Function: "sync.write"}})
	all = slices.DeleteFunc(all, func(by record.By) bool { return by.Owner == nil })
	if len(all) != 1 || !reflect.DeepEqual(all[0].Owner, testA.Owner) {
		t.Fatalf("found %+v in\n%s\n%s", all, stacks, &profile)
	}
	if !slices.ContainsFunc(all[0].Stack, func(f record.Frame) bool {
		return strings.HasPrefix(f.Function, "tracetest/internal/barrier.TestRealProfile.") && filepath.Base(f.File) == "message_test.go" && f.Line > 0
	}) {
		t.Errorf("the stack is %+v", all[0].Stack)
	}
	if started := all[0].Started; len(started) != 1 || started[0].Function != "tracetest/internal/barrier.TestRealProfile" || filepath.Base(started[0].File) != "message_test.go" || started[0].Line == 0 {
		t.Errorf("it was started at %+v", started)
	}
}

// FuzzMessage guards against a panic of tracetest because of what a test process
// says, and against an answer that says several things.
func FuzzMessage(f *testing.F) {
	stack := "\x00true\x00a.G y.go:1\x002\x00package\x00\x001\x00a/b.F x.go:1\x00"
	for _, said := range []string{
		"redis\x001\x000\x00tcp\x00h:1\x00l:2\x00true\x00false", "reply\x001\x005\x00+OK", "faults\x000\x005\x0012", "write\x001\x005" + stack + "\x00\x00\x00FLUSHALL",
		"fault\x001\x005" + stack + "\x00\x00\x00OOM", "write\x001\x005\x00false\x00\x001\x00" + label(testA) + "\x000\x00\x00\x00\x00CONFIG\x00SET\x00a\x00b",
		"write\x001\x005" + stack + "goroutine 1 [running]:\nx\n\ngoroutine 2 [select]:\na/b.G(0x1)\n\tx.go:1 +0x1\nm/p.G()\n\tx.go:1 +0x1\ncreated by m/p.F in goroutine 1\n\tx.go:2 +0x1\x00goroutine profile: total 1\n1 @ 0x1\n# labels: {\"tracetest\":\"package\"}\n#\t0x1\ta/b.G+0x1\tx.go:1\n#\t0x1\tm/p.G+0x1\tx.go:1\n\n\x002\tpackage\tx\x00FLUSHALL",
	} {
		f.Add(said)
	}
	f.Fuzz(func(t *testing.T, said string) {
		s, p := ear()
		got := takeIn(s, p, strings.Split(said, "\x00"))
		if got == nil {
			return
		}
		set := 0
		for _, is := range []bool{got.Contact != nil, got.Write != nil, got.Reply != nil, got.Refused != nil} {
			if is {
				set++
			}
		}
		if set != 1 || got.Write != nil && len(got.Write.Command) == 0 {
			t.Errorf("%q is taken for %+v", said, got)
		}
	})
}
