package gate

import (
	"strconv"
	"strings"

	"tracetest/internal/record"
)

// Some clients write on goroutines of their own (rueidis when it pipelines,
// radix, the cluster client of go-redis). Whoever handed them the command
// waits for its reply, and so its goroutine stands in a call into the same
// module.

// waiting reads a goroutine profile as text, and returns the goroutines of
// tests that stand in a call into the module of the one with this stack.
func (s *Server) waiting(profile string, stack []record.Frame) []record.By {
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
	for block := range strings.SplitSeq(profile, "\n\n") {
		by, within := record.By{}, false
		for line := range strings.Lines(block) {
			line = strings.TrimSuffix(line, "\n")
			if labels, ok := strings.CutPrefix(line, "# labels: "); ok {
				by = owned(labelIn(labels))
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
			f := s.frame(function, fields[len(fields)-1])
			within = within || repository(f.Package()) == module
			by.Stack = append(by.Stack, f)
		}
		if by.Label == record.LabelNone || !within || repository(by.Stack[len(by.Stack)-1].Package()) == module {
			continue // the client's own goroutines have labels too
		}
		for i, f := range by.Stack {
			by.Stack[i].Sets = s.sets != nil && !f.Std && repository(f.Package()) != module && s.sets(f)
		}
		all = append(all, by)
	}
	return all
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
