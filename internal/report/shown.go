package report

import (
	"time"

	"tracetest/internal/triage"
)

// shown says of failures that tracetest itself may be behind them: these tests
// asked for what shows it.
func (v *survey) shown(k ink) []string {
	var out []string
	for _, f := range v.others {
		if said := shownSentence(k, f); said != "" {
			if out = append(out, said); len(out) == maxTold {
				break
			}
		}
	}
	return out
}

func shownSentence(k ink, f triage.Failure) string {
	if f.Held > 0 {
		held := time.Duration(f.Held * float64(time.Second)).Round(time.Millisecond)
		return k.owner(ownerOf(f)) + " met the time limit of go test. tracetest had held the tests " + held.String() + ", and the limit was put off by that (45 s at most)."
	}
	if len(f.Shown) == 0 {
		return ""
	}
	return k.owner(ownerOf(f)) + " asked for " + list(k.names(f.Shown), maxTold) +
		", which shows what tracetest itself did before: go test alone tells whether it fails because of that."
}
