package triage

import (
	"strings"
	"unicode/utf8"
)

// said is what is kept of the output of a test that failed: enough to show and
// to tell its cause, however much it printed.
type said struct {
	first        string // what it says first, see [firstLines]
	text         string // the beginning and the end
	oom, aborted int64  // times that it speaks of a refused command, or of a transaction that has one
}

const (
	maxSaid = 4 << 10  // bytes of said.text
	maxKept = 16 << 20 // bytes of all of them
)

// excerpt is the excerpt of what a failed test printed, without the text when
// there are very many.
func (o *outcomes) excerpt(output string) said {
	s := excerpt(output)
	if o.kept += len(s.text); o.kept > maxKept {
		s.text = ""
	}
	return s
}

func excerpt(output string) said {
	s := said{first: strings.Clone(firstLines(output)), text: output, oom: int64(strings.Count(output, oomText)), aborted: int64(strings.Count(output, "EXECABORT"))}
	if len(output) > maxSaid {
		head, tail := maxSaid/2, len(output)-maxSaid/2
		for !utf8.RuneStart(output[head]) && head > maxSaid/2-utf8.UTFMax {
			head--
		}
		for !utf8.RuneStart(output[tail]) && tail < len(output)-maxSaid/2+utf8.UTFMax {
			tail++
		}
		s.text = output[:head] + "\n[...]\n" + output[tail:]
	}
	return s
}

// firstLines returns what a test said, without what `go test` adds.
func firstLines(output string) string {
	var lines []string
	size := 0
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		text := strings.TrimSpace(line)
		if text == "" || strings.HasPrefix(text, "=== ") || strings.HasPrefix(text, "--- ") {
			continue
		}
		if size += len(text); len(lines) == 8 || size > 2000 {
			break
		}
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n")
}
