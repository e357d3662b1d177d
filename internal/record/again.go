package record

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Again passes the lines of a record, each of them a T, through a door once more: what was written
// before all secrets were known may hold one. Quick is the same for a line of it,
// and says which lines need it. The file is that of [Create].
//
// The lines are made in a file beside the record and then put into its place, so
// that whatever ends tracetest in between leaves one that is whole.
func Again[T any](file *os.File, quick func(string) string, door func(T) T) error {
	return rewrite(file, quick, door, nil)
}

// Again is [Again] for the record that the writer writes: the lines are closed with
// new checksums, and what is appended later goes on from them.
func (w *Writer) Again(file *os.File, quick func(string) string, door func(Entry) Entry) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail(w.flush())
	last := w.seal
	err := rewrite(file, quick, door, &w.seal)
	w.kept.other = w.kept.other || err != nil || w.seal != last
	return err
}

func rewrite[T any](file *os.File, quick func(string) string, door func(T) T, sums *seal) (err error) {
	beside, err := os.CreateTemp(filepath.Dir(file.Name()), ".run-*.jsonl")
	if err != nil {
		return fmt.Errorf("hiding in the record what became known to be secret: %w", err)
	}
	defer func() {
		err = errors.Join(err, beside.Close(), os.Remove(beside.Name()))
	}()
	var last *seal
	if sums != nil {
		last = &seal{}
	}
	if changed, err := again(beside, file, quick, door, last); err != nil || !changed {
		return err
	}
	if _, err := beside.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	if sums != nil {
		*sums = *last
	}
	_, err = io.Copy(file, beside)
	return err
}

func again[T any](out io.Writer, file *os.File, quick func(string) string, door func(T) T, sums *seal) (changed bool, err error) {
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	in := bufio.NewReaderSize(io.NewSectionReader(file, 0, info.Size()), 64<<10)
	lines := bufio.NewWriter(out)
	for {
		line, end := in.ReadBytes('\n')
		text := string(line)
		if sums != nil {
			text = withoutSum(text)
		}
		if shown := quick(text); shown != text {
			changed = true
			var entry T
			if json.Unmarshal([]byte(text), &entry) != nil {
				text = shown
			} else if line, err := json.Marshal(door(entry)); err != nil {
				return false, err
			} else {
				text = string(line) + "\n"
			}
		}
		if body, whole := strings.CutSuffix(text, "}\n"); whole && sums != nil {
			text = string(sums.close([]byte(body+"}"))) + "\n"
		}
		if _, err := lines.WriteString(text); err != nil {
			return false, err
		}
		if end == io.EOF {
			return changed, lines.Flush()
		}
		if end != nil {
			return false, end
		}
	}
}
