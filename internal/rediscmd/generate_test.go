package rediscmd

import (
	"flag"
	"fmt"
	"go/format"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"tracetest/internal/redistest"
)

//go:generate go test -run TestInjected -update

var update = flag.Bool("update", false, "write what is compiled into the tests")

// What is compiled into the tests is what the table says.
func TestInjected(t *testing.T) {
	for path, text := range map[string]string{
		"../instrument/inject/nettrace/table.go": nettraceTable(),
		"../instrument/inject/trace_table.go":    traceTable(),
	} {
		want, err := format.Source([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is not what the table says: run go generate ./internal/rediscmd", path)
		}
	}
}

// generated is the head of a generated file.
const generated = "// Code generated from the table of package rediscmd; DO NOT EDIT.\n\n"

// nettraceTable is what package net of the tests is to know.
func nettraceTable() string {
	wanted := map[string][]string{}
	for family := range familyOfTwo() {
		wanted["tracetestMaybe"] = append(wanted["tracetestMaybe"], family)
	}
	for name, c := range table {
		var flags []string
		add := func(is bool, flag string) {
			if is {
				flags = append(flags, flag)
			}
		}
		add(c.Traced(), "tracetestWrite")
		add(c.Shows != ShowsNothing, "tracetestAsks")
		add(c.Args == Login, "tracetestLogsIn")
		add(c.Replies == Queues, "tracetestQueues")
		add(c.Replies == Executes, "tracetestExecutes")
		add(c.Replies == Discards, "tracetestDiscards")
		add(c.Replies == Adrift, "tracetestAdrift")
		if len(flags) > 0 {
			key := strings.Join(flags, " | ")
			wanted[key] = append(wanted[key], name)
		}
	}
	var b strings.Builder
	b.WriteString(generated + "package nettrace\n\n" +
		"// tracetestWanted says what is wanted of a command, by its name in capitals.\n" +
		"func tracetestWanted(name []byte) uint8 {\n\tswitch string(name) {\n")
	cases(&b, wanted)
	b.WriteString("\t}\n\treturn tracetestNothing\n}\n\n" +
		"// tracetestFirst are the first words of all commands of which something is known.\n" +
		"var tracetestFirst = [...]string{\n")
	first := map[string]bool{}
	for name := range table {
		word, _, _ := strings.Cut(name, " ")
		first[word] = true
	}
	lines(&b, slices.Sorted(maps.Keys(first)))
	b.WriteString(",\n}\n\n// tracetestSections are those of INFO that show other clients.\nvar tracetestSections = [...]string{\n")
	lines(&b, slices.Sorted(maps.Keys(sections)))
	b.WriteString(",\n}\n\n// tracetestQuiet reports whether a command leaves nothing that a snapshot could show.\n" +
		"func tracetestQuiet(name []byte) bool {\n\tswitch string(name) {\n")
	cases(&b, map[string][]string{"true": slices.Clone(quiet)})
	b.WriteString("\t}\n\treturn false\n}\n")
	return b.String()
}

// familyOfTwo are the first words of commands of two.
func familyOfTwo() map[string]bool {
	all := map[string]bool{}
	for name := range table {
		if first, _, two := strings.Cut(name, " "); two {
			all[first] = true
		}
	}
	return all
}

// traceTable is what package testing of the tests is to know of the commands that
// package net reports.
func traceTable() string {
	args := map[Args]string{Plain: "tracetestPlain", Settings: "tracetestSettings", Options: "tracetestOptions",
		Master: "tracetestPlain", Rules: "tracetestRules", Opaque: "tracetestOpaque", Body: "tracetestBody"}
	traced := map[string][]string{}
	for name, c := range table {
		if c.Traced() {
			how := "tracetestTold"
			switch {
			case c.Changes&Awaited != 0:
				how = "tracetestSampled"
			case c.Changes == Data:
				how = "tracetestNoted"
			}
			key := fmt.Sprintf("%s, %s, true", how, args[c.Args])
			traced[key] = append(traced[key], name)
		}
	}
	var b strings.Builder
	b.WriteString("//go:build unix && !tracetest_notrace\n\n" + generated + "package inject\n\n" +
		"// tracetestKnown says of a command that changes a server how tracetest gets to know of\n" +
		"// it, and what its arguments are, by its name in capitals.\n" +
		"func tracetestKnown(name string) (how, args uint8, known bool) {\n\tswitch name {\n")
	cases(&b, traced)
	b.WriteString("\t}\n\treturn tracetestSampled, tracetestPlain, false\n}\n")
	return b.String()
}

// cases writes a switch, by what each case returns.
func cases(b *strings.Builder, by map[string][]string) {
	for _, result := range slices.Sorted(maps.Keys(by)) {
		names := by[result]
		slices.Sort(names)
		b.WriteString("\tcase ")
		lines(b, names)
		b.WriteString(":\n\t\treturn " + result + "\n")
	}
}

// lines writes quoted names, some on each line.
func lines(b *strings.Builder, names []string) {
	width := 0
	for i, name := range names {
		if i > 0 {
			b.WriteString(",")
			if width > 90 {
				b.WriteString("\n")
				width = 0
			} else {
				b.WriteString(" ")
			}
		}
		width += len(name) + 4
		fmt.Fprintf(b, "%q", name)
	}
}

// The parser in package net keeps so much of a name.
func TestNamesFit(t *testing.T) {
	for name := range table {
		if words := strings.Fields(name); len(name) > 32 || len(words) > 2 || strings.Join(words, " ") != strings.ToUpper(name) {
			t.Errorf("%q is no name of a command", name)
		}
		if first, _, two := strings.Cut(name, " "); two && table[first] != (Command{}) {
			t.Errorf("%s has a row and so has its family", name)
		}
	}
}

// loud are what a server says of commands that wait for others, can be refused for want
// of memory, or can call any other.
var loud = []string{"blocking", "denyoom", "no_mandatory_keys"}

// notReadonly says of the quiet commands that are more than reads why they are quiet.
var notReadonly = map[string]string{
	"ping": "the connection", "echo": "the connection", "auth": "the connection", "hello": "the connection", "select": "the connection",
	"quit": "the connection", "client|setname": "the connection", "client|setinfo": "the connection",
	"time": "reads", "command": "reads", "info": "reads", "config|get": "reads", "client|getname": "reads", "client|id": "reads", "client|info": "reads",
}

// What a test may send without that anybody waits is what the server flags as reading.
func TestQuiet(t *testing.T) {
	server := redistest.Start(t)
	for _, name := range quiet {
		if table[name].Changes != 0 || table[name].Replies != InTurn {
			t.Errorf("%s is quiet, and its row says otherwise", name)
		}
		if first, _, two := strings.Cut(name, " "); two != familyOfTwo()[first] {
			t.Errorf("the parser in package net does not spell %s", name)
		}
		name = strings.ToLower(strings.ReplaceAll(name, " ", "|"))
		flags := server.Do(t, "command", "info", name) // [[get 2 [readonly fast] 1 1 1 ...
		if name == "client|setinfo" && flags == "[<nil>]" {
			continue // of Redis 7.2
		}
		_, flags, _ = strings.Cut(flags, "[[")
		_, flags, _ = strings.Cut(flags, "[")
		flags, _, _ = strings.Cut(flags, "]")
		is := strings.Fields(flags)
		if len(is) == 0 || slices.Contains(is, "readonly") == (notReadonly[name] != "") || slices.ContainsFunc(loud, func(flag string) bool { return slices.Contains(is, flag) }) {
			t.Errorf("%s has the flags %v, and a reason to be quiet all the same: %q", name, is, notReadonly[name])
		}
	}
}
