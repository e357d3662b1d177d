package report

import (
	"regexp"
	"strings"

	"tracetest/internal/triage"
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
	url := "file://" + escaped(host, "") + escaped(path, "/:")
	if line > 0 {
		url += "#" + itoa(line)
	}
	return url
}

var drive = regexp.MustCompile(`^[A-Za-z]:[\\/]`)

// escaped percent-encodes all but the unreserved characters of RFC 3986 and
// those that are kept. It is not net/url, because a report must not be able to
// reach the net.
func escaped(s, keep string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isAlnum(c) || strings.IndexByte("-._~"+keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

// sourceLinks are those of the places that [survey.place] names, in its order.
func (s *screen) sourceLinks(c triage.Change) []link {
	if s.links == nil || !s.links.Sources {
		return nil
	}
	places := []string{c.Location}
	if c.Call != nil {
		places = []string{c.Call.File + ":" + itoa(c.Call.Line), outermost(c.Call)}
	}
	var all []link
	for _, place := range places {
		if file, line, ok := cutLine(place); ok {
			all = append(all, link{s.k.name(s.rel(place)), fileURL(s.links.Host, file, line)})
		}
	}
	return all
}

// cutLine splits "file:line".
func cutLine(place string) (file string, line int, ok bool) {
	at := strings.LastIndexByte(place, ':')
	if at < 0 || at+1 == len(place) || len(place)-at > 9 {
		return "", 0, false
	}
	for _, c := range []byte(place[at+1:]) {
		if c < '0' || c > '9' {
			return "", 0, false
		}
		line = 10*line + int(c-'0')
	}
	return place[:at], line, true
}
