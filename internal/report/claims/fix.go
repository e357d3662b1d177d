package claims

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/redisconf"
	"tracetest/internal/report/doc"
)

// A Fix is an edit of test code that stops a leak: lines to insert, and others to replace.
type Fix struct {
	File string
	// Line is that before which Lines are inserted; where Column is set, other code stands before
	// that column of it, and they are inserted there. Zero where the source does not tell.
	Line, Column int
	Lines        []string
	Replace      []Replacement
	Imports      []string // paths of packages that File does not import yet
	Notes        []Text
	// Whole is set where the edit is all that is needed; else it is to be adapted.
	Whole      bool
	closes     bool // what it replaces closes the client too early
	parameters []string
	client     string // of which library
}

// A Replacement is other lines for one, or none.
type Replacement struct {
	File  string
	Line  int
	Was   string
	Lines []string
}

// place is where a fix stands: one does for all that leaks there.
type place struct {
	file              string
	function          int
	client, parameter string
}

func fixPlace(c findings.Change) place {
	if c.Site == nil {
		return place{}
	}
	return place{c.Site.File, c.Site.Function, c.Site.Client, c.Site.Parameter}
}

// Fixes are what stops a group of leaks: one edit for each function that made one, which does
// for other leaks of that function too.
func (v *View) Fixes(g Group) []Fix {
	var fixes []Fix
	var done []place
	for _, c := range g.Changes {
		at := fixPlace(c)
		if redisconf.IsRole(c.Parameter) || slices.Contains(done, at) {
			continue
		}
		done = append(done, at)
		of := g.Changes
		if at != (place{}) {
			of = v.Leaks
		}
		var same []findings.Change
		for _, c := range of {
			if fixPlace(c) == at && !redisconf.IsRole(c.Parameter) {
				same = append(same, c)
			}
		}
		slices.SortStableFunc(same, func(x, y findings.Change) int {
			if x.Site == nil || y.Site == nil {
				return 0
			}
			return x.Site.Line - y.Site.Line
		})
		fixes = append(fixes, fixOf(same))
	}
	return fixes
}

// firstCall is the call with which the unit changed a parameter first.
func firstCall(c findings.Change) *findings.Call {
	if c.First != nil {
		return c.First
	}
	return c.Call
}

// expression is what the source of a record may say that is pasted: names, and no more.
var expression = regexp.MustCompile(`^[\pL_*(][\pL\d_.*()\[\]"]*$`)

// expressions reports whether a place has a client, and all that a clean-up there is written with
// is names: the record may be somebody else's.
func expressions(site *record.Site) bool {
	for _, text := range []string{site.T, site.Context, site.Parameter} {
		if text != "" && !expression.MatchString(text) {
			return false
		}
	}
	for _, as := range site.Imports {
		if as != "." && !expression.MatchString(as) {
			return false
		}
	}
	return expression.MatchString(site.Client) && !slices.ContainsFunc(site.Closes, func(c record.Close) bool {
		return !expression.MatchString(c.Of) || c.T != "" && !expression.MatchString(c.T)
	})
}

// siteOf is the place of some changes of one function, with all that closes the client of any.
func siteOf(changes []findings.Change) *record.Site {
	if changes[0].Site == nil {
		return nil
	}
	site := *changes[0].Site
	for _, c := range changes[1:] {
		if c.Site == nil {
			continue
		}
		for _, closes := range c.Site.Closes {
			if !slices.Contains(site.Closes, closes) {
				site.Closes = append(slices.Clone(site.Closes), closes)
			}
		}
		site.Defers = site.Defers && c.Site.Defers
	}
	return &site
}

// fixOf is the edit at the first of some changes.
func fixOf(changes []findings.Change) Fix {
	c := changes[0]
	var parameters []string
	for _, c := range changes {
		parameters = append(parameters, c.Parameter)
	}
	parameters = Unique(parameters)
	call := firstCall(c)
	client := clientOf(call)
	site := siteOf(changes)
	f := Fix{parameters: parameters, client: client}
	if site != nil {
		f.File, f.Line, f.Column = site.File, site.Line, site.Column
		if site.Library != "" {
			f.client = site.Library
		}
	}
	if site == nil || f.client == "" || !expressions(site) {
		f.Lines = snippet(cleanupOf(c), f.client, parameters)
		switch {
		case site == nil && call != nil:
			f.Notes = append(f.Notes, "The record does not have the source of that place, so this is to be adapted.")
		case site != nil:
			f.Notes = append(f.Notes, "No client is in reach there: "+code(usual(f.client).client)+" stands for one of "+code(c.Server)+".")
		}
		return f
	}
	f.Whole = true
	w := writer{Fix: &f, site: site, cluster: onCluster(call), old: "old", err: "err", defers: site.Defers || site.Kind == record.SiteExample}
	if slices.Contains(site.Taken, "old") {
		w.old = "saved"
	}
	if slices.Contains(site.Taken, "err") || w.cluster || f.client == "radix" { // there it is declared alone
		w.err = "saveErr"
	}
	w.write()
	return f
}

// onCluster reports whether a call went through a client of a cluster, which sends to some node
// of it or to all.
func onCluster(c *findings.Call) bool {
	return c != nil && slices.ContainsFunc(c.Stack, func(line string) bool {
		function, _, _ := strings.Cut(line, " ")
		return strings.Contains(function, ".(*ClusterClient).") || strings.Contains(function, ".(*clusterClient).")
	})
}

// where says where the lines of a fix go.
func (v *View) where(f Fix) Text {
	if f.Column > 0 {
		return "at " + v.link(f.place()) + ", column " + itoa(f.Column)
	}
	return "before " + v.link(f.place())
}

func (f Fix) place() string { return f.File + ":" + strconv.Itoa(f.Line) }

// short names a file:line without its folder, and leads there.
func (v *View) short(place string) Text {
	return doc.Link(code(place[strings.LastIndexAny(place, `/\`)+1:]), place)
}

// fixBlocks shows what stops a group of leaks, behind a few words.
func (v *View) fixBlocks(g Group, words Text) []doc.Block {
	var blocks []doc.Block
	for _, f := range v.Fixes(g) {
		names := List(Names(f.parameters), maxNamed)
		lead := "save the " + Plural(len(f.parameters), "value", "values") + " of " + names
		switch call := firstCall(g.Changes[0]); {
		case f.Line > 0:
			lead = "insert " + v.where(f) + " what saves " + names + " and restores " + Plural(len(f.parameters), "it", "them")
		case call != nil:
			lead += " before the call at " + v.link(testPlace(call)) + " changes " + Plural(len(f.parameters), "it", "them") + ", and restore " + Plural(len(f.parameters), "it", "them") + " in a clean-up"
		default:
			lead += " before " + Plural(len(f.parameters), "it is", "they are") + " changed, and restore " + Plural(len(f.parameters), "it", "them") + " in a clean-up"
		}
		if !f.Whole {
			lead += ", with " + Text(dialectOf(f.client, usual(f.client)).name)
			if f.client == "" {
				lead += ", to be adapted to your client"
			}
		}
		blocks = append(blocks, para((words+lead).Upper()+":"), doc.Fence{Lang: "go", Lines: f.Lines})
		words = ""
		for _, r := range f.Replace {
			place := v.link(r.File + ":" + strconv.Itoa(r.Line))
			if len(r.Lines) == 0 {
				blocks = append(blocks, para("Remove "+place+", "+code(r.Was)+": it runs before clean-ups do, and the lines above close the client behind them."))
				continue
			}
			why := Text("")
			if f.closes {
				why = ", for it closes the client before clean-ups run"
			}
			blocks = append(blocks, para("Replace "+place+", "+code(r.Was)+why+":"), doc.Fence{Lang: "go", Lines: r.Lines})
		}
		for _, to := range f.Imports {
			blocks = append(blocks, para(code(path.Base(f.File))+" must import "+code(to)+"."))
		}
		for _, note := range f.Notes {
			blocks = append(blocks, para(note))
		}
	}
	return blocks
}

// testPlace is the innermost line of test code that led to a call: production code is no place
// for a clean-up. Where none is known it is the call itself.
func testPlace(c *findings.Call) string {
	for _, frame := range c.Chain {
		if _, place, _ := strings.Cut(frame, " "); strings.Contains(place, "_test.go:") {
			return place
		}
	}
	return c.Place()
}
