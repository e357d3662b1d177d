package barrier

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/record"
)

// Some clients write on goroutines of their own (rueidis when it pipelines,
// radix, the cluster client of go-redis). Whoever handed them the command
// waits for its reply, and so its goroutine stands in a call into the same
// module.

// others are all goroutines of a process, while one of them is in a call.
type others struct {
	all     []blocked // of which the first is that one
	labeled []blocked // from a profile, which has their labels in place of their numbers
	started map[startedBy][]string
}

// startedBy is a goroutine that has the label of a test with a Ginkgo suite. Whose it
// is say the labels of those who can have started it.
type startedBy struct{ goroutine, label string }

func decodeOthers(dump, profile, specs string) *others {
	o := &others{labeled: profiled(profile), started: specsIn(specs)}
	for block := range strings.SplitSeq(dump, "\n\n") {
		o.all = append(o.all, dumped(block))
	}
	return o
}

// waiting finds the goroutines that stand in a call into the module of the one
// with these labels and this stack.
func (s *Server) waiting(p *process, o *others, own []string, stack []record.Frame) []record.By {
	module := ""
	for _, f := range stack {
		if !f.Std {
			module = repository(f.Package())
			break
		}
	}
	if module == "" {
		return nil
	}
	var all []record.By
	starter := o.all[0].parent
	for _, g := range o.all[1:] {
		s.std(g.stack)
		from := caller(g.stack, module)
		if from < 0 {
			continue
		}
		for _, label := range labelsOf(o.labeled, g.stack[from:]) {
			by := owned(label)
			if labels := o.started[startedBy{g.id, label}]; labels != nil {
				by = ownedByOne(labels)
			}
			if g.id == starter { // what it starts has its label
				by = ownedByOne(own)
			}
			by = p.known(by)
			by.Stack, by.Starts = slices.Clone(g.stack), g.id == starter
			for i, f := range by.Stack {
				by.Stack[i].Sets = i >= from && s.source.Sets != nil && !f.Std && repository(f.Package()) != module && s.source.Sets(f)
			}
			if !isOwn(by.Stack) {
				by.Started = slices.Clone(g.creator)
				s.std(by.Started)
				s.mark(&by)
			}
			if !slices.ContainsFunc(all, func(known record.By) bool { return reflect.DeepEqual(known, by) }) {
				all = append(all, by)
			}
		}
	}
	return all
}

// caller returns the index of the innermost frame that called into a module, or
// -1 where none did.
func caller(stack []record.Frame, module string) int {
	within := false
	for i, f := range stack {
		switch {
		case repository(f.Package()) == module:
			within = true
		case within && !f.Std:
			return i
		}
	}
	return -1
}

// blocked is a goroutine as the text of all stacks has it, or a profile, where its
// label is in place of its number.
type blocked struct {
	id, parent string
	stack      []record.Frame
	creator    []record.Frame
}

// dumped reads the stack of one: "goroutine 7 [select]:", and for each call
// a line "package.function(0x1, 0x2)" and a line "\t/path/file.go:12 +0x14".
func dumped(block string) (g blocked) {
	lines := strings.Split(block, "\n")
	g.id, _, _ = strings.Cut(strings.TrimPrefix(lines[0], "goroutine "), " ")
	for i := 1; i+1 < len(lines); i++ {
		place, is := strings.CutPrefix(lines[i+1], "\t")
		if !is {
			continue // "...12 frames elided..."
		}
		if at := strings.LastIndex(place, " +0x"); at >= 0 {
			place = place[:at]
		}
		if creator, is := strings.CutPrefix(lines[i], "created by "); is {
			function, parent, _ := strings.Cut(creator, " in goroutine ")
			g.parent, g.creator = parent, []record.Frame{frame(function, place)}
		} else {
			function := lines[i]
			if at := strings.LastIndexByte(function, '('); at > 0 {
				function = function[:at]
			}
			g.stack = append(g.stack, frame(function, place))
		}
		i++
	}
	return g
}

// profiled is what a goroutine profile says: stacks, and the label of each.
func profiled(profile string) (all []blocked) {
	for block := range strings.SplitSeq(profile, "\n\n") {
		var b blocked
		for line := range strings.Lines(block) {
			line = strings.TrimSuffix(line, "\n")
			if labels, ok := strings.CutPrefix(line, "# labels: "); ok {
				b.id = labelIn(labels)
				continue
			}
			// "#	0x46e0b4	pkg.function+0x14		/path/file.go:12", in columns
			fields := strings.Split(line, "\t")
			if len(fields) < 4 || fields[0] != "#" {
				continue
			}
			function := fields[2]
			if at := strings.LastIndex(function, "+0x"); at > 0 {
				function = function[:at]
			}
			b.stack = append(b.stack, frame(function, fields[len(fields)-1]))
		}
		all = append(all, b)
	}
	return all
}

// labelsOf returns the labels that a goroutine can have, of which a part of the
// stack is given: the calls that led to the client. Those of the client may have
// changed since. It has none where it is not found.
func labelsOf(labeled []blocked, stack []record.Frame) (labels []string) {
	for _, b := range labeled {
		for i := range b.stack {
			// Up to Go 1.22 a profile has the inner frames of a stack only, and the
			// text of one leaves out those in the middle.
			n := min(len(b.stack)-i, len(stack), sameStack)
			if (i+n == len(b.stack) || n == sameStack) && slices.EqualFunc(b.stack[i:i+n], stack[:n], sameFrame) {
				if !slices.Contains(labels, b.id) {
					labels = append(labels, b.id)
				}
				break
			}
		}
	}
	if labels == nil {
		labels = []string{""}
	}
	return labels
}

// sameStack is how many calls have to be the same for two stacks to be.
const sameStack = 12

func sameFrame(x, y record.Frame) bool {
	return x.Function == y.Function && x.File == y.File && x.Line == y.Line
}

// specsIn reads who started goroutines: lines of a number, the label of a test
// and the labels of those who can have, by the first two.
func specsIn(text string) map[startedBy][]string {
	started := map[startedBy][]string{}
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) > 2 {
			started[startedBy{fields[0], fields[1]}] = fields[2:]
		}
	}
	return started
}

// labelIn finds our label among those of a goroutine, which are printed like
// {"a":"b", "tracetest":"..."}.
func labelIn(labels string) string {
	_, rest, found := strings.Cut(labels, `"tracetest":`)
	if !found {
		return ""
	}
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return ""
	}
	text, _ := strconv.Unquote(quoted)
	return text
}

// repository is what an import path has in common with the others of its
// module, or of modules beside it.
func repository(path string) string {
	parts := strings.SplitN(path, "/", 4)
	if len(parts) > 3 && strings.Contains(parts[0], ".") {
		return strings.Join(parts[:3], "/")
	}
	return path
}
