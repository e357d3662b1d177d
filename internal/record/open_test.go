package record

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// story applies short sentences to an Open:
//
//	hello 1 pkg        process 1 of package pkg shook hands
//	nested 2 1 3,4     process 2 was started by owners 3 and 4 of process 1
//	begin 1 3 2        owner 3 begins in process 1 within owner 2
//	beside 1 3 2       the same, and owner 2 goes on meanwhile
//	pause 1 3, continue 1 3, end 1 3, exit 1, quit 1, gone 1
//	start pkg, pass pkg
func story(t *testing.T, o *Open, sentences ...string) {
	t.Helper()
	for _, sentence := range sentences {
		o.Apply(sentenceEntry(t, sentence))
	}
}

func sentenceEntry(t *testing.T, sentence string) Entry {
	t.Helper()
	words := strings.Fields(sentence)
	number := func(i int) (n int) {
		if i < len(words) {
			if _, err := fmt.Sscan(words[i], &n); err != nil {
				t.Fatalf("%q: %v", sentence, err)
			}
		}
		return n
	}
	verb := Verb(words[0])
	switch words[0] {
	case "hello":
		p := &Process{Index: number(1)}
		if len(words) > 2 {
			p.Package = words[2]
		}
		return Entry{Process: p}
	case "nested":
		host := &Host{Process: number(2)}
		if len(words) > 3 {
			for _, owner := range strings.Split(words[3], ",") {
				var id int64
				fmt.Sscan(owner, &id)
				host.Owners = append(host.Owners, id)
			}
		}
		return Entry{Process: &Process{Index: number(1), Host: host}}
	case "begin", "beside":
		id := int64(number(2))
		begin := &Owner{ID: id, Parent: int64(number(3)), Beside: words[0] == "beside"}
		return Entry{Boundary: &Boundary{Verb: VerbBegin, Process: number(1), Owner: id, Begin: begin}}
	case "start", "pass", "fail":
		return Entry{Test: &Test{Action: words[0], Package: words[1]}}
	}
	return Entry{Boundary: &Boundary{Verb: verb, Process: number(1), Owner: int64(number(2)), End: &Outcome{}}}
}

// text writes who is active as "pkg", "pkg:1" (process 1, between its tests) or
// "pkg:1:3" (owner 3).
func text(refs []Ref) string {
	var all []string
	for _, r := range refs {
		s := r.Package
		if r.Process != 0 {
			s += fmt.Sprint(":", r.Process)
		}
		if r.Owner != 0 {
			s += fmt.Sprint(":", r.Owner)
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

// Each step is what happens and who could have done something after it. A
// wrong answer accuses an innocent test, or none.
func TestOpenActive(t *testing.T) {
	type step struct{ say, active string }
	tests := []struct {
		name  string
		steps []step
	}{
		{"one test after another: never two, and the package between them", []step{
			{"hello 1 a", "a:1"}, {"begin 1 1", "a:1:1"}, {"end 1 1", "a:1"}, {"begin 1 2", "a:1:2"}, {"end 1 2", "a:1"},
			{"exit 1", ""}, {"gone 1", ""},
		}},
		{"the innermost test, and its parent between subtests", []step{
			{"hello 1 a", "a:1"}, {"begin 1 1", "a:1:1"}, {"begin 1 2 1", "a:1:2"}, {"begin 1 3 2", "a:1:3"},
			{"end 1 3", "a:1:2"}, {"end 1 2", "a:1:1"}, {"begin 1 4 1", "a:1:4"}, {"end 1 4", "a:1:1"}, {"end 1 1", "a:1"},
		}},
		{"parallel tests: not those that wait for their turn", []step{
			{"hello 1 a", "a:1"}, {"begin 1 1", "a:1:1"}, {"pause 1 1", "a:1"}, {"begin 1 2", "a:1:2"}, {"pause 1 2", "a:1"},
			{"begin 1 3", "a:1:3"}, {"end 1 3", "a:1"}, {"continue 1 1", "a:1:1"}, {"continue 1 2", "a:1:1 a:1:2"},
			{"end 1 1", "a:1:2"}, {"end 1 2", "a:1"},
		}},
		{"parallel subtests: the parent that only waits for them is not active", []step{
			{"hello 1 a", "a:1"}, {"begin 1 1", "a:1:1"}, {"begin 1 2 1", "a:1:2"}, {"pause 1 2", "a:1:1"},
			{"begin 1 3 1", "a:1:3"}, {"pause 1 3", "a:1:1"}, {"continue 1 2", "a:1:2"}, {"continue 1 3", "a:1:2 a:1:3"},
			{"begin 1 4 3", "a:1:2 a:1:4"}, {"end 1 2", "a:1:4"}, {"end 1 4", "a:1:3"}, {"end 1 3", "a:1:1"},
		}},
		{"a parent that ends before its subtest, after a panic", []step{
			{"hello 1 a", "a:1"}, {"begin 1 1", "a:1:1"}, {"begin 1 2 1", "a:1:2"}, {"begin 1 3 2", "a:1:3"},
			{"end 1 2", "a:1:1 a:1:3"}, {"end 1 3", "a:1:1"}, {"end 1 1", "a:1"},
		}},
		{"what a process had open ends with it", []step{
			{"hello 1 a", "a:1"}, {"begin 1 1", "a:1:1"}, {"begin 1 2 1", "a:1:2"}, {"gone 1", ""}, {"hello 2 b", "b:2"},
		}},
		{"a test that begins while its process exits", []step{
			{"hello 1 a", "a:1"}, {"begin 1 1", "a:1:1"}, {"exit 1", ""}, {"begin 1 2", ""}, {"gone 1", ""},
		}},
		{"a subtest that was started on another goroutine: its parent goes on", []step{
			{"hello 1 a", "a:1"}, {"begin 1 1", "a:1:1"}, {"beside 1 2 1", "a:1:1 a:1:2"}, {"begin 1 3 2", "a:1:1 a:1:3"},
			{"pause 1 3", "a:1:1 a:1:2"}, {"continue 1 3", "a:1:1 a:1:3"}, {"end 1 3", "a:1:1 a:1:2"}, {"end 1 2", "a:1:1"},
		}},
		{"a process that no longer waits counts until its package ends", []step{
			{"start a", "a"}, {"hello 1 a", "a:1"}, {"begin 1 1", "a:1:1"}, {"quit 1", "a"}, {"gone 1", "a"}, {"pass a", ""},
		}},
		{"a process that quits after its package was reported", []step{
			{"hello 1 a", "a:1"}, {"pass a", "a:1"}, {"quit 1", ""},
		}},
		{"two processes at once", []step{
			{"hello 2 b", "b:2"}, {"hello 1 a", "a:1 b:2"}, {"begin 2 1", "a:1 b:2:1"}, {"begin 1 2", "a:1:2 b:2:1"},
			{"end 2 1", "a:1:2 b:2"}, {"gone 1", "b:2"},
		}},
		{"a nested process acts for the tests that were open, as long as it lives", []step{
			{"hello 1 a", "a:1"}, {"begin 1 1", "a:1:1"}, {"nested 2 1 1", "a:1:1"}, {"begin 1 2 1", "a:1:1 a:1:2"},
			{"end 1 2", "a:1:1"}, {"end 1 1", "a:1 a:1:1"}, {"gone 2", "a:1"},
		}},
		{"a nested process of two parallel tests", []step{
			{"hello 1 a", "a:1"}, {"begin 1 1", "a:1:1"}, {"begin 1 2", "a:1:1 a:1:2"}, {"nested 2 1 1,2", "a:1:1 a:1:2"},
			{"end 1 1", "a:1:1 a:1:2"}, {"gone 2", "a:1:2"},
		}},
		{"a nested process of TestMain acts for the package", []step{
			{"hello 1 a", "a:1"}, {"nested 2 1", "a:1"}, {"begin 1 1", "a:1 a:1:1"}, {"gone 1", "a:1"}, {"gone 2", ""},
		}},
		{"a package that started and did not shake hands yet", []step{
			{"start a", "a"}, {"hello 1 a", "a:1"}, {"exit 1", ""}, {"gone 1", ""}, {"pass a", ""},
		}},
		{"a package that never shakes hands", []step{
			{"hello 1 a", "a:1"}, {"start b", "b a:1"}, {"gone 1", "b"}, {"pass b", ""},
		}},
		{"a hello that overtakes the start event", []step{
			{"hello 1 a", "a:1"}, {"start a", "a:1"}, {"gone 1", ""}, {"pass a", ""},
		}},
		{"a whole package that overtakes its start event", []step{
			{"hello 1 a", "a:1"}, {"gone 1", ""}, {"start a", ""}, {"hello 2 b", "b:2"}, {"begin 2 1", "b:2:1"}, {"pass a", "b:2:1"},
		}},
		{"a package that is known only from its main", []step{
			{"start a", "a"}, {"hello 1", "a :1"}, {"hello 1 a", "a:1"}, {"begin 1 1", "a:1:1"},
		}},
		{"a nested test binary of another package does not stand for it", []step{
			{"hello 1 a", "a:1"}, {"start b", "b a:1"}, {"nested 2 1", "b a:1"}, {"fail b", "a:1"},
		}},
		{"ends and pauses of nobody", []step{
			{"end 1 5", ""}, {"pause 1 5", ""}, {"gone 9", ""}, {"hello 1 a", "a:1"}, {"begin 1 1", "a:1:1"},
			{"pause 1 1", "a:1"}, {"pause 1 1", "a:1"}, {"continue 1 1", "a:1:1"}, {"continue 1 1", "a:1:1"}, {"end 1 1", "a:1"}, {"end 1 1", "a:1"},
		}},
		{"a process of which the hello was damaged", []step{
			{"begin 1 1", ""}, {"end 1 1", ""}, {"hello 1 a", "a:1"}, {"begin 1 2", "a:1:2"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := NewOpen()
			for i, step := range test.steps {
				story(t, o, step.say)
				for range 3 { // maps come in another order each time
					if got := text(o.Active()); got != step.active {
						t.Fatalf("step %d, %s: active %q, want %q", i+1, step.say, got, step.active)
					}
				}
			}
		})
	}
}

func TestOpenAnswers(t *testing.T) {
	o := NewOpen()
	story(t, o, "hello 1 a", "nested 2 1", "begin 1 1", "begin 1 2 1", "begin 1 3 1", "pause 1 3", "begin 1 4")
	if got := text(o.In(1)); got != "a:1:2 a:1:4" {
		t.Errorf("in process 1: %s", got)
	}
	if got := text(o.In(7)); got != ":7" {
		t.Errorf("in a process that is not known: %s", got)
	}
	if got := [...]int{o.Children(1, 0), o.Children(1, 1), o.Children(1, 2), o.Children(2, 0), o.Children(9, 0)}; got != [...]int{2, 2, 0, 0, 0} {
		t.Errorf("children %v", got)
	}
	if owner, ok := o.Owner(2); !ok || owner.Parent != 1 {
		t.Errorf("owner 2: %v %v", owner, ok)
	}
	if _, ok := o.Owner(9); ok {
		t.Error("owner 9 is open")
	}
	if !o.Greeted("a") || o.Greeted("b") || !o.Present(1) {
		t.Error("package a is not open")
	}
	story(t, o, "exit 1")
	// Only the nested process is left, and nobody waits for it.
	if o.Greeted("a") || o.Present(1) || !o.Present(2) || o.Children(1, 0) != 0 {
		t.Error("package a is still open")
	}
}

// naive is the plain definition of innermost: it looks at every owner.
type naive struct {
	parent  map[int64]int64
	process map[int64]int
	paused  map[int64]bool
}

func (n *naive) in(process int) []int64 {
	inner := map[int64]bool{}
	for id, p := range n.process {
		if p != process || n.paused[id] {
			continue
		}
		for up := n.parent[id]; n.process[up] != 0; up = n.parent[up] {
			inner[up] = true
		}
	}
	var ids []int64
	for id, p := range n.process {
		if p == process && !n.paused[id] && !inner[id] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Guards against a book-keeping that drifts from the plain definition,
// whatever order things come in.
func TestOpenAgreesWithThePlainDefinition(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		o, n := NewOpen(), &naive{map[int64]int64{}, map[int64]int{}, map[int64]bool{}}
		story(t, o, "hello 1 a", "hello 2 b")
		var open []int64
		last := int64(0)
		for step := range 120 {
			process := 1 + random.IntN(2)
			var say string
			switch k := random.IntN(10); {
			case k < 4 || len(open) == 0:
				last++
				parent := int64(0)
				if len(open) > 0 && random.IntN(3) > 0 {
					if up := open[random.IntN(len(open))]; n.process[up] == process {
						parent = up
					}
				}
				say = fmt.Sprint("begin ", process, " ", last, " ", parent)
				n.parent[last], n.process[last] = parent, process
				open = append(open, last)
			default:
				at := random.IntN(len(open))
				id := open[at]
				process = n.process[id]
				say = fmt.Sprint([]string{"pause ", "continue ", "end "}[min(k-4, 4)/2], process, " ", id)
				switch say[0] {
				case 'p':
					n.paused[id] = true
				case 'c':
					n.paused[id] = false
				default:
					delete(n.process, id)
					open = slices.Delete(open, at, at+1)
				}
			}
			story(t, o, say)
			for process := 1; process <= 2; process++ {
				var got []int64
				for _, ref := range o.In(process) {
					if ref.Owner != 0 {
						got = append(got, ref.Owner)
					}
				}
				if want := n.in(process); !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d, step %d, %s: active in %d: %v, want %v", seed, step, say, process, got, want)
				}
			}
		}
	}
}

// Guards against a boundary that takes time in proportion to what is open: of
// 20 000 subtests that wait in parallel each is looked at several times.
func TestOpenWithManyParallelTests(t *testing.T) {
	o := NewOpen()
	story(t, o, "hello 1 a", "begin 1 1")
	const many = 20_000
	began := time.Now()
	apply := func(verb Verb, id int64) {
		o.Apply(Entry{Boundary: &Boundary{Verb: verb, Process: 1, Owner: id, Begin: &Owner{ID: id, Parent: 1}}})
		o.Active()
		o.Children(1, 1)
	}
	for id := int64(2); id < many; id++ {
		apply(VerbBegin, id)
		apply(VerbPause, id)
	}
	for id := int64(2); id < many; id++ {
		apply(VerbContinue, id)
		apply(VerbEnd, id)
	}
	if got := text(o.Active()); got != "a:1:1" {
		t.Errorf("active %s", got)
	}
	// It takes a tenth of a second; looking at every owner takes minutes.
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
