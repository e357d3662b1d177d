package main

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/live"
	"tracetest/internal/report/terminal"
)

// A screen is what tracetest writes to, and what that can show.
type screen struct {
	width  func() int // columns
	status bool       // a line that is drawn over again
	color  bool       // SGR sequences
	links  bool       // OSC 8 sequences
}

// screenOf asks a writer and the environment.
func screenOf(w io.Writer, getenv func(string) string) screen {
	width, is := func() int { return 80 }, false
	if f, ok := w.(*os.File); ok {
		width, is = live.Terminal(f)
	}
	clever := is && getenv("TERM") != "dumb"
	return screen{
		width:  width,
		status: clever && getenv("CI") == "",
		color:  clever && getenv("NO_COLOR") == "",
		links:  linksIn(is, getenv),
	}
}

// linksIn reports whether hyperlinks are shown as such. A terminal cannot be
// asked, and those that are old show the sequence as text
// (https://github.com/curl/curl/issues/10428). So only what is known to take
// them counts, as with the npm and Rust packages supports-hyperlinks, of which
// also FORCE_HYPERLINK is, which has the last word.
//
// Inside of tmux and screen the variables tell of the terminal in which it was
// started. tmux drops what it cannot hand on; screen does not.
func linksIn(terminal bool, getenv func(string) string) bool {
	if force := getenv("FORCE_HYPERLINK"); force != "" {
		return force != "0" && force != "false"
	}
	term := getenv("TERM")
	switch {
	case !terminal, term == "dumb", getenv("CI") != "", getenv("STY") != "":
		return false
	case getenv("WT_SESSION") != "", getenv("KONSOLE_VERSION") != "", getenv("DOMTERM") != "", getenv("KITTY_WINDOW_ID") != "":
		return true
	case strings.HasPrefix(term, "xterm-kitty"), strings.HasPrefix(term, "xterm-ghostty"),
		strings.HasPrefix(term, "alacritty"), strings.HasPrefix(term, "foot"), strings.HasPrefix(term, "wezterm"):
		return true
	}
	switch getenv("TERM_PROGRAM") {
	case "iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "zed", "WarpTerminal":
		return true
	}
	vte, err := strconv.Atoi(getenv("VTE_VERSION"))
	return err == nil && vte > 5000 // 0.50.0 took them, and crashed
}

// painted is a text in a colour, given as SGR parameters, where colours are shown.
func (s screen) painted(text, sgr string) string {
	if !s.color {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// options are for a summary of which the report is at a path, which may be
// empty.
func (s screen) options(reportPath string) terminal.Options {
	o := terminal.Options{Width: s.width(), Color: s.color, ReportPath: reportPath}
	if s.links {
		o.Links = &terminal.Links{}
		o.Links.Host, _ = os.Hostname()
		if path, err := filepath.Abs(reportPath); err == nil && reportPath != "" {
			o.Links.Report = path
		}
	}
	return o
}

// summary writes the summary of findings.
func (s screen) summary(w io.Writer, f *findings.Findings, reportPath string) error {
	o := s.options(reportPath)
	if o.Links != nil {
		// The record may come from another machine.
		if dir, err := os.Stat(f.Run.Dir); err == nil {
			o.Links.Sources = dir.IsDir()
		}
	}
	return terminal.Run(w, f, o)
}
