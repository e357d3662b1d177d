// Command servers runs tracetest on one small suite with every server that is to be had, in each
// shape that suites use, and writes the table of docs/support.md:
//
//	go run ./scripts/servers                     # what is in PATH
//	go run ./scripts/servers -dir servers        # and in a folder: redis-server-7.4.1, valkey-server-9.1.2, ...
//	go run ./scripts/servers -only 'valkey.*tls' # some cells
//
// scripts/servers-debian fills such a folder. The suite is testdata/servers.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("servers: ")
	dir := flag.String("dir", os.Getenv("TRACETEST_SERVERS"), "folder of servers, beside those of PATH (default $TRACETEST_SERVERS)")
	only := flag.String("only", "", "only cells whose \"NAME VERSION SHAPE\" matches")
	page := flag.String("page", "", "file to write the table into, between its markers")
	flag.Parse()
	if err := run(*dir, *only, *page); err != nil {
		log.Fatal(err)
	}
}

func run(dir, only, page string) error {
	wanted, err := regexp.Compile("(?i)" + only)
	if err != nil {
		return err
	}
	all, err := find(dir)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "servers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	tracetest := filepath.Join(work, "tracetest")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", tracetest, "./cmd/tracetest").CombinedOutput(); err != nil {
		return fmt.Errorf("building tracetest: %w\n%s", err, out)
	}
	rows, wrong := make([][]string, len(all)), 0
	for i, p := range all {
		for _, s := range shapes {
			name := fmt.Sprintf("%s %s %s", p.name, p.version, s.name)
			if !wanted.MatchString(name) {
				rows[i] = append(rows[i], "not run")
				continue
			}
			began := time.Now()
			said, err := cell(work, tracetest, p, s)
			if err != nil {
				wrong++
				said = "**no**"
			}
			rows[i] = append(rows[i], said)
			fmt.Printf("%-36s %s (%v)\n", name, said, time.Since(began).Round(100*time.Millisecond))
			if err != nil {
				fmt.Printf("  %s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
			}
		}
	}
	if page != "" {
		if err := write(page, all, rows); err != nil {
			return err
		}
	}
	for _, name := range missing(all) {
		fmt.Printf("%s: not had; put one into the folder of -dir\n", name)
	}
	if wrong > 0 {
		return fmt.Errorf("%d cells are not as they should be", wrong)
	}
	return nil
}

// program is a server that can be started.
type program struct{ path, name, version string }

var kinds = []string{"redis", "valkey", "redict", "keydb"}

// find looks for servers in a folder and in PATH, oldest first.
func find(dir string) ([]program, error) {
	var paths []program
	for _, kind := range kinds {
		if path, err := exec.LookPath(kind + "-server"); err == nil {
			paths = append(paths, program{path: path, name: kind})
		}
		if dir != "" {
			files, err := filepath.Glob(filepath.Join(dir, kind+"-server*"))
			if err != nil {
				return nil, err
			}
			for _, path := range files {
				paths = append(paths, program{path: path, name: kind})
			}
		}
	}
	var all []program
	for _, p := range paths {
		out, err := exec.Command(p.path, "--version").Output()
		if err != nil {
			return nil, fmt.Errorf("asking %s for its version: %w", p.path, err)
		}
		match := said.FindSubmatch(out)
		if match == nil {
			return nil, fmt.Errorf("%s --version says %q", p.path, out)
		}
		p.version = string(match[1])
		if !slices.ContainsFunc(all, func(other program) bool { return other.name == p.name && other.version == p.version }) {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("there is no server in PATH, nor in the folder of -dir")
	}
	slices.SortStableFunc(all, func(a, b program) int {
		return cmp.Or(cmp.Compare(slices.Index(kinds, a.name), slices.Index(kinds, b.name)), compareVersions(a.version, b.version))
	})
	return all, nil
}

var said = regexp.MustCompile(`erver v=(\S+)`)

func compareVersions(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}

// series are the servers that the table should have.
var series = []string{"redis 6.0", "redis 6.2", "redis 7.0", "redis 7.2", "redis 7.4", "redis 8.0", "valkey 7.2", "valkey 8.0", "valkey 8.1", "valkey 9", "redict 7.3", "keydb 6.3"}

func missing(all []program) (names []string) {
	for _, want := range series {
		if !slices.ContainsFunc(all, func(p program) bool { return strings.HasPrefix(p.name+" "+p.version+".", want+".") }) {
			names = append(names, want)
		}
	}
	return names
}

const begin, end = "<!-- servers -->\n", "<!-- end -->"

// write puts the table into a page.
func write(page string, all []program, rows [][]string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s has no %q ... %q", page, strings.TrimSpace(begin), end)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Run on %s by `make test-servers`.\n\n| server |", time.Now().Format("2 January 2006"))
	for _, s := range shapes {
		fmt.Fprintf(&b, " %s |", s.title)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(shapes)) + "\n")
	for i, p := range all {
		fmt.Fprintf(&b, "| %s %s | %s |\n", titles[p.name], p.version, strings.Join(rows[i], " | "))
	}
	if lacking := missing(all); len(lacking) > 0 {
		fmt.Fprintf(&b, "\nNot to be had that day: %s.\n", strings.Join(lacking, ", "))
	}
	return os.WriteFile(page, []byte(before+begin+b.String()+end+after), 0o666)
}

var titles = map[string]string{"redis": "Redis", "valkey": "Valkey", "redict": "Redict", "keydb": "KeyDB"}
