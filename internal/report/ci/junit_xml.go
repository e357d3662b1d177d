package ci

import (
	"fmt"
	"io"
	"strings"

	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// openSuite writes the head of a suite, with what is known of the whole run.
func (j *junit) openSuite(w io.Writer, s *suite) {
	begin, d := s.begin, s.end.Sub(s.begin)
	if begin.IsZero() {
		begin, d = j.Run.Started, 0
	}
	stamp := ""
	if !begin.IsZero() {
		stamp = ` timestamp="` + begin.UTC().Format("2006-01-02T15:04:05Z") + `"`
	}
	fmt.Fprintf(w, "  <testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\"%s%s>\n    <properties>\n",
		j.attribute(s.name), s.tests, s.failures, s.errored, s.skipped, suiteTook(d), stamp)
	property := func(name, value string) {
		fmt.Fprintf(w, "      <property name=\"%s\" value=\"%s\"/>\n", escapeXML(name), j.attribute(value))
	}
	if j.run != "" {
		property("tracetest.run", j.run)
	}
	property("go.version", j.Run.Go)
	property("tracetest.mode", string(j.Run.Mode))
	property("tracetest.trace", fmt.Sprint(j.Run.Traced))
	for i, server := range j.Servers {
		property(fmt.Sprint("redis.", i+1), strings.TrimSpace(server.Address+" "+server.Flavor+" "+server.Version))
	}
	for _, g := range j.Groups {
		c := g.Changes[0]
		if s.name != stateSuite && (c.By == nil || c.By.Package != s.name) {
			continue
		}
		for i, c := range g.Changes {
			name := fmt.Sprintf("tracetest.leak.%d.%d", g.No, i+1)
			property(name, plain(doc.Code(c.Parameter)+" "+claims.Before(c)+" -> "+claims.After(c)))
			if c.By != nil {
				property(name+".by", plain(j.By(c)))
			}
			property(name+".certainty", plain(claims.Sure(c.Certainty)))
		}
	}
	io.WriteString(w, "    </properties>\n")
}

func (j *junit) writeCase(w io.Writer, t testcase) {
	fmt.Fprintf(w, "    <testcase name=\"%s\" classname=\"%s\"%s", j.attribute(t.name), j.attribute(t.class), took(t.took))
	if t.element == "" {
		io.WriteString(w, "/>\n")
		return
	}
	io.WriteString(w, ">\n      <"+t.element)
	if t.message != "" {
		io.WriteString(w, ` message="`+j.attribute(t.message)+`"`)
	}
	if t.kind != "" {
		io.WriteString(w, ` type="`+j.attribute(t.kind)+`"`)
	}
	if t.details == "" {
		io.WriteString(w, "/>\n")
	} else {
		io.WriteString(w, ">"+lines(t.details)+"</"+t.element+">\n")
	}
	if t.output != "" {
		io.WriteString(w, "      <system-out>"+lines(t.output)+"</system-out>\n")
	}
	io.WriteString(w, "    </testcase>\n")
}

func (j *junit) attribute(s string) string { return escapeXML(plain(doc.Code(s))) }

// maxText bounds what is written of a text. Triage keeps less.
const maxText = 64 << 10

// lines writes text of several lines, of any bytes. What [doc.Clean] leaves is what
// XML 1.0 allows, so that no text can end the document. GitLab and Jenkins take
// [[ATTACHMENT|file]] for a file to show, and it is not for a test's output to
// choose one.
func lines(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\r\n")
		text := strings.TrimLeft(line, "\t")
		b.WriteString(strings.Repeat("\t", len(line)-len(text)) + escapeXML(strings.ReplaceAll(doc.Clean(text), "[ATTACHMENT|", "[ ATTACHMENT|")) + "\n")
		if b.Len() > maxText {
			b.WriteString("[...]\n")
			break
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")

func escapeXML(s string) string { return xmlEscapes.Replace(s) }
