package claims

import (
	"strings"

	"tracetest/internal/findings"
)

// What is said of failures that no change of a server explains, and of which the tests
// themselves, or the go command, say why.

// refusedThem says to which addresses failures could not connect, and why where it was
// the same for all.
func refusedThem(failures []findings.Failure) Text {
	var addresses, reasons []string
	for _, f := range failures {
		addresses, reasons = append(addresses, f.Unreachable.Address), append(reasons, f.Unreachable.Error)
	}
	text := List(Names(Unique(addresses)), 3)
	if reasons = Unique(reasons); len(reasons) == 1 {
		text += " (" + say(reasons[0]) + ")"
	}
	return text
}

// cutOff reports whether most failures are of tests that could not connect, and
// nothing else was seen: then that is the headline.
func (v *View) cutOff() bool {
	return len(v.Leaks) == 0 && len(v.unreachable) > 0 && 2*len(v.unreachable) >= len(v.Failures)
}

// unbuiltClause says which packages did not build. What the go command could not even
// load is mostly a package that is not there.
func (v *View) unbuiltClause() Text {
	var names []string
	loaded := false
	for _, f := range v.unbuilt {
		names = append(names, f.Package)
		loaded = loaded || !strings.Contains(f.Message, "[setup failed]")
	}
	text := List(Names(Unique(names)), 3)
	if !loaded {
		return text + " could not be loaded by the go command"
	}
	return text + " did not build"
}

// cutOffClause says that the tests could not connect.
func (v *View) cutOffClause() Text {
	return of(len(v.unreachable), len(v.Failures)) + " could not connect to " + refusedThem(v.unreachable)
}
