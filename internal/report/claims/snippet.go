package claims

import (
	"slices"
	"strconv"
	"strings"
)

// snippet is Go code that saves parameters and restores them when their owner
// ends, with the client that the code uses. It saves the value that it finds
// instead of naming one, so that it stays right when the server is started with
// another.
func snippet(kind, client string, parameters []string) []string {
	s, d := snippets(kind), dialectOf(client, usual(client))
	var b strings.Builder
	if s.open != "" {
		b.WriteString(s.open + "\n")
	}
	line := func(indent, text string) {
		for one := range strings.SplitSeq(text, "\n") {
			b.WriteString(s.indent + indent + one + "\n")
		}
	}
	inner := "\t"
	if s.end == "" {
		inner = "" // no function is opened
	}
	set := func(name, value string) string {
		if s.gomega {
			return d.assert("Expect", name, value)
		}
		return strings.ReplaceAll(s.set, "SET", d.set("err", name, value))
	}
	if len(parameters) == 1 {
		name := strconv.Quote(parameters[0])
		line("", d.get("old", "err", name)+"\n"+s.check+"\n"+s.begin)
		line(inner, set(name, d.value("old", name)))
	} else {
		quoted := make([]string, len(parameters))
		for i, p := range parameters {
			quoted[i] = strconv.Quote(p)
		}
		line("", "old := map[string]string{}\nfor _, name := range []string{"+strings.Join(quoted, ", ")+"} {")
		line("\t", d.get("value", "err", "name")+"\n"+s.check+"\nold[name] = "+d.value("value", "name"))
		line("", "}\n"+s.begin)
		line(inner, "for name, value := range old {")
		line(inner+"\t", set("name", "value"))
		line(inner, "}")
	}
	if s.end != "" {
		line("", s.end)
	}
	if s.close != "" {
		b.WriteString(s.close + "\n")
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if d.noContext {
		lines = slices.DeleteFunc(lines, func(text string) bool { return strings.Contains(text, "ctx := context.Background()") })
	}
	return lines
}

// shape is how an owner of some kind cleans up.
type shape struct {
	open, indent, close string
	check               string // of err
	begin, set, end     string // SET in set stands for a statement that defines err
	gomega              bool   // assertions are Gomega's
}

func snippets(kind string) shape {
	switch kind {
	case "spec", "suite node":
		return shape{
			check:  "Expect(err).NotTo(HaveOccurred())",
			begin:  "DeferCleanup(func(ctx SpecContext) {",
			gomega: true,
			end:    "})",
		}
	case "package":
		return shape{
			open: "func TestMain(m *testing.M) {\n\tctx := context.Background()", indent: "\t",
			check: "if err != nil {\n\tlog.Fatal(err)\n}",
			begin: "code := m.Run()",
			set:   "if SET; err != nil {\n\tlog.Fatal(err)\n}",
			close: "\tos.Exit(code)\n}",
		}
	case "example":
		return shape{
			check: "if err != nil {\n\tpanic(err)\n}",
			begin: "defer func() {",
			set:   "if SET; err != nil {\n\tpanic(err)\n}",
			end:   "}()",
		}
	case "testify suite":
		return shape{
			check: "s.Require().NoError(err)",
			begin: "s.T().Cleanup(func() { // or in TearDownTest\n\tctx := context.Background() // the test's own is cancelled by now",
			set:   "SET\ns.NoError(err)",
			end:   "})",
		}
	}
	t := "t"
	if kind == "benchmark" {
		t = "b"
	}
	return shape{
		check: "if err != nil {\n\t" + t + ".Fatal(err)\n}",
		// The context of a test is cancelled before its clean-ups run.
		begin: t + ".Cleanup(func() {\n\tctx := context.Background() // " + t + ".Context is cancelled by now",
		set:   "if SET; err != nil {\n\t" + t + ".Error(err)\n}",
		end:   "})",
	}
}
