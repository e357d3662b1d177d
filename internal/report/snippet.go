package report

import (
	"fmt"
	"strconv"
	"strings"
)

// snippet is Go code that saves parameters and puts them back when their owner
// ends. It saves the value that it finds instead of naming one, so that it
// stays right when the server is started with another.
func snippet(kind string, parameters []string) []string {
	s := snippets(kind)
	var b strings.Builder
	if s.open != "" {
		b.WriteString(s.open + "\n")
	}
	line := func(format string, args ...any) { fmt.Fprintf(&b, s.indent+format+"\n", args...) }
	inner := "\t"
	if s.end == "" {
		inner = "" // no function is opened
	}
	if len(parameters) == 1 {
		name := strconv.Quote(parameters[0])
		line("old, err := rdb.ConfigGet(ctx, %s).Result()", name)
		line("%s", strings.ReplaceAll(s.check, "\n", "\n"+s.indent))
		line("%s", s.begin)
		line("%s", inner+strings.ReplaceAll(fmt.Sprintf(s.set, name, "old["+name+"]"), "\n", "\n"+inner+s.indent))
	} else {
		quoted := make([]string, len(parameters))
		for i, p := range parameters {
			quoted[i] = strconv.Quote(p)
		}
		line("old := map[string]string{}")
		line("for _, name := range []string{%s} {", strings.Join(quoted, ", "))
		line("\tvalue, err := rdb.ConfigGet(ctx, name).Result()")
		line("\t%s", strings.ReplaceAll(s.check, "\n", "\n\t"+s.indent))
		line("\told[name] = value[name]")
		line("}")
		line("%s", s.begin)
		line("%s", inner+"for name, value := range old {")
		line("%s", inner+"\t"+strings.ReplaceAll(fmt.Sprintf(s.set, "name", "value"), "\n", "\n\t"+inner+s.indent))
		line("%s", inner+"}")
	}
	if s.end != "" {
		line("%s", s.end)
	}
	if s.close != "" {
		b.WriteString(s.close + "\n")
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// shape is how an owner of some kind cleans up.
type shape struct {
	open, indent, close string
	check               string // of err
	begin, set, end     string // set has two verbs: name and value
}

func snippets(kind string) shape {
	switch kind {
	case "spec", "suite node":
		return shape{
			check: "Expect(err).NotTo(HaveOccurred())",
			begin: "DeferCleanup(func(ctx SpecContext) {",
			set:   "Expect(rdb.ConfigSet(ctx, %s, %s).Err()).To(Succeed())",
			end:   "})",
		}
	case "package":
		return shape{
			open: "func TestMain(m *testing.M) {\n\tctx := context.Background()", indent: "\t",
			check: "if err != nil {\n\tlog.Fatal(err)\n}",
			begin: "code := m.Run()",
			set:   "if err := rdb.ConfigSet(ctx, %s, %s).Err(); err != nil {\n\tlog.Fatal(err)\n}",
			close: "\tos.Exit(code)\n}",
		}
	case "example":
		return shape{
			check: "if err != nil {\n\tpanic(err)\n}",
			begin: "defer func() {",
			set:   "if err := rdb.ConfigSet(ctx, %s, %s).Err(); err != nil {\n\tpanic(err)\n}",
			end:   "}()",
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
		set:   "if err := rdb.ConfigSet(ctx, %s, %s).Err(); err != nil {\n\t" + t + ".Error(err)\n}",
		end:   "})",
	}
}
