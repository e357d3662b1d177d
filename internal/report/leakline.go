package report

import (
	"fmt"

	"tracetest/internal/triage"
)

// LeakLine says a leak in a line, for the moment in which it is seen.
func LeakLine(c triage.Change) string {
	k := ink{limit: 120}
	who := fmt.Sprintf("left by one of %d suspects", len(c.Suspects))
	if c.Owner != nil {
		who = "left by " + k.ownerFull(*c.Owner)
	}
	return fmt.Sprintf("leak: %s is %s and was %s, %s (%s, %s)", k.name(c.Parameter), k.after(c), k.before(c), who, k.name(c.Server), c.Certainty)
}
