package snapshot

import (
	"strings"

	"tracetest/internal/rediscmd"
)

// CONFIG GET * costs a server more than all else of a snapshot, and most often it
// says what it said before. INFO alone can show that it would: it counts the
// calls of each command, and no parameter changes but by some command.
//
//   - The counts alone are not enough. CONFIG RESETSTAT sets them to zero, so
//     that a reset and a CONFIG SET can leave the counts that there were. A
//     reset is itself counted after it, as the one since: where there was one,
//     everything is always asked for.
//   - Should a server not count it, the calls of INFO must have grown: each snapshot
//     makes one.
//   - INFO comes before CONFIG GET * in a whole question. What another client
//     does in between is then in the configuration and not yet in the counts,
//     and the next snapshot asks for everything.
//   - In a cluster, and after FAILOVER, a server changes its master later than
//     any command: there everything is always asked for.
//
// Before Redis 7.0 the calls of CONFIG are not told apart.

// calls is how often the commands were called that can change a parameter, as
// one INFO showed it.
type calls struct {
	changing  string // names and numbers of calls, as they came
	info      int64
	announced bool // the server tells the subcommands of CONFIG apart
	failover  bool
	reset     bool // the counts were set to zero
}

// count takes in a line of the section commandstats.
func (c *calls) count(command, value string) {
	switch command {
	case "info":
		c.info = fieldOf(value, "calls=")
		return
	case "config|get": // ours, and it changes nothing
		c.announced = true
		return
	case "config|resetstat":
		c.reset = true
	case "failover":
		c.failover = true
	}
	if rediscmd.MayConfigure(command) {
		made, _, _ := strings.Cut(value, ",")
		c.changing += command + ":" + made + " "
	}
}

// same reports whether nothing was called in between that can change a
// parameter.
func (c calls) same(before calls) bool {
	return c.announced && !c.failover && !c.reset && c.info > before.info && c.changing == before.changing
}
