package record

// IsRole reports whether a parameter says who is the master of a server. Sentinel, a
// cluster and the people who run the server move it, also while tests run:
// tracetest watches it and never writes it.
func IsRole(parameter string) bool {
	return parameter == "replicaof" || parameter == "slaveof" // the old name, of 6.x
}
