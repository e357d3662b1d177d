package story

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

//go:embed testdata/*.txtar
var testdata embed.FS

// Chapter is a group of cases: a file of testdata.
type Chapter struct {
	File  string // below this folder
	Title string
	Cases []Case
}

// Case is a run, and the wrong answer that it guards against.
type Case struct {
	Name  string
	Story string // what happens; who would be blamed wrongly, and by which reasoning
	Text  string // what Tell makes the record of
	Want  string // what the findings say, in short
}

// Corpus are all chapters.
func Corpus() ([]Chapter, error) {
	files, err := testdata.ReadDir("testdata")
	if err != nil {
		return nil, err
	}
	var all []Chapter
	names := map[string]bool{}
	for _, file := range files {
		name := path.Join("testdata", file.Name())
		text, err := testdata.ReadFile(name)
		if err != nil {
			return nil, err
		}
		c := chapter(name, txtar.Parse(text))
		for _, c := range c.Cases {
			if c.Text == "" || c.Story == "" || names[c.Name] {
				return nil, fmt.Errorf("%s: %s has no steps, no comment that says what it is about, or is there twice", name, c.Name)
			}
			names[c.Name] = true
		}
		all = append(all, c)
	}
	return all, nil
}

// chapter reads a file: its cases are in the order of their steps.
func chapter(file string, a *txtar.Archive) Chapter {
	c := Chapter{File: file, Title: strings.TrimSpace(strings.TrimLeft(string(a.Comment), "# "))}
	for _, f := range a.Files {
		name, want := strings.CutSuffix(f.Name, ".want")
		i := slices.IndexFunc(c.Cases, func(c Case) bool { return c.Name == name })
		if i < 0 || !want {
			c.Cases = append(c.Cases, Case{Name: name})
			i = len(c.Cases) - 1
		}
		if want {
			c.Cases[i].Want = string(f.Data)
			continue
		}
		c.Cases[i].Text = string(f.Data)
		var story []string
		for line := range strings.Lines(c.Cases[i].Text) {
			if text, comment := strings.CutPrefix(line, "#"); comment {
				story = append(story, strings.TrimSpace(text))
			}
		}
		c.Cases[i].Story = strings.Join(story, " ")
	}
	return c
}

// Format is the file of a chapter.
func (c Chapter) Format() []byte {
	a := &txtar.Archive{Comment: []byte("# " + c.Title + "\n\n")}
	for _, c := range c.Cases {
		a.Files = append(a.Files, txtar.File{Name: c.Name, Data: []byte(c.Text)}, txtar.File{Name: c.Name + ".want", Data: []byte(c.Want)})
	}
	return txtar.Format(a)
}

// Record is the record of a case.
func (c Case) Record() (*Record, error) {
	r, err := Tell(c.Text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	return r, nil
}

// JSONL is the record as its file.
func (c Case) JSONL() ([]byte, error) {
	r, err := c.Record()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, e := range r.Entries {
		line, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes(), nil
}

// Cases are those of all chapters.
func Cases() ([]Case, error) {
	chapters, err := Corpus()
	if err != nil {
		return nil, err
	}
	var all []Case
	for _, chapter := range chapters {
		all = append(all, chapter.Cases...)
	}
	return all, nil
}

// Find is the case of this name.
func Find(name string) (Case, error) {
	all, err := Cases()
	if err != nil {
		return Case{}, err
	}
	i := slices.IndexFunc(all, func(c Case) bool { return c.Name == name })
	if i < 0 {
		return Case{}, fmt.Errorf("no case is called %s", name)
	}
	return all[i], nil
}

//go:embed recorded/*.txtar
var recorded embed.FS

// Recording is a run that was, and the same told as a story.
type Recording struct {
	File  string // below this folder
	JSONL []byte // without what the machine gave, and parameters that nobody touched
	Story string
	Want  string // what the findings of both say, in short
	about []byte
}

// Recordings are true runs of scripts of cmd/tracetest. They hold the builder to
// what internal/run writes.
func Recordings() ([]Recording, error) {
	files, err := recorded.ReadDir("recorded")
	if err != nil {
		return nil, err
	}
	var all []Recording
	for _, file := range files {
		name := path.Join("recorded", file.Name())
		text, err := recorded.ReadFile(name)
		if err != nil {
			return nil, err
		}
		a := txtar.Parse(text)
		if len(a.Files) != 3 || a.Files[0].Name != "run.jsonl" || a.Files[1].Name != "story" || a.Files[2].Name != "want" {
			return nil, fmt.Errorf("%s is not run.jsonl, story and want", name)
		}
		all = append(all, Recording{name, a.Files[0].Data, string(a.Files[1].Data), string(a.Files[2].Data), a.Comment})
	}
	return all, nil
}

// Format is the file of a recording.
func (r Recording) Format() []byte {
	return txtar.Format(&txtar.Archive{Comment: r.about, Files: []txtar.File{
		{Name: "run.jsonl", Data: r.JSONL}, {Name: "story", Data: []byte(r.Story)}, {Name: "want", Data: []byte(r.Want)}}})
}
