// Package project reads .tracetest.toml, the file in which a project says once what
// else stands on each command line, and finds in a project what belongs there.
package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"tracetest/internal/nearest"
)

// Name is the name of the file.
const Name = ".tracetest.toml"

// File is what a project file says. Its paths are relative to the working directory.
type File struct {
	Path       string // empty: there is none
	Redis      []string
	Out        string
	Expect     []string // PARAM=VALUE
	ExpectFile []string
	Baseline   string
	Packages   []string
}

// keys are those of the file, and what they may hold.
type keys struct {
	Redis      words             `toml:"redis"`
	Out        string            `toml:"out"`
	Expect     map[string]scalar `toml:"expect"`
	ExpectFile words             `toml:"expect-file"`
	Baseline   string            `toml:"baseline"`
	Packages   words             `toml:"packages"`
}

var known = []string{"redis", "out", "expect", "expect-file", "baseline", "packages"}

// words are one text or a list of them.
type words []string

// UnmarshalTOML is for package toml.
func (w *words) UnmarshalTOML(value any) error {
	switch v := value.(type) {
	case string:
		*w = words{v}
		return nil
	case []any:
		for _, one := range v {
			text, ok := one.(string)
			if !ok {
				return fmt.Errorf("%v is no text", one)
			}
			*w = append(*w, text)
		}
		return nil
	}
	return fmt.Errorf("%v is neither a text nor a list of texts", value)
}

// scalar is a text or a number, for maxmemory = 0 is as good as maxmemory = "0".
type scalar string

// UnmarshalTOML is for package toml.
func (s *scalar) UnmarshalTOML(value any) error {
	switch v := value.(type) {
	case string:
		*s = scalar(v)
	case int64, float64:
		*s = scalar(fmt.Sprint(v))
	case bool:
		*s = map[bool]scalar{true: "yes", false: "no"}[v]
	default:
		return fmt.Errorf("%v is neither a text nor a number", value)
	}
	return nil
}

// Load reads the file of the project that a folder is in: the nearest one, in the
// folder or above it up to the root of the repository, or of the module where there is
// none. A file further up is somebody else's.
func Load(dir string) (*File, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for _, folder := range folders(dir) {
		path := filepath.Join(folder, Name)
		text, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return parse(path, string(text), dir)
	}
	return &File{}, nil
}

// Root is the folder of the repository that a folder is in, or of its module where there is none.
func Root(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	all := folders(dir)
	return all[len(all)-1], nil
}

// folders are where the file may be, the nearest first.
func folders(dir string) []string {
	all, module := []string{}, 1
	for at := dir; ; at = filepath.Dir(at) {
		all = append(all, at)
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return all
		}
		if _, err := os.Lstat(filepath.Join(at, "go.mod")); err == nil && module == 1 {
			module = len(all)
		}
		if at == filepath.Dir(at) {
			return all[:module]
		}
	}
}

func parse(path, text, dir string) (*File, error) {
	var k keys
	meta, err := toml.Decode(text, &k)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "toml: "))
	}
	if meta.IsDefined("expect") && meta.Type("expect") != "Hash" {
		return nil, fmt.Errorf("%s: expect is a table: write [expect], and below it maxmemory = \"2gb\"", path)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		key := unknown[0]
		like := nearest.Name(key[0], known)
		if like != "" {
			like = "; did you mean " + like + "?"
		} else {
			like = "; there are " + strings.Join(known, ", ")
		}
		return nil, fmt.Errorf("%s: unknown key %s%s", path, key, like)
	}
	below := func(name string) string {
		if name == "" || filepath.IsAbs(name) {
			return name
		}
		name = filepath.Join(filepath.Dir(path), name)
		if near, err := filepath.Rel(dir, name); err == nil {
			return near
		}
		return name
	}
	f := &File{Path: path, Redis: k.Redis, Out: below(k.Out), Baseline: below(k.Baseline)}
	for name, value := range k.Expect {
		f.Expect = append(f.Expect, name+"="+string(value))
	}
	slices.Sort(f.Expect)
	for _, name := range k.ExpectFile {
		f.ExpectFile = append(f.ExpectFile, below(name))
	}
	for _, pattern := range k.Packages {
		f.Packages = append(f.Packages, packageFrom(pattern, below))
	}
	return f, nil
}

// packageFrom is a pattern of packages as it is called from the working directory.
func packageFrom(pattern string, below func(string) string) string {
	if pattern != "." && pattern != ".." && !strings.HasPrefix(pattern, "./") && !strings.HasPrefix(pattern, "../") {
		return pattern // an import path
	}
	near := filepath.ToSlash(below(filepath.FromSlash(pattern)))
	if near != "." && near != ".." && !strings.HasPrefix(near, "../") && !strings.HasPrefix(near, "/") {
		near = "./" + near
	}
	return near
}
