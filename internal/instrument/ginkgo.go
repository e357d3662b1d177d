package instrument

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/gotest"
)

// ginkgos returns the import paths of Ginkgo v2: the original and the fork
// that go-redis and others use.
func ginkgos() []string {
	return []string{"github.com/onsi/ginkgo/v2", "github.com/bsm/ginkgo/v2"}
}

// A hooker extends test files so that Ginkgo reports every spec.
type hooker struct {
	modcache    string
	replaced    map[string]string // the user's own overlay
	beforeSuite map[string]bool   // flavors that have ReportBeforeSuite (Ginkgo 2.7)
}

func newHooker(ctx context.Context, args *gotest.Args, modcache string, replaced map[string]string, packages []*gotest.Package) (*hooker, error) {
	h := &hooker{modcache: modcache, replaced: replaced, beforeSuite: map[string]bool{}}
	var used []string
	for _, p := range packages {
		flavors := flavorsOf(p)
		for _, name := range p.Tagged {
			flavors = append(flavors, flavorsIn(filepath.Join(p.Dir, name))...)
		}
		for _, flavor := range flavors {
			if !slices.Contains(used, flavor) {
				used = append(used, flavor)
			}
		}
	}
	if len(used) == 0 {
		return h, nil
	}
	dirs, err := gotest.Dirs(ctx, args, used)
	if err != nil {
		return nil, err
	}
	for _, flavor := range used {
		source, err := os.ReadFile(filepath.Join(dirs[flavor], "reporting_dsl.go"))
		h.beforeSuite[flavor] = err == nil && bytes.Contains(source, []byte("\nfunc ReportBeforeSuite("))
	}
	return h, nil
}

func flavorsOf(p *gotest.Package) []string {
	var flavors []string
	for _, g := range ginkgos() {
		if slices.Contains(p.TestDeps, g) {
			flavors = append(flavors, g)
		}
	}
	return flavors
}

// flavorsIn returns which Ginkgos a file imports.
func flavorsIn(path string) (flavors []string) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return nil
	}
	for _, g := range ginkgos() {
		if slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == strconv.Quote(g) }) {
			flavors = append(flavors, g)
		}
	}
	return flavors
}

// hookTagged returns the same as hook for each test file that imports Ginkgo and that
// other build tags may choose. Of several hooks that are built in, the last one counts.
func (h *hooker) hookTagged(p *gotest.Package) map[string][]byte {
	hooked := map[string][]byte{}
	for _, name := range p.Tagged {
		path := filepath.Join(p.Dir, name)
		flavors := flavorsIn(path)
		if len(flavors) == 0 || below(h.modcache, path) || h.replaced[path] != "" {
			continue
		}
		if text, err := os.ReadFile(path); err == nil {
			if content, err := h.appendTo(text, flavors); err == nil {
				hooked[path] = content
			}
		}
	}
	return hooked
}

// hook returns a test file of the package and the content that replaces
// it, so that Ginkgo reports every spec. It returns no file where the
// package has nothing to do with Ginkgo, or the reason why it cannot be hooked.
//
// The hook is appended to a test file and not added as one, because vet before
// Go 1.24 does not know added files. One file is enough: the internal and the
// external test package share one suite. The external one is preferred, for it
// may import what imports the package itself.
func (h *hooker) hook(p *gotest.Package) (path string, content []byte, reason string) {
	flavors := flavorsOf(p)
	if len(flavors) == 0 {
		return "", nil, ""
	}
	files := p.XTestGoFiles
	if len(files) == 0 {
		files = p.TestGoFiles
		for _, g := range flavors {
			if p.ImportPath == g || strings.HasPrefix(p.ImportPath, g+"/") {
				return "", nil, "it is Ginkgo itself, and its internal tests cannot import Ginkgo"
			}
		}
	}
	if len(files) == 0 {
		return "", nil, ""
	}
	path = filepath.Join(p.Dir, files[len(files)-1])
	if below(h.modcache, path) {
		return "", nil, "it lies in the module cache, where the go command allows no overlay"
	}
	source := path
	if own, taken := h.replaced[path]; taken {
		source = own
	}
	text, err := os.ReadFile(source)
	if err != nil {
		return "", nil, err.Error()
	}
	content, err = h.appendTo(text, flavors)
	if err != nil {
		return "", nil, fmt.Sprintf("%s cannot be parsed: %v", files[len(files)-1], err)
	}
	return path, content, ""
}

// appendTo adds the imports on the line of the package clause, so that every
// line keeps its number, and the nodes at the end.
func (h *hooker) appendTo(source []byte, flavors []string) ([]byte, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", source, parser.PackageClauseOnly)
	if err != nil {
		return nil, err
	}
	var head, tail bytes.Buffer
	tail.WriteString("var _ = tracetestTesting.TracetestNodes(func() {")
	head.WriteString(`; import tracetestJSON "encoding/json"; import tracetestTesting "testing"`)
	for i, flavor := range flavors {
		fmt.Fprintf(&head, "; import tracetestGinkgo%d %q", i, flavor)
		nodes := hookNodes
		if h.beforeSuite[flavor] {
			nodes += hookBeforeSuite
		}
		tail.WriteString(strings.ReplaceAll(nodes, "tracetestGinkgo.", fmt.Sprintf("tracetestGinkgo%d.", i)))
	}
	tail.WriteString("})\n")
	// A comment may stand behind the clause, and the file may end in one.
	out := apply(source, []edit{{files.Position(file.Name.End()).Offset, head.String()}})
	return append(append(out, "\n//line tracetest/ginkgo.go:1\n"...), tail.Bytes()...), nil
}

// hookNodes are the nodes that hold a Ginkgo suite. They are added when all variables and
// init functions of the user's have run, and so come after the user's top-level ones. They send Ginkgo's own
// JSON of a report, so that they compile with every release of v2 whatever
// fields it has. What a spec printed is left out: it can be large, and
// `go test -json` has it. So are its report entries: they hold values of the
// user's, which can have no JSON, and then the whole report had none.
//
// A report before a spec runs before all of its BeforeEach and BeforeAll, and
// one after it follows every AfterEach, AfterAll and DeferCleanup;
// ReportAfterSuite follows AfterSuite.
const hookNodes = `
	tracetestGinkgo.ReportBeforeEach(func(r tracetestGinkgo.SpecReport) {
	r.CapturedGinkgoWriterOutput, r.CapturedStdOutErr, r.ReportEntries = "", "", nil
	text, _ := tracetestJSON.Marshal(r)
	tracetestTesting.TracetestSpec("spec-begin", r.IsInOrderedContainer, string(text))
})
	tracetestGinkgo.ReportAfterEach(func(r tracetestGinkgo.SpecReport) {
	r.CapturedGinkgoWriterOutput, r.CapturedStdOutErr, r.ReportEntries = "", "", nil
	text, _ := tracetestJSON.Marshal(r)
	tracetestTesting.TracetestSpec("spec-end", r.IsInOrderedContainer, string(text))
})
	tracetestGinkgo.ReportAfterSuite("tracetest", func(r tracetestGinkgo.Report) {
	var nodes []tracetestGinkgo.SpecReport
	for _, n := range r.SpecReports {
		if len(n.ContainerHierarchyTexts) == 0 && n.LeafNodeText == "" {
			n.CapturedGinkgoWriterOutput, n.CapturedStdOutErr, n.ReportEntries = "", "", nil
			nodes = append(nodes, n)
		}
	}
	text, _ := tracetestJSON.Marshal(nodes)
	tracetestTesting.TracetestSpec("suite-end", false, string(text))
})
`

// hookBeforeSuite runs before BeforeSuite, so that what the test function did
// before it is told apart. Without it, it is taken for BeforeSuite's.
const hookBeforeSuite = `
	tracetestGinkgo.ReportBeforeSuite(func(r tracetestGinkgo.Report) {
	tracetestTesting.TracetestSpec("suite-begin", false, "")
})
`
