package plain

import "testing"

func TestContext(t *testing.T) {
	rdb := open()
	defer rdb.Close()
	rdb.ConfigSet(t.Context(), "repl-timeout", "70")
}

func TestContextOfCleanup(t *testing.T) {
	rdb := open()
	t.Cleanup(func() { rdb.Close() })
	rdb.ConfigSet(t.Context(), "repl-ping-replica-period", "11")
}
