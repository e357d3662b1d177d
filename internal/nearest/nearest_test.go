package nearest

import "testing"

func TestName(t *testing.T) {
	commands := []string{"check", "report", "merge", "diff", "baseline", "bisect", "flaky", "version"}
	parameters := []string{"maxmemory", "maxmemory-policy", "maxmemory-samples", "maxclients", "timeout", "hz"}
	for _, c := range []struct {
		word string
		from []string
		want string
	}{
		{"chek", commands, "check"}, {"chekc", commands, "check"}, {"CHECK", commands, "check"}, {"flakey", commands, "flaky"},
		{"rep", commands, "report"}, {"bisekt", commands, "bisect"}, {"dif", commands, "diff"}, {"basline", commands, "baseline"},
		{"integration", commands, ""}, {"test", commands, ""}, {"x", commands, ""}, {"", commands, ""},
		{"maxmem", parameters, "maxmemory"}, {"max-memory", parameters, "maxmemory"}, {"maxmemory_policy", parameters, "maxmemory-policy"},
		{"tiemout", parameters, "timeout"}, {"nosuchparameter", parameters, ""},
	} {
		if got := Name(c.word, c.from); got != c.want {
			t.Errorf("Name(%q): got %q, want %q", c.word, got, c.want)
		}
	}
}
