package claims

import "testing"

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 1048576: "1 MiB", 2147483648: "2 GiB",
		1048577: "1.0 MiB", -5000: "-4.9 KiB", -1 << 63: "-8 EiB", 1<<63 - 1: "8.0 EiB",
	} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestValue(t *testing.T) {
	for _, c := range []struct {
		parameter, value string
		secret           bool
		want             string
	}{
		{"maxmemory", "0", false, "0 (no limit)"},
		{"maxmemory", "1048576", false, "1048576 (1 MiB)"},
		{"maxmemory-clients", "5%", false, "5%"},
		{"stream-node-max-bytes", "4096", false, "4096 (4 KiB)"},
		{"proto-max-bulk-len", "0", false, "0"},
		{"timeout", "1048576", false, "1048576"},
		{"save", "", false, "(empty)"},
		{"requirepass", "(hidden 2)", true, "(hidden 2)"},
		{"requirepass", "hunter2", true, "(hidden)"},
		{"requirepass", "", true, "(empty)"},
	} {
		if got := Value(c.parameter, c.value, c.secret).Plain(80); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.parameter, c.value, got, c.want)
		}
	}
}

func TestList(t *testing.T) {
	if got := List([]Text{"a", "b", "c", "d"}, 3); got != "a, b and 2 more" {
		t.Error(got)
	}
	if got := List([]Text{"a", "b", "c"}, 3); got != "a, b and c" {
		t.Error(got)
	}
}
