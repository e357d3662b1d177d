package doc

import "tracetest/internal/printable"

// Clean makes one line of printable, valid UTF-8 from anything. It holds no mark of
// a [Text] either.
func Clean(s string) string { return printable.Line(s) }
