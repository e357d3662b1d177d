package snapshot

import (
	"errors"

	"tracetest/internal/redisconf"
)

// ErrRole says that a server has got another master since.
var ErrRole = errors.New("it has another master than it had: a failover")

// is makes sure that a connection is to the run of a server that a mark is of, and that
// the server has the master that it had: its data is other data else.
func is(l *link, of Mark) error {
	if err := isRun(l, of.runID); err != nil {
		return err
	}
	for name, was := range of.values() {
		if !redisconf.IsRole(name) {
			continue
		}
		now, err := l.config(name)
		if err != nil {
			return err
		}
		if now[name] != was {
			return ErrRole
		}
	}
	return nil
}
