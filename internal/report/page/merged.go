package page

import (
	"bufio"
	_ "embed" // for the page
	"fmt"
	"html/template"
	"io"
	"time"

	"tracetest/internal/merge"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

//go:embed html/merged.tmpl
var mergedTemplate string

// mergedContent is what the template of many runs shows.
type mergedContent struct {
	Policy, Title, Mood string
	Lanes               []runLane
	Left                int // runs without a lane
}

// A runLane is one run on the axis of all.
type runLane struct {
	Name, Title string
	X, Width    string
	Mood        string
	Marks       []laneMark
}

type laneMark struct{ X, Class, Title string }

// maxRunLanes bounds the picture; the table of runs lists more.
const maxRunLanes = 200

// Merged writes merged.html: what merged.md says, and a timeline of the runs. It has no script.
func Merged(w io.Writer, s *merge.Summary) error {
	t, err := template.New("merged").Parse(mergedTemplate)
	if err != nil {
		return fmt.Errorf("reading the template of the page: %w", err)
	}
	content := mergedContent{
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; style-src '" + fingerprint(pageStyle) + "'",
		Title:  plain(claims.MergedTitle(s)), Mood: string(claims.MergedMood(s)), Lanes: runLanes(s), Left: max(0, len(s.Runs)-maxRunLanes),
	}
	blocks := claims.Merged(s)[1:] // the heading is the page's
	b := bufio.NewWriterSize(w, 64<<10)
	if err := t.ExecuteTemplate(b, "top", content); err != nil {
		return fmt.Errorf("filling in the page: %w", err)
	}
	b.WriteString("<style>" + pageStyle + "</style>\n")
	if err := t.ExecuteTemplate(b, "head", content); err != nil {
		return fmt.Errorf("filling in the page: %w", err)
	}
	doc.NewHTML("runs-title", "words").Write(b, blocks)
	b.WriteString("</section>\n</main>\n</body>\n</html>\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	return nil
}

// runLanes puts each run where it was in time. Shards of different machines began when their clocks say.
func runLanes(s *merge.Summary) []runLane {
	runs := s.Runs[:min(len(s.Runs), maxRunLanes)]
	var begin time.Time
	length := 0.0
	for _, r := range runs {
		if begin.IsZero() || r.Started.Before(begin) {
			begin = r.Started
		}
	}
	for _, r := range runs {
		length = max(length, r.Started.Sub(begin).Seconds()+r.Seconds)
	}
	if length <= 0 {
		length = 1
	}
	at := func(seconds float64) string { return fmt.Sprintf("%.2f%%", max(0, min(100, seconds/length*100))) }
	var lanes []runLane
	for i, r := range runs {
		from := r.Started.Sub(begin).Seconds()
		l := runLane{Name: name(r.File), X: at(from), Width: at(r.Seconds), Mood: map[merge.Verdict]string{merge.Leaked: "leak", merge.Failed: "failed", merge.Clean: "clean"}[r.Verdict]}
		if r.Shard != nil {
			l.Name = fmt.Sprintf("Shard %d of %d", r.Shard.Index, r.Shard.Total)
		}
		if l.Mood == "" {
			l.Mood = "doubt"
		}
		l.Title = plain(claims.MergedRunTitle(s, i))
		for _, m := range r.Marks {
			l.Marks = append(l.Marks, laneMark{at(from + m.Seconds), m.Kind, m.Kind + ": " + name(m.Text)})
		}
		lanes = append(lanes, l)
	}
	return lanes
}
