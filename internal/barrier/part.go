package barrier

import (
	"strconv"
	"strings"
)

// Part is what of a package this machine runs, of several that run a suite together.
type Part struct {
	Other bool     // nothing
	Aside bool     // nothing, but the processes of a parallel Ginkgo suite have to meet
	Flags []string // of the test binary, NAME=VALUE
	Leave []string // top-level tests that other machines run
	Only  []string // with Aside: the tests that run the suite; none: they are not known
	// Specs is set where other machines run specs of the package: it reports, of one with these
	// containers around it and at this place, whether it is of this machine.
	Specs func(places []string) bool
}

// answer is what the test process is told.
func (p *Part) answer() string {
	if p.Other {
		return "go " + strconv.Quote("other")
	}
	if len(p.Flags)+len(p.Leave) == 0 {
		return "go"
	}
	words := []string{"go", strconv.Quote("part"), strconv.Quote(strconv.Itoa(len(p.Flags)))}
	for _, list := range [][]string{p.Flags, p.Leave} {
		for _, word := range list {
			words = append(words, strconv.Quote(word))
		}
	}
	return strings.Join(words, " ")
}

// elsewhere reports whether a spec that Ginkgo is about to skip is skipped because another
// machine runs it: nobody is told of it here.
func (p *Part) elsewhere(r *specReport) bool {
	if p.Specs == nil || r.State != "skipped" && r.State != "pending" {
		return false
	}
	places := []string{r.LeafNodeLocation.String()}
	for _, l := range r.ContainerHierarchyLocations {
		places = append(places, l.String())
	}
	return !p.Specs(places)
}
