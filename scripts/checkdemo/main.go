// Command checkdemo compares the findings of the demo with what is known about
// the incident: the leaks, who left them, and which failures they must and
// must not be correlated with.
//
//	checkdemo expected.json findings.json
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// expected is what is used of testdata/incident/expected.json.
type expected struct {
	Package string
	Test    string
	Leak    struct {
		Spec    string
		Changes []change
	}
	Victims []struct {
		Spec       string
		IgnoredOOM bool `json:"ignored_oom"` // its output does not say OOM
	}
	OwnFailures []struct{ Spec string } `json:"own_failures"`
}

type change struct {
	Parameter, From, To string
	File                string // of the call
	Line                int
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("demo: FAILED: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: checkdemo expected.json findings.json")
	}
	var want expected
	var got findings.Findings
	read(os.Args[1], &want)
	read(os.Args[2], &got)
	if problems := compare(want, got); len(problems) > 0 {
		log.Fatal("tracetest did not find the incident:\n  ", strings.Join(problems, "\n  "))
	}
	fmt.Printf("demo: tracetest found the incident: the right spec and lines, %d parameters, %d victims, and %d failures that have other reasons\n",
		len(got.Leaks), correlated(got), len(got.Failures)-correlated(got))
}

func read(path string, into any) {
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		log.Fatalf("%s: %v", path, err)
	}
}

func compare(want expected, got findings.Findings) (problems []string) {
	if !got.Run.Complete {
		return []string{"the run did not come to its end: " + got.Run.Incomplete}
	}
	complain := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	culprit := record.Name{Package: want.Package, Test: want.Test, Spec: want.Leak.Spec}
	changes := map[string]change{}
	for _, c := range want.Leak.Changes {
		changes[c.Parameter] = c
	}
	for _, l := range got.Leaks {
		switch should, known := changes[l.Parameter]; {
		case !known:
			complain("%s did not leak", l.Parameter)
		case should.From != l.From || should.To != l.To:
			complain("%s went from %s to %s, not from %s to %s", l.Parameter, should.From, should.To, l.From, l.To)
		case l.By == nil:
			complain("%s is %s, and nobody is named", l.Parameter, l.Certainty)
		case *l.By != culprit:
			complain("%s was left by %q, not by %q", l.Parameter, *l.By, culprit)
		case l.Certainty != findings.Exact || l.Call == nil || !strings.HasSuffix(l.Call.File, "/"+should.File) || l.Call.Line != should.Line:
			complain("the call that changed %s, at %s:%d, was not seen (%s)", l.Parameter, should.File, should.Line, l.Certainty)
		}
		delete(changes, l.Parameter)
	}
	for parameter := range changes {
		complain("the leak of %s is missing", parameter)
	}
	leak := map[string]bool{} // by failed spec: whether it is correlated with a leak
	for _, f := range got.Failures {
		leak[f.Spec] = f.Leak != nil
	}
	for _, v := range want.Victims {
		// Before 6.2 Redis does not count what it refuses, and then only the
		// output of a test can tell.
		if is, failed := leak[v.Spec]; !failed || !is && !v.IgnoredOOM {
			complain("%q is a victim, and is not correlated with the leak", v.Spec)
		}
	}
	for _, f := range want.OwnFailures {
		if is, failed := leak[f.Spec]; !failed || is {
			complain("%q fails for a reason of its own, and is not listed so", f.Spec)
		}
	}
	if n := len(want.Victims) + len(want.OwnFailures); len(got.Failures) != n {
		complain("%d failures are listed, and there are %d", len(got.Failures), n)
	}
	return problems
}

func correlated(f findings.Findings) int {
	n := 0
	for _, failure := range f.Failures {
		if failure.Leak != nil {
			n++
		}
	}
	return n
}
