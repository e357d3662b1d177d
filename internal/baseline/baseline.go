// Package baseline is the file of known leaks: leaks that somebody looks after
// and that do not fail a run until a day on which that ends.
//
// A file that can be misread is refused: an entry that is not understood would
// either hide a leak or fail a run that it should not. Errors name the line.
package baseline

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// Schema names the format of the file.
const Schema = "tracetest.baseline/1"

// dateForm is how a day is written.
const dateForm = "2006-01-02"

// file is the JSON of it.
type file struct {
	Schema string         `json:"schema"`
	Known  []record.Known `json:"known"`
}

// Parse reads a baseline. The name is for errors and for the record.
func Parse(name string, text []byte) (*record.Baseline, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // some editors write it
	p := parser{name: name, text: text, decoder: json.NewDecoder(bytes.NewReader(text))}
	p.decoder.DisallowUnknownFields()
	b := &record.Baseline{File: name, Known: []record.Known{}}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%s: it is not UTF-8", name)
	}
	if err := p.delimiter('{', "an object"); err != nil {
		return nil, err
	}
	schema, known := "", false
	for p.decoder.More() {
		at := p.next()
		key, err := p.decoder.Token()
		if err != nil {
			return nil, p.broken(err)
		}
		switch key {
		case "schema":
			if schema != "" {
				return nil, p.bad(at, "%q is there twice", "schema")
			}
			if err := p.decoder.Decode(&schema); err != nil {
				return nil, p.broken(err)
			}
			if schema != Schema {
				return nil, p.bad(at, "the schema is %q, and this tracetest reads %q: use the version that wrote it", schema, Schema)
			}
		case "known":
			if known {
				return nil, p.bad(at, "%q is there twice", "known")
			}
			known = true
			if b.Known, err = p.entries(); err != nil {
				return nil, err
			}
		default:
			return nil, p.bad(at, "%q is no field of a baseline: it has %q and %q", key, "schema", "known")
		}
	}
	if _, err := p.decoder.Token(); err != nil {
		return nil, p.broken(err)
	}
	if at := p.next(); at < len(text) {
		return nil, p.bad(at, "there is more behind the end")
	}
	switch {
	case schema == "":
		return nil, fmt.Errorf(`%s: it has no "schema": write "schema": %q, or make a first one with: tracetest baseline tracetest-out/run.jsonl`, name, Schema)
	case !known:
		return nil, fmt.Errorf(`%s: it has no "known", the list of known leaks`, name)
	}
	return b, nil
}

// parser knows on which line of the file it is.
type parser struct {
	name    string
	text    []byte
	decoder *json.Decoder
}

// next is where the next value or key begins.
func (p *parser) next() int {
	at := int(p.decoder.InputOffset())
	for at < len(p.text) && bytes.IndexByte([]byte(" \t\r\n,:"), p.text[at]) >= 0 {
		at++
	}
	return at
}

func (p *parser) bad(at int, format string, args ...any) error {
	line := 1 + bytes.Count(p.text[:min(at, len(p.text))], []byte("\n"))
	return fmt.Errorf("%s:%d: %s", p.name, line, fmt.Sprintf(format, args...))
}

// broken is an error of the decoder, at the place that it tells.
func (p *parser) broken(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		// Between tokens the offset of the error falls short.
		return p.bad(int(max(syntax.Offset, p.decoder.InputOffset())), "it is not JSON: %v", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return p.bad(len(p.text), "it ends before the JSON does")
	}
	return p.bad(p.next(), "%v", err)
}

func (p *parser) delimiter(want json.Delim, what string) error {
	at := p.next()
	got, err := p.decoder.Token()
	if err != nil {
		return p.broken(err)
	}
	if got != want {
		return p.bad(at, "%v where %s is expected", got, what)
	}
	return nil
}

func (p *parser) entries() ([]record.Known, error) {
	if err := p.delimiter('[', `the list "known"`); err != nil {
		return nil, err
	}
	type name struct{ pkg, test, spec, parameter string }
	seen := map[name]int{}
	all := []record.Known{}
	for p.decoder.More() {
		at := p.next()
		var raw json.RawMessage
		if err := p.decoder.Decode(&raw); err != nil {
			return nil, p.broken(err)
		}
		var k record.Known
		strict := json.NewDecoder(bytes.NewReader(raw))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&k); err != nil {
			return nil, p.bad(at, `%s; an entry has "package", "test", "spec", "parameter", "owner", "reason" and "expires", all of them text`, strings.TrimPrefix(err.Error(), "json: "))
		}
		if bytes.Equal(raw, []byte("null")) {
			return nil, p.bad(at, "an entry is null")
		}
		if twice := repeated(raw); twice != "" {
			return nil, p.bad(at, "the entry has %q twice: remove one of the two", twice)
		}
		if problem := check(&k); problem != "" {
			return nil, p.bad(at, "%s", problem)
		}
		n := name{k.Package, k.Test, k.Spec, k.Parameter}
		if line, twice := seen[n]; twice {
			return nil, p.bad(at, "the leak of %s is known since line %d already: remove one of the two", k.Parameter, line)
		}
		seen[n] = 1 + bytes.Count(p.text[:at], []byte("\n"))
		all = append(all, k)
	}
	_, err := p.decoder.Token()
	if err != nil {
		return nil, p.broken(err)
	}
	return all, nil
}

// repeated names a field that an object has twice, in whatever case: of those
// the decoder would take the last, and a reader perhaps the other.
func repeated(object []byte) string {
	d := json.NewDecoder(bytes.NewReader(object))
	seen := map[string]bool{}
	for i := 0; ; i++ { // keys and values, which are all text, take turns
		token, err := d.Token()
		if err != nil {
			return ""
		}
		key, is := token.(string)
		if i%2 == 0 || !is { // the brace is the first
			continue
		}
		if seen[strings.ToLower(key)] {
			return key
		}
		seen[strings.ToLower(key)] = true
	}
}

// check refuses an entry that covers nothing, or for which nobody stands.
func check(k *record.Known) string {
	k.Parameter = strings.ToLower(k.Parameter)
	for _, field := range []struct{ name, value, cure string }{
		{"package", k.Package, "the import path of the package that leaks"},
		{"parameter", k.Parameter, "what leaks, such as maxmemory"},
		{"owner", k.Owner, "who owns it"},
		{"reason", k.Reason, "why it may stay for now"},
		{"expires", k.Expires, "the last day on which it may, as YYYY-MM-DD"},
	} {
		if strings.TrimSpace(field.value) == "" {
			return fmt.Sprintf("the entry has no %q: write %s", field.name, field.cure)
		}
	}
	if _, err := time.Parse(dateForm, k.Expires); err != nil {
		return fmt.Sprintf(`"expires" is %q, which is no day: write it as YYYY-MM-DD, such as 2027-01-31`, k.Expires)
	}
	return ""
}

// Defaults are what is written of leaks that nobody knew of.
type Defaults struct {
	Owner, Reason string
	Expires       string // YYYY-MM-DD; empty: 90 days after the run
}

// Of makes a baseline of the leaks of a run. What is known stays as it is. Leaks
// that are ambiguous, or that nobody was traced making, are left out and returned:
// entries for them would hide what innocent tests may leak later.
func Of(f *findings.Findings, d Defaults) (b *record.Baseline, unsettled []findings.Change) {
	d.Reason = cmp.Or(d.Reason, "left by the run of "+f.Run.Started.UTC().Format(dateForm))
	d.Owner = cmp.Or(d.Owner, "nobody yet")
	d.Expires = cmp.Or(d.Expires, f.Run.Started.UTC().AddDate(0, 0, 90).Format(dateForm))
	b = &record.Baseline{Known: []record.Known{}}
	for _, c := range f.Leaks {
		if c.By == nil || c.Untraced && c.Known == nil {
			unsettled = append(unsettled, c)
			continue
		}
		k := record.Known{Name: *c.By, Parameter: c.Parameter, Owner: d.Owner, Reason: d.Reason, Expires: d.Expires}
		if c.Known != nil {
			k.Owner, k.Reason, k.Expires = c.Known.Owner, c.Known.Reason, c.Known.Expires
		}
		if !slices.ContainsFunc(b.Known, func(o record.Known) bool {
			return o.Name == k.Name && o.Parameter == k.Parameter
		}) {
			b.Known = append(b.Known, k)
		}
	}
	slices.SortStableFunc(b.Known, func(x, y record.Known) int {
		return cmp.Or(x.Name.Compare(y.Name), strings.Compare(x.Parameter, y.Parameter))
	})
	return b, unsettled
}

// Write writes a baseline as Parse reads it.
func Write(w io.Writer, b *record.Baseline) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(file{Schema, b.Known}); err != nil {
		return fmt.Errorf("encoding the baseline: %w", err)
	}
	_, err := w.Write(text.Bytes())
	return err
}
