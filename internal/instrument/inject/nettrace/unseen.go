package nettrace

import "sync/atomic"

// What is told of a connection stands in the trace. All else that this process does
// over the network can change a server by a way that nobody sees, and commands that
// can add keys or meet an error are counted by the server. Before the first of these
// since a boundary, package testing is told, so that tests which did nothing of the
// kind need not wait at their boundaries.

// tracetestElsewhere is called before something is written that is no command.
func tracetestElsewhere() {
	if tracetestHook != nil && atomic.LoadUint32(&tracetestDoor) == 0 {
		tracetestHook("unseen", 0, 0, nil)
	}
}

// tracetestReads reports whether a command can neither add nor delete keys nor change
// anything but the connection that it is sent on. One that deletes keys counts: a test
// that deletes what there was and sets it anew leaves no more than it found.
func tracetestReads(name []byte) bool {
	switch string(name) {
	case "GET", "MGET", "STRLEN", "GETRANGE", "EXISTS", "TTL", "PTTL", "TYPE", "KEYS", "SCAN", "DBSIZE", "RANDOMKEY",
		"HGET", "HMGET", "HGETALL", "HEXISTS", "HLEN", "HKEYS", "HVALS", "HSCAN",
		"LLEN", "LRANGE", "LINDEX", "SCARD", "SMEMBERS", "SISMEMBER", "SMISMEMBER", "SSCAN",
		"ZCARD", "ZCOUNT", "ZRANGE", "ZRANGEBYSCORE", "ZREVRANGE", "ZRANK", "ZSCORE", "ZMSCORE", "ZSCAN",
		"PING", "ECHO", "TIME", "AUTH", "HELLO", "SELECT", "QUIT", "COMMAND",
		"CLIENT SETINFO", "CLIENT SETNAME", "CLIENT GETNAME", "CLIENT ID", "CLIENT INFO", "CONFIG GET", "INFO":
		return true
	}
	return false
}
