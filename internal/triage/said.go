package triage

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"tracetest/internal/findings"
)

// said is what is kept of the output of a test that failed: enough to show and
// to tell its cause, however much it printed.
type said struct {
	first        string               // what it says first, see [firstLines]
	text         string               // the beginning and the end
	oom, aborted int64                // times that it speaks of a refused command, or of a transaction that has one
	late         bool                 // it met the time limit of go test
	unreachable  findings.Unreachable // what it says last that it could not connect to
}

const (
	maxMessage = 4 << 10  // bytes of said.text
	maxKept    = 16 << 20 // bytes of all of them
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
	s := said{first: strings.Clone(firstLines(output)), text: output, oom: int64(strings.Count(output, oomText)), aborted: int64(strings.Count(output, "EXECABORT")),
		late: strings.Contains(output, "panic: test timed out after "), unreachable: unreachable(lastMessage(output))}
	if len(output) > maxMessage {
		head, tail := maxMessage/2, len(output)-maxMessage/2
		for !utf8.RuneStart(output[head]) && head > maxMessage/2-utf8.UTFMax {
			head--
		}
		for !utf8.RuneStart(output[tail]) && tail < len(output)-maxMessage/2+utf8.UTFMax {
			tail++
		}
		s.text = output[:head] + "\n[...]\n" + output[tail:]
	}
	return s
}

// lastMessage returns what a test said last, with all that follows: from there on
// where package testing, a panic, testify or Ginkgo begin a message. A test that logs
// a refusal that it expected fails of something else, and says so later. Where no
// message begins so, all of the output is it.
func lastMessage(output string) string {
	last, at := 0, 0
	for line := range strings.Lines(output) {
		if tellsFailure(strings.TrimSpace(line)) {
			last = at
		}
		at += len(line)
	}
	return output[last:]
}

// unreachable returns the first address to which a text says nothing could connect.
func unreachable(output string) findings.Unreachable {
	const maxDialled = 100 // of them, so that it stays cheap whatever a test prints
	if !strings.Contains(output, "dial ") {
		return findings.Unreachable{}
	}
	// As package net says that a connection could not be made.
	dialled := regexp.MustCompile(`^dial (?:tcp[46]?|unix)(?: (?:\S+->)?(\S+?))?: (?:lookup (\S+?)(?: on \S+)?: )?(?:connect: )?` +
		`(connection refused|connection timed out|i/o timeout|no such host|no such file or directory|no route to host|network is unreachable|host is down)`)
	for range maxDialled {
		at := strings.Index(output, "dial ")
		if at < 0 {
			break
		}
		output = output[at:]
		if m := dialled.FindStringSubmatch(output[:min(len(output), 1000)]); m != nil {
			address := m[1]
			if address == "" {
				address = m[2]
			}
			if address != "" {
				return findings.Unreachable{Address: strings.Clone(address), Error: strings.Clone(m[3])}
			}
		}
		output = output[len("dial "):]
	}
	return findings.Unreachable{}
}

const (
	maxFirst     = 8    // lines of said.first
	maxFirstText = 2000 // bytes of it
)

// firstLines returns what a test said, without what `go test` adds: the first
// lines, or where those say nothing of a failure, those from the first that does.
// A framework prints a banner first.
func firstLines(output string) string {
	var first, failed fewLines
	announced := false
	for line := range strings.Lines(output) {
		text := strings.TrimSpace(line)
		if text == "" || strings.HasPrefix(text, "=== ") || strings.HasPrefix(text, "--- ") {
			continue
		}
		tells := tellsFailure(text)
		switch {
		case first.add(text):
			announced = announced || tells
		case announced:
			return strings.Join(first.all, "\n")
		case (tells || len(failed.all) > 0) && !failed.add(text):
			return strings.Join(failed.all, "\n")
		}
	}
	if len(failed.all) > 0 {
		return strings.Join(failed.all, "\n")
	}
	return strings.Join(first.all, "\n")
}

type fewLines struct {
	all  []string
	size int
	full bool
}

// add takes a line in, unless it is too much.
func (f *fewLines) add(line string) bool {
	f.size += len(line)
	f.full = f.full || len(f.all) == maxFirst || f.size > maxFirstText && len(f.all) > 0
	if !f.full {
		f.all = append(f.all, strings.ToValidUTF8(line[:min(len(line), maxFirstText)], ""))
	}
	return !f.full
}

// tellsFailure reports whether a line is as package testing, a panic, testify and
// Ginkgo begin to say what failed.
func tellsFailure(line string) bool {
	if strings.Contains(line, oomText) {
		return true
	}
	text := strings.TrimLeft(line[:min(len(line), 200)], "•!\x1b[0123456789;m ")
	for _, begin := range []string{"panic: ", "fatal error: ", "Error:", "Error Trace:", "FAIL]", "FAILED]", "Failure"} {
		if strings.HasPrefix(text, begin) {
			return true
		}
	}
	place, rest, found := strings.Cut(text, ".go:") // as t.Error writes it: "a_test.go:12: ..."
	digits := strings.TrimLeft(rest, "0123456789")
	return found && !strings.ContainsAny(place, " :") && digits != rest && strings.HasPrefix(digits, ": ")
}
