//go:build unix && !tracetest_notrace

// Code generated from the table of package rediscmd; DO NOT EDIT.

package inject

// tracetestKnown says of a command that changes a server how tracetest gets to know of
// it, and what its arguments are, by its name in capitals.
func tracetestKnown(name string) (how, args uint8, known bool) {
	switch name {
	case "FLUSHALL", "FLUSHDB", "SWAPDB":
		return tracetestNoted, tracetestPlain, true
	case "MODULE LOAD", "MODULE LOADEX":
		return tracetestSampled, tracetestOpaque, true
	case "SENTINEL CONFIG", "SENTINEL SET":
		return tracetestSampled, tracetestOptions, true
	case "ACL SAVE", "CLUSTER ADDSLOTS", "CLUSTER ADDSLOTSRANGE", "CLUSTER BUMPEPOCH", "CLUSTER CANCELSLOTMIGRATIONS",
		"CLUSTER DELSLOTS", "CLUSTER DELSLOTSRANGE", "CLUSTER FAILOVER", "CLUSTER FLUSHSLOT", "CLUSTER FLUSHSLOTS",
		"CLUSTER FORGET", "CLUSTER MEET", "CLUSTER MIGRATESLOTS", "CLUSTER MIGRATION", "CLUSTER REPLICATE",
		"CLUSTER RESET", "CLUSTER SAVECONFIG", "CLUSTER SET-CONFIG-EPOCH", "CLUSTER SETSLOT", "CONFIG RESETSTAT",
		"CONFIG REWRITE", "DEBUG", "FAILOVER", "MODULE UNLOAD", "REPLICAOF", "SENTINEL DEBUG", "SENTINEL FAILOVER",
		"SENTINEL FLUSHCONFIG", "SENTINEL MONITOR", "SENTINEL REMOVE", "SENTINEL RESET", "SENTINEL SIMULATE-FAILURE",
		"SHUTDOWN", "SLAVEOF":
		return tracetestSampled, tracetestPlain, true
	case "CONFIG SET", "FT.CONFIG SET", "GRAPH.CONFIG SET", "RG.CONFIGSET":
		return tracetestSampled, tracetestSettings, true
	case "FUNCTION LOAD", "FUNCTION RESTORE", "TFUNCTION LOAD":
		return tracetestTold, tracetestBody, true
	case "ACL DELUSER", "ACL LOAD", "CLIENT KILL", "CLIENT PAUSE", "CLIENT UNBLOCK", "CLIENT UNPAUSE",
		"COMMANDLOG RESET", "FUNCTION DELETE", "FUNCTION FLUSH", "FUNCTION KILL", "HOTKEYS RESET",
		"HOTKEYS START", "HOTKEYS STOP", "LATENCY RESET", "SCRIPT FLUSH", "SCRIPT KILL", "SLOWLOG RESET",
		"TFUNCTION DELETE":
		return tracetestTold, tracetestPlain, true
	case "ACL SETUSER":
		return tracetestTold, tracetestRules, true
	}
	return tracetestSampled, tracetestPlain, false
}
