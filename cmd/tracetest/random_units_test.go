package main

import (
	"fmt"
	"slices"
	"strings"
)

// test writes a top-level test.
func (s *randomSuite) test(name string) {
	p := place{owners: []string{name}, unit: name, clean: "t.Cleanup"}
	s.add(name, "func "+name+"(t *testing.T) {\n"+s.tree(p, name, 0)+"}\n")
}

// tree is the body of a test and of its subtests.
func (s *randomSuite) tree(p place, name string, depth int) string {
	text := ""
	if depth == 0 || s.in(2) {
		text = s.body(p)
	}
	if depth == 3 || s.in(3-min(depth, 1)) {
		return text
	}
	sub := func(i int, beside bool, start string) string {
		inner := fmt.Sprintf("%s/s%d", name, i)
		q := place{owners: []string{inner}, unit: p.unit, clean: "t.Cleanup", beside: p.beside || beside}
		return fmt.Sprintf("t.Run(\"s%d\", func(t *testing.T) {\n%s%s})\n", i, start, s.tree(q, inner, depth+1))
	}
	if s.in(3) && !p.beside {
		many, n := 2+s.rand.IntN(3), s.next()
		for i := range many {
			text += sub(i, true, fmt.Sprintf("t.Parallel()\nkit.Meet(%d, %d)\nt.Cleanup(func() { kit.Meet(-%[1]d, %[2]d) })\n", n, many))
		}
		return text
	}
	for i := range 1 + s.rand.IntN(3) {
		end := ""
		if s.in(8) {
			end = s.one("t.SkipNow()\n", "t.FailNow()\n")
		}
		text += strings.TrimSuffix(sub(i, false, ""), "})\n") + end + "})\n"
	}
	if s.in(3) {
		text += s.change(p)
	}
	return text
}

// parallel writes tests that run at the same time.
func (s *randomSuite) parallel(name string) {
	many, n := 2+s.rand.IntN(3), s.next()
	for i := range many {
		one := fmt.Sprintf("%s%c", name, 'A'+i)
		p := place{owners: []string{one}, unit: one, clean: "t.Cleanup", beside: true}
		s.add(one, fmt.Sprintf("func %[1]s(t *testing.T) {\nt.Parallel()\nkit.Meet(%[2]d, %[3]d)\nt.Cleanup(func() { kit.Meet(-%[2]d, %[3]d) })\n%[4]s}\n", one, n, many, s.tree(p, one, 2)))
	}
}

// other writes an Example, or a fuzz test with a seed.
func (s *randomSuite) other(name string) {
	if s.in(2) {
		name = "Example" + strings.TrimPrefix(name, "Test")
		p := place{owners: []string{name}, unit: name, clean: "atEnd", beside: true}
		s.add(name, fmt.Sprintf("func %s() {\n%s// Output:\n}\n", name, strings.TrimSuffix(s.change(p), "\n")+"\n"))
		return
	}
	name = "Fuzz" + strings.TrimPrefix(name, "Test")
	p := place{owners: []string{name}, unit: name, clean: "f.Cleanup"}
	q := place{owners: []string{name + "/seed#0"}, unit: name, clean: "t.Cleanup"}
	s.add(name, fmt.Sprintf("func %s(f *testing.F) {\n%sf.Add(1)\nf.Fuzz(func(t *testing.T, n int) {\n%s})\n}\n", name, s.body(p), s.body(q)))
}

// testify writes a suite of methods.
func (s *randomSuite) testify(name string) {
	text := fmt.Sprintf("type %sSuite struct{ suite.Suite }\n\nfunc %[1]s(t *testing.T) { suite.Run(t, new(%[1]sSuite)) }\n\n", name)
	method := func(method string, p place, body string) {
		p.unit, p.clean = name, "s.T().Cleanup"
		if body == "" {
			body = s.body(p)
		}
		text += fmt.Sprintf("func (s *%sSuite) %s() {\n%s}\n\n", name, method, body)
	}
	if s.in(2) {
		method("SetupSuite", place{owners: []string{name}}, "")
	}
	if s.in(2) {
		method("TearDownSuite", place{owners: []string{name}, beside: true}, "")
	}
	many := 1 + s.rand.IntN(3)
	for i := range many {
		m := fmt.Sprintf("TestM%d", i)
		one := place{owners: []string{name + "/" + m}, unit: name, clean: "s.T().Cleanup"}
		body := s.body(one)
		if s.in(3) {
			inner := place{owners: []string{name + "/" + m + "/sub"}, unit: name, clean: "s.T().Cleanup"}
			body += "s.Run(\"sub\", func() {\n" + s.body(inner) + "})\n"
		}
		method(m, one, body)
	}
	if many == 1 && s.in(2) {
		method(s.one("SetupTest", "TearDownTest"), place{owners: []string{name + "/TestM0"}, beside: true}, "")
	}
	s.add(name, text)
}

// panics writes a test that ends its binary: a subtest panics, and the
// clean-ups of those around it run on its goroutine.
func (s *randomSuite) panics(name string) {
	clean := func(p place) string {
		p.beside = true
		return "t.Cleanup(func() {\n" + s.change(p) + "})\n"
	}
	at := func(owner string) place { return place{owners: []string{owner}, unit: name, clean: "t.Cleanup"} }
	s.add(name, "func "+name+"(t *testing.T) {\n"+clean(at(name))+"t.Run(\"s\", func(t *testing.T) {\n"+clean(at(name+"/s"))+
		"t.Run(\"panics\", func(t *testing.T) {\n"+s.change(place{owners: []string{name + "/s/panics"}, unit: name, clean: "t.Cleanup", beside: true})+"panic(1)\n})\n})\n}\n")
}

// ginkgo writes a suite. Everything is in one container, so that the order is
// that of the source.
func (s *randomSuite) ginkgo(name string) {
	spec := func(texts ...string) place {
		return place{owners: []string{name + ": " + strings.Join(texts, " ")}, unit: name, clean: "DeferCleanup"}
	}
	// Which node it was is not always said.
	suite := func() place {
		return place{owners: []string{name + ": [", name}, unit: name, clean: "DeferCleanup", node: true}
	}
	text := fmt.Sprintf("func %s(t *testing.T) {\nRegisterFailHandler(Fail)\nRunSpecs(t, %[1]q)\n}\n\n", name)
	text += "func declare(text, client, value string) {\nIt(text, func() {\ndone := make(chan bool)\ngo func() {\ngo func() {\ndefer close(done)\n" +
		"time.Sleep(time.Millisecond)\nkit.OK(kit.Shared(client).Plain(kit.Ending(), \"slowlog-max-len\", value))\n}()\n}()\nkit.Wait(done)\n})\n}\n\n"
	if s.in(2) {
		text += "var _ = BeforeSuite(func() {\n" + s.body(suite()) + "})\n\n"
	}
	text += "var _ = Describe(\"g\", func() {\n"
	it := func(p place, text string) string {
		end := ""
		switch s.rand.IntN(10) {
		case 0:
			end = "Fail(\"on purpose\")\n"
		case 1:
			end = "panic(\"on purpose\")\n"
		}
		return fmt.Sprintf("It(%q, func() {\n%s%s})\n", text, s.body(p), end)
	}
	for i := range 4 + s.rand.IntN(6) {
		leaf := fmt.Sprintf("i%d", i)
		switch s.rand.IntN(6) {
		case 5: // one that a function declares, for many
			s.value++
			value := fmt.Sprint(s.value)
			client := s.one("go-redis v9", "go-redis v8", "rueidis pipelining", "radix v4")
			s.truth[value] = truth{owners: spec("g", leaf).owners, unit: name, way: "declared", client: client, traced: true}
			text += fmt.Sprintf("declare(%q, %q, %q)\n", leaf, client, value)
		case 0: // a container with set-up
			c := fmt.Sprintf("c%d", i)
			p := spec("g", c, leaf)
			text += fmt.Sprintf("Context(%q, func() {\n", c)
			for _, node := range []string{"BeforeEach", "JustBeforeEach", "AfterEach"} {
				if s.in(2) {
					text += node + "(func() {\n" + s.body(p) + "})\n"
				}
			}
			text += it(p, leaf) + "})\n"
		case 1: // an ordered one
			c := fmt.Sprintf("o%d", i)
			text += fmt.Sprintf("Describe(%q, Ordered, ContinueOnFailure, func() {\n", c)
			if s.in(2) { // what it registers runs after the last spec
				p := spec("g", c, "f")
				p.owners = append(p.owners, spec("g", c, "l").owners...)
				text += "BeforeAll(func() {\n" + s.body(p) + "})\n"
			}
			text += it(spec("g", c, "f"), "f") + it(spec("g", c, "l"), "l")
			if s.in(2) {
				text += "AfterAll(func() {\n" + s.body(spec("g", c, "l")) + "})\n"
			}
			text += "})\n"
		case 2: // a table
			text += fmt.Sprintf("DescribeTable(%q, func(f func()) { f() }, Entry(\"e\", func() {\n%s}))\n", leaf, s.body(spec("g", leaf, "e")))
		default:
			text += it(spec("g", leaf), leaf)
		}
	}
	text += "})\n\n"
	if s.in(2) {
		text += "var _ = AfterSuite(func() {\n" + s.body(suite()) + "})\n\n"
	}
	s.add(name, text)
}

// file returns the test file of a package with the units that were added since
// the last.
func (s *randomSuite) file(name, path string) string {
	if len(s.lets) > 0 {
		text := "func TestLast(t *testing.T) {\n" + strings.Join(s.lets, "") + "}\n"
		s.lets = nil
		// Before a test that panics.
		at := len(s.units)
		if at > 0 && s.units[at-1].name == "TestPanics" {
			at--
		}
		s.units = slices.Insert(s.units, at, &randomUnit{"TestLast", text})
	}
	main := ""
	p := place{owners: []string{"package " + path}, unit: "TestMain", clean: "atEnd", beside: true, node: true}
	before, after := "", ""
	if s.in(3) {
		before = s.change(p)
	}
	if s.in(3) {
		after = s.change(p)
	}
	main = "func atEnd(f func()) { f() }\n\nfunc TestMain(m *testing.M) {\nkit.Main()\n" + before + "code := m.Run()\n" + after + "os.Exit(code)\n}\n\n"
	helper := "func helper(client string, ctx context.Context, name, value string) {\nkit.OK(kit.Shared(client).Plain(ctx, name, value))\n}\n\n"
	helper += "func setter(client, name, value string) func() {\nreturn func() { kit.OK(kit.Shared(client).Plain(context.Background(), name, value)) }\n}\n\n" +
		"func leave(n int, client, name, value string) {\ngo func() {\nkit.Await(n)\nsetter(client, name, value)()\nkit.Over(n)\n}()\n}\n\n"
	body := main + helper
	for _, u := range s.units {
		if s.only == nil || s.only(u.name) {
			body += u.text + "\n"
		}
	}
	s.units = nil
	text := "package " + name + "\n\nimport (\n"
	for _, imp := range []string{"context", "iter", "os", "runtime", "runtime/pprof", "sync", "testing", "time", "clients/kit"} {
		if use := imp[strings.LastIndexByte(imp, '/')+1:]; strings.Contains(body, use+".") {
			text += fmt.Sprintf("%q\n", imp)
		}
	}
	if strings.Contains(body, "RunSpecs") {
		text += ". \"github.com/onsi/ginkgo/v2\"\n. \"github.com/onsi/gomega\"\n"
	}
	if strings.Contains(body, "suite.Suite") {
		text += "\"github.com/stretchr/testify/suite\"\n"
	}
	return text + ")\n\n" + body
}

// plain is a package of tests, subtests and testify suites.
func (s *randomSuite) plain(path string) string {
	for i := range 14 {
		name := fmt.Sprintf("Test%c", 'A'+i)
		switch s.rand.IntN(8) {
		case 7:
			s.other(name)
		case 0:
			s.testify(name)
		case 1:
			s.parallel(name)
		default:
			s.test(name)
		}
	}
	if s.in(2) {
		s.panics("TestPanics")
	}
	return s.file("plain", path)
}

// specs is a package with a Ginkgo suite and a few tests beside it.
func (s *randomSuite) specs(path string) string {
	s.test("TestA")
	s.ginkgo("TestSuite")
	s.test("TestZ")
	return s.file("specs", path)
}
