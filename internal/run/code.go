package run

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"tracetest/internal/record"
)

// What is shown of the source around the calls that changed a server, at most.
const (
	maxPlaces   = 60      // lines of calls
	around      = 3       // lines before and after
	maxCodeLine = 200     // bytes of a line
	maxCodeFile = 1 << 20 // bytes of a file that is read
	maxFrames   = 6       // of a stack
)

// places collects the lines of a checkout that led to writes, by file.
type places struct {
	root  string // of the checkout; empty: none is known
	count int
	lines map[string][]int
}

func newPlaces(root string) *places { return &places{root: root, lines: map[string][]int{}} }

// add takes in the calls of a stack, the innermost and the outermost first.
func (p *places) add(stack []record.Frame) {
	var own []record.Frame
	for _, f := range stack {
		if !f.Std && p.inside(f.File) {
			own = append(own, f)
		}
	}
	if n := len(own); n > maxFrames {
		own = append(own[:maxFrames/2:maxFrames/2], own[n-maxFrames/2:]...)
	}
	for _, f := range own {
		if p.count < maxPlaces && f.Line > 0 && !slices.Contains(p.lines[f.File], f.Line) {
			p.lines[f.File] = append(p.lines[f.File], f.Line)
			p.count++
		}
	}
}

// inside reports whether a file is of the checkout, and not of somebody else's code in it.
func (p *places) inside(file string) bool {
	within, err := filepath.Rel(p.root, file)
	if p.root == "" || err != nil || !filepath.IsLocal(within) {
		return false
	}
	folders := filepath.ToSlash("/" + filepath.Dir(within) + "/")
	return !strings.Contains(folders, "/vendor/") && !strings.Contains(folders, "/pkg/mod/")
}

// code reads the lines around the places, as they are when the run has ended. Places
// near each other share an excerpt.
func (p *places) code() []record.Code {
	var all []record.Code
	files := make([]string, 0, len(p.lines))
	for file := range p.lines {
		files = append(files, file)
	}
	slices.Sort(files)
	for _, file := range files {
		if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() || info.Size() > maxCodeFile {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil || !utf8.Valid(data) {
			continue
		}
		text := shownLines(string(data))
		slices.Sort(p.lines[file])
		last := 0 // line that is shown
		for _, line := range p.lines[file] {
			if line > len(text) {
				continue // it was changed meanwhile
			}
			from, to := max(1, line-around), min(len(text), line+around)
			if n := len(all); last >= from-1 && n > 0 && all[n-1].File == file {
				from = last + 1
			} else {
				all = append(all, record.Code{File: file, First: from})
			}
			excerpt := &all[len(all)-1]
			for ; from <= to; from++ {
				excerpt.Lines = append(excerpt.Lines, text[from-1])
			}
			last = max(last, to)
		}
	}
	return all
}

var (
	// sensitive is a line of which the strings are nobody's business.
	sensitive = regexp.MustCompile(`(?i)passw|passphrase|masterauth|requirepass|secret|token|credential|api_?key|private`)
	// lexeme is a comment or a literal of Go: what a quote in another does not begin.
	lexeme  = regexp.MustCompile("//[^\n]*|'(?:[^'\\\\\n]|\\\\.)+'|" + literal.String())
	literal = regexp.MustCompile("\"(?:[^\"\\\\\n]|\\\\.)*\"|`[^`]*`")
)

// shownLines are the lines of a source without what can be secret in them.
func shownLines(source string) []string {
	source = strings.ReplaceAll(source, "\r", "")
	lines := strings.Split(source, "\n")
	var shown strings.Builder
	end, line := 0, 0
	for _, at := range lexeme.FindAllStringIndex(source, -1) {
		text := source[at[0]:at[1]]
		line += strings.Count(source[end:at[0]], "\n")
		last := line + strings.Count(text, "\n")
		shown.WriteString(source[end:at[0]])
		if slices.ContainsFunc(lines[line:last+1], sensitive.MatchString) || line > 0 && goesOn(lines[line-1]) && sensitive.MatchString(lines[line-1]) {
			text = literal.ReplaceAllStringFunc(text, hidden)
		}
		shown.WriteString(text)
		end, line = at[1], last
	}
	shown.WriteString(source[end:])
	lines = strings.Split(shown.String(), "\n")
	for i, line := range lines {
		lines[i] = cutLine(line)
	}
	return lines
}

// goesOn reports whether a line is gone on with by what it assigns, hands over or lists.
func goesOn(line string) bool {
	return strings.HasSuffix(line, "=") || strings.HasSuffix(line, "(") || strings.HasSuffix(line, ",") || strings.HasSuffix(line, "+")
}

// hidden is what is shown of a literal beside a word that speaks of secrets: on as many
// lines, and all of it where it is such a word itself, the name of a parameter.
func hidden(s string) string {
	if inner := s[1 : len(s)-1]; sensitive.MatchString(inner) && !strings.ContainsAny(inner, " =:/\n") {
		return s
	}
	return `"(hidden)"` + strings.Repeat("\n", strings.Count(s, "\n"))
}

// cutLine shortens a line, at a space where there is one: half a word could be half a
// secret, which nobody finds any more.
func cutLine(line string) string {
	if len(line) <= maxCodeLine {
		return line
	}
	line = strings.ToValidUTF8(line[:maxCodeLine], "")
	if at := strings.LastIndexAny(line, " \t"); at > 0 {
		line = line[:at+1]
	}
	return line + "…"
}
