package triage_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/triage"
	"tracetest/internal/triage/story"
)

// A record that is cut off anywhere is never complete and never clean, and
// accuses nobody by name whom the whole record does not accuse, unless it says
// that the record ended too early.
func TestCutOff(t *testing.T) {
	for _, c := range all(t) {
		entries := entries(t, c)
		whole := analyse(t, marshal(t, entries))
		for n := 1; n < len(entries); n++ {
			f := analyse(t, marshal(t, entries[:n]))
			if f.Run.Complete || f.Run.Exit == triage.ExitClean || f.Run.Exit == triage.ExitLeaked {
				t.Errorf("%s: the first %d of %d entries: complete is %v, exit %d", c.Name, n, len(entries), f.Run.Complete, f.Run.Exit)
			}
			for _, l := range f.Leaks {
				accused := l.By == nil || len(l.Caveats) > 0 || slices.ContainsFunc(whole.Leaks, func(w findings.Change) bool {
					return w.Parameter == l.Parameter && (w.By == nil && slices.Contains(w.Suspects, *l.By) || w.By != nil && *w.By == *l.By)
				})
				if !accused {
					t.Errorf("%s: the first %d of %d entries accuse %s of %s without a caveat:\n%s", c.Name, n, len(entries), owner(*l.By), l.Parameter, render(whole))
				}
			}
		}
	}
}

// A line that is damaged or missing may be the one that showed a leak: the
// record is not complete without it.
func TestDamagedLine(t *testing.T) {
	for _, c := range all(t) {
		entries := entries(t, c)
		lines := bytes.SplitAfter(marshal(t, entries), []byte("\n"))
		for i := 1; i < len(lines)-1; i++ {
			damaged := slices.Concat(lines[:i]...)
			cut := append(slices.Clone(lines[i][:len(lines[i])/2]), '\n')
			for what, text := range map[string][]byte{
				"damaged": append(append(slices.Clone(damaged), cut...), slices.Concat(lines[i+1:]...)...),
				"missing": append(slices.Clone(damaged), slices.Concat(lines[i+1:]...)...),
			} {
				f := analyse(t, text)
				if f.Run.Exit == triage.ExitClean || f.Run.Complete {
					t.Errorf("%s: line %d is %s: complete is %v, exit %d", c.Name, i+1, what, f.Run.Complete, f.Run.Exit)
				}
				if what == "missing" && i == len(lines)-2 {
					continue // a record without an end says so
				}
				if !slices.ContainsFunc(f.Notices, func(n findings.Notice) bool { return n.Code == "record-damaged" }) {
					t.Errorf("%s: line %d is %s, and no notice says so", c.Name, i+1, what)
				}
			}
		}
	}
}

// Entries that no tracetest writes, for a record comes from anywhere.
func TestNonsense(t *testing.T) {
	for name, line := range map[string]string{
		"begin of nobody":        `{"boundary":{"verb":"begin","process":1,"owner":9}}`,
		"end of nobody":          `{"boundary":{"verb":"end","process":1,"owner":99,"end":{"status":"pass"}}}`,
		"end without an outcome": `{"boundary":{"verb":"end","process":1,"owner":1}}`,
		"no process":             `{"boundary":{"verb":"begin","process":77,"owner":9,"begin":{"id":9,"kind":"test","name":"TestX"}}}`,
		"its own parent":         `{"boundary":{"verb":"begin","process":1,"owner":9,"begin":{"id":9,"parent":9,"kind":"test","name":"TestX"}}}`,
		"parents in a circle": `{"boundary":{"verb":"begin","process":1,"owner":9,"begin":{"id":9,"parent":8,"kind":"test","name":"TestX"}}}` + "\n" +
			`{"boundary":{"verb":"begin","process":1,"owner":8,"begin":{"id":8,"parent":9,"kind":"test","name":"TestY"}}}`,
		"another id":                 `{"boundary":{"verb":"begin","process":1,"owner":9,"begin":{"id":8,"kind":"test","name":"TestX"}}}`,
		"no such server":             `{"boundary":{"verb":"event","snapshots":[{"server":7,"config":{"hz":"1"}}]}}`,
		"negative server":            `{"boundary":{"verb":"event","snapshots":[{"server":-1,"config":{"hz":"1"}}]}}`,
		"restore of no server":       `{"restore":{"server":9,"when":"run","values":{"hz":"10"}}}`,
		"restore without a snapshot": `{"restore":{"server":0,"when":"run","values":{"hz":"10"}}}`,
		"verb of a later version":    `{"boundary":{"verb":"dance","process":1,"snapshots":[{"server":0,"config":{"hz":"1"}}]}}`,
		"host of nobody":             `{"process":{"index":5,"package":"p","host":{"process":44,"owners":[55]}}}`,
		"close of nothing":           `{"boundary":{"verb":"close","process":1,"container":"x:1"}}`,
		"suite of nobody":            `{"boundary":{"verb":"suite-end","process":1,"owner":99,"nodes":[{"type":"BeforeSuite","outcome":{"status":"fail"}}]}}`,
		"test of no package":         `{"test":{"action":"fail","test":"TestX"}}`,
		"two things at once":         `{"notice":{"code":"a","text":"b"},"end":{"go_exit":0,"complete":true}}`,
		"nothing":                    `{}`,

		"contact of nobody":              `{"contact":{"process":9,"network":"tcp","address":"10.0.0.9:1","server":7}}`,
		"write of no process":            `{"write":{"process":77,"number":1,"server":0,"command":["CONFIG","SET","hz","20"],"values":[{"parameter":"hz","value":"20"}],"by":{}}}`,
		"write of nothing":               `{"write":{"process":1,"number":1,"server":0,"by":{}}}`,
		"write to no server":             `{"write":{"process":1,"number":1,"server":9,"command":["FLUSHALL"],"values":[{"parameter":"hz","value":"20"}],"by":{},"snapshots":[{"server":-2},{"server":9}]}}`,
		"write with an unknown snapshot": `{"write":{"process":1,"number":1,"server":-5,"command":["CONFIG"],"by":{},"snapshots":[{"server":0,"config":{"hz":"20"}}]}}`,
		"label without an owner":         `{"write":{"process":1,"number":1,"server":0,"command":["CONFIG","SET","hz","20"],"values":[{"parameter":"hz","value":"20"}],"by":{"label":"owner"}}}`,
		"label of nobody":                `{"write":{"process":1,"number":1,"server":0,"command":["CONFIG","SET","hz","20"],"values":[{"parameter":"hz","value":"20"}],"by":{"label":"owner","owner":{"id":0,"kind":"test","name":""}}}}`,
		"label of a later version":       `{"write":{"process":1,"number":1,"server":0,"command":["CONFIG","SET","hz","20"],"values":[{"parameter":"hz","value":"20"}],"by":{"label":"dance"}}}`,
		"label within itself": `{"write":{"process":1,"number":1,"server":0,"command":["CONFIG","SET","hz","20"],"values":[{"parameter":"hz","value":"20"}],"by":{"label":"owner","owner":{"id":9,"parent":9,"kind":"test","name":"TestX"}}}}` + "\n" +
			`{"boundary":{"verb":"event","snapshots":[{"server":0,"config":{"hz":"20"}}]}}`,
		"labels in a circle": `{"refused":{"process":1,"number":1,"count":1,"server":0,"by":{"label":"owner","owner":{"id":9,"parent":8,"kind":"test","name":"TestX"}}}}` + "\n" +
			`{"refused":{"process":1,"number":2,"count":1,"server":0,"by":{"label":"owner","owner":{"id":8,"parent":9,"kind":"test","name":"TestY"}}}}`,
		"circle through the package": `{"refused":{"process":1,"number":1,"count":-1,"server":0,"by":{"label":"owner","owner":{"id":5,"parent":-1,"kind":"test","name":"TestX"},"stack":[{"function":"a.TestX","file":"a_test.go","line":1}]}}}`,
		"waiters without owners":     `{"write":{"process":1,"number":1,"server":0,"command":["x"],"by":{"waiting":[{"label":"owner"},{"label":"owner","owner":{"id":-3,"kind":"test","name":"TestX"}},{}]}}}`,
		"frames of nothing": `{"write":{"process":1,"number":1,"server":0,"command":["CONFIG","SET","hz","20"],"values":[{"parameter":"hz","value":"20"}],"by":{"label":"package","stack":[{"function":"","file":"","line":-1},{"function":"[","file":"_test.go","line":0},{"function":"a/.","file":"/","line":0},{"function":"shop/cache.Test","file":"_test.go","line":1}]}}}` + "\n" +
			`{"boundary":{"verb":"event","snapshots":[{"server":0,"config":{"hz":"20"}}]}}`,
		"reply to nobody":           `{"reply":{"process":1,"number":99,"text":"+OK","snapshots":[{"server":0,"config":{"hz":"20"}},{"server":9}]}}`,
		"reply of nothing":          `{"reply":{"process":0,"number":0,"text":""}}`,
		"refusal that nobody began": `{"refused":{"process":9,"number":1,"count":5,"server":-1}}`,
		"clients of no server":      `{"clients":{"server":9,"parameters":["hz"],"list":[{"address":"x","age":-1,"idle":0}]}}`,
		"write and its reply, twice": `{"write":{"process":1,"number":1,"server":0,"command":["CONFIG","SET","hz","20"],"values":[{"parameter":"hz","value":"20"},{"parameter":"hz","value":"30"}],"by":{"label":"package"}}}` + "\n" +
			`{"write":{"process":1,"number":1,"server":0,"command":["CONFIG","SET","hz","20"],"values":[{"parameter":"hz","value":"20"}],"by":{"label":"package"}}}` + "\n" +
			`{"reply":{"process":1,"number":1,"text":"+OK","snapshots":[{"server":0,"config":{"hz":"20"}}]}}` + "\n" +
			`{"reply":{"process":1,"number":1,"text":"-ERR","snapshots":[{"server":0,"config":{"hz":"30"}}]}}`,
		"server in the middle": `{"server":{"index":0,"address":"x:1"}}` + "\n" + `{"server":{"index":7,"address":"y:1","config":{"hz":"10"}}}` + "\n" + `{"boundary":{"verb":"event","snapshots":[{"server":1,"config":{"hz":"1"}},{"server":2,"config":{"hz":"1"},"counters":{"used_memory":1}}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			text := marshal(t, entries(t, all(t)[0]))
			lines := bytes.SplitAfter(text, []byte("\n"))
			for i := 1; i < len(lines); i++ {
				with := slices.Concat(slices.Concat(lines[:i]...), []byte(line+"\n"), slices.Concat(lines[i:]...))
				if f := analyse(t, with); !f.Run.Complete && f.Run.Exit == triage.ExitClean {
					t.Errorf("after line %d: not complete, and clean", i)
				}
			}
		})
	}
}

// Whatever is missing from a record with a trace, comes twice or in another order,
// it is read to its end, says the same each time, and keeps the contract of its
// attributions.
func TestDisorder(t *testing.T) {
	for n, c := range all(t) {
		whole := entries(t, c)
		if !whole[0].Run.Traced {
			continue
		}
		for seed := range uint64(20) {
			random := rand.New(rand.NewPCG(seed, uint64(n)))
			entries := slices.Clone(whole)
			for range 1 + random.IntN(4) {
				i, j := 1+random.IntN(len(entries)-1), 1+random.IntN(len(entries)-1)
				switch random.IntN(3) {
				case 0:
					entries = slices.Delete(entries, i, i+1)
				case 1:
					entries = slices.Insert(entries, i, entries[j])
				case 2:
					entries[i], entries[j] = entries[j], entries[i]
				}
				if len(entries) < 3 {
					break
				}
			}
			f := triaged(entries)
			if again := triaged(entries); !reflect.DeepEqual(f, again) {
				t.Errorf("%s, seed %d: two readings differ:\n%s\n%s", c.Name, seed, render(f), render(again))
			}
			for _, x := range append(slices.Clone(f.Leaks), f.Reverted...) {
				if (x.By != nil) == (x.Certainty == findings.Ambiguous) || x.Certainty == findings.Exact && x.Untraced || x.Call != nil && len(x.Call.Chain) == 0 {
					t.Errorf("%s, seed %d: %s\n%s", c.Name, seed, x.Parameter, render(f))
				}
			}
		}
	}
}

// The exit code by everything that it may depend on.
func TestExitCode(t *testing.T) {
	for _, leak := range []bool{false, true} {
		for _, outside := range []bool{false, true} {
			for _, complete := range []bool{false, true} {
				for _, goExit := range []int{0, 1, 2, -1} {
					r := story.New().Baseline()
					p := r.Package("shop/cache")
					a := p.Begin("TestA")
					if leak {
						r.Set("hz", "20")
					}
					a.End("pass")
					p.Done("pass")
					if outside {
						r.Set("timeout", "7")
					}
					if complete {
						r.End(goExit)
					} else {
						r.Interrupted(goExit, "interrupted")
					}
					want := triage.ExitClean
					switch {
					case !complete || goExit != 0:
						want = triage.ExitFailed
					case leak || outside:
						want = triage.ExitLeaked
					}
					f := analyse(t, marshal(t, r.Entries))
					if f.Run.Exit != want {
						t.Errorf("leak %v, outside %v, complete %v, go exit %d: exit %d, want %d", leak, outside, complete, goExit, f.Run.Exit, want)
					}
				}
			}
		}
	}
}

// Whatever a file says, it is read without a panic, and what is said of it
// keeps the contract.
func FuzzRecord(f *testing.F) {
	for _, c := range all(f) {
		f.Add(marshal(f, entries(f, c)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a := triage.New()
		for entry, err := range record.Read(bytes.NewReader(text)) {
			if err != nil {
				a.Damaged(1, err)
				continue
			}
			a.Add(entry)
		}
		found := a.Findings()
		if !found.Run.Complete && found.Run.Exit == triage.ExitClean {
			t.Error("not complete, and clean")
		}
	})
}

// Triage is pure, and this keeps it so: what it says depends on the record
// alone.
func TestPure(t *testing.T) {
	allowed := []string{
		"cmp", "encoding/binary", "errors", "fmt", "iter", "maps", "math", "path", "path/filepath", "regexp", "slices", "sort", "strconv", "strings", "time", "unicode", "unicode/utf8", "unique",
	}
	// Of these packages not everything is pure.
	banned := map[string][]string{
		"time":     {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Local", "LoadLocation"},
		"fmt":      {"Print", "Println", "Printf", "Scan", "Scanln", "Scanf"},
		"filepath": {"Abs", "Glob", "Walk", "WalkDir", "EvalSymlinks"},
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(allowed, path) && !strings.HasPrefix(path, "tracetest/") { // those are in the table of docs/design.md
				t.Errorf("%s imports %s", file, path)
			}
			if spec.Name != nil {
				t.Errorf("%s imports %s under another name, where this test does not look", file, path)
			}
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Obj == nil && slices.Contains(banned[x.Name], n.Sel.Name) {
					t.Errorf("%s uses %s.%s", file, x.Name, n.Sel.Name)
				}
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine", file)
			case *ast.GenDecl:
				if n.Tok == token.VAR && slices.Contains(declarations(parsed), n) {
					t.Errorf("%s has a variable of the package, which a second record would find as the first left it", file)
				}
			}
			return true
		})
	}
}

func declarations(f *ast.File) []*ast.GenDecl {
	var all []*ast.GenDecl
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok {
			all = append(all, g)
		}
	}
	return all
}

// A record may be analysed while it is written, in one piece or many, and the
// analysis of one does not touch that of another.
func TestAnalysesDoNotMeet(t *testing.T) {
	cases := all(t)
	var wanted []string
	for _, c := range cases {
		wanted = append(wanted, render(analyse(t, marshal(t, entries(t, c)))))
	}
	analyses := make([]*triage.Analysis, len(cases))
	records := make([][]record.Entry, len(cases))
	longest := 0
	for i, c := range cases {
		analyses[i], records[i] = triage.New(), entries(t, c)
		longest = max(longest, len(records[i]))
	}
	for n := range longest {
		for i := range cases {
			if n < len(records[i]) {
				analyses[i].Add(records[i][n])
			}
		}
	}
	for i, c := range cases {
		if got := render(analyses[i].Findings()); got != wanted[i] {
			t.Errorf("%s: read in between others:\n%swant\n%s", c.Name, got, wanted[i])
		}
	}
}
