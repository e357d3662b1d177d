package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// What the suite of testdata/servers does, and what is to be found.
var (
	wantLeaks = map[string][]string{ // by parameter: who leaves it changed
		"maxmemory": {"TestEvicts", "TestLimits"}, "maxmemory-policy": {"TestEvicts"}, "hz": {"TestSpecs: a spec leaves hz"},
	}
	wantFailures = map[string]struct { // by test: its cause, and who is behind it
		cause findings.Cause
		by    string
	}{"TestStores": {findings.CauseOOM, "TestLimits"}, "TestCaches": {findings.CauseEviction, "TestEvicts"}}
)

// cell runs the suite on one server in one shape, and says how exact the answer was.
func cell(work, tracetest string, p program, s shape) (said string, err error) {
	d := &deployment{program: p}
	if d.dir, err = os.MkdirTemp(work, "cell-"); err != nil {
		return "", err
	}
	defer d.close()
	if err := s.start(d); err != nil {
		return "", fmt.Errorf("starting it: %w", err)
	}
	before, err := d.state()
	if err != nil {
		return "", err
	}
	out := filepath.Join(d.dir, "out")
	cmd := exec.Command(tracetest, slices.Concat(d.flags, []string{"--out", out, "."})...)
	cmd.Dir = filepath.Join("testdata", "servers")
	cmd.Env = append(os.Environ(), append(d.env, "CI=true", "GOWORK=off")...)
	screen, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		return "", fmt.Errorf("exit code %d, want 1 (%v)\n%s", code, err, screen)
	}
	text, err := os.ReadFile(filepath.Join(out, "findings.json"))
	if err != nil {
		return "", err
	}
	var f findings.Findings
	if err := json.Unmarshal(text, &f); err != nil {
		return "", err
	}
	after, err := d.state()
	if err == nil && after != before {
		err = fmt.Errorf("left: %s\nwant: %s", after, before)
	}
	said, wrong := judge(&f, len(d.masters))
	if wrong = errors.Join(wrong, err); wrong != nil {
		return said, fmt.Errorf("%w\n%s", wrong, screen)
	}
	return said, nil
}

// judge compares what was found with what the suite does.
func judge(f *findings.Findings, masters int) (said string, err error) {
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !f.Run.Complete {
		wrong("incomplete: %s", f.Run.Incomplete)
	}
	found, certainties := map[string][]string{}, []string{}
	for _, c := range f.Leaks {
		for range c.Servers() {
			found[c.Parameter] = append(found[c.Parameter], who(c.By))
		}
		if c.Parameter == "hz" && len(c.Servers()) != masters {
			wrong("hz on %v is a leak by itself, want one leak on %d", c.Servers(), masters)
		}
		if !slices.Contains(certainties, string(c.Certainty)) {
			certainties = append(certainties, string(c.Certainty))
		}
		if !c.RestoredByTool && c.RestoredBy == nil {
			wrong("%s was not restored", c.Parameter)
		}
	}
	for parameter, all := range found {
		slices.Sort(all)
		if got := slices.Compact(slices.Clone(all)); !slices.Equal(got, wantLeaks[parameter]) || len(all) != masters*len(got) {
			wrong("%s was left by %v, want %v on each of %d", parameter, all, wantLeaks[parameter], masters)
		}
	}
	if len(found) != len(wantLeaks) {
		wrong("leaks of %d parameters, want %d", len(found), len(wantLeaks))
	}
	if !slices.ContainsFunc(f.Reverted, func(c findings.Change) bool { return c.Parameter == "timeout" && who(c.By) == "TestRestores" }) {
		wrong("that TestRestores restored timeout is missing")
	}
	for _, failed := range f.Failures {
		want, known := wantFailures[failed.Test]
		switch {
		case !known || failed.Cause != want.cause:
			wrong("%s failed with cause %s: %s", failed.Test, failed.Cause, failed.Message)
		case failed.Leak == nil || who(f.Leaks[*failed.Leak].By) != want.by:
			wrong("%s is not correlated with the leak of %s", failed.Test, want.by)
		}
	}
	if len(f.Failures) != len(wantFailures) {
		wrong("%d failures, want %d", len(f.Failures), len(wantFailures))
	}
	slices.Sort(certainties)
	return strings.Join(certainties, ", "), errors.Join(problems...)
}

func who(by *record.Name) string {
	switch {
	case by == nil:
		return "nobody"
	case by.Spec != "":
		return by.Test + ": " + by.Spec
	}
	return by.Test
}

// state is what the suite changes, on all masters.
func (d *deployment) state() (string, error) {
	var all []string
	for _, c := range d.masters {
		for _, parameter := range []string{"maxmemory", "maxmemory-policy", "hz", "timeout"} {
			said, err := c.Do(context.Background(), "CONFIG", "GET", parameter).StringSlice()
			if err != nil && !errors.Is(err, redis.Nil) {
				return "", err
			}
			all = append(all, strings.Join(said, "="))
		}
	}
	return strings.Join(all, " "), nil
}
