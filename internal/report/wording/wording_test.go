package wording

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"tracetest/internal/findings"
)

// kinds returns the constants of a type of package findings.
func kinds(t *testing.T, of string) (all []string) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../findings/caveat.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is || len(spec.Values) != 1 {
			return true
		}
		if name, is := spec.Type.(*ast.Ident); is && name.Name == of {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, value)
		}
		return true
	})
	if len(all) == 0 {
		t.Fatalf("no constants of %s", of)
	}
	return all
}

// Whatever triage can say has a sentence.
func TestEachKindHasItsSentence(t *testing.T) {
	for _, kind := range kinds(t, "CaveatKind") {
		if text := caveat(findings.Caveat{Kind: findings.CaveatKind(kind), Unit: findings.UnitSeveral}); !strings.HasSuffix(text, ".") {
			t.Errorf("%s: %q", kind, text)
		}
	}
	for _, kind := range kinds(t, "ReasonKind") {
		switch findings.ReasonKind(kind) {
		case findings.ReasonGoTest, findings.ReasonFailed, findings.ReasonLeaked, findings.ReasonExpect:
			continue // such a run is complete
		}
		if text := reason(findings.Reason{Kind: findings.ReasonKind(kind)}); text == "" || text == kind {
			t.Errorf("%s: %q", kind, text)
		}
	}
	command := []string{"/bin/tracetest", "./...", "--", "-v"}
	for _, kind := range kinds(t, "DisambiguationKind") {
		if text := disambiguate(command, findings.Disambiguation{Kind: findings.DisambiguationKind(kind), Tests: []string{"TestA"}}); !strings.Contains(text, "tracetest ") {
			t.Errorf("%s: %q", kind, text)
		}
	}
	for _, code := range []string{findings.NoticeNotWaiting, findings.NoticeDamaged, findings.NoticeResultDropped, findings.NoticeNotInstrumented, findings.NoticeOutsideChange} {
		if notice(findings.Notice{Code: code}) == "" {
			t.Errorf("%s says nothing", code)
		}
	}
	if strings.Join(command, " ") != "/bin/tracetest ./... -- -v" {
		t.Errorf("the command of the run was changed: %q", command)
	}
}
