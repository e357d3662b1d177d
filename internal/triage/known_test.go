package triage_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracetest/internal/record"
)

// known is a case that triage gets wrong, and is known to.
type known struct {
	recorded
	wrong string // what is said and should not be
	right string // what should be said instead
}

// TestKnown fails when a case is right: then it belongs to the corpus.
func TestKnown(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Recorded runs that are judged wrongly\n\n" +
		"Each is written in `../../known_test.go`. When one is right, TestKnown says so, and it moves to the corpus.\n")
	files := []string{"README.md"}
	for _, k := range knownCases() {
		text := marshal(t, k.record().entries)
		compare(t, filepath.Join("testdata", "known", k.name+".jsonl"), text)
		files = append(files, k.name+".jsonl")
		if got := render(analyse(t, text)); !strings.Contains(got, k.wrong) {
			t.Errorf("%s: this is not said any more: %s\nIf what is said is right, move the case to the corpus.\n%s", k.name, k.wrong, got)
		}
		fmt.Fprintf(&b, "\n**%s.** %s\n", k.name, strings.Join(strings.Fields(k.story), " "))
		fmt.Fprintf(&b, "\nIt is said:\n\n    %s\n\nRight would be: %s\n", strings.ReplaceAll(k.wrong, "\n", "\n    "), k.right)
	}
	compare(t, filepath.Join("testdata", "known", "README.md"), []byte(b.String()))
	stored, err := os.ReadDir(filepath.Join("testdata", "known"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range stored {
		if !slices.Contains(files, f.Name()) {
			t.Errorf("testdata/known/%s is of no case", f.Name())
		}
	}
}

func knownCases() []known {
	return []known{
		{recorded: recorded{name: "killed-while-others-waited", story: `The binary is killed while TestB runs and TestX waits for its turn. Only
			TestB died; TestX did nothing and failed nothing.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			x.pause()
			p.begin("TestB")
			r.set("maxmemory", mb1)
			p.kill()
			r.add(record.Entry{Test: &record.Test{Action: "cut", Package: "shop/cache", Test: "TestX", Output: "=== RUN   TestX\n"}})
			p.ended("fail", "signal: killed")
			r.end(1)
		}}, wrong: `failure (died): shop/cache > TestX: other`,
			right: `TestB alone is listed: TestX was paused and failed nothing.`},
		{recorded: recorded{name: "timeout", story: `go test's timeout panics while two parallel tests run. Nobody can tell which of them
			changed hz; the one that had ended and the one that waits are not suspects.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestOver", "pass")
			w := p.begin("TestWaits")
			w.pause()
			parallel(p, "TestX", "TestY")
			r.set("hz", "20")
			p.kill()
			r.event("fail", "shop/cache", "TestX", "panic: test timed out after 1s\n")
			p.ended("fail", "FAIL shop/cache 1.0s")
			r.end(1)
		}}, wrong: `failure (died): shop/cache > TestWaits: other`,
			right: `TestX and TestY are listed, and TestWaits, which was paused, is not.`},
		{recorded: recorded{name: "blind-and-put-back", story: `TestA changes hz in a subtest, sight is lost, and when it is back TestB runs and hz is
			what it was. TestA or TestB put it back. Nobody is accused of a leak: TestA may have cleaned up.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("s")
			r.set("hz", "20")
			s.end("pass")
			r.lose("i/o timeout")
			r.set("hz", "10")
			a.end("pass")
			b := p.begin("TestB")
			r.see()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}}, wrong: `leak 0: hz "10" to "20" by shop/cache > TestA/s (pass), bracketed`,
			right: `No leak: what TestA left is not known before the next good look, and that one shows the baseline.`},
		{recorded: recorded{name: "count-of-faults", story: `-count=2: in the first round TestA fails by itself, in the second only its subtest
			does. The parent's fault of the first round is not one of the second.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.begin("TestA").end("fail", "its own")
			a := p.begin("TestA")
			a.begin("bad").end("fail", "below")
			a.end("fail-below")
			p.done("fail")
			r.end(1)
		}}, wrong: `failure (fail): shop/cache > TestA: other
failure (fail): shop/cache > TestA/bad: other
failure (fail): shop/cache > TestA: other`,
			right: `TestA is listed once, for its first round.`},
	}
}
