package claims

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/report/doc"
	"tracetest/internal/report/wording"
)

// CutLine splits "file:line".
func CutLine(place string) (file string, line int, ok bool) {
	at := strings.LastIndexByte(place, ':')
	if at < 0 || len(place)-at > 9 {
		return "", 0, false
	}
	line, err := strconv.Atoi(place[at+1:])
	return place[:at], line, err == nil && line > 0 && place[at+1] != '+'
}

// link names a file:line below the folder of the run, and leads there.
func (v *View) link(place string) Text {
	return doc.Link(code(v.Run.Rel(place)), place)
}

// cellLink names a file:line for a table: by its base where there is a link to the file,
// for long paths push the last columns out of sight.
func (v *View) cellLink(place string) Text {
	if v.SourceURL(place) != "" {
		return doc.Link(code(path.Base(place)), place)
	}
	return v.link(place)
}

// Place says where a change was made: the call where it was seen, else the
// line of its owner; empty when neither is known.
func (v *View) Place(c findings.Change) Text {
	switch {
	case c.Call != nil:
		return v.CallPlace(c.Call)
	case c.Location != "":
		return v.link(c.Location)
	}
	return ""
}

// CallPlace says which line of a test changed a server, and through which line of a helper.
func (v *View) CallPlace(c *findings.Call) Text {
	if function, place := c.Helper(); place != "" {
		return v.link(c.Outermost()) + " through " + v.link(place) + inFunction(function)
	}
	return v.link(c.Place()) + inFunction(c.Function)
}

// TestPlace is the first line of [View.Place] alone.
func (v *View) TestPlace(c findings.Change) Text {
	if c.Call == nil {
		return v.Place(c)
	}
	return v.link(c.Call.TestPlace())
}

func inFunction(name string) Text {
	if name == "" {
		return ""
	}
	return " in " + code(path.Base(name))
}

// at introduces a place: the line of a call says more than that of a spec.
func at(c findings.Change) Text {
	if c.Call != nil {
		return "at "
	}
	if c.Unit == "" {
		return "in the test at "
	}
	return "in the " + say(wording.Unit(c.Unit)) + " at "
}

// inSource is the path of a file in the checkout, with slashes, which is how CI
// names it. Where no checkout is known, the folder of the run stands for it.
// Names alone decide: the report may be written on another machine.
func (v *View) inSource(file string) (string, bool) {
	root := v.Run.Dir
	if v.Run.Source != nil && v.Run.Source.Root != "" {
		root = v.Run.Source.Root
	}
	if strings.Contains(root, `\`) {
		root, file = strings.ReplaceAll(root, `\`, "/"), strings.ReplaceAll(file, `\`, "/")
	}
	if root = strings.TrimRight(root, "/"); root == "" {
		return "", false
	}
	within, ok := strings.CutPrefix(path.Clean(file), root+"/")
	return within, ok && within != "" && doc.Clean(within) == within // a name with a control character is nobody's file
}

// A Line is a line of a file in the checkout.
type Line struct {
	Path   string
	Number int
}

// firstLine is the first of some places, file:line, that is in the checkout.
func (v *View) firstLine(places ...string) (Line, bool) {
	for _, place := range places {
		file, number, ok := CutLine(place)
		if !ok {
			continue
		}
		if within, ok := v.inSource(file); ok {
			return Line{within, number}, true
		}
	}
	return Line{}, false
}

// LeakingLine is the line of the checkout that changed a parameter: that of the
// test that called it, else the call itself or what led to it. Else it is the line
// of the owner.
func (v *View) LeakingLine(c findings.Change) (Line, bool) {
	var places []string
	if c.Call != nil {
		if origin := c.Call.Outermost(); strings.Contains(origin, "_test.go:") {
			places = append(places, origin) // a helper that forty tests share is not the place
		}
		places = append(places, c.Call.Place())
		for _, frame := range c.Call.Chain {
			_, place, _ := strings.Cut(frame, " ")
			places = append(places, place)
		}
	}
	return v.firstLine(append(places, c.Location)...)
}

// FailedLine is where a test failed or, where that is not known, its line that
// got the first OOM error, or where it is.
func (v *View) FailedLine(f findings.Failure) (Line, bool) {
	places := []string{f.Location}
	if f.OOMCall != nil {
		places = append(places, f.OOMCall.Outermost(), f.OOMCall.Place())
	}
	return v.firstLine(append(places, f.SpecLocation)...)
}

// pages is what Source.URL may be to be linked to.
var pages = regexp.MustCompile(`^https?://[A-Za-z0-9.:-]+(/[A-Za-z0-9._~-]+)+/$`)

// SourceURL is the URL of a place, file:line. A step summary has no folder, so
// that links are absolute, and only CI knows them.
func (v *View) SourceURL(place string) string {
	if v.Run.Source == nil || !pages.MatchString(v.Run.Source.URL) {
		return ""
	}
	at, ok := v.firstLine(place)
	if !ok {
		return ""
	}
	return v.Run.Source.URL + EscapePath(at.Path, "/") + "#L" + strconv.Itoa(at.Number)
}

// EscapePath percent-encodes all but the unreserved characters of RFC 3986 and
// those that are kept. It is not net/url, because a report must not be able to
// reach the net.
func EscapePath(s, keep string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-._~"+keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}
