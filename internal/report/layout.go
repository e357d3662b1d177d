package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// aligned lays out rows of two cells: the right ones begin at one column, which
// is gap columns behind the widest left one. Colours and links take no room.
// No line ends in spaces.
func aligned(rows [][2]string, gap int) ([]string, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	out := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleNone),
			Settings: tw.Settings{
				Separators: tw.SeparatorsNone,
				Lines:      tw.LinesNone,
			},
		})),
		tablewriter.WithRowAutoWrap(tw.WrapNone), // the lines come as they are to be
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithAlignment(tw.Alignment{tw.AlignLeft, tw.AlignLeft}),
		tablewriter.WithRowPaddingPerColumn([]tw.Padding{
			{Right: strings.Repeat(" ", gap), Overwrite: true},
			tw.PaddingNone,
		}),
		tablewriter.WithEastAsian(tw.Off), // else it depends on the locale of whoever renders
	)
	for _, row := range rows {
		if err := out.Append(row[0], row[1]); err != nil {
			return nil, fmt.Errorf("laying out lines: %w", err)
		}
	}
	if err := out.Render(); err != nil {
		return nil, fmt.Errorf("laying out lines: %w", err)
	}
	var lines []string
	for line := range strings.Lines(b.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	if len(lines) != len(rows) {
		return nil, fmt.Errorf("laying out lines: %d became %d", len(rows), len(lines))
	}
	return lines, nil
}
