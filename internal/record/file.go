package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"
	"time"
	"unique"
)

// Writer appends entries to a record as they happen.
//
// Append writes an entry as a whole line, and those that wait with it, so that whatever
// ends tracetest loses no entry before it. A Writer may be used by several goroutines.
type Writer struct {
	mu    sync.Mutex
	out   io.Writer
	seq   int64
	seal  seal
	err   error
	later []Entry // that wait, numbered and dated
	held  []byte  // lines that wait
	kept  kept
	torn  bool // the last line is not whole
	door  func(Entry) Entry
	seen  func(Entry)
	now   func() time.Time
}

// NewWriter returns a Writer that appends to out and then shows each entry to
// seen, in order. Seen may be nil.
func NewWriter(out io.Writer, seen func(Entry)) *Writer {
	return &Writer{out: out, seen: seen, now: time.Now}
}

// Create opens a new record file, readable by its owner only. It replaces an
// older one of that name. What was written can be read back from it, whatever
// stands at its name by then.
func Create(path string, perm os.FileMode) (*os.File, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("replacing the old record: %w", err)
	}
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR|os.O_APPEND, perm)
}

// Through sets the door through which each entry passes on its way into the
// record, and to whoever is shown it.
func (w *Writer) Through(door func(Entry) Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.door = door
}

// Append numbers the entry, dates it if it has no date, and writes it. Only the first
// error is kept, for Err: a full disk must not stop the tests.
func (w *Writer) Append(e Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.later = append(w.later, w.numbered(e))
	w.fail(w.flush())
}

// Later is Append of an entry that may wait for the next, or for Flush, to be written and shown.
// It costs next to nothing, and what the entry holds must not be changed any more.
func (w *Writer) Later(e Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.later = append(w.later, w.numbered(e)); len(w.later) == mostLater {
		w.fail(w.flush())
	}
}

// mostLater is how many entries wait at most.
const mostLater = 256

func (w *Writer) numbered(e Entry) Entry {
	w.seq++
	if e.Seq = w.seq; e.At.IsZero() {
		e.At = w.now()
	}
	e.At = e.At.Round(0)
	return e
}

// add makes the line of an entry, and shows it.
func (w *Writer) add(e Entry) {
	if w.door != nil {
		e = w.door(e)
	}
	line, err := json.Marshal(e)
	if err == nil {
		w.kept.marshalled(line)
		w.held = append(append(w.held, w.seal.close(line)...), '\n')
	}
	w.fail(err)
	if w.seen != nil {
		w.seen(e)
	}
}

// Flush writes what waits: whoever appended has nothing more for now.
func (w *Writer) Flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail(w.flush())
}

func (w *Writer) flush() error {
	for _, e := range w.later {
		w.add(e)
	}
	clear(w.later)
	w.later = w.later[:0]
	if len(w.held) == 0 {
		return nil
	}
	lines := w.held
	if w.torn { // costs one entry and not two
		lines = append([]byte("\n"), lines...)
	}
	n, err := w.out.Write(lines)
	w.kept.wrote(lines[:n])
	w.torn = err != nil && (w.torn || n > 0)
	w.held = w.held[:0]
	return err
}

func (w *Writer) fail(err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("writing entry %d of the record: %w", w.seq, err)
	}
}

// Err returns the first error of Append.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// A SyntaxError is a line of a record that cannot be read. Reading goes on
// after it: the last line of a run that was killed is often cut.
type SyntaxError struct {
	Line int
	Err  error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *SyntaxError) Unwrap() error { return e.Err }

// longestLine bounds a line of a record in bytes, so that a file which is none
// is not read into memory. The longest entries are those of failed tests, of
// which package gotest keeps far less.
const longestLine = 64 << 20

// Read yields the entries of a record, line by line. A line that is no entry
// is yielded as a *SyntaxError and skipped; any other error ends the sequence.
func Read(in io.Reader) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		lines := bufio.NewReaderSize(in, 64<<10)
		first := true
		var sealed sealed
		known := checker{}
		for n := 1; ; n++ {
			line, long, err := readLine(lines, longestLine, first)
			if text := bytes.TrimSpace(line); len(text) > 0 {
				entry, bad := decode(text)
				if broken := sealed.open(text); bad == nil {
					bad = broken
				}
				if long {
					bad = fmt.Errorf("more than %d bytes", longestLine)
				}
				if first {
					first = false
					if bad := checkFirst(entry); bad != nil {
						yield(Entry{}, bad)
						return
					}
				}
				if bad == nil {
					bad = known.check(entry)
				}
				var problem error
				if bad != nil {
					known.damaged = true
					problem = &SyntaxError{Line: n, Err: bad}
				}
				if !yield(entry, problem) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
		}
	}
}

// readLine reads a line, of which it returns at most about limit bytes. Of one
// that is longer it reads the rest, unless it is to give up.
func readLine(in *bufio.Reader, limit int, giveUp bool) (line []byte, long bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if !long {
			line = append(line, part...)
			long = len(line) > limit
		}
		if err != bufio.ErrBufferFull || long && giveUp {
			return line, long, err
		}
	}
}

// checkFirst distinguishes a record of another program, or of another version of this
// one, from a damaged one.
func checkFirst(e Entry) error {
	if e.Run == nil {
		return errors.New("it does not begin with the header of a tracetest record")
	}
	if e.Run.Schema != Schema {
		return fmt.Errorf("it is a %q, and this tracetest reads %q: use the version that wrote it", e.Run.Schema, Schema)
	}
	return nil
}

func decode(line []byte) (Entry, error) {
	var e Entry
	if err := json.Unmarshal(line, &e); err != nil {
		return Entry{}, err
	}
	set := 0
	for _, is := range []bool{e.Run != nil, e.Server != nil, e.Process != nil, e.Boundary != nil,
		e.Contact != nil, e.Write != nil, e.Reply != nil, e.Refused != nil, e.Asked != nil, e.Clients != nil, e.Test != nil, e.Restore != nil, e.Notice != nil, e.End != nil, e.Trial != nil, e.Code != nil} {
		if is {
			set++
		}
	}
	if set != 1 {
		return Entry{}, fmt.Errorf("an entry says one thing, this one says %d", set)
	}
	switch {
	case e.Write != nil:
		e.Write.By.share()
	case e.Asked != nil:
		e.Asked.By.share()
	case e.Refused != nil:
		e.Refused.By.share()
	}
	return e, nil
}

// share has all stacks of a record hold the same strings: ten thousand that are kept come from
// the same few places.
func (by *By) share() {
	for _, stack := range [][]Frame{by.Stack, by.Started} {
		for i, f := range stack {
			stack[i].Function, stack[i].File = unique.Make(f.Function).Value(), unique.Make(f.File).Value()
		}
	}
	for i := range by.Waiting {
		by.Waiting[i].share()
	}
}
