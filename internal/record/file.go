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
)

// Writer appends entries to a record as they happen.
//
// Every entry is one write of a whole line, so that whatever ends tracetest
// loses no entry before it. A Writer may be used by several goroutines.
type Writer struct {
	mu   sync.Mutex
	out  io.Writer
	seq  int64
	err  error
	torn bool // the last line is not whole
	seen func(Entry)
	now  func() time.Time
}

// NewWriter returns a Writer that appends to out and then shows each entry to
// seen, in order. Seen may be nil.
func NewWriter(out io.Writer, seen func(Entry)) *Writer {
	return &Writer{out: out, seen: seen, now: time.Now}
}

// Create opens a new record file, readable by its owner only. It replaces an
// older one of that name.
func Create(path string) (*os.File, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("replacing the old record: %w", err)
	}
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
}

// Append numbers and dates the entry and writes it. Only the first error is
// kept, for Err: a full disk must not stop the tests.
func (w *Writer) Append(e Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seq++
	e.Seq, e.At = w.seq, w.now().Round(0)
	line, err := json.Marshal(e)
	if err == nil {
		line = append(line, '\n')
		if w.torn { // costs one entry and not two
			line = append([]byte("\n"), line...)
		}
		var n int
		n, err = w.out.Write(line)
		w.torn = err != nil && (w.torn || n > 0)
	}
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("writing entry %d of the record: %w", e.Seq, err)
	}
	if w.seen != nil {
		w.seen(e)
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
		for n := 1; ; n++ {
			line, long, err := readLine(lines, longestLine, first)
			if text := bytes.TrimSpace(line); len(text) > 0 {
				entry, bad := decode(text)
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
				var problem error
				if bad != nil {
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

// checkFirst tells a record of another program, or of another version of this
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
		e.Contact != nil, e.Write != nil, e.Reply != nil, e.Refused != nil, e.Asked != nil, e.Clients != nil, e.Test != nil, e.Restore != nil, e.Notice != nil, e.End != nil, e.Trial != nil} {
		if is {
			set++
		}
	}
	if set != 1 {
		return Entry{}, fmt.Errorf("an entry says one thing, this one says %d", set)
	}
	if e.Boundary != nil {
		if err := e.Boundary.check(); err != nil {
			return Entry{}, err
		}
	}
	return e, nil
}

// check refuses what whoever follows the record could not: a begin without its
// owner, an end without its outcome. Owners are numbered in the order in which
// they begin, so that one within another has the higher number, and no circle
// can be made of them.
func (b *Boundary) check() error {
	switch {
	case b.Verb == VerbBegin && b.Begin == nil:
		return errors.New("a begin that does not say of whom")
	case b.Verb == VerbBegin && (b.Begin.ID != b.Owner || b.Owner <= 0 || b.Begin.Parent < 0 || b.Begin.Parent >= b.Owner):
		return fmt.Errorf("the begin of owner %d tells of owner %d within %d", b.Owner, b.Begin.ID, b.Begin.Parent)
	case b.Verb == VerbEnd && b.End == nil:
		return errors.New("an end that does not say how")
	}
	return nil
}
