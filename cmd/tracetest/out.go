package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"tracetest/internal/record"
)

// ignore is the .gitignore of a folder of reports, which also marks it as such.
const ignore = "# Written by tracetest: what is in this folder is made anew by each run.\n*\n"

// makeOut makes the folder of --out, which git ignores. A folder with files that
// tracetest did not write is refused: reports would replace some of them, and git would
// ignore the others. Others may read it as far as the umask says so.
func makeOut(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("making the folder of --out: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("reading the folder of --out: %w", err)
	}
	foreign, ours := "", false
	for _, e := range entries {
		switch name := e.Name(); {
		case name == ".lock", name == "run.jsonl", name == "merged.json", name == "bisect.jsonl", ignores(dir, name):
			ours = true
		case !e.IsDir() && foreign == "":
			foreign = name
		}
	}
	if foreign != "" && !ours {
		return fmt.Errorf("--out %q has files that tracetest did not write, such as %s: name a folder for the reports alone, such as %s", dir, foreign, filepath.Join(dir, "tracetest-out"))
	}
	path := filepath.Join(dir, ".gitignore")
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	if err := os.WriteFile(path, []byte(ignore), 0o666); err != nil {
		return fmt.Errorf("writing to --out %q: %w", dir, err)
	}
	return nil
}

// ignores reports whether a file of a folder is our .gitignore.
func ignores(dir, name string) bool {
	if name != ".gitignore" {
		return false
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	return err == nil && string(text) == ignore
}

// lockOut makes the folder of --out and keeps other runs from it: two in one
// folder would remove each other's record and reports. The lock ends with the
// process, and its file stays.
func lockOut(dir string) (release func(), err error) {
	if err := makeOut(dir); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("writing to --out %q: %w", dir, err)
	}
	taken, err := lock(file)
	if err != nil || !taken {
		text, _ := io.ReadAll(io.LimitReader(file, 20))
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("locking --out %q: %w", dir, err)
		}
		who := "another tracetest"
		if pid := strings.TrimSpace(string(text)); pid != "" {
			who += " (pid " + pid + ")"
		}
		return nil, fmt.Errorf("%s writes to %q; use another folder with --out", who, dir)
	}
	if file.Truncate(0) == nil {
		file.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0) // for whoever comes next
	}
	return func() { file.Close() }, nil
}

// written returns what was written to a record, and not what stands at its name
// by now.
func written(file *os.File) (io.ReadSeeker, error) {
	ours, err := file.Stat()
	if err != nil {
		return nil, err
	}
	there, err := os.Stat(file.Name())
	if err != nil || !os.SameFile(ours, there) {
		err = errors.Join(err, fmt.Errorf("the record %q was replaced while it was written", file.Name()))
	}
	return io.NewSectionReader(file, 0, ours.Size()), err
}

// createRecord makes the record of a run. Nobody else may read it before it has ended: what becomes known for a
// secret late is taken out of it then.
func createRecord(path string) (*os.File, error) {
	file, err := record.Create(path, 0o600)
	if err != nil {
		return nil, fmt.Errorf("writing to --out %q: %w", filepath.Dir(path), err)
	}
	return file, nil
}

// showRecord lets others read a record that has ended, as far as the umask lets them read what is beside it.
func showRecord(file *os.File) error {
	beside, err := os.Stat(filepath.Join(filepath.Dir(file.Name()), ".lock"))
	if err != nil {
		return nil // a folder without one is not ours to open
	}
	return file.Chmod(beside.Mode().Perm())
}

// beside makes a file in the folder of another one, which others may read as far as
// the umask says so.
func beside(path string) (*os.File, error) {
	for n := 0; ; n++ {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s-%d-%d", filepath.Base(path), os.Getpid(), n))
		file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if err == nil || !errors.Is(err, os.ErrExist) {
			return file, err
		}
	}
}
