package baseline_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"tracetest/internal/baseline"
	"tracetest/internal/findings"
	"tracetest/internal/record"
)

const good = `{
  "schema": "tracetest.baseline/1",
  "known": [
    {
      "package": "shop/cache",
      "test": "TestA",
      "spec": "",
      "parameter": "MaxMemory",
      "owner": "team-cache",
      "reason": "see issue 7",
      "expires": "2027-01-31"
    },
    {"package": "shop/cache", "parameter": "hz", "owner": "me", "reason": "r", "expires": "2027-01-31"}
  ]
}
`

func TestParse(t *testing.T) {
	for _, text := range []string{good, "\ufeff" + good, strings.ReplaceAll(good, "\n", "\r\n")} {
		b, err := baseline.Parse("known.json", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		want := []record.Known{
			{Name: record.Name{Package: "shop/cache", Test: "TestA"}, Parameter: "maxmemory", Owner: "team-cache", Reason: "see issue 7", Expires: "2027-01-31"},
			{Name: record.Name{Package: "shop/cache"}, Parameter: "hz", Owner: "me", Reason: "r", Expires: "2027-01-31"},
		}
		if b.File != "known.json" || !reflect.DeepEqual(b.Known, want) {
			t.Errorf("got %+v", b)
		}
	}
	if b, err := baseline.Parse("x", []byte(`{"known": [], "schema": "tracetest.baseline/1"}`)); err != nil || b.Known == nil || len(b.Known) != 0 {
		t.Errorf("got %v, %v", b, err)
	}
}

// Whatever can be misread is refused, with the line and the cure.
func TestRefused(t *testing.T) {
	with := func(old, text string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %q", old)
		}
		return strings.Replace(good, old, text, 1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "known.json:1: it ends before"},
		{"a list", "[]", "known.json:1: [ where an object is expected"},
		{"a record", `{"seq":1,"at":"2026-01-01T00:00:00Z"}`, `known.json:1: "seq" is no field of a baseline`},
		{"no schema", `{"known": []}`, `tracetest baseline tracetest-out/run.jsonl`},
		{"another schema", with("baseline/1", "baseline/2"), `known.json:2: the schema is "tracetest.baseline/2"`},
		{"no list", `{"schema": "tracetest.baseline/1"}`, `it has no "known"`},
		{"null for a list", `{"schema": "tracetest.baseline/1", "known": null}`, `the list "known" is expected`},
		{"cut", good[:len(good)-20], "it ends before the JSON does"},
		{"a comma too many", with("    },", "    },,"), "known.json:12: it is not JSON"},
		{"behind the end", good + "{}", "known.json:16: there is more behind the end"},
		{"an unknown field", with(`"test"`, `"tests"`), `known.json:4: unknown field "tests"`},
		{"a number", with(`"TestA"`, `7`), `known.json:4: `},
		{"a null entry", with(`{"package": "shop/cache", "parameter"`, `null, {"package": "shop/cache", "parameter"`), "known.json:13: an entry is null"},
		{"no package", with(`"package": "shop/cache", "parameter"`, `"parameter"`), `known.json:13: the entry has no "package"`},
		{"no owner", with(`"me"`, `" "`), `known.json:13: the entry has no "owner": write who owns it`},
		{"no reason", with(`"reason": "see issue 7",`, ``), `known.json:4: the entry has no "reason"`},
		{"no date", with(`,
      "expires": "2027-01-31"`, ""), `known.json:4: the entry has no "expires": write the last day on which it may, as YYYY-MM-DD`},
		{"another date", with("2027-01-31", "31.1.2027"), `known.json:4: "expires" is "31.1.2027", which is no day: write it as YYYY-MM-DD, such as`},
		{"no such day", with("2027-01-31", "2027-02-30"), `which is no day`},
		{"twice", with(`"parameter": "hz"`, `"test": "TestA", "parameter": "maxmemory"`), "known.json:13: the leak of maxmemory is known since line 4 already"},
		{"two lists", with(`"known"`, `"known": [], "known"`), `"known" is there twice`},
		{"two schemas", with(`"known"`, `"schema": "tracetest.baseline/1", "known"`), `"schema" is there twice`},
		{"two dates", with(`"expires": "2027-01-31"`, `"expires": "2027-01-31", "expires": "2099-01-31"`), `known.json:4: the entry has "expires" twice`},
		{"two dates in other letters", with(`"expires": "2027-01-31"`, `"Expires": "2099-01-31", "expires": "2027-01-31"`), `the entry has "expires" twice`},
		{"bytes", with("team", "\xff"), "not UTF-8"},
	} {
		b, err := baseline.Parse("known.json", []byte(c.text))
		if err == nil {
			t.Errorf("%s: it is read as %+v", c.name, b)
		} else if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "known.json") {
			t.Errorf("%s: got %q, want %q", c.name, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"schema":"tracetest.baseline/1","known":[{}]}`))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := baseline.Parse("x", text)
		if err != nil {
			return
		}
		var written bytes.Buffer
		if err := baseline.Write(&written, b); err != nil {
			t.Fatal(err)
		}
		again, err := baseline.Parse("x", written.Bytes())
		if err != nil || !reflect.DeepEqual(b, again) {
			t.Errorf("%+v was written and read as %+v, %v", b, again, err)
		}
	})
}

// A baseline of a run covers what can be told of it and nothing else, and what
// was known keeps its owner and its day.
func TestOf(t *testing.T) {
	a, b := record.Name{Package: "p", Test: "TestA"}, record.Name{Package: "p", Test: "TestB"}
	f := &findings.Findings{Run: findings.Run{Started: time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC)}, Leaks: []findings.Change{
		{Parameter: "hz", By: &b},
		{Parameter: "hz", By: &a, Known: &findings.Known{Owner: "me", Reason: "why", Expires: "2026-12-01"}},
		{Parameter: "hz", By: &b, Server: "another"},
		{Parameter: "timeout", Certainty: findings.Ambiguous, Suspects: []record.Name{a, b}},
		{Parameter: "maxmemory", By: &a, Untraced: true},
	}}
	got, unsettled := baseline.Of(f, baseline.Defaults{})
	want := []record.Known{
		{Name: record.Name{Package: "p", Test: "TestA"}, Parameter: "hz", Owner: "me", Reason: "why", Expires: "2026-12-01"},
		{Name: record.Name{Package: "p", Test: "TestB"}, Parameter: "hz", Owner: "nobody yet", Reason: "left by the run of 2026-11-24", Expires: "2027-02-22"},
	}
	if !reflect.DeepEqual(got.Known, want) || len(unsettled) != 2 {
		t.Errorf("got %+v and %+v", got.Known, unsettled)
	}
	var text bytes.Buffer
	if err := baseline.Write(&text, got); err != nil {
		t.Fatal(err)
	}
	if again, err := baseline.Parse("x", text.Bytes()); err != nil || !reflect.DeepEqual(again.Known, want) {
		t.Errorf("what was written cannot be used: %v", err)
	}
}
