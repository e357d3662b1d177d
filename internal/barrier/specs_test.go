//go:build unix

package barrier

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"tracetest/internal/record"
)

// Reports as Ginkgo 2.34 writes them, shortened by what is not read; FILE is
// the source in specSource.
const (
	failedSpec = `{"ContainerHierarchyTexts":["Outer","inner"],"ContainerHierarchyLocations":[{"FileName":"FILE","LineNumber":5},{"FileName":"FILE","LineNumber":6}],` +
		`"ContainerHierarchyLabels":[[],["x"]],"LeafNodeType":"It","LeafNodeLocation":{"FileName":"FILE","LineNumber":9},"LeafNodeLabels":[],"LeafNodeText":"fails",` +
		`"SpecPriority":0,"IsSerial":false,"IsInOrderedContainer":true,"State":"failed","StartTime":"2026-11-22T21:33:48.460063045Z","RunTime":198303,` +
		`"Failure":{"Message":"no","Location":{"FileName":"FILE","LineNumber":9,"FullStackTrace":"..."},"TimelineLocation":{"Order":2},"FailureNodeContext":"leaf-node","FailureNodeType":"It"},` +
		`"NumAttempts":1,"SpecEvents":[{"SpecEventType":"Node","Message":"fails","NodeType":"It"}]}`
	panickedSpec = `{"ContainerHierarchyTexts":["Outer",""],"ContainerHierarchyLocations":[{"FileName":"FILE","LineNumber":5},{"FileName":"FILE","LineNumber":12}],` +
		`"LeafNodeType":"It","LeafNodeLocation":{"FileName":"FILE","LineNumber":12},"LeafNodeText":"panics","State":"panicked",` +
		`"Failure":{"Message":"Test Panicked","Location":{"FileName":"FILE","LineNumber":12},"ForwardedPanic":"gave up"}}`
	suiteNodes = `[{"ContainerHierarchyTexts":null,"ContainerHierarchyLocations":null,"LeafNodeType":"BeforeSuite","LeafNodeLocation":{"FileName":"FILE","LineNumber":20},"LeafNodeText":"","State":"passed"},` +
		`{"LeafNodeType":"DeferCleanup (Suite)","LeafNodeLocation":{"FileName":"FILE","LineNumber":21},"State":"timedout","Failure":{"Message":"late","Location":{"FileName":"FILE","LineNumber":22}}}]`
)

const specSource = `package p

import "github.com/onsi/ginkgo/v2"

var _ = Describe("Outer", func() {
	Describe("inner",
		Label("x"), Ordered,
		func() {
			It("fails", func() { Fail("no") })
		},
	)
	When("", func() { It("panics", func() { panic("gave up") }) })
})

var _ = ginkgo.Describe("qualified", ginkgo.Ordered, func() {})
var _ = Describe("in a list", []any{Ordered, Label("y")}, func() {})
var _ = Describe("in a variable", decorators, func() {
	Describe("plain", func() {})
})
var _ = Describe("outer", func() { Describe("same line", Ordered, func() {}) })
var _ = Describe("its spec only has the word", Label("Ordered"), func() {})
//line elsewhere.go:1
var _ = Describe("behind a line directive", Ordered, func() {})
`

// suite is a barrier with one process in which owner 1, a test, runs specs. It
// returns a function that lets the process say something.
func suite(t *testing.T) (say func(words ...string) record.Boundary) {
	t.Helper()
	s := listen(t)
	c := dial(t, s)
	c.say("hello", "", "999999999", "1", "/d")
	wantNext(t, s, "hello 1 0 package of/d")
	c.answer()
	say = func(words ...string) record.Boundary {
		t.Helper()
		c.say(words...)
		h := s.Next(t.Context())
		if h == nil {
			t.Fatal("nobody says anything")
		}
		h.Release()
		if words[0] != "pass" {
			c.answer()
		}
		return h.Boundary
	}
	say("begin", "1", "test", "TestSuite", "")
	return say
}

// Guards against a spec that is not found again at its end, and against a text,
// place or outcome that is not Ginkgo's own.
func TestSpecs(t *testing.T) {
	file := filepath.Join(folder(t, map[string]string{"a_test.go": specSource}), "a_test.go")
	in := func(text string) string { return strings.ReplaceAll(text, "FILE", file) }
	say := suite(t)
	if b := say("suite-begin", "false", ""); b.Verb != record.VerbSuiteBegin || b.Owner != 1 {
		t.Errorf("%+v", b)
	}
	tests := []struct {
		report  string
		ordered bool
		begin   record.Owner
		end     record.Outcome
	}{
		{failedSpec, true, record.Owner{ID: 2, Parent: 1, Kind: record.KindSpec, Name: "Outer inner fails", Location: file + ":9", Until: 9, Container: file + ":6"},
			record.Outcome{Status: "fail", Message: "no", Location: file + ":9"}},
		{panickedSpec, false, record.Owner{ID: 3, Parent: 1, Kind: record.KindSpec, Name: "Outer panics", Location: file + ":12", Until: 12},
			record.Outcome{Status: "panic", Message: "Test Panicked: gave up", Location: file + ":12"}},
	}
	for _, test := range tests {
		b := say("spec-begin", strconv.FormatBool(test.ordered), in(test.report))
		if b.Verb != record.VerbBegin || b.Owner != test.begin.ID || !reflect.DeepEqual(*b.Begin, test.begin) {
			t.Errorf("begin %+v\nwant %+v", b.Begin, test.begin)
		}
		b = say("spec-end", strconv.FormatBool(test.ordered), in(test.report))
		if b.Verb != record.VerbEnd || b.Owner != test.begin.ID || !reflect.DeepEqual(*b.End, test.end) {
			t.Errorf("end %d %+v\nwant %+v", b.Owner, b.End, test.end)
		}
		if b = say("spec-end", "false", in(test.report)); b.Verb != "" {
			t.Errorf("a spec that is not open ends: %+v", b)
		}
	}
	skipped := `{"LeafNodeType":"It","LeafNodeText":"sleeps","LeafNodeLocation":{"FileName":"` + file + `","LineNumber":12},"State":"pending"}`
	b := say("spec-skip", "false", skipped)
	if want := (record.Owner{ID: 4, Parent: 1, Kind: record.KindSpec, Name: "sleeps", Location: file + ":12"}); b.Verb != record.VerbSkip || b.Owner != 4 ||
		!reflect.DeepEqual(*b.Begin, want) || b.End.Status != "pending" {
		t.Errorf("%+v, %+v", b.Begin, b.End)
	}
	b = say("suite-end", "false", in(suiteNodes))
	want := []record.Node{
		{Type: "BeforeSuite", Location: file + ":20", Outcome: record.Outcome{Status: "pass"}},
		{Type: "DeferCleanup (Suite)", Location: file + ":21", Outcome: record.Outcome{Status: "fail", Message: "late", Location: file + ":22"}},
	}
	if b.Verb != record.VerbSuiteEnd || b.Owner != 1 || !reflect.DeepEqual(b.Nodes, want) {
		t.Errorf("%+v\nwant %+v", b.Nodes, want)
	}
	for _, damaged := range []string{"", "{", "[]", `"x"`} {
		if b := say("spec-begin", "false", damaged); b.Verb != "" || b.Begin != nil {
			t.Errorf("%q: %+v", damaged, b)
		}
	}
}

// Guards against a spec that is said to be within a test which does not run it.
func TestSpecsOfWhichTest(t *testing.T) {
	say := suite(t)
	owner := func() int64 { return say("suite-begin", "false", "").Owner }
	steps := []struct {
		say  []string
		want int64 // zero: nobody can say which test it is
	}{
		{nil, 1},
		{[]string{"begin", "2", "test", "TestSuite/sub", "1"}, 2},
		{[]string{"end", "2", "pass"}, 1},
		{[]string{"pause", "1"}, 0},
		{[]string{"begin", "3", "test", "TestOther", ""}, 3},
		{[]string{"continue", "1"}, 0},
		{[]string{"end", "3", "pass"}, 1},
	}
	for i, step := range steps {
		if step.say != nil {
			say(step.say...)
		}
		if got := owner(); got != step.want {
			t.Errorf("step %d, %q: owner %d, want %d", i+1, step.say, got, step.want)
		}
	}
}

func TestOutcome(t *testing.T) {
	for state, want := range map[string]string{"passed": "pass", "skipped": "skip", "pending": "pending", "panicked": "panic",
		"failed": "fail", "aborted": "fail", "interrupted": "fail", "timedout": "fail", "": "fail", "invented": "fail"} {
		r := specReport{State: state}
		if got := r.outcome(); got != (record.Outcome{Status: want}) {
			t.Errorf("%q: %+v, want %q", state, got, want)
		}
	}
}

// Guards against a unit that is too small, so that a clean-up in a later spec
// of an Ordered container comes too late. Where the source does not tell, the
// unit is the outermost container.
func TestOrderedContainer(t *testing.T) {
	dir := folder(t, map[string]string{"a_test.go": specSource, "bad_test.go": "pack age"})
	file, fifo := filepath.Join(dir, "a_test.go"), filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	at := func(lines ...int) (all []location) {
		for _, line := range lines {
			all = append(all, location{file, line})
		}
		return all
	}
	tests := []struct {
		name       string
		containers []location
		want       string
	}{
		{"inner, in a call of several lines", at(5, 6), file + ":6"},
		{"qualified", at(15), file + ":15"},
		{"in a list", at(5, 16), file + ":16"},
		{"in a variable: the outermost", at(17, 18), file + ":17"},
		{"on one line", at(20, 20), file + ":20"},
		{"only a word: the outermost", at(5, 21), file + ":5"},
		{"behind a line directive", at(5, 23), file + ":23"},
		{"the outermost of two", at(15, 6), file + ":15"},
		{"no such line", at(99), file + ":99"},
		{"no such file, as with -trimpath", []location{{"m/a_test.go", 1}, {"m/a_test.go", 2}}, "m/a_test.go:1"},
		{"no Go", []location{{filepath.Join(dir, "bad_test.go"), 1}}, filepath.Join(dir, "bad_test.go") + ":1"},
		{"no file that ends", []location{{fifo, 1}}, fifo + ":1"},
		{"none", nil, ""},
	}
	s := &Server{ordered: map[string]map[int]nodeCall{}}
	for range 2 { // the second time from what is remembered
		for _, test := range tests {
			if got := s.orderedContainer(test.containers).String(); got != test.want {
				t.Errorf("%s: %s, want %s", test.name, got, test.want)
			}
		}
	}
}

// Guards against a report that breaks the connection, and so turns the barrier
// off, or is torn on the way.
func TestLargeReport(t *testing.T) {
	say := suite(t)
	message := strings.Repeat("\x00long \"message\"\n", 100_000)
	text, err := json.Marshal(map[string]any{"LeafNodeText": "large", "State": "failed", "Failure": map[string]string{"Message": message}})
	if err != nil {
		t.Fatal(err)
	}
	say("spec-begin", "false", string(text))
	if b := say("spec-end", "false", string(text)); b.End == nil || b.End.Message != message {
		t.Error(fmt.Sprint("the message was torn: ", b.Verb))
	}
}

// folder writes files into a new folder, and returns its real path.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
