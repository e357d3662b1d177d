// Package doc is a document: blocks of spans, and what writes them as Markdown,
// as HTML and as plain text.
//
// Invariants:
//   - Names, values and output come from tests and servers and are hostile. They
//     get into a [Text] only through [Code], [Whole], [Say] and [Link]; the
//     compiler refuses a string that is no constant of ours.
//   - Each format escapes in one place: markdown.go, html.go, plain.go.
//   - The same blocks give the same bytes.
package doc

// A Block is a part of a document.
type Block interface{ block() }

// A Heading begins a section. ID is its anchor in HTML; empty: made of its text,
// as GitHub makes it of the Markdown.
type Heading struct {
	Level int
	Text  Text
	ID    string
}

// A Para is a paragraph.
type Para struct{ Text Text }

// A List is a list of sentences.
type List []Text

// A Fence is code or commands, shown as they are.
type Fence struct {
	Lang  string
	Lines []string
}

// A Fold is hidden behind its title.
type Fold struct {
	Title  Text
	Blocks []Block
}

// A Table has its cells by rows, and says how many rows it left out.
type Table struct {
	Titles []string
	Right  []bool // numbers, by column
	Rows   [][]Text
	More   int    // rows that are left out
	File   string // where all of them are
}

func (Heading) block() {}
func (Para) block()    {}
func (List) block()    {}
func (Fence) block()   {}
func (Fold) block()    {}
func (Table) block()   {}

const (
	// MaxRows is how many rows a table shows. Nobody reads more, and the JSON
	// beside the report has them all.
	MaxRows = 200
	maxOpen = 12 // rows of a table that is not folded
)

// A Column is a title and what it shows of a row.
type Column[R any] struct {
	Title    string
	Cell     func(R) Text
	Right    bool // numbers
	Optional bool // left out when no row has anything in it
}

// Rows makes a table of at most limit rows; of MaxRows if limit is zero. File is
// where the others are. Without rows it is no block at all: a header alone is no
// table for most readers.
func Rows[R any](rows []R, limit int, file string, columns ...Column[R]) []Block {
	if len(rows) == 0 {
		return nil
	}
	if limit == 0 {
		limit = MaxRows
	}
	shown := rows[:min(limit, len(rows))]
	t := Table{Rows: make([][]Text, len(shown)), More: len(rows) - len(shown), File: file}
	for _, c := range columns {
		cells, filled := make([]Text, len(shown)), false
		for i, r := range shown {
			cells[i] = c.Cell(r)
			filled = filled || cells[i] != ""
		}
		if c.Optional && !filled {
			continue
		}
		t.Titles, t.Right = append(t.Titles, c.Title), append(t.Right, c.Right)
		for i, cell := range cells {
			t.Rows[i] = append(t.Rows[i], cell)
		}
	}
	if len(t.Rows) > maxOpen {
		return []Block{Fold{Title: Int(len(t.Rows)) + " rows", Blocks: []Block{t}}}
	}
	return []Block{t}
}

// rest says what a table left out.
func (t Table) rest() Text {
	if t.More == 0 {
		return ""
	}
	return "And " + Int(t.More) + " more in " + Code(t.File) + "."
}
