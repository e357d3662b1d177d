package findings

import (
	"encoding/binary"
	"iter"
	"slices"
	"strings"
	"time"

	"tracetest/internal/record"
)

// A Case is one of those that [Tests] counts: a test, subtest, spec, example
// or benchmark, as it ran once.
type Case struct {
	record.Name
	Kind     record.Kind
	Location string    // file:line of a spec; else empty
	Status   string    // pass, fail, skip, pending, panic, died
	Begin    time.Time // zero where nobody knows
	End      time.Time
}

// Cases are the tests of a run in the order in which they ended. There may be a
// million of them, so they are kept encoded: some twenty bytes each and their
// name. The zero value holds none.
type Cases struct {
	data  []byte   // of the last ones
	full  [][]byte // of those before, in pieces, so that none is copied as they grow
	n     int
	words map[string]uint64 // what many share: packages, test functions, files, states
	list  []string
	last  int64  // end of the last one, in nanoseconds since 1970
	name  string // of the last one
}

// Len returns how many there are.
func (c *Cases) Len() int {
	if c == nil {
		return 0
	}
	return c.n
}

// casesPiece is how many bytes of cases are kept together.
const casesPiece = 256 << 10

// Add appends one.
func (c *Cases) Add(t Case) {
	file, line := t.Location, ""
	if at := strings.LastIndexByte(file, ':'); at >= 0 {
		file, line = file[:at], file[at:]
	}
	if len(c.data) > casesPiece {
		c.full, c.data = append(c.full, c.data), make([]byte, 0, casesPiece+casesPiece/8)
	}
	own, shared := t.Test, "" // the name that no other has
	if t.Spec != "" {
		own, shared = t.Spec, t.Test
	}
	for _, word := range []string{t.Package, shared, string(t.Kind), t.Status, file} {
		c.data = binary.AppendUvarint(c.data, c.word(word))
	}
	same := 0 // of the name before: those of neighbours begin alike
	for same < min(len(own), len(c.name)) && own[same] == c.name[same] {
		same++
	}
	c.data, c.name = binary.AppendUvarint(c.data, uint64(same)), own
	for _, text := range []string{own[same:], line} {
		c.data = binary.AppendUvarint(c.data, uint64(len(text)))
		c.data = append(c.data, text...)
	}
	end := t.End.UnixNano()
	c.data = binary.AppendVarint(c.data, end-c.last)
	took := int64(-1)
	if !t.Begin.IsZero() {
		took = max(0, end-t.Begin.UnixNano())
	}
	c.data = binary.AppendVarint(c.data, took)
	c.last = end
	c.n++
}

func (c *Cases) word(s string) uint64 {
	at, known := c.words[s]
	if !known {
		if c.words == nil {
			c.words = make(map[string]uint64)
		}
		at = uint64(len(c.list))
		c.words[s], c.list = at, append(c.list, s)
	}
	return at
}

// All yields them in the order in which they ended. Times are in UTC.
func (c *Cases) All() iter.Seq[Case] {
	return func(yield func(Case) bool) {
		if c == nil {
			return
		}
		var data []byte
		last, name := int64(0), ""
		number := func() uint64 {
			n, size := binary.Uvarint(data)
			data = data[size:]
			return n
		}
		signed := func() int64 {
			n, size := binary.Varint(data)
			data = data[size:]
			return n
		}
		text := func() string {
			n := number()
			s := string(data[:n])
			data = data[n:]
			return s
		}
		pieces := append(slices.Clone(c.full), c.data)
		for {
			for len(data) == 0 {
				if len(pieces) == 0 {
					return
				}
				data, pieces = pieces[0], pieces[1:]
			}
			t := Case{Name: record.Name{Package: c.list[number()]}}
			shared := c.list[number()]
			t.Kind, t.Status, t.Location = record.Kind(c.list[number()]), c.list[number()], c.list[number()]
			name = name[:number()] + text()
			t.Test = name
			if t.Kind == record.KindSpec {
				t.Test, t.Spec = shared, t.Test
			}
			t.Location += text()
			last += signed()
			t.End = time.Unix(0, last).UTC()
			if took := signed(); took >= 0 {
				t.Begin = time.Unix(0, last-took).UTC()
			}
			if !yield(t) {
				return
			}
		}
	}
}

// KindOf says what a test is by its name, as testing does.
func KindOf(test string) record.Kind {
	for _, kind := range []struct {
		prefix string
		kind   record.Kind
	}{{"Example", record.KindExample}, {"Benchmark", record.KindBenchmark}, {"Fuzz", record.KindFuzz}} {
		if strings.HasPrefix(test, kind.prefix) {
			return kind.kind
		}
	}
	return record.KindTest
}
