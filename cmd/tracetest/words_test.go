package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Everything that people read beside the reports, of which internal/report has a test: help, the
// manual page, what completion describes, the documentation, and what the scripts want to be shown.
// It speaks the words of everybody else: those that were ours alone do not come back.
func TestWords(t *testing.T) {
	words := oldWords(t)
	check := func(where, text string) {
		for number, line := range strings.Split(text, "\n") {
			for _, w := range words {
				if found := w.old.FindString(line); found != "" {
					t.Errorf("%s:%d: %q in %q (%s)", where, number+1, found, strings.TrimSpace(line), w.better)
				}
			}
		}
	}
	root := rootCommand()
	for _, cmd := range documented(root) {
		var b bytes.Buffer
		cmd.SetOut(&b)
		showHelp(cmd, nil)
		check(cmd.CommandPath()+" --help", prose(b.String()))
	}
	var man bytes.Buffer
	if err := writeMan(&man, root); err != nil {
		t.Fatal(err)
	}
	check("man", man.String())
	for _, c := range (&options{}).choices() {
		check("completion of --"+c.flag, strings.Join(c.words, "\n"))
	}
	tests, _ := completeTests(nil, nil, "-")
	check("completion of go test's flags", strings.Join(tests, "\n"))
	for _, name := range documents(t) {
		text := string(readFile(t, name))
		if strings.HasSuffix(name, "CHANGELOG.md") {
			text = newest(text)
		}
		check(name, prose(text))
	}
	for where, text := range literals(t) {
		check(where, prose(text))
	}
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range scripts {
		commands, _, _ := strings.Cut(string(readFile(t, name)), "\n-- ")
		check(name, strings.Join(wanted.FindAllString(commands, -1), "\n"))
	}
}

// literals are the strings of the code that hold a sentence, or a part of one, by where they stand:
// errors, and what the screens say. Package names and keys have no space.
func literals(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, root := range []string{".", "../../internal"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "inject") || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				if entry != nil && entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "inject") {
					return fs.SkipDir
				}
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if field, is := n.(*ast.Field); is && field.Tag != nil {
					return false
				}
				literal, is := n.(*ast.BasicLit)
				if !is || literal.Kind != token.STRING {
					return true
				}
				if text, err := strconv.Unquote(literal.Value); err == nil && strings.Contains(strings.TrimSpace(text), " ") {
					all[files.Position(literal.Pos()).String()] = text
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// wanted are the lines of a script that want something to be shown.
var wanted = regexp.MustCompile(`(?m)^(?:stdout|stderr) .*$`)

func documents(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(all, "../../README.md", "../../CHANGELOG.md", "../../CONTRIBUTING.md")
}

// newest is the first section of a changelog.
func newest(text string) string {
	parts := strings.SplitN(text, "\n## ", 3)
	return strings.Join(parts[:min(len(parts), 2)], "\n## ")
}

var code = regexp.MustCompile("(?ms)^```.*?^```|`[^`\n]*\n?[^`\n]*`|^ {4}.*?$|--[a-z-]+")

// prose is a text without its code, line by line as it was.
func prose(text string) string {
	return code.ReplaceAllStringFunc(text, func(part string) string { return strings.Repeat("\n", strings.Count(part, "\n")) })
}

type oldWord struct {
	old    *regexp.Regexp
	better string
}

func oldWords(t *testing.T) []oldWord {
	t.Helper()
	var all []oldWord
	for line := range strings.Lines(string(readFile(t, "../../internal/report/testdata/words.txt"))) {
		if word, better, ok := strings.Cut(strings.TrimRight(line, "\n"), "\t"); ok {
			all = append(all, oldWord{regexp.MustCompile(`(?i)\b(` + word + `)\b`), better})
		}
	}
	if len(all) == 0 {
		t.Fatal("there is no list of words")
	}
	return all
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
