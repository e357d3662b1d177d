package wording

import (
	"strconv"
	"strings"

	"tracetest/internal/findings"
)

// sentences are the caveats that have no argument.
func sentences() map[findings.CaveatKind]string {
	return map[findings.CaveatKind]string{
		findings.CaveatClosureOfAnother: "It ran a closure that another test had made.",
		findings.CaveatFuncOfAnother:    "It ran the function of another test.",
		findings.CaveatTestMain:         "The code is of TestMain; a test can have left it to be called later.",
		findings.CaveatTimer:            "A timer or a finalizer made the call; one of a test that has ended can have done it too.",
		findings.CaveatCalledLater:      "What made the call was left to be called later, and who left it is not known.",
		findings.CaveatLostStarter:      "A goroutine that has ended started the one that made the call, and whose that was is not known.",
		findings.CaveatBinary:           "A test binary that it had started made the call.",
		findings.CaveatBinaryOfOne:      "A test binary that one of them had started made the call.",
		findings.CaveatBinaryLate:       "A test binary that it had started made the call, after its end.",
		findings.CaveatSeveralWaited:    "Several tests waited for replies of this client; the line is the one whose code sets a parameter.",
		findings.CaveatNoAnswer:         "A test that has ended had sent this value; no answer came in time to say when it was done.",
		findings.CaveatNoSnapshot:       "No snapshot shows it: the writes that set it and restored it were both accepted between two snapshots.",
		findings.CaveatMayBeFailover:    "The record ends before it says who was connected then, so it may have been a failover.",
		findings.CaveatRestarted:        "The server restarted later, and this value was gone.",
		findings.CaveatRestoredIdle:     "It was restored later, while no test was running.",
		findings.CaveatRestoredByOne:    "It was restored later, by one of several that were open.",
		findings.CaveatRestoredSelf:     "It was restored by somebody who may be the same test. If it was another one, this is a leak.",
		findings.CaveatContainer:        "The spec is in an Ordered container; a BeforeAll or AfterAll that ran with it counts as part of it.",
	}
}

// caveat says what weakens what is said of a change.
func caveat(c findings.Caveat) string {
	switch c.Kind {
	case findings.CaveatOutlived:
		text := "The goroutine that made the call was started by it and went on after its end"
		if len(c.Owners) > 0 {
			text += ", while " + names(c.Owners, c.More) + " ran"
		}
		return text + "."
	case findings.CaveatWorker:
		return "The goroutine that made the call was started by " + names(c.Owners, c.More) + "; a worker that tests share may have been given the call by another."
	case findings.CaveatFamily:
		return "The code is of " + strings.Join(c.Functions, " and ") + ", which or a subtest of which made it; somebody else can have left it to be called."
	case findings.CaveatCallsWaited:
		text := strconv.Itoa(len(c.Places)+c.More) + " calls waited for a reply of this client, and any of them can be the one: " + strings.Join(c.Places, ", ")
		if c.More > 0 {
			text += ", ..."
		}
		return text + "."
	case findings.CaveatOtherValue:
		text := "A test binary was seen setting it, to another value"
		if len(c.Places) > 0 {
			text += " (" + strings.Join(c.Places, ", ") + ")"
		}
		return text + "."
	case findings.CaveatCanSet:
		return "A test binary was seen sending " + c.Command + ", which can change parameters."
	case findings.CaveatRecordEnds:
		return "The record ends before the " + Unit(c.Unit) + " did; its clean-up may have restored it."
	case findings.CaveatOutOfSight:
		return "The server was unreachable when the " + Unit(c.Unit) + " ended; its clean-up may have restored it."
	case findings.CaveatEarlyLeak:
		return "It was there when " + names(c.Owners, c.More) + " ended, and was restored before the others had: it is a leak if it was that one's."
	}
	return sentences()[c.Kind]
}

// Caveats says all that weakens what is said of a change; "" where nothing does.
func Caveats(c findings.Change) string {
	var all []string
	for _, c := range c.Caveats {
		all = append(all, c.Text)
	}
	return strings.Join(all, " ")
}
