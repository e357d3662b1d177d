//go:build unix

package inject

import (
	"flag"
	"os"
	"strconv"
	"strings"
)

// A machine of several runs a part of the suite. Which part of a package that is, tracetest
// says when the package is known and none of its tests has run.

// tracetestMain reports which package this test binary is of, and returns what of it is
// to run. A package that is not to run ends here, before its TestMain.
func tracetestMain(path string, tests []InternalTest, benchmarks []InternalBenchmark, fuzz []InternalFuzzTarget, examples []InternalExample) ([]InternalTest, []InternalBenchmark, []InternalFuzzTarget, []InternalExample) {
	message := []string{"main", path}
	if tracetestOn() && tracetestLine.part {
		for _, t := range tests {
			message = append(message, t.Name)
		}
		for _, b := range benchmarks {
			message = append(message, b.Name)
		}
		for _, f := range fuzz {
			message = append(message, f.Name)
		}
		for _, e := range examples {
			message = append(message, e.Name)
		}
	}
	part := tracetestPart(tracetestCall(message...))
	if part.other {
		os.Stdout.WriteString("testing: warning: no tests to run\nPASS\n")
		os.Exit(0)
	}
	for _, set := range part.flags {
		name, value, _ := strings.Cut(set, "=")
		flag.Set(name, value)
	}
	if tracetestAddNodes != nil {
		tracetestAddNodes()
	}
	if len(part.leave) == 0 {
		return tests, benchmarks, fuzz, examples
	}
	return tracetestLess(tests, part.leave, func(t InternalTest) string { return t.Name }),
		tracetestLess(benchmarks, part.leave, func(b InternalBenchmark) string { return b.Name }),
		tracetestLess(fuzz, part.leave, func(f InternalFuzzTarget) string { return f.Name }),
		tracetestLess(examples, part.leave, func(e InternalExample) string { return e.Name })
}

type tracetestPartOf struct {
	other bool            // nothing of the package
	flags []string        // NAME=VALUE, of the test binary
	leave map[string]bool // tests that other machines run
}

// tracetestPart reads what tracetest answers: "other", or "part", how many flags there are,
// the flags, and names.
func tracetestPart(text string) (part tracetestPartOf) {
	var fields []string
	for text != "" {
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return tracetestPartOf{}
		}
		field, _ := strconv.Unquote(quoted)
		fields = append(fields, field)
		text = strings.TrimPrefix(text[len(quoted):], " ")
	}
	switch {
	case len(fields) > 0 && fields[0] == "other":
		part.other = true
	case len(fields) > 1 && fields[0] == "part":
		n, err := strconv.Atoi(fields[1])
		if err != nil || n < 0 || n > len(fields)-2 {
			return part
		}
		part.flags, part.leave = fields[2:2+n], map[string]bool{}
		for _, name := range fields[2+n:] {
			part.leave[name] = true
		}
	}
	return part
}

// tracetestLess leaves out what other machines run.
func tracetestLess[T any](all []T, leave map[string]bool, name func(T) string) []T {
	var kept []T
	for _, one := range all {
		if !leave[name(one)] {
			kept = append(kept, one)
		}
	}
	return kept
}
