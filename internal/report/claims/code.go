package claims

import (
	"fmt"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/report/doc"
)

// around is how many lines before and after a call are shown.
const around = 3

// codeFrames show the line of the test that led to a change, and that of the helper
// which made it, as the checkout had them.
func (v *View) codeFrames(c findings.Change) []doc.Block {
	if c.Call == nil {
		return nil
	}
	var blocks []doc.Block
	_, through := c.Call.Helper()
	for _, place := range []string{c.Call.TestPlace(), through} {
		if lines := v.codeFrame(place); lines != nil {
			blocks = append(blocks, para(v.link(place)+":"), doc.Fence{Lang: "text", Lines: lines})
		}
	}
	return blocks
}

// codeFrame is the lines around a place, the one itself marked; nil where the record
// does not have them.
func (v *View) codeFrame(place string) []string {
	file, line, ok := CutLine(place)
	if !ok {
		return nil
	}
	for _, c := range v.Code {
		if c.File != file || line < c.First || line >= c.First+len(c.Lines) {
			continue
		}
		from, to := max(line-around, c.First), min(line+around, c.First+len(c.Lines)-1)
		shown := c.Lines[from-c.First : to-c.First+1]
		var lines []string
		for i, text := range shown {
			mark := "  "
			if from+i == line {
				mark = "> "
			}
			lines = append(lines, strings.TrimRight(fmt.Sprintf("%s%*d | %s", mark, len(fmt.Sprint(to)), from+i, strings.ReplaceAll(text, "\t", "    ")), " "))
		}
		return lines
	}
	return nil
}

// codeOf are the frames of all that changed together, each place once.
func (v *View) codeOf(changes []findings.Change) []doc.Block {
	var blocks []doc.Block
	for _, c := range oneOfEachChain(changes) {
		blocks = append(blocks, v.codeFrames(c)...)
	}
	const most = 6 // a paragraph and its lines count as two
	return blocks[:min(len(blocks), most)]
}
