package findings

import (
	"cmp"
	"strconv"
	"strings"
)

// Place is file:line of the call.
func (c *Call) Place() string { return c.File + ":" + strconv.Itoa(c.Line) }

// Outermost is the outermost line of the user's code that led to the call, which
// is a test's; empty where that is the call itself.
func (c *Call) Outermost() string {
	if len(c.Chain) < 2 {
		return ""
	}
	_, place, _ := strings.Cut(c.Chain[len(c.Chain)-1], " ") // the name of a function has no space
	return place
}

// TestPlace is the line of the test that made the call, or had it made.
func (c *Call) TestPlace() string { return cmp.Or(c.Outermost(), c.Place()) }

// Helper is the function that a test called to make a change, and its line there: the
// innermost of test code, for what it calls in turn is often all that talks to a Redis;
// else the innermost of the user's code. It is empty where the test itself made the call.
func (c *Call) Helper() (function, place string) {
	if len(c.Chain) < 2 {
		return "", ""
	}
	for _, frame := range c.Chain[:len(c.Chain)-1] {
		if name, at, _ := strings.Cut(frame, " "); strings.Contains(at, "_test.go:") {
			return name, at
		}
	}
	return c.Function, c.Place()
}
