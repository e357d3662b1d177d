package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shellFolder is a folder in which there is something to complete.
func shellFolder(t *testing.T) string {
	t.Helper()
	// Not t.TempDir: a shell may write its cache a moment after it was stopped.
	dir, err := os.MkdirTemp("", "tracetest-shell")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, sub := range []string{"docs", "test/integration", "testdata/x", ".git"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"run.jsonl", "run.txt"} {
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func needShell(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%v: the completion is tested in the shell itself; scripts/setup installs it", err)
	}
	return path
}

// The scripts are tried in the shells themselves: a line and a TAB.
func TestCompletion(t *testing.T) {
	t.Parallel()
	lines := []struct{ typed, want string }{
		{"tracetest rep", "tracetest report "},
		{"tracetest report run.", "tracetest report run.jsonl "},
		{"tracetest --rest", "tracetest --restore "},
		{"tracetest --restore n", "tracetest --restore never "},
		{"tracetest --instrument=of", "tracetest --instrument=off "},
		{"tracetest --format testd", "tracetest --format testdox "},
		{"tracetest check --expect maxmemory-policy=noe", "tracetest check --expect maxmemory-policy=noeviction "},
		{"tracetest ./te", "tracetest ./test/"},
		{"tracetest ./... -- -sho", "tracetest ./... -- -short "},
		{"tracetest --out d", "tracetest --out docs/"},
		{"tracetest completion f", "tracetest completion fish "},
	}
	driver, err := filepath.Abs("testdata/complete.zsh")
	if err != nil {
		t.Fatal(err)
	}
	for _, shell := range []string{"bash", "zsh"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			needShell(t, shell)
			args := []string{"-f", driver, shell}
			for _, line := range lines {
				args = append(args, line.typed)
			}
			cmd := exec.Command(needShell(t, "zsh"), args...)
			cmd.Dir = shellFolder(t)
			cmd.Env = append(os.Environ(), "HOME="+cmd.Dir, "TERM=xterm", "PS1=")
			var problem strings.Builder
			cmd.Stderr = &problem
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("%v: %s", err, problem.String())
			}
			got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
			for i, line := range lines {
				if i >= len(got) || got[i] != line.want+"|" {
					t.Fatalf("%q TAB: got %q, want %q", line.typed, got[min(i, len(got)-1)], line.want+"|")
				}
			}
		})
	}
	t.Run("fish", func(t *testing.T) {
		t.Parallel()
		for _, line := range lines {
			_, want, _ := strings.Cut(strings.TrimSpace(line.want), line.typed[:strings.LastIndexByte(line.typed, ' ')+1])
			cmd := exec.Command(needShell(t, "fish"), "--no-config", "-c", "tracetest completion fish | source; complete -C "+quoteFish(line.typed))
			cmd.Dir = shellFolder(t)
			cmd.Env = append(os.Environ(), "HOME="+cmd.Dir)
			out, err := cmd.CombinedOutput()
			var words []string
			for l := range strings.Lines(string(out)) {
				word, _, _ := strings.Cut(strings.TrimSpace(l), "\t")
				words = append(words, word)
			}
			// cobra's script for fish does not filter files by their ends.
			if err != nil || !slices.Contains(words, want) || len(words) > 1 && !strings.HasSuffix(want, ".jsonl") {
				t.Errorf("%q: %v, %q, want %q", line.typed, err, words, want)
			}
		}
	})
}

func quoteFish(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }

// Every flag that takes one of a few words completes all of them.
func TestFlagsComplete(t *testing.T) {
	t.Parallel()
	for _, c := range (&options{}).choices() {
		out, err := exec.Command("tracetest", "__complete", "--"+c.flag, "").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range c.words {
			if !strings.Contains("\n"+string(out), "\n"+word+"\n") {
				t.Errorf("--%s does not complete %q:\n%s", c.flag, word, out)
			}
		}
	}
}
