package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// maxRows is how many rows a table shows. Nobody reads more, and the JSON beside
// the report has them all.
const maxRows = 200

// A column of a [table].
type column struct {
	title    string
	right    bool // numbers
	optional bool // left out when no row has anything in it
}

// A table is one of GitHub's. Its cells must come from an [ink].
type table struct {
	columns []column
	rows    [][]string
	more    int    // rows beyond maxRows
	file    string // where all of them are; findings.json if empty
}

func (t *table) add(cells ...string) {
	if len(t.rows) == maxRows {
		t.more++
		return
	}
	row := make([]string, len(t.columns))
	copy(row, cells)
	t.rows = append(t.rows, row)
}

// write renders the table followed by an empty line, or nothing when it has no
// rows: a header alone is no table for most readers.
func (t *table) write(b *bytes.Buffer) error {
	if len(t.rows) == 0 {
		return nil
	}
	var shown []int
	for i, c := range t.columns {
		keep := !c.optional
		for _, row := range t.rows {
			keep = keep || row[i] != ""
		}
		if keep {
			shown = append(shown, i)
		}
	}
	var (
		head  []any
		align tw.Alignment
	)
	for _, i := range shown {
		head = append(head, t.columns[i].title)
		if t.columns[i].right {
			align = append(align, tw.AlignRight)
		} else {
			align = append(align, tw.AlignLeft)
		}
	}
	out := tablewriter.NewTable(b,
		tablewriter.WithRenderer(renderer.NewMarkdown()),
		tablewriter.WithHeaderAutoFormat(tw.Off), // it would shout
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone), // a cell that wraps becomes two rows
		tablewriter.WithAlignment(align),
		// Else the padding depends on the locale of whoever renders.
		tablewriter.WithEastAsian(tw.Off),
	)
	out.Header(head...)
	for _, row := range t.rows {
		cells := make([]string, 0, len(shown))
		for _, i := range shown {
			// Pipes are all that is left to escape: see [code].
			cells = append(cells, strings.ReplaceAll(row[i], "|", `\|`))
		}
		if err := out.Append(cells); err != nil {
			return fmt.Errorf("laying out table: %w", err)
		}
	}
	if err := out.Render(); err != nil {
		return fmt.Errorf("laying out table: %w", err)
	}
	if t.more > 0 {
		b.WriteString("\nAnd " + itoa(t.more) + " more in `" + orElse(t.file, "findings.json") + "`.\n")
	}
	b.WriteByte('\n')
	return nil
}
