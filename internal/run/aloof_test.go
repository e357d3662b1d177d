package run

import (
	"strings"
	"testing"

	"tracetest/internal/record"
)

func TestShows(t *testing.T) {
	for command, want := range map[string]struct {
		how        stay
		connection bool
	}{
		"info": {}, "info default": {}, "info memory": {}, "INFO CommandStats": {stayAll, false}, "info server clients": {stayAll, true}, "info all": {stayAll, true},
		"slowlog get 10": {stayAll, false}, "COMMANDLOG GET 1 slow": {stayAll, false}, "latency latest": {stayAll, false}, "monitor": {stayAll, false},
		"client list": {stayAll, true}, "CLIENT KILL": {stayOwn, true}, "acl log": {stayAll, false},
	} {
		if how, connection := shows(strings.Fields(command)); how != want.how || connection != want.connection {
			t.Errorf("%s: %v %v, want %v", command, how, connection, want)
		}
	}
}

func TestLocks(t *testing.T) {
	for command, want := range map[string]bool{
		"acl setuser default off": true, "ACL LOAD": true, "config set requirepass": true, "config set tls-port": true, "config set hz": false, "flushall": false,
	} {
		w := &record.Write{Command: strings.Fields(command)}
		if len(w.Command) == 3 && w.Command[0] == "config" {
			w.Values = []record.Value{{Parameter: w.Command[2]}}
		}
		if got := locks(w); got != want {
			t.Errorf("%s locks: %v", command, got)
		}
	}
}
