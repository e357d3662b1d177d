package project

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"tracetest/internal/redisconf"
)

// A Guess is what the files of a project say of its Redis and its tests.
type Guess struct {
	Redis    string // as --redis takes it; empty: nothing says
	Expect   map[string]string
	Packages []string
	From     map[string]string // which file says each of redis, expect and packages
}

// Find reads the files in which a project says where its Redis is and which of its tests
// use it: those of docker compose, workflows of a CI, a Makefile.
func Find(project fs.FS) *Guess {
	g := &Guess{Expect: map[string]string{}, From: map[string]string{}}
	for _, name := range candidates(project) {
		text, err := fs.ReadFile(project, name)
		if err != nil || len(text) > 1<<20 {
			continue
		}
		lines := strings.Split(strings.ReplaceAll(string(text), "\r", ""), "\n")
		g.address(name, lines)
		if strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".yaml") {
			g.service(name, lines)
		}
		g.tests(name, lines)
	}
	return g
}

// candidates are the files that may say something, those that are made for it first.
func candidates(project fs.FS) []string {
	var all []string
	for _, pattern := range []string{"compose*.y*ml", "docker-compose*.y*ml", ".github/workflows/*.y*ml", ".gitlab-ci.yml", ".circleci/config.yml", "Makefile", "makefile", "GNUmakefile", "Taskfile.y*ml", "justfile"} {
		names, err := fs.Glob(project, pattern)
		if err != nil {
			continue
		}
		for _, name := range names {
			if strings.IndexFunc(name, unicode.IsControl) < 0 { // it stands in a comment
				all = append(all, name)
			}
		}
	}
	return all
}

var variable = regexp.MustCompile(`\b(TRACETEST_REDIS|REDIS_URL|REDIS_ADDR)\b["']?\s*[:?]?[:=]\s*["']?([^\s"'#]+)`)

// address takes the address that a file hands to the tests.
func (g *Guess) address(name string, lines []string) {
	for _, line := range lines {
		m := variable.FindStringSubmatch(line)
		if m == nil || g.Redis != "" || strings.ContainsAny(m[2], "${}") || strings.Contains(m[2], "@") {
			continue // a variable, or a login, which belongs in no file
		}
		g.Redis, g.From["redis"] = m[2], name
	}
}

var (
	image     = regexp.MustCompile(`^(\s*)image:\s*["']?(?:[\w.-]+(?::\d+)?/)*(?:redis|valkey|keydb|redis-stack|redis-stack-server|dragonfly)(?:[:@][\w.@:-]+)?["']?\s*(?:#.*)?$`)
	published = regexp.MustCompile(`^\s*(?:-|ports:\s*\[)\s*["']?(?:(?:127\.0\.0\.1|0\.0\.0\.0|localhost):)?(\d+):(\d+)(?:/tcp)?["']?\s*\]?\s*(?:#.*)?$`)
	argument  = regexp.MustCompile(`--([a-z][a-z-]*)[ =,"']+([^\s"',\[\]-][^\s"',\[\]]*)`)
)

// service takes the port of a Redis that a container publishes, and what it is started with.
func (g *Guess) service(name string, lines []string) {
	for at, line := range lines {
		m := image.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		for _, line := range block(lines, at, len(m[1])) {
			if p := published.FindStringSubmatch(line); p != nil && p[2] == "6379" && g.Redis == "" {
				g.Redis, g.From["redis"] = "localhost:"+p[1], name
			}
			for _, a := range argument.FindAllStringSubmatch(line, -1) {
				p := redisconf.Of(a[1])
				if _, known := g.Expect[a[1]]; p.ReadsBack && !p.Place && !p.Role && !known && !strings.Contains(a[2], "$") {
					g.Expect[a[1]], g.From["expect"] = a[2], name
				}
			}
		}
	}
}

// block is the lines of the mapping of YAML that a line is in.
func block(lines []string, at, indent int) []string {
	within := func(line string) bool {
		trimmed := strings.TrimLeft(line, " ")
		return trimmed == "" || strings.HasPrefix(trimmed, "#") || len(line)-len(trimmed) >= indent
	}
	first, last := at, at
	for first > 0 && within(lines[first-1]) {
		first--
	}
	for last+1 < len(lines) && within(lines[last+1]) {
		last++
	}
	return lines[first : last+1]
}

var (
	goTest = regexp.MustCompile(`\bgo\s+test\b(.*)`)
	local  = regexp.MustCompile(`(?:^|\s)(\./[\w./-]*)`)
)

// tests takes the packages that go test is given, where a file says which of
// several are the integration tests.
func (g *Guess) tests(name string, lines []string) {
	for _, line := range lines {
		m := goTest.FindStringSubmatch(line)
		if m == nil || len(g.Packages) > 0 {
			continue
		}
		var packages []string
		for _, p := range local.FindAllStringSubmatch(m[1], -1) {
			packages = append(packages, p[1])
		}
		if strings.Contains(strings.Join(packages, " "), "integration") || strings.Contains(strings.Join(packages, " "), "e2e") {
			g.Packages, g.From["packages"] = packages, name
		}
	}
}

// TOML is the guess as a project file. What nothing says stands in it as a comment.
func (g *Guess) TOML() string {
	var b strings.Builder
	line := func(key, value, example string) {
		if value == "" {
			fmt.Fprintf(&b, "# %s = %s\n", key, example)
			return
		}
		fmt.Fprintf(&b, "%s = %s # %s\n", key, value, g.From[key])
	}
	b.WriteString("# What tracetest uses in this project. Flags and the environment win over this file.\n\n")
	redis, packages := "", ""
	if g.Redis != "" {
		redis = text(g.Redis)
	}
	if len(g.Packages) > 0 {
		var all []string
		for _, p := range g.Packages {
			all = append(all, text(p))
		}
		packages = "[" + strings.Join(all, ", ") + "]"
	}
	line("redis", redis, `"localhost:6379"`)
	line("packages", packages, `["./test/integration/..."]`)
	line("out", "", `"tracetest-out"`)
	line("baseline", "", `"known-leaks.json"`)
	line("expect-file", "", `"redis.expect"`)
	b.WriteString("\n")
	if len(g.Expect) == 0 {
		b.WriteString("# [expect]\n# maxmemory = \"2gb\"\n")
		return b.String()
	}
	fmt.Fprintf(&b, "[expect] # %s\n", g.From["expect"])
	var names []string
	for name := range g.Expect {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "%s = %s\n", name, text(g.Expect[name]))
	}
	return b.String()
}

// text is a basic string of TOML.
func text(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

// Files are the files that said something, in their order.
func (g *Guess) Files() []string {
	var all []string
	for _, key := range []string{"redis", "packages", "expect"} {
		if name := g.From[key]; name != "" && !slices.Contains(all, path.Clean(name)) {
			all = append(all, path.Clean(name))
		}
	}
	return all
}
