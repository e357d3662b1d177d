package record

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var sum = regexp.MustCompile(`(?m),"sum":"[0-9a-f]{8}"}$`)

// unsealed is a record, or a line of one, as one without checksums would have it.
func unsealed(text string) string { return sum.ReplaceAllString(text, "}") }

// A byte of a record that was changed, whichever, is found: by its checksum.
func TestEveryByteCounts(t *testing.T) {
	whole := []byte(written(t))
	want, damaged, fatal := read(bytes.NewReader(whole))
	if len(want) != len(fixed()) || damaged != nil || fatal != nil {
		t.Fatal(len(want), damaged, fatal)
	}
	for at, was := range whole[:len(whole)-1] { // the last newline is nothing but that
		text := bytes.Clone(whole)
		text[at] ^= []byte{1, 0x20, 0x10}[at%3]
		if _, damaged, fatal := read(bytes.NewReader(text)); damaged == nil && fatal == nil {
			t.Fatalf("byte %d, %q, reads %q and nobody saw it", at, was, text[at])
		}
	}
}

// Lines that were moved, left out, doubled, or are those of another run.
func TestLinesInTheirPlace(t *testing.T) {
	lines := strings.SplitAfter(strings.TrimSuffix(written(t), "\n"), "\n")
	other := strings.SplitAfter(written(t), "\n") // at another time
	n := len(lines) - 2
	for name, changed := range map[string][]string{
		"left out":        append(append([]string{}, lines[:n]...), lines[n+1:]...),
		"doubled":         append(append([]string{}, lines[:n+1]...), lines[n:]...),
		"of another run":  append(append(append([]string{}, lines[:n]...), other[n]), lines[n+1:]...),
		"two exchanged":   append(append([]string{}, lines[:n-1]...), lines[n], lines[n-1], lines[n+1]),
		"without its sum": append(append(append([]string{}, lines[:n]...), unsealed(lines[n])), lines[n+1:]...),
	} {
		if _, damaged, fatal := read(strings.NewReader(strings.Join(changed, ""))); damaged == nil && fatal == nil {
			t.Errorf("a line that is %s is not seen", name)
		}
	}
}

// A record without checksums is read, and what its entries refer to is checked.
func TestCheck(t *testing.T) {
	text := unsealed(written(t))
	if got, damaged, fatal := read(strings.NewReader(text)); len(got) != len(fixed()) || damaged != nil || fatal != nil {
		t.Fatal(len(got), damaged, fatal)
	}
	lines := strings.SplitAfter(text, "\n")
	for line, change := range map[string][2]string{
		"snapshot of no server":      {`"snapshots":[{"server":0`, `"snapshots":[{"server":7`},
		"begin of no process":        {`"verb":"begin","process":1`, `"verb":"begin","process":7`},
		"end of nobody":              {`"verb":"end","process":1,"owner":1`, `"verb":"end","process":1,"owner":7`},
		"an unknown kind":            {`"verb":"suite-end"`, `"verb":"suite-enc"`},
		"reply to nothing":           {`"reply":{"process":1,"number":2`, `"reply":{"process":1,"number":9`},
		"write to no server":         {`"number":2,"server":0`, `"number":2,"server":4`},
		"process before another":     {`"process":{"index":2`, `"process":{"index":4`},
		"host that is not there":     {`"host":{"process":1`, `"host":{"process":8`},
		"owner of a host, not begun": {`"owners":[1]`, `"owners":[6]`},
		"server out of turn":         {`"server":{"index":1`, `"server":{"index":2`},
		"more of no refusal":         {`"number":3,"count":41`, `"number":4,"count":41`},
		"clients of no server":       {`"clients":{"server":0`, `"clients":{"server":2`},
		"no action":                  {`"action":"fail"`, `"bction":"fail"`},
		"no time of a snapshot":      {`"sent":`, `"sentt":`},
		"no configuration":           {`"config":{"maxmemory":"0"}`, `"confih":{"maxmemory":"0"}`},
		"restore of nothing":         {`"values":{"maxmemory":"0"}`, `"vblues":{"maxmemory":"0"}`},
		"no verb":                    {`"verb":"finish"`, `"veqb":"finish"`},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		if changed == text {
			t.Errorf("%s: there is no %s", line, change[0])
		}
		if _, damaged, fatal := read(strings.NewReader(changed)); len(damaged) != 1 || fatal != nil {
			t.Errorf("%s: damaged %v, error %v", line, damaged, fatal)
		}
	}
	// What is lost with one line is not said again of each that refers to it.
	for n := 1; n < len(lines)-2; n++ {
		cut := strings.Join(lines[:n], "") + "{\n" + strings.Join(lines[n+1:], "")
		if _, damaged, _ := read(strings.NewReader(cut)); fmt.Sprint(damaged) != fmt.Sprintf("[%d]", n+1) {
			t.Errorf("without line %d the damaged ones are %v", n+1, damaged)
		}
	}
}

// recorded is a record of every kind of entry, and who writes it.
func recorded(t *testing.T) (*os.File, *Writer) {
	t.Helper()
	file, err := Create(filepath.Join(t.TempDir(), "run.jsonl"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	w := NewWriter(file, nil)
	for _, e := range fixed() {
		w.Append(e)
	}
	return file, w
}

// What became known to be secret is hidden in a record that has its checksums, and
// the lines that follow go on from them.
func TestAgainSeals(t *testing.T) {
	file, w := recorded(t)
	hide := func(text string) string { return strings.ReplaceAll(text, "maxmemory", "(hidden)") }
	err := w.Again(file, hide, func(e Entry) Entry {
		if e.Notice != nil {
			e.Notice.Text = hide(e.Notice.Text)
		}
		return e
	})
	w.Append(Entry{Notice: &Notice{Code: "x", Text: "y"}})
	if err != nil || w.Err() != nil {
		t.Fatal(err, w.Err())
	}
	if _, err := file.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	entries, damaged, fatal := read(file)
	if len(entries) != len(fixed())+1 || damaged != nil || fatal != nil {
		t.Errorf("%d of %d entries, %v, %v", len(entries), len(fixed())+1, damaged, fatal)
	}
}
