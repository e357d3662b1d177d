package report

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"tracetest/internal/triage"
)

// inSource is the path of a file in the checkout, with slashes, which is how CI
// names it. Where no checkout is known, the folder of the run stands for it.
// Names alone decide: the report may be written on another machine.
func (v *survey) inSource(file string) (string, bool) {
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
	return within, ok && within != "" && clean(within) == within // a name with a control character is nobody's file
}

// A line is a line of a file in the checkout.
type line struct {
	path   string
	number int
}

// lineOf reads file:line, as owners and failures have it.
func (v *survey) lineOf(place string) (line, bool) {
	file, digits := cutPlace(place)
	number, err := strconv.Atoi(digits)
	if err != nil || number < 1 {
		return line{}, false
	}
	within, ok := v.inSource(file)
	return line{within, number}, ok
}

func cutPlace(place string) (file, digits string) {
	at := strings.LastIndexByte(place, ':')
	if at < 0 {
		return place, ""
	}
	return place[:at], place[at+1:]
}

// leakingLine is the line of the checkout that changed a parameter: that of the
// call or, where the call lies elsewhere, as in a module of helpers, the first
// on the way to it that does not. Else it is the line of the owner.
func (v *survey) leakingLine(c triage.Change) (line, bool) {
	var places []string
	if c.Call != nil {
		places = append(places, c.Call.File+":"+itoa(c.Call.Line))
		for _, frame := range c.Call.Chain {
			_, place, _ := strings.Cut(frame, " ")
			places = append(places, place)
		}
	}
	for _, place := range append(places, c.Location) {
		if at, ok := v.lineOf(place); ok {
			return at, true
		}
	}
	return line{}, false
}

// leakingLineOf is the first that is known of a group.
func (v *survey) leakingLineOf(g group) (line, bool) {
	for _, c := range g.changes {
		if at, ok := v.leakingLine(c); ok {
			return at, true
		}
	}
	return line{}, false
}

// failedLine is where a test failed or, where that is not known, its line that
// met the first OOM error, or where it is.
func (v *survey) failedLine(f triage.Failure) (line, bool) {
	places := []string{f.Location}
	if f.OOMCall != nil {
		places = append(places, outermost(f.OOMCall), f.OOMCall.File+":"+itoa(f.OOMCall.Line))
	}
	for _, place := range append(places, f.SpecLocation) {
		if at, ok := v.lineOf(place); ok {
			return at, true
		}
	}
	return line{}, false
}

// pages is what Source.URL may be to be linked to.
var pages = regexp.MustCompile(`^https?://[A-Za-z0-9.:-]+(/[A-Za-z0-9._~-]+)+/$`)

// linked makes a link to the line of a place of text that says it. A step
// summary has no folder, so that links are absolute, and only CI knows them. report.html has none: no link
// in it leads away.
func (v *survey) linked(k ink, text, place string) string {
	if !k.links || v.Run.Source == nil || !pages.MatchString(v.Run.Source.URL) {
		return text
	}
	at, ok := v.lineOf(place)
	if !ok {
		return text
	}
	return "[" + text + "](" + v.Run.Source.URL + escapePath(at.path) + "#L" + itoa(at.number) + ")"
}

// escapePath writes a path into a URL.
func escapePath(file string) string {
	var b strings.Builder
	for i := range len(file) {
		if c := file[i]; isAlnum(c) || strings.IndexByte("/-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)|0x100, 16)[1:]))
		}
	}
	return b.String()
}
