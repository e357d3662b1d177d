package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/report/claims"
)

// inJSON is how long a name is in the headline, in runes.
const inJSON = 240

// JSON writes findings.json: the findings as they are, with the headline that every
// report begins with behind the schema, indented, with a final newline. It is the only format that shortens nothing, and ten thousand leaks
// make tens of megabytes. So it is written finding by finding: package json
// would hold all of it several times over.
func JSON(w io.Writer, f *findings.Findings) error {
	if f == nil {
		return errNoFindings()
	}
	out := jsonWriter{to: bufio.NewWriterSize(w, 64<<10)}
	out.enc = json.NewEncoder(&out.one)
	out.enc.SetEscapeHTML(false) // "<" in a test name is no danger here, and \u003c is hard to grep
	fields := reflect.ValueOf(*f)
	separator := "{\n"
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Type().Field(i).Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		out.text(separator + "  \"" + name + "\": ")
		out.field(fields.Field(i))
		separator = ",\n"
		if name == "schema" {
			out.text(separator + "  \"headline\": ")
			out.value(reflect.ValueOf(claims.New(f).Headline().Plain(inJSON)), "  ")
		}
	}
	out.text("\n}\n")
	if out.err != nil {
		return fmt.Errorf("encoding findings: %w", out.err)
	}
	if err := out.to.Flush(); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	return nil
}

// jsonWriter writes what json.Encoder would, value by value.
type jsonWriter struct {
	to  *bufio.Writer // keeps its first error until Flush
	enc *json.Encoder // into one
	one bytes.Buffer
	err error // of the encoder
}

func (j *jsonWriter) text(s string) { j.to.WriteString(s) }

// field writes a field of the findings; of a list each element by itself.
func (j *jsonWriter) field(v reflect.Value) {
	if v.Kind() != reflect.Slice || v.Len() == 0 {
		j.value(v, "  ")
		return
	}
	separator := "["
	for i := range v.Len() {
		j.text(separator + "\n    ")
		j.value(v.Index(i), "    ")
		separator = ","
	}
	j.text("\n  ]")
}

func (j *jsonWriter) value(v reflect.Value, indent string) {
	j.one.Reset()
	j.enc.SetIndent(indent, "  ")
	if err := j.enc.Encode(v.Interface()); err != nil && j.err == nil {
		j.err = err
	}
	j.to.Write(bytes.TrimSuffix(j.one.Bytes(), []byte("\n")))
}
