package snapshot

import "strings"

// ACL is the line that gives a user what tracetest needs and nothing else: it
// reads no key and no channel. Without write it restores nothing.
func ACL(user string, write bool) string {
	words := []string{"ACL", "SETUSER", user, "on", ">PASSWORD", "resetkeys", "resetchannels", "-@all",
		"+info", "+config|get", "+client|list", "+client|setname"}
	if write {
		words = append(words, "+config|set")
	}
	return strings.Join(words, " ")
}
