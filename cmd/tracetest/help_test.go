package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tracetest/internal/redistest"
)

// documented are all commands, hidden ones too: whatever has help.
func documented(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, sub := range cmd.Commands() {
		if sub.Name() != "help" && !strings.HasPrefix(sub.Name(), "__") {
			all = append(all, documented(sub)...)
		}
	}
	return all
}

var (
	exitComment = regexp.MustCompile(`# exit code (\d)$`)
	address     = regexp.MustCompile(`\blocalhost:\d+`)
	recordWord  = regexp.MustCompile(`[\w./*-]+\.jsonl\b`)
)

// Each example of each command is run by bash as it stands, with a real Redis,
// which stands for each localhost:PORT, in the module of
// testdata/examples/COMMAND.txtar, or else tracetest.txtar. It must end with 0,
// or as its comment "# exit code N" says. A record (*.jsonl) that it names is
// that of a run of the module, whatever the outcome.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, cmd := range documented(rootCommand()) {
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			t.Parallel()
			p := newPlayground(t, cmd)
			count := 0
			for line := range strings.Lines(cmd.Example) {
				if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
					count++
					p.run(t, line)
				}
			}
			if count == 0 || !strings.Contains(cmd.Example, cmd.CommandPath()) {
				t.Error("there is no example")
			}
		})
	}
}

// A playground is where the examples of a command are run.
type playground struct {
	bash, dir, redis string
	env              []string
}

func newPlayground(t *testing.T, cmd *cobra.Command) *playground {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	p := &playground{bash: bash, dir: t.TempDir()}
	file := "testdata/examples/" + cmd.Name() + ".txtar"
	if _, err := os.Stat(file); err != nil {
		file = "testdata/examples/tracetest.txtar"
	}
	archive, err := txtar.ParseFile(file)
	if err == nil {
		err = txtar.Write(archive, p.dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	// The title would hide what it was started with from check.
	redis := redistest.Start(t, "--set-proc-title", "no", "--maxmemory", "2gb")
	p.redis = redis.Addr
	p.env = append(os.Environ(), "GITHUB_ACTIONS=", "GITHUB_STEP_SUMMARY=", "TRACETEST_REDIS="+p.redis, "REDIS_ADDR="+p.redis, "HOME="+filepath.Join(p.dir, "home"), "BROWSER=true")
	p.env = append(p.env, goEnv(t)...) // for the caches are not in that HOME
	p.env = append(p.env, linkedOnce(t))
	return p
}

// shell runs a line and returns its exit code.
func (p *playground) shell(t *testing.T, line string) (string, int) {
	t.Helper()
	cmd := exec.Command(p.bash, "-o", "pipefail", "-c", line)
	cmd.Dir, cmd.Env = p.dir, p.env
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func (p *playground) run(t *testing.T, line string) {
	t.Helper()
	for _, name := range recordWord.FindAllString(line, -1) {
		p.provide(t, name)
	}
	want := 0
	if m := exitComment.FindStringSubmatch(line); m != nil {
		want = int(m[1][0] - '0')
	}
	out, code := p.shell(t, address.ReplaceAllString(line, p.redis))
	if code != want {
		t.Errorf("%s\nexit code %d, want %d\n%s", line, code, want, out)
	}
	if strings.Contains(out, "--help`.") { // in <(...) no exit code tells of it
		t.Errorf("%s\nis called in a wrong way:\n%s", line, out)
	}
}

// provide sees to it that there is a record of that name, or two where it is a
// pattern.
func (p *playground) provide(t *testing.T, name string) {
	t.Helper()
	if found, _ := filepath.Glob(filepath.Join(p.dir, name)); len(found) > 0 {
		return
	}
	first := filepath.Join(p.dir, "tracetest-out", "run.jsonl")
	if _, err := os.Stat(first); err != nil {
		if out, code := p.shell(t, "tracetest"); code == 2 {
			t.Fatal(out)
		}
	}
	record, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	for _, shard := range []string{"1", "2"} {
		path := filepath.Join(p.dir, strings.ReplaceAll(name, "*", shard))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, record, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func helpOf(t *testing.T, cmd *cobra.Command) string {
	t.Helper()
	args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
	out, err := exec.Command("tracetest", args...).Output()
	if err != nil {
		t.Fatalf("%s --help: %v", cmd.CommandPath(), err)
	}
	return string(out)
}

// The help of a command shows all that it has, on a screen of 80 columns.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, cmd := range documented(rootCommand()) {
		help := helpOf(t, cmd)
		for line := range strings.Lines(help) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > 80 {
				t.Errorf("%s --help: %d columns: %s", cmd.CommandPath(), len(line), line)
			}
			if strings.HasSuffix(line, " ") {
				t.Errorf("%s --help: ends in spaces: %q", cmd.CommandPath(), line)
			}
		}
		want := []string{cmd.Long, "\nUsage:\n  " + cmd.UseLine() + "\n", "\nExamples:\n" + cmd.Example}
		for _, text := range cmd.Annotations {
			want = append(want, text)
		}
		for _, sub := range subcommands(cmd) {
			want = append(want, "\n  "+sub.Name()+" ", sub.Short)
		}
		for _, text := range want {
			if !strings.Contains(help, text) {
				t.Errorf("%s --help does not say %q", cmd.CommandPath(), text)
			}
		}
		for _, g := range flagGroups(cmd) {
			g.flags.VisitAll(func(f *pflag.Flag) {
				if g.title == "Other flags" && f.Name != "help" && f.Name != "version" {
					t.Errorf("%s --help: --%s is in no group", cmd.CommandPath(), f.Name)
				}
			})
			if !strings.Contains(help, "\n"+g.title+":\n") || !g.flags.HasFlags() {
				t.Errorf("%s --help has no part %q", cmd.CommandPath(), g.title)
			}
		}
	}
}

// Of a command that is called in a wrong way its own help is named.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--nonsense":         "See `tracetest --help`.",
		"report":             "See `tracetest report --help`.",
		"check --nonsense":   "See `tracetest check --help`.",
		"completion":         "takes one shell",
		"completion elvish":  `invalid argument "elvish"`,
		"check --expect foo": "See `tracetest check --help`.",
		"exec":               "tracetest exec -- ginkgo -r\n",
		"exec go vet":        "tracetest exec -- go vet\n",
		"exec ./a -- go vet": "tracetest exec -- go vet\n",
		"exec ginkgo -p":     `unknown flag -p; exec takes a command behind "--", with its flags: tracetest exec -- ginkgo`,
		"exec go test -v":    "tracetest exec -- go test\n",
	} {
		var problem bytes.Buffer
		cmd := exec.Command("tracetest", strings.Fields(args)...)
		cmd.Stderr = &problem
		if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 2 || !strings.Contains(problem.String(), want) {
			t.Errorf("tracetest %s: %v, %q, want %q", args, err, problem.String(), want)
		}
	}
}

// The manual page says of each command what its help says, and is correct in
// the eyes of the strictest reader.
func TestManual(t *testing.T) {
	t.Parallel()
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		t.Fatalf("%v: the manual page is checked with it; scripts/setup installs it", err)
	}
	page, err := exec.Command("tracetest", "man").Output()
	if err != nil {
		t.Fatal(err)
	}
	lint := exec.Command(mandoc, "-T", "lint", "-W", "warning")
	lint.Stdin = bytes.NewReader(page)
	problems, _ := lint.CombinedOutput()
	for line := range strings.Lines(string(problems)) {
		// With a date the page would differ from day to day.
		if !strings.Contains(line, "missing date") {
			t.Error(line)
		}
	}
	show := exec.Command(mandoc, "-T", "ascii", "-O", "width=80")
	show.Stdin = bytes.NewReader(page)
	out, err := show.Output()
	if err != nil {
		t.Fatal(err)
	}
	overstrike := regexp.MustCompile(".\b")
	text := strings.Join(strings.Fields(overstrike.ReplaceAllString(string(out), "")), " ")
	for _, cmd := range commands(rootCommand()) {
		parts := []string{cmd.CommandPath(), cmd.Long, cmd.Example}
		for _, note := range cmd.Annotations {
			parts = append(parts, note)
		}
		for _, g := range flagGroups(cmd) {
			for name := range strings.Lines(g.flags.FlagUsages()) {
				if flag := regexp.MustCompile(`--[\w-]+`).FindString(name); flag != "" {
					parts = append(parts, flag)
				}
			}
		}
		for _, part := range parts {
			if part = strings.Join(strings.Fields(part), " "); !strings.Contains(text, part) {
				t.Errorf("of %s the page does not say %q", cmd.CommandPath(), part)
			}
		}
	}
	for _, title := range []string{"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "EXIT STATUS", "ENVIRONMENT", "EXAMPLES"} {
		if !slices.Contains(strings.Split(string(out), "\n"), title) && !strings.Contains(text, title) {
			t.Errorf("no section %s", title)
		}
	}
}

// Cobra takes a command twice without a word, and help then lists it twice.
func TestCommandsAreThereOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, cmd := range documented(rootCommand()) {
		if seen[cmd.CommandPath()] {
			t.Errorf("%s is there twice", cmd.CommandPath())
		}
		seen[cmd.CommandPath()] = true
	}
}
