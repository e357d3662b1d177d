package terminal

import (
	"regexp"
	"strconv"
	"strings"

	"tracetest/internal/report/claims"
)

// Links say what the summary may link to. A link is an OSC 8 sequence around a
// text that is the same without it.
type Links struct {
	// Host is the host of file:// URLs, by which a terminal knows whether the
	// file is on its own machine; may be empty.
	Host string
	// Report is the absolute path of the report; empty: it is not linked.
	Report string
	// Sources links the lines of the user's code. It must be false where the
	// record comes from another machine.
	Sources bool
}

// A link is where a text on the screen leads to.
type link struct{ text, url string }

// linked puts links around their texts in a line, in which they follow each
// other. A text that was cut leads nowhere.
func linked(line string, links []link) string {
	var b strings.Builder
	for _, l := range links {
		at := strings.Index(line, l.text)
		if at < 0 || l.text == "" || l.url == "" {
			continue
		}
		b.WriteString(line[:at] + "\x1b]8;;" + l.url + "\x1b\\" + l.text + "\x1b]8;;\x1b\\")
		line = line[at+len(l.text):] // what is behind it is searched next, never the URL
	}
	return b.String() + line
}

// fileURL is the URL of a file, or empty where the path is not absolute: what
// -trimpath leaves of one names no file. The line, if any, is its fragment, as
// kitty, iTerm2 and VS Code read it; others ignore it. Whatever a terminal could
// take for the end of the sequence is percent-encoded.
func fileURL(host, path string, line int) string {
	if drive.MatchString(path) {
		path = "/" + strings.ReplaceAll(path, `\`, "/")
	}
	if !strings.HasPrefix(path, "/") {
		return ""
	}
	url := "file://" + claims.EscapePath(host, "") + claims.EscapePath(path, "/:")
	if line > 0 {
		url += "#" + strconv.Itoa(line)
	}
	return url
}

var drive = regexp.MustCompile(`^[A-Za-z]:[\\/]`)

// fileLinks are the lines of the user's code that a text leads to.
func (s *screen) fileLinks(t claims.Text) []link {
	if s.links == nil || !s.links.Sources {
		return nil
	}
	var all []link
	for _, target := range t.Targets(s.width + labels) {
		if file, line, ok := claims.CutLine(target.To); ok {
			all = append(all, link{target.Text, fileURL(s.links.Host, file, line)})
		}
	}
	return all
}
