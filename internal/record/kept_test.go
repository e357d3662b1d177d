package record

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
)

// Guards against reports of what was shown, where the record holds something else.
func TestKept(t *testing.T) {
	hidden := func(text string) string { return strings.ReplaceAll(text, "It was late.", "(hidden)") }
	hide := func(e Entry) Entry {
		if e.Notice != nil {
			e.Notice = &Notice{Code: e.Notice.Code, Text: hidden(e.Notice.Text)}
		}
		return e
	}
	for _, test := range []struct {
		name   string
		add    *Entry
		change func(t *testing.T, w *Writer, file *os.File)
		kept   bool
	}{
		{"what was written", nil, nil, true},
		{"a byte is another one", nil, func(t *testing.T, _ *Writer, file *os.File) {
			text, _ := os.ReadFile(file.Name())
			text[len(text)/2] ^= 1
			file.Truncate(0)
			file.Write(text)
		}, false},
		{"the end is cut", nil, func(t *testing.T, _ *Writer, file *os.File) { file.Truncate(100) }, false},
		{"there is more", nil, func(t *testing.T, _ *Writer, file *os.File) { file.WriteString("\n") }, false},
		{"a name that is not UTF-8", &Entry{Notice: &Notice{Code: "x", Text: "\xff"}}, nil, false},
		{"what became known to be secret was hidden", nil, func(t *testing.T, w *Writer, file *os.File) {
			if err := w.Again(file, hidden, hide); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"nothing was to be hidden", nil, func(t *testing.T, w *Writer, file *os.File) {
			if err := w.Again(file, func(text string) string { return text }, func(e Entry) Entry { return e }); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"the disk was full", nil, func(_ *testing.T, w *Writer, _ *os.File) { w.fail(io.ErrShortWrite) }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			file, w := recorded(t)
			if test.add != nil {
				w.Append(*test.add)
			}
			w.Flush()
			if test.change != nil {
				test.change(t, w, file)
			}
			text, err := os.ReadFile(file.Name())
			if err != nil {
				t.Fatal(err)
			}
			if kept := w.Kept(bytes.NewReader(text)); kept != test.kept {
				t.Errorf("kept: %v, want %v", kept, test.kept)
			}
		})
	}
}
