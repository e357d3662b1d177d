package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A suite is a module of its own. Its tests speak to the Redis at REDIS_ADDR.
type suite struct {
	name  string // short, for the screen and -only
	title string // for the page
	files map[string]string
	// ginkgo takes the dependencies of testdata/incident.
	ginkgo bool
	tests  int
	rounds int // how often it runs at most; zero: as often as -rounds says
	// packages are those that are tested, flags go to go test as well, and args behind
	// -args to the tests.
	packages []string
	flags    []string
	args     func(*bench) []string
	sum      bool   // gotestsum is a contender too
	folder   string // where it is, if it is not to be written
}

// suites are those that the page tells of, smaller ones where it is only tried
// whether they work.
func suites(quick bool) []suite {
	few := func(n int) int {
		if quick {
			return max(n/20, 2)
		}
		return n
	}
	slow := flat("sleep", fmt.Sprintf("%d tests of 5 ms", few(1000)), few(1000), "get(t); time.Sleep(5 * time.Millisecond)")
	slow.rounds, slow.sum = 3, true
	gets := flat("get", fmt.Sprintf("%s tests of one GET each", count(few(5000))), few(5000), "get(t)")
	gets.sum = true
	many := packages(few(200), 5)
	many.rounds, many.title, many.flags = 3, many.title+", -p 2", []string{"-p=2"} // most of it is linking
	return []suite{
		gets,
		slow,
		many,
		specs(few(50), few(2000)),
		nested(few(400)),
		parallel(few(2000)),
		flat("ten", "the second build and start of 10 tests", 10, "get(t)"),
	}
}

// client is a Redis client as small as can be, so that what is measured is not
// a library. Its connections are kept.
const client = `package suite

import (
	"net"
	"os"
	"testing"
)

var idle = make(chan net.Conn, 64)

func get(t testing.TB) {
	var conn net.Conn
	select {
	case conn = <-idle:
	default:
		var err error
		if conn, err = net.Dial("tcp", os.Getenv("REDIS_ADDR")); err != nil {
			t.Fatal(err)
		}
	}
	var reply [64]byte
	if _, err := conn.Write([]byte("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n")); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(reply[:]); err != nil || string(reply[:n]) != "$-1\r\n" {
		t.Fatalf("%q, %v", reply[:n], err)
	}
	idle <- conn
}
`

// testFile is a file with n tests of one body.
func testFile(n int, body string) string {
	var text strings.Builder
	text.WriteString("package suite\n\nimport (\n\t\"testing\"\n")
	if strings.Contains(body, "time.") {
		text.WriteString("\t\"time\"\n")
	}
	text.WriteString(")\n\n")
	for i := range n {
		fmt.Fprintf(&text, "func TestN%04d(t *testing.T) { %s }\n", i, body)
	}
	return text.String()
}

func flat(name, title string, n int, body string) suite {
	return suite{name: name, title: title, tests: n, files: map[string]string{"client_test.go": client, "suite_test.go": testFile(n, body)}}
}

func packages(n, each int) suite {
	s := suite{name: "packages", title: fmt.Sprintf("%d packages of %d tests", n, each), tests: n * each, files: map[string]string{}}
	for i := range n {
		dir := fmt.Sprintf("p%03d/", i)
		s.files[dir+"client_test.go"], s.files[dir+"suite_test.go"] = client, testFile(each, "get(t)")
	}
	return s
}

// nested has subtests 4 deep: in each test two, in each of these two, and so on.
func nested(n int) suite {
	const below = `

func below(t *testing.T, depth int) {
	if depth == 0 {
		get(t)
		return
	}
	for _, name := range []string{"a", "b"} {
		t.Run(name, func(t *testing.T) { below(t, depth-1) })
	}
}
`
	n = max(n/16, 1)
	s := flat("subtests", fmt.Sprintf("%d tests with subtests 4 deep", n), n, "below(t, 4)")
	s.files["suite_test.go"] += below
	s.tests = n * 31
	return s
}

func parallel(n int) suite {
	s := flat("parallel", fmt.Sprintf("%d parallel tests of 5 ms, 8 at a time", n), n, "t.Parallel(); get(t); time.Sleep(5 * time.Millisecond)")
	s.files["main_test.go"] = "package suite\n\nimport (\n\t\"flag\"\n\t\"os\"\n\t\"testing\"\n)\n\n" +
		"func TestMain(m *testing.M) {\n\tflag.Set(\"test.parallel\", \"8\")\n\tos.Exit(m.Run())\n}\n"
	return s
}

func specs(files, n int) suite {
	s := suite{name: "ginkgo", title: fmt.Sprintf("%d Ginkgo files with %d specs", files, n), ginkgo: true, tests: n, files: map[string]string{
		"client_test.go": client,
		"suite_test.go": "package suite\n\nimport (\n\t\"testing\"\n\n\t. \"github.com/onsi/ginkgo/v2\"\n\t. \"github.com/onsi/gomega\"\n)\n\n" +
			"func TestSuite(t *testing.T) {\n\tRegisterFailHandler(Fail)\n\tRunSpecs(t, \"suite\")\n}\n",
	}}
	for i := range files {
		var text strings.Builder
		fmt.Fprintf(&text, "package suite\n\nimport . \"github.com/onsi/ginkgo/v2\"\n\nvar _ = Describe(\"file %d\", func() {\n", i)
		for j := range n / files {
			fmt.Fprintf(&text, "\tIt(\"does %d\", func() { get(GinkgoTB()) })\n", j)
		}
		text.WriteString("})\n")
		s.files[fmt.Sprintf("f%02d_test.go", i)] = text.String()
	}
	return s
}

// write writes a suite into a new folder.
func (b *bench) write(s suite) (dir string, err error) {
	if s.folder != "" {
		return s.folder, nil
	}
	dir = filepath.Join(b.dir, s.name)
	files := map[string]string{"go.mod": "module suite\n\ngo 1.25.0\n"}
	if s.ginkgo {
		for _, name := range []string{"go.mod", "go.sum"} {
			text, err := os.ReadFile(filepath.Join(b.root, "testdata", "incident", name))
			if err != nil {
				return "", err
			}
			files[name] = strings.Replace(string(text), "module gateway", "module suite", 1)
		}
	}
	for _, all := range []map[string]string{files, s.files} {
		for name, text := range all {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return "", err
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				return "", err
			}
		}
	}
	return dir, nil
}
