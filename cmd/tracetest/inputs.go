package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An input is a file that was named on the command line, or why there is none.
type input struct {
	path string
	of   string // the same file was named before, by this name
	err  error
}

// inputs are the files that arguments name: files, folders (the *.jsonl files
// below them), patterns that the shell left alone, and "-" for a list of these
// on standard input, one a line. A file that is named twice, also by another
// name of it, is said to be one.
func inputs(args []string, stdin io.Reader) ([]input, error) {
	var all []input
	for _, arg := range args {
		if arg != "-" {
			all = append(all, expand(arg)...)
			continue
		}
		lines := bufio.NewScanner(stdin)
		for lines.Scan() {
			if line := strings.TrimSpace(lines.Text()); line != "" {
				all = append(all, expand(line)...)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("reading the list of records on standard input: %w", err)
		}
	}
	known := map[string]string{} // real path to the name that was given
	for i := range all {
		if all[i].err != nil {
			continue
		}
		real, err := filepath.EvalSymlinks(all[i].path)
		if err != nil {
			continue // opening it will say more
		}
		if real, err = filepath.Abs(real); err != nil {
			continue
		}
		if of, twice := known[real]; twice {
			all[i].of = of
		} else {
			known[real] = all[i].path
		}
	}
	return all, nil
}

func expand(name string) []input {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return below(name)
	case err != nil && errors.Is(err, os.ErrNotExist) && strings.ContainsAny(name, "*?["):
		matches, bad := filepath.Glob(name)
		if bad != nil {
			return []input{{path: name, err: fmt.Errorf("the pattern %q: %w", name, bad)}}
		}
		if len(matches) == 0 {
			return []input{{path: name, err: fmt.Errorf("no file matches %q", name)}}
		}
		var all []input
		for _, match := range matches {
			all = append(all, expand(match)...)
		}
		return all
	}
	return []input{{path: name}} // also where it is not there: opening it will say so
}

// below are the records below a folder, in the order of their names.
func below(dir string) []input {
	var all []input
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			all = append(all, input{path: path, err: err})
		case entry.Type()&^fs.ModeSymlink == 0 && strings.HasSuffix(entry.Name(), ".jsonl"): // no pipe, which may never end
			all = append(all, input{path: path})
		}
		return nil
	})
	if err != nil {
		all = append(all, input{path: dir, err: err})
	}
	if len(all) == 0 {
		all = []input{{path: dir, err: fmt.Errorf("no *.jsonl below %q", dir)}}
	}
	slices.SortStableFunc(all, func(a, b input) int { return strings.Compare(a.path, b.path) })
	return all
}
