package snapshot

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tracetest/internal/record"
)

// TestClaims guards against a write to a server that nobody is known to have a right to.
func TestClaims(t *testing.T) {
	mark := func(run string, words ...string) Mark {
		config := map[string]string{}
		for _, w := range words {
			name, value, _ := strings.Cut(w, "=")
			config[name] = value
		}
		return NewMark(config, run)
	}
	was, set := mark("a", "hz=10", "timeout=0", "replicaof="), mark("a", "hz=20", "timeout=0", "replicaof=b 1")
	for _, test := range []struct {
		name   string
		claims Claims
		now    Mark
		want   string
	}{
		{"what was set and still is", Between(was, set), mark("a", "hz=20", "timeout=0"), "[hz] map[]"},
		{"what somebody else has set since", Between(was, set), mark("a", "hz=30"), "[] map[hz:others]"},
		{"what is as it was again", Between(was, set), mark("a", "hz=10"), "[] map[]"},
		{"a role", Between(was, set), set, "[hz] map[replicaof:role]"},
		{"a role, whatever is claimed", Claims{"replicaof": {Set: set, To: was, Why: record.WhyUntraced}}, set, "[] map[replicaof:role]"},
		{"another run with the same values", Between(was, set), mark("b", "hz=20", "timeout=0"), "[] map[hz:restarted]"},
		{"a write to another run", Claims{"hz": {Set: mark("b", "hz=20"), To: was}}, set, "[] map[hz:others]"},
		{"what nobody is known to have set", Untraced(was), mark("a", "hz=20", "timeout=0"), "[] map[hz:untraced]"},
		{"what nobody is known to have set, of another run", Untraced(was), mark("b", "hz=20", "timeout=0"), "[] map[hz:restarted]"},
		{"what is to be left alone", Claims{"hz": {Set: set, To: was, Why: record.WhyUnsynchronized}}, set, "[] map[hz:unsynchronized]"},
		{"no word of what it was set to", Claims{"hz": {To: was}}, set, "[] map[hz:others]"},
		{"another version of the server", Between(mark("a", "new=1"), mark("a", "old=1")), mark("a", "old=1"), "[] map[]"},
		{"a parameter that is gone", Between(was, set), mark("a"), "[] map[]"},
		{"nothing", nil, set, "[] map[]"},
	} {
		names, left := test.claims.Allowed(test.now)
		if got := fmt.Sprint(names, left); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestRestoredErr(t *testing.T) {
	left := func(words ...record.Why) map[string]record.Why {
		all := map[string]record.Why{}
		for i, why := range words {
			all[fmt.Sprint("p", i)] = why
		}
		return all
	}
	for _, test := range []struct {
		of   Restored
		want string
	}{
		{Restored{}, ""},
		{Restored{Wrote: &record.Restore{}}, ""},
		{Restored{Wrote: &record.Restore{Error: "no answer"}, Left: left(record.WhyUntraced)}, "restoring what was changed on s: no answer"},
		{Restored{Left: left(record.WhyRole)}, "s: it has another master than it had: a failover"},
		{Restored{Left: left(record.WhyRole, record.WhyOthers)}, "s is not as before: p1; no test was seen setting that, so tracetest leaves it alone"},
		{Restored{Left: left(record.WhyRestarted, record.WhyRestarted), command: "x"}, "s: it restarted, or another server has its address by now, and is not as before: p0, p1"},
		{Restored{Left: left(record.WhyUntraced), command: "x"}, "s is not as before: p0; no test was seen setting that, so tracetest leaves it alone. Restore it first:\n  x"},
	} {
		test.of.address = "s"
		err := test.of.Err()
		if got := errors.Join(err); (got == nil) != (test.want == "") || got != nil && got.Error() != test.want {
			t.Errorf("%v, want %s", got, test.want)
		}
	}
	if err := (Restored{Left: left(record.WhyRole)}).Err(); !errors.Is(err, ErrRole) {
		t.Errorf("%v is no failover", err)
	}
}
