// Code generated from the table of package rediscmd; DO NOT EDIT.

package nettrace

// tracetestWanted says what is wanted of a command, by its name in capitals.
func tracetestWanted(name []byte) uint8 {
	switch string(name) {
	case "CLIENT REPLY", "PSUBSCRIBE", "PSYNC", "SSUBSCRIBE", "SUBSCRIBE", "SYNC":
		return tracetestAdrift
	case "ACL LOG", "CLIENT LIST", "COMMANDLOG GET", "COMMANDLOG LEN", "INFO", "LATENCY DOCTOR", "LATENCY GRAPH",
		"LATENCY HISTOGRAM", "LATENCY HISTORY", "LATENCY LATEST", "SLOWLOG GET", "SLOWLOG LEN":
		return tracetestAsks
	case "MONITOR":
		return tracetestAsks | tracetestAdrift
	case "DISCARD", "RESET":
		return tracetestDiscards
	case "EXEC":
		return tracetestExecutes
	case "AUTH", "HELLO":
		return tracetestLogsIn
	case "ACL", "CLIENT", "CLUSTER", "COMMANDLOG", "CONFIG", "FT.CONFIG", "FUNCTION", "GRAPH.CONFIG",
		"HOTKEYS", "LATENCY", "MODULE", "SCRIPT", "SENTINEL", "SLOWLOG", "TFUNCTION":
		return tracetestMaybe
	case "MULTI":
		return tracetestQueues
	case "ACL DELUSER", "ACL LOAD", "ACL SAVE", "ACL SETUSER", "CLIENT PAUSE", "CLIENT UNBLOCK", "CLIENT UNPAUSE",
		"CLUSTER ADDSLOTS", "CLUSTER ADDSLOTSRANGE", "CLUSTER BUMPEPOCH", "CLUSTER CANCELSLOTMIGRATIONS",
		"CLUSTER DELSLOTS", "CLUSTER DELSLOTSRANGE", "CLUSTER FAILOVER", "CLUSTER FLUSHSLOT", "CLUSTER FLUSHSLOTS",
		"CLUSTER FORGET", "CLUSTER MEET", "CLUSTER MIGRATESLOTS", "CLUSTER MIGRATION", "CLUSTER REPLICATE",
		"CLUSTER RESET", "CLUSTER SAVECONFIG", "CLUSTER SET-CONFIG-EPOCH", "CLUSTER SETSLOT", "CONFIG RESETSTAT",
		"CONFIG REWRITE", "CONFIG SET", "DEBUG", "FAILOVER", "FLUSHALL", "FLUSHDB", "FT.CONFIG SET",
		"FUNCTION DELETE", "FUNCTION FLUSH", "FUNCTION KILL", "FUNCTION LOAD", "FUNCTION RESTORE",
		"GRAPH.CONFIG SET", "HOTKEYS RESET", "HOTKEYS START", "HOTKEYS STOP", "MODULE LOAD", "MODULE LOADEX",
		"MODULE UNLOAD", "REPLICAOF", "RG.CONFIGSET", "SCRIPT FLUSH", "SCRIPT KILL", "SENTINEL CONFIG",
		"SENTINEL DEBUG", "SENTINEL FAILOVER", "SENTINEL FLUSHCONFIG", "SENTINEL MONITOR", "SENTINEL REMOVE",
		"SENTINEL RESET", "SENTINEL SET", "SENTINEL SIMULATE-FAILURE", "SHUTDOWN", "SLAVEOF", "SWAPDB",
		"TFUNCTION DELETE", "TFUNCTION LOAD":
		return tracetestWrite
	case "CLIENT KILL", "COMMANDLOG RESET", "LATENCY RESET", "SLOWLOG RESET":
		return tracetestWrite | tracetestAsks
	}
	return tracetestNothing
}

// tracetestFirst are the first words of all commands of which something is known.
var tracetestFirst = [...]string{
	"ACL", "AUTH", "CLIENT", "CLUSTER", "COMMANDLOG", "CONFIG", "DEBUG", "DISCARD", "ECHO", "EXEC",
	"FAILOVER", "FLUSHALL", "FLUSHDB", "FT.CONFIG", "FUNCTION", "GRAPH.CONFIG", "HELLO", "HOTKEYS",
	"INFO", "LATENCY", "MODULE", "MONITOR", "MULTI", "PING", "PSUBSCRIBE", "PSYNC", "REPLICAOF",
	"RESET", "RG.CONFIGSET", "SCRIPT", "SELECT", "SENTINEL", "SHUTDOWN", "SLAVEOF", "SLOWLOG",
	"SSUBSCRIBE", "SUBSCRIBE", "SWAPDB", "SYNC", "TFUNCTION",
}

// tracetestSections are those of INFO that show other clients.
var tracetestSections = [...]string{
	"all", "clients", "commandstats", "default", "errorstats", "everything", "latencystats", "stats",
}

// tracetestQuiet reports whether a command leaves nothing that a snapshot could show.
func tracetestQuiet(name []byte) bool {
	switch string(name) {
	case "AUTH", "CLIENT GETNAME", "CLIENT ID", "CLIENT INFO", "CLIENT SETINFO", "CLIENT SETNAME", "COMMAND",
		"CONFIG GET", "DBSIZE", "ECHO", "EXISTS", "GET", "GETRANGE", "HELLO", "HEXISTS", "HGET", "HGETALL",
		"HKEYS", "HLEN", "HMGET", "HSCAN", "HVALS", "INFO", "KEYS", "LINDEX", "LLEN", "LRANGE", "MGET",
		"PING", "PTTL", "QUIT", "RANDOMKEY", "SCAN", "SCARD", "SELECT", "SISMEMBER", "SMEMBERS", "SMISMEMBER",
		"SSCAN", "STRLEN", "TIME", "TTL", "TYPE", "ZCARD", "ZCOUNT", "ZMSCORE", "ZRANGE", "ZRANGEBYSCORE",
		"ZRANK", "ZREVRANGE", "ZSCAN", "ZSCORE":
		return true
	}
	return false
}
