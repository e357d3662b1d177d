package ci

import (
	"bytes"
	"strings"
)

// StepSummary is as much of report.md as there is room for, in bytes, in the
// file of $GITHUB_STEP_SUMMARY. It is cut before a heading, so that nothing in
// it is left open, and says so. Nil means that there is no room for anything
// worth reading.
func StepSummary(markdown []byte, room int) []byte {
	if len(markdown) <= room {
		return markdown
	}
	const note = "*This is cut here, because a step summary has room for 1 MiB. The whole is in `report.md`.*\n"
	end, at, fence := 0, 0, ""
	for line := range bytes.Lines(markdown) {
		text := strings.TrimRight(string(line), "\n")
		switch ticks := text[:len(text)-len(strings.TrimLeft(text, "`"))]; {
		case fence != "":
			if text == fence {
				fence = ""
			}
		case len(ticks) >= 3 && !strings.Contains(text[len(ticks):], "`"):
			fence = ticks
		case strings.HasPrefix(text, "## ") || strings.HasPrefix(text, "### "):
			if at+len(note) <= room {
				end = at
			}
		}
		at += len(line)
	}
	if end == 0 {
		return nil
	}
	return append(bytes.Clone(markdown[:end]), note...)
}
