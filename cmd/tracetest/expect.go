package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"tracetest/internal/redisconf"
)

// expectations are what the server must have: the files of --expect-file in their
// order, and then --expect.
func (o *options) expectations() (map[string]string, error) {
	expect := map[string]string{}
	for _, path := range o.expectFile {
		if err := readExpectations(path, expect); err != nil {
			return nil, err
		}
	}
	for _, text := range o.expect {
		name, value, ok := expectation(text)
		if !ok {
			return nil, fmt.Errorf("--expect %q: write PARAM=VALUE, such as maxmemory=2gb", name)
		}
		expect[name] = value
	}
	return expect, nil
}

func expectation(text string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(text, "=")
	name = strings.ToLower(strings.TrimSpace(name))
	return name, value, ok && name != ""
}

// readExpectations reads a file of --expect-file: PARAM=VALUE on each line, as for
// --expect. Empty lines and those that begin with # say nothing.
func readExpectations(path string, expect map[string]string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("--expect-file: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		name, value, ok := expectation(text)
		if !ok {
			return fmt.Errorf("--expect-file %s, line %d: write PARAM=VALUE, such as maxmemory=2gb", path, n)
		}
		expect[name] = value
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("--expect-file %s: %w", path, err)
	}
	return nil
}

// saved are the parameters of a server that a suite can expect elsewhere too:
// those that tests change and that read back as they were set. Passwords, files and addresses
// are not among them.
func saved(config map[string]string) []string {
	var lines []string
	for name, value := range config {
		if p := redisconf.Of(name); p.ReadsBack && !p.Secret && !p.Place && !p.Role && !strings.ContainsAny(value, "\r\n") {
			lines = append(lines, name+"="+value)
		}
	}
	slices.Sort(lines)
	return lines
}

// saveExpectations writes a file for --expect-file.
func saveExpectations(path, server string, lines []string) error {
	if len(lines) == 0 {
		return errors.New("--save: nothing of this server's configuration can be read")
	}
	return writeWhole(path, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "# What the tests expect of Redis: %s on %s.\n# Written by tracetest check --save, read by --expect-file. Delete lines that do not matter.\n%s\n",
			server, time.Now().UTC().Format(time.DateOnly), strings.Join(lines, "\n"))
		return err
	})
}
