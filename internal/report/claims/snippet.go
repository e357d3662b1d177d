package claims

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// snippet is Go code that saves parameters and restores them when their owner
// ends, with the client that the code uses. It saves the value that it finds
// instead of naming one, so that it stays right when the server is started with
// another.
func snippet(kind, client string, parameters []string) []string {
	s, d := snippets(kind), dialectOf(client)
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
			return d.expect(name, value)
		}
		return strings.ReplaceAll(s.set, "SET", d.set(name, value))
	}
	if len(parameters) == 1 {
		name := strconv.Quote(parameters[0])
		line("", d.get("old", name)+"\n"+s.check+"\n"+s.begin)
		line(inner, set(name, d.value("old", name)))
	} else {
		quoted := make([]string, len(parameters))
		for i, p := range parameters {
			quoted[i] = strconv.Quote(p)
		}
		line("", "old := map[string]string{}\nfor _, name := range []string{"+strings.Join(quoted, ", ")+"} {")
		line("\t", d.get("value", "name")+"\n"+s.check+"\nold[name] = "+d.value("value", "name"))
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

// dialect is how a client gets and sets a parameter. The names of variables are
// those of each client's own examples.
type dialect struct {
	name string
	get  func(into, parameter string) string  // statements that define into and err
	take string                               // the value in into, with the verbs into and parameter
	set  func(parameter, value string) string // a statement that defines err
	// expect is set as an assertion of Gomega's.
	expect func(parameter, value string) string
	// noContext is set where the client takes none.
	noContext bool
}

func (d dialect) value(from, parameter string) string {
	return strings.NewReplacer("FROM", from, "NAME", parameter).Replace(d.take)
}

func dialectOf(client string) dialect {
	call := func(name, get, take, set string) dialect {
		return dialect{
			name: name,
			get:  func(into, parameter string) string { return fmt.Sprintf(into+", err := "+get, parameter) },
			take: take,
			set:  func(parameter, value string) string { return fmt.Sprintf("err := "+set, parameter, value) },
			expect: func(parameter, value string) string {
				return fmt.Sprintf("Expect("+set+").To(Succeed())", parameter, value)
			},
		}
	}
	built := func(name string) dialect {
		return call(name, "client.Do(ctx, client.B().ConfigGet().Parameter(%s).Build()).AsStrMap()", "FROM[NAME]",
			"client.Do(ctx, client.B().ConfigSet().ParameterValue().ParameterValue(%s, %s).Build()).Error()")
	}
	switch client {
	case "go-redis v8":
		return call(client, "rdb.ConfigGet(ctx, %s).Result()", "fmt.Sprint(FROM[1])", "rdb.ConfigSet(ctx, %s, %s).Err()")
	case "rueidis", "valkey-go":
		return built(client)
	case "redigo":
		d := call(client, `redis.StringMap(conn.Do("CONFIG", "GET", %s))`, "FROM[NAME]", "")
		d.noContext = true
		d.set = func(parameter, value string) string {
			return fmt.Sprintf(`_, err := conn.Do("CONFIG", "SET", %s, %s)`, parameter, value)
		}
		d.expect = func(parameter, value string) string {
			return fmt.Sprintf(`Expect(conn.Do("CONFIG", "SET", %s, %s)).Error().NotTo(HaveOccurred())`, parameter, value)
		}
		return d
	case "radix":
		d := call(client, "", "FROM[NAME]", `client.Do(ctx, radix.Cmd(nil, "CONFIG", "SET", %s, %s))`)
		d.get = func(into, parameter string) string {
			return fmt.Sprintf("var %s map[string]string\nerr := client.Do(ctx, radix.Cmd(&%s, \"CONFIG\", \"GET\", %s))", into, into, parameter)
		}
		return d
	}
	name := client
	if name == "" {
		name = "go-redis"
	}
	return call(name, "rdb.ConfigGet(ctx, %s).Result()", "FROM[NAME]", "rdb.ConfigSet(ctx, %s, %s).Err()")
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
