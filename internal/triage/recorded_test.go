package triage_test

import (
	"path/filepath"
	"testing"

	"tracetest/internal/triage/story"
)

// What the findings of a true run say, those of the story that tells the same say as
// well. Guards against a builder of records that drifts from what a run writes.
func TestRecordings(t *testing.T) {
	recordings, err := story.Recordings()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range recordings {
		t.Run(filepath.Base(r.File), func(t *testing.T) {
			told, err := story.Tell(r.Story)
			if err != nil {
				t.Fatal(err)
			}
			recorded, imagined := render(analyse(t, r.JSONL)), render(analyse(t, marshal(t, told.Entries)))
			if recorded != imagined {
				t.Errorf("the run says\n%s\nand its story\n%s", recorded, imagined)
			}
			if recorded != r.Want && !*update {
				t.Errorf("got\n%s\nwant\n%s", recorded, r.Want)
			}
			r.Want = recorded
			if *update {
				write(t, filepath.Join("story", r.File), r.Format())
			}
		})
	}
}
