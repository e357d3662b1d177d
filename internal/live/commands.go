package live

import (
	"regexp"
	"strings"
)

// A CI reads commands from what a step prints: GitHub Actions `::error::x` at
// the begin of a line and `##[error]x` anywhere, Azure Pipelines `##vso[x]y` and
// TeamCity `##teamcity[x]` anywhere, GitLab `section_start:1:x`. The runner of
// GitHub ends a line at a carriage return too, and skips any space before it.
var (
	lineCommand = regexp.MustCompile(`(^|[\r\n])([\s\p{Z}\x{85}]*):(:[^\r\n]*::)`)
	anyCommand  = regexp.MustCompile(`(?i)#(#(?:\[|vso\[|teamcity\[))|(section_(?:start|end))(:)`)
)

// Harmless puts a space into whatever a CI would take for a command, so that
// what a test prints, or how it is called, is only text.
func Harmless(text string) string {
	if strings.Contains(text, "::") {
		// Twice: what ends one command can be the line before the next.
		for range 2 {
			text = lineCommand.ReplaceAllString(text, "$1$2: $3")
		}
	}
	if strings.Contains(text, "##") || strings.Contains(text, "_") && strings.Contains(strings.ToLower(text), "section_") {
		text = anyCommand.ReplaceAllStringFunc(text, func(s string) string {
			if s[0] == '#' {
				return "# " + s[1:]
			}
			return s[:len(s)-1] + " :"
		})
	}
	return text
}
