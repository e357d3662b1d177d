package nettrace

import "sync/atomic"

// The trace reports what changes a server. All else that this process does over the
// network can change a server unseen, and what commands other than quiet ones do is
// counted by the server. Before the first of these since a boundary, package testing
// learns of it, so that tests which did nothing of the kind need not wait at their
// boundaries.

// tracetestElsewhere is called before something is written that is no command.
func tracetestElsewhere() {
	if tracetestHook != nil && atomic.LoadUint32(&tracetestDoor) == 0 {
		tracetestHook("unseen", 0, 0, nil)
	}
}
