package live

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// screen is a terminal, or a file, with at most one status line below what was
// written. The status is only drawn where the output stands at the begin of a
// line, and is erased before more is written.
type screen struct {
	mu    sync.Mutex
	out   io.Writer
	width func() int
	fresh bool // the output is at the begin of a line
	shown bool // a status line is on the screen
	text  string
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	n, err := s.out.Write(p)
	if len(p) > 0 {
		s.fresh = p[len(p)-1] == '\n'
	}
	return n, err
}

func (s *screen) erase() {
	if s.shown {
		io.WriteString(s.out, "\r\x1b[K")
		s.shown = false
	}
}

// status replaces the status line; an empty one takes it away.
func (s *screen) status(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown && text == s.text {
		return
	}
	s.erase()
	if text == "" || !s.fresh {
		return
	}
	s.text = text
	io.WriteString(s.out, clip(text, s.width()-1))
	s.shown = true
}

// clip shortens a line to a width, so that it cannot wrap and be left behind.
func clip(text string, width int) string {
	runes := []rune(text)
	total := 0
	for _, r := range runes {
		total += columns(r)
	}
	if total <= width {
		return text
	}
	if width < 1 {
		return ""
	}
	// The end of it has the figures.
	for len(runes) > 0 && total > width-1 {
		total -= columns(runes[0])
		runes = runes[1:]
	}
	return "…" + string(runes)
}

// columns is at most how many columns of a terminal a character takes.
func columns(r rune) int {
	if r < 0x1100 { // Hangul and everything wide begin here
		return 1
	}
	return 2
}

// screenErr writes to another file that may be the same terminal.
type screenErr struct {
	screen *screen
	out    io.Writer
}

func (e *screenErr) Write(p []byte) (int, error) {
	e.screen.mu.Lock()
	defer e.screen.mu.Unlock()
	e.screen.erase()
	return e.out.Write(p)
}

// Terminal reports whether a file is a terminal, and how wide it is.
func Terminal(f *os.File) (width func() int, is bool) {
	return func() int {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return columns
		}
		return 80
	}, term.IsTerminal(int(f.Fd()))
}
