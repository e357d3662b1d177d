package instrument

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/build/constraint"
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

// A hooker adds test files so that Ginkgo reports every spec.
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
// other build tags may choose: the file that is added is built when that one is. Of
// several hooks that are built in, the last one counts.
func (h *hooker) hookTagged(p *gotest.Package) map[string][]byte {
	hooks := map[string][]byte{}
	for _, name := range p.Tagged {
		path := filepath.Join(p.Dir, name)
		flavors := flavorsIn(path)
		if len(flavors) == 0 || below(h.modcache, path) || h.replaced[path] != "" {
			continue
		}
		if text, err := os.ReadFile(path); err == nil {
			if content, err := h.file(text, flavors); err == nil {
				hooks[filepath.Join(p.Dir, hookPrefix+name)] = content
			}
		}
	}
	return hooks
}

// hookPrefix begins the names of the files that are added. It has no "_", behind which the
// name of a file would say for which system it is.
const hookPrefix = "tracetest"

// hook returns the path and the content of a test file that is added to the
// package, so that Ginkgo reports every spec. It returns no file where the
// package has nothing to do with Ginkgo, or the reason why it cannot be hooked.
//
// A file of the user's is never replaced: it may be edited while tests are run again
// and again. One file is enough: the internal and the
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
	last := files[len(files)-1]
	source := filepath.Join(p.Dir, last)
	if below(h.modcache, source) {
		return "", nil, "it lies in the module cache, where the go command allows no overlay"
	}
	if own, taken := h.replaced[source]; taken {
		source = own
	}
	text, err := os.ReadFile(source)
	if err != nil {
		return "", nil, err.Error()
	}
	content, err = h.file(text, flavors)
	if err != nil {
		return "", nil, fmt.Sprintf("%s cannot be parsed: %v", last, err)
	}
	return filepath.Join(p.Dir, hookPrefix+last), content, ""
}

// file is one with the nodes, of the same package and under the same constraints as a
// file of the user's.
func (h *hooker) file(beside []byte, flavors []string) ([]byte, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", beside, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var out, nodes bytes.Buffer
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if comment.Pos() < file.Package && constraint.IsGoBuild(comment.Text) {
				out.WriteString(comment.Text + "\n\n")
			}
		}
	}
	fmt.Fprintf(&out, "package %s\n\nimport (\n\ttracetestJSON \"encoding/json\"\n\ttracetestTesting \"testing\"\n", file.Name.Name)
	for i, flavor := range flavors {
		fmt.Fprintf(&out, "\ttracetestGinkgo%d %q\n", i, flavor)
		text := hookNodes
		if h.beforeSuite[flavor] {
			text += hookBeforeSuite
		}
		nodes.WriteString(strings.ReplaceAll(text, "tracetestGinkgo.", fmt.Sprintf("tracetestGinkgo%d.", i)))
	}
	fmt.Fprintf(&out, ")\n\n//line tracetest/ginkgo.go:1\nvar _ = tracetestTesting.TracetestNodes(func() {%s})\n", nodes.String())
	return out.Bytes(), nil
}

// hookNodes are the nodes that hold a Ginkgo suite. They are added when all variables and
// init functions of the user's have run, and so come after the user's top-level ones. They send what is
// used of a report in Ginkgo's own JSON, so that they compile with every release of v2
// whatever else it has: of a spec that begins or has passed at once little, for all of it takes
// longer than a quick spec; of any other all. What a spec printed is left out: it can be large, and
// `go test -json` has it. So are its report entries: they hold values of the
// user's, which can have no JSON, and then the whole report had none.
//
// A report before a spec runs before all of its BeforeEach and BeforeAll, and
// one after it follows every AfterEach, AfterAll and DeferCleanup;
// ReportAfterSuite follows AfterSuite.
//
// Of a spec that is skipped or pending before any node of it runs, both are called, and it
// is told once, behind the second.
const hookNodes = `
{
	over := false
	few := func(r tracetestGinkgo.SpecReport) []byte {
		spec := struct{ ContainerHierarchyTexts, ContainerHierarchyLocations, LeafNodeText, LeafNodeLocation, State interface{} }{
			r.ContainerHierarchyTexts, nil, r.LeafNodeText, r.LeafNodeLocation, r.State}
		if r.IsInOrderedContainer || over {
			spec.ContainerHierarchyLocations = r.ContainerHierarchyLocations
		}
		text, _ := tracetestJSON.Marshal(spec)
		return text
	}
	tracetestGinkgo.ReportBeforeEach(func(r tracetestGinkgo.SpecReport) {
	over = r.State.String() == "skipped" || r.State.String() == "pending"
	if !over {
		tracetestTesting.TracetestSpec("spec-begin", r.IsInOrderedContainer, string(few(r)))
	}
})
	tracetestGinkgo.ReportAfterEach(func(r tracetestGinkgo.SpecReport) {
	var text []byte
	if over || r.NumAttempts <= 1 && r.State.String() == "passed" {
		text = few(r)
	} else {
		r.CapturedGinkgoWriterOutput, r.CapturedStdOutErr, r.ReportEntries = "", "", nil
		text, _ = tracetestJSON.Marshal(r)
	}
	verb := "spec-end"
	if over {
		verb, over = "spec-skip", false
	}
	tracetestTesting.TracetestSpec(verb, r.IsInOrderedContainer, string(text))
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
}
`

// hookBeforeSuite runs before BeforeSuite, so that what the test function did
// before it is told apart. Without it, it is taken for BeforeSuite's.
const hookBeforeSuite = `
	tracetestGinkgo.ReportBeforeSuite(func(r tracetestGinkgo.Report) {
	tracetestTesting.TracetestSpec("suite-begin", false, "")
})
`
