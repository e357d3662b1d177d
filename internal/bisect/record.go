package bisect

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Schema names the format of the record of a search.
const Schema = "tracetest.bisect/1"

// Header is the first line of the record of a search: what was asked.
type Header struct {
	Schema   string              `json:"schema" redact:"-"`
	Command  []string            `json:"command"`
	Dir      string              `json:"dir" redact:"-"`
	Victim   string              `json:"victim" redact:"name"`
	Param    string              `json:"param,omitempty" redact:"-"`
	Packages []string            `json:"packages" redact:"-"`
	Args     []string            `json:"args"`
	Orders   map[string][]string `json:"orders,omitempty"`
	From     string              `json:"from" redact:"-"` // the record of the suite, an absolute path
	Flush    bool                `json:"flush,omitempty"`
	Spawn    bool                `json:"spawn,omitempty"`
	SpawnEnv []string            `json:"spawn_env,omitempty" redact:"-"`
}

// Line is a line of that record. Exactly one of the pointers is set.
type Line struct {
	Header *Header `json:"header,omitempty"`
	Trial  *Trial  `json:"trial,omitempty"`
	Answer *Answer `json:"answer,omitempty"`
}

// Write appends a line.
func Write(out io.Writer, l Line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = out.Write(append(text, '\n'))
	return err
}

// Read reads the record of a search, as far as it is whole: the last line of one
// that was killed is often cut.
func Read(in io.Reader) (*Header, []Trial, error) {
	lines := bufio.NewReader(in)
	var header *Header
	var trials []Trial
	for {
		text, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, nil, err
		}
		var l Line
		whole := len(text) > 0 && text[len(text)-1] == '\n'
		if bad := json.Unmarshal(text, &l); whole && bad == nil {
			if header == nil && l.Header == nil {
				return nil, nil, errors.New("it does not begin with the header of a search")
			}
			if l.Header != nil {
				header = l.Header
			}
			if l.Trial != nil {
				trials = append(trials, *l.Trial)
			}
		}
		if err != nil {
			break
		}
	}
	if header == nil {
		return nil, nil, errors.New("it does not begin with the header of a search")
	}
	if header.Schema != Schema {
		return nil, nil, fmt.Errorf("it is a %q, and this tracetest reads %q", header.Schema, Schema)
	}
	return header, trials, nil
}
