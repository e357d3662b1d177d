package claims

import (
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/record"
)

// writer writes the lines of a fix for a place that the source tells of.
type writer struct {
	*Fix
	site     *record.Site
	cluster  bool
	old, err string // variables that are free there
	defers   bool   // a defer restores, because the client is closed before clean-ups run
}

const (
	pathContext = "context"
	pathGinkgo  = "github.com/onsi/ginkgo/v2"
	pathGomega  = "github.com/onsi/gomega"
)

func (w *writer) write() {
	if w.site.Kind == record.SiteMain {
		w.inMain()
		return
	}
	if w.cluster && w.defers && len(w.site.Closes) > 0 && w.site.Kind != record.SiteExample {
		w.defers = false
	}
	if !w.defers {
		w.closeLater()
	}
	w.save()
	w.add(w.opens())
	w.restore("\t")
	w.add(w.ends())
}

// add adds lines, as they are or deeper.
func (w *writer) add(text string, indent ...string) {
	for line := range strings.SplitSeq(text, "\n") {
		w.Lines = append(w.Lines, strings.Join(indent, "")+line)
	}
}

// name is a package's name in the file, with its dot; it is to be imported where it has none.
func (w *writer) name(path, usual string) string {
	switch as := w.site.Imports[path]; as {
	case ".":
		return ""
	case "":
		if !slices.Contains(w.Imports, path) {
			w.Imports = append(w.Imports, path)
		}
		return usual + "."
	default:
		return as + "."
	}
}

// library is the name of the client's package.
func (w *writer) library() string {
	as := w.site.Imports[w.client]
	if as == "" || as == "." {
		to := map[string]string{"redigo": "github.com/gomodule/redigo/redis", "radix": "github.com/mediocregopher/radix/v4",
			"go-redis v9": "github.com/redis/go-redis/v9", "go-redis v8": "github.com/go-redis/redis/v8"}[w.client]
		return strings.TrimSuffix(w.name(to, usual(w.client).pkg), ".")
	}
	return as
}

// dialect is the client's, with what is in reach.
func (w *writer) dialect(client, context string) dialect {
	words := words{client: client, context: context}
	if w.client == "redigo" || w.client == "radix" {
		words.pkg = w.library()
	}
	return dialectOf(w.client, words)
}

// saveContext is the context for what is asked at once.
func (w *writer) saveContext() string {
	switch {
	case w.client == "redigo":
		return ""
	case w.site.Context != "":
		return w.site.Context
	}
	return w.name(pathContext, "context") + "Background()"
}

// restoreContext is the context for a clean-up: that of a test is cancelled by then.
func (w *writer) restoreContext() string {
	switch {
	case w.client == "redigo":
		return ""
	case w.site.Imports[pathContext] == "" && w.takesContext():
		return "ctx"
	case w.site.Imports[pathContext] == "" && w.defers && w.site.Context != "":
		return w.site.Context
	}
	return w.name(pathContext, "context") + "Background()"
}

// takesContext reports whether the clean-up is given a context, as Ginkgo does.
func (w *writer) takesContext() bool {
	return w.site.Kind == record.SiteGinkgo && !w.defers && w.client != "redigo" && w.site.Imports[pathContext] == ""
}

// fails is what is done with an error of the save.
func (w *writer) fails(err string) string {
	how := "panic(" + err + ")"
	switch w.site.Kind {
	case record.SiteTest:
		how = w.site.T + ".Fatal(" + err + ")"
	case record.SiteGinkgo:
		if as := w.site.Imports[pathGomega]; as != "" {
			g := strings.TrimPrefix(as+".", "..")
			return g + "Expect(" + err + ").NotTo(" + g + "HaveOccurred())"
		}
		how = w.name(pathGinkgo, "ginkgo") + "Fail(" + err + ".Error())"
	case record.SiteMain:
		if as := w.site.Imports["log"]; as != "" && as != "." {
			how = as + ".Fatal(" + err + ")"
		}
	}
	return "if " + err + " != nil {\n\t" + how + "\n}"
}

// sets restores one parameter.
func (w *writer) sets(d dialect, name, value string) string {
	if as := w.site.Imports[pathGomega]; w.site.Kind == record.SiteGinkgo && as != "" {
		g := strings.TrimPrefix(as+".", "..")
		text := d.assert(g+"Expect", name, value)
		return strings.NewReplacer("Succeed()", g+"Succeed()", "HaveOccurred()", g+"HaveOccurred()").Replace(text)
	}
	fails := strings.TrimPrefix(w.fails("err"), "if ")
	return "if " + d.set("err", name, value) + "; " + strings.Replace(fails, ".Fatal(err)", ".Error(err)", w.errors())
}

// errors is 1 where a clean-up can fail its test and go on.
func (w *writer) errors() int {
	if w.site.Kind == record.SiteTest {
		return 1
	}
	return 0
}

func (w *writer) opens() string {
	switch {
	case w.defers:
		return "defer func() {"
	case w.takesContext():
		g := w.name(pathGinkgo, "ginkgo")
		return g + "DeferCleanup(func(ctx " + g + "SpecContext) {"
	case w.site.Kind == record.SiteGinkgo:
		return w.name(pathGinkgo, "ginkgo") + "DeferCleanup(func() {"
	}
	return w.site.T + ".Cleanup(func() {"
}

func (w *writer) ends() string {
	if w.defers {
		return "}()"
	}
	return "})"
}

// closeLater has the client closed behind the restore, and not before it.
func (w *writer) closeLater() {
	var done []string
	for _, c := range w.site.Closes {
		if c.Text == "" {
			w.Whole = false
			w.Notes = append(w.Notes, "The client is closed at "+code(c.File[strings.LastIndexAny(c.File, `/\`)+1:]+":"+strconv.Itoa(c.Line))+", before this runs: close it in a clean-up in place of that.")
			continue
		}
		w.closes = true
		if c.T != "" {
			w.Replace = append(w.Replace, Replacement{File: c.File, Line: c.Line, Was: c.Text, Lines: []string{c.T + ".Cleanup(func() { " + c.Of + ".Close() })"}})
			continue
		}
		w.Replace = append(w.Replace, Replacement{File: c.File, Line: c.Line, Was: c.Text})
		if slices.Contains(done, c.Of) {
			continue
		}
		done = append(done, c.Of)
		opens := w.site.T + ".Cleanup("
		if w.site.Kind == record.SiteGinkgo {
			opens = w.name(pathGinkgo, "ginkgo") + "DeferCleanup("
		}
		w.add(opens + "func() { " + c.Of + ".Close() })")
	}
}

// names are the parameters, as a list of expressions.
func (w *writer) names() string {
	if w.site.Parameter != "" {
		return w.site.Parameter
	}
	all := make([]string, len(w.parameters))
	for i, p := range w.parameters {
		all[i] = strconv.Quote(p)
	}
	return strings.Join(all, ", ")
}

// save writes what saves the values that are found.
func (w *writer) save() {
	d := w.dialect(w.site.Client, w.saveContext())
	switch {
	case w.cluster && strings.HasPrefix(w.client, "go-redis"):
		w.saveNodes()
	case w.cluster && (w.client == "rueidis" || w.client == "valkey-go"):
		d = w.dialect("node", w.saveContext())
		w.add(w.old + " := map[string]map[string]string{}\nfor address, node := range " + w.site.Client + ".Nodes() {\n\t" + w.old + "[address] = map[string]string{}")
		w.add("for _, name := range []string{"+w.names()+"} {\n\t"+d.get("value", "err", "name"), "\t")
		w.add(w.fails("err")+"\n"+w.old+"[address][name] = "+d.value("value", "name"), "\t\t")
		w.add("\t}\n}")
	case w.site.Parameter != "":
		w.add(d.get(w.old, w.err, w.site.Parameter) + "\n" + w.fails(w.err))
	case len(w.parameters) == 1:
		w.add(d.get(w.old, w.err, strconv.Quote(w.parameters[0])) + "\n" + w.fails(w.err))
	default:
		w.add(w.old + " := map[string]string{}\nfor _, name := range []string{" + w.names() + "} {")
		w.add(d.get("value", "err", "name")+"\n"+w.fails("err")+"\n"+w.old+"[name] = "+d.value("value", "name"), "\t")
		w.add("}")
	}
}

// saveNodes saves what each node of a cluster has.
func (w *writer) saveNodes() {
	pkg := w.library()
	client := w.site.Client
	if w.site.Type == "UniversalClient" || w.site.Type == "Cmdable" {
		client += ".(*" + pkg + ".ClusterClient)"
	}
	d := dialectOf(w.client, words{client: "node", context: "ctx", pkg: pkg})
	w.add("var mu sync.Mutex // the nodes are asked at the same time")
	w.name("sync", "sync")
	w.add(w.old + " := map[*" + pkg + ".Client]map[string]string{}")
	w.add(w.err + " := " + client + ".ForEachShard(" + w.saveContext() + ", func(ctx " + w.name(pathContext, "context") + "Context, node *" + pkg + ".Client) error {")
	w.add("values := map[string]string{}\nfor _, name := range []string{"+w.names()+"} {", "\t")
	w.add(d.get("value", "err", "name")+"\nif err != nil {\n\treturn err\n}\nvalues[name] = "+d.value("value", "name"), "\t\t")
	w.add("}\nmu.Lock()\ndefer mu.Unlock()\n"+w.old+"[node] = values\nreturn nil", "\t")
	w.add("})\n" + w.fails(w.err))
}

// restore writes what restores them.
func (w *writer) restore(indent string) {
	context := w.restoreContext()
	d := w.dialect(w.site.Client, context)
	switch {
	case w.cluster && strings.HasPrefix(w.client, "go-redis"):
		d = w.dialect("node", context)
		w.add("for node, values := range "+w.old+" {\n\tfor name, value := range values {", indent)
		w.add(w.sets(d, "name", "value"), indent, "\t\t")
		w.add("\t}\n}", indent)
	case w.cluster && (w.client == "rueidis" || w.client == "valkey-go"):
		d = w.dialect("node", context)
		w.add("for address, node := range "+w.site.Client+".Nodes() {\n\tfor name, value := range "+w.old+"[address] {", indent)
		w.add(w.sets(d, "name", "value"), indent, "\t\t")
		w.add("\t}\n}", indent)
	case w.site.Parameter != "" && w.client == "go-redis v8":
		w.add(w.sets(d, w.old+"[0].(string)", d.value(w.old, "")), indent)
	case w.site.Parameter != "":
		w.add("for name, value := range "+w.old+" {", indent)
		w.add(w.sets(d, "name", "value"), indent, "\t")
		w.add("}", indent)
	case len(w.parameters) == 1:
		name := strconv.Quote(w.parameters[0])
		w.add(w.sets(d, name, d.value(w.old, name)), indent)
	default:
		w.add("for name, value := range "+w.old+" {", indent)
		w.add(w.sets(d, "name", "value"), indent, "\t")
		w.add("}", indent)
	}
}

// inMain restores what TestMain changes: behind m.Run, for os.Exit runs no defer.
func (w *writer) inMain() {
	run, m := w.site.Run, w.site.T+".Run()"
	switch {
	case run == nil || run.Text == "" || w.site.Nested || w.site.Line > run.Line || !strings.Contains(run.Text, m):
		w.Whole = false
		w.save()
		w.Notes = append(w.Notes, "Restore it when "+code(m)+" has returned, and before "+code("os.Exit")+".")
	case strings.HasPrefix(run.Text, "return "):
		w.defers = true
		w.save()
		w.add("defer func() {")
		w.restore("\t")
		w.add("}()")
	default:
		w.save()
		before := w.Lines
		w.Lines = nil
		if strings.Contains(run.Text, "Exit(") {
			w.add("code := " + m)
			w.restore("")
			w.add(strings.Replace(run.Text, m, "code", 1))
		} else {
			w.add(run.Text)
			w.restore("")
		}
		w.Replace = append(w.Replace, Replacement{File: run.File, Line: run.Line, Was: run.Text, Lines: w.Lines})
		w.Lines = before
	}
}
