package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tracetest/internal/bisect"
	"tracetest/internal/redistest"
)

// From the failing "fingerprint not stored", in which is no word of OOM or of
// Redis, to who did it, the line and the proof: one command. TRACETEST_ALL does it
// again from the record of the run, as script bisectginkgo always does.
func TestIncidentBisect(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "testdata", "incident")
	text, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want expected
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	redis := redistest.Start(t, "--maxmemory", "2gb")
	out := filepath.Join(t.TempDir(), "out")
	links := linkedOnce(t)
	records := []string{""}
	if os.Getenv("TRACETEST_ALL") != "" {
		records = append(records, filepath.Join(out, "run.jsonl"))
	}
	for i, from := range records {
		args := []string{"bisect", "--redis", redis.Addr, "--out", out, "--victim", "Alert ingestion remembers an accepted alert"}
		if from == "" {
			args = append(args, "./test/integration/gateway/", "--", "-ginkgo.seed=100")
		} else {
			args = append(args, "--from", from)
		}
		cmd := exec.Command(link(t), args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "REDIS_ADDR="+redis.Addr, links)
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		t.Logf("%s", said)
		a := answerOf(t, out)
		if a.Kind != bisect.Polluters || len(a.Culprits) != 1 || a.Culprits[0].Spec != want.Leak.Spec || !strings.HasPrefix(a.Message, "fingerprint not stored") {
			t.Fatalf("%+v", a)
		}
		if a.State == nil || a.State.Kind != bisect.StateConfig || strings.Join(a.State.Names, " ") != "maxmemory" || !a.State.Proved {
			t.Errorf("through %+v, want maxmemory alone", a.State)
		}
		if a.Alone != (bisect.Tally{Ran: 3}) || a.With != (bisect.Tally{Failed: 3, Ran: 3}) || a.Restored != (bisect.Tally{Ran: 3}) {
			t.Errorf("alone %+v, with %+v, put back %+v", a.Alone, a.With, a.Restored)
		}
		if a.Trials > 9+3 {
			t.Errorf("%d trials, of which 9 prove it", a.Trials)
		}
		for _, change := range want.Leak.Changes {
			found := false
			for _, left := range a.Culprits[0].Left {
				found = found || left.Parameter == change.Parameter && left.From == change.From && left.To == change.To &&
					left.Call != nil && strings.HasSuffix(left.Call.File, "/"+change.File) && left.Call.Line == change.Line
			}
			if !found {
				t.Errorf("%s is not named with its line: %+v", change.Parameter, a.Culprits[0].Left)
			}
		}
		// What it says to paste shows it, without us.
		if i == len(records)-1 {
			repro := exec.Command("sh", "-c", strings.Join(a.Commands, "; "))
			repro.Dir, repro.Env = dir, cmd.Env
			if said, err := repro.CombinedOutput(); err == nil || !strings.Contains(string(said), "fingerprint not stored") || !strings.Contains(string(said), "53 Skipped") {
				t.Errorf("%q: %v\n%s", a.Commands, err, said)
			}
		}
	}
}

// link is the path of this test binary under the name by which it is tracetest.
func link(t *testing.T) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tracetest")
	if err := os.Symlink(program, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// answerOf reads the answer from the record of a search: its last line.
func answerOf(t *testing.T, out string) *bisect.Answer {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(out, "bisect.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	var last bisect.Line
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Answer == nil {
		t.Fatalf("the last line holds no answer: %v", err)
	}
	return last.Answer
}
