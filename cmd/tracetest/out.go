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

// lockOut makes the folder of --out and keeps other runs from it: two in one
// folder would remove each other's record and reports. The lock ends with the
// process, and its file stays.
func lockOut(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of --out: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
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
func written(file *os.File) (io.Reader, error) {
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

// createRecord makes the record of a run.
func createRecord(path string) (*os.File, error) {
	file, err := record.Create(path)
	if err != nil {
		return nil, fmt.Errorf("writing to --out %q: %w", filepath.Dir(path), err)
	}
	return file, nil
}
