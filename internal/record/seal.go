package record

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// A line ends in `,"sum":"xxxxxxxx"}`: the CRC-32C of the line up to there, begun
// with the sum of the line before. So a byte that was changed is found, and so is
// a line of another run, or one that was left out or moved.
//
// Who adds a line to a record by hand, or makes one, may leave the sums away from
// all of it: then only what its entries refer to can be checked.
const sumKey = `,"sum":"`

// sumEnd is how long the end of a line is that holds its sum.
const sumEnd = len(sumKey) + 8 + len(`"}`)

// sums returns the table of CRC-32C, which processors have an instruction for.
func sums() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// seal closes lines.
type seal struct{ last uint32 }

// close puts the sum into a line, which is a JSON object.
func (s *seal) close(line []byte) []byte {
	body := line[:len(line)-1] // without its brace
	s.last = crc32.Update(s.last, sums(), body)
	return fmt.Appendf(body, `%s%08x"}`, sumKey, s.last)
}

// sealed checks the sums of lines.
type sealed struct {
	last  uint32
	lines int
	has   bool // a line has a sum
	lost  bool // that of the line before is not known
}

// open checks the sum of a line. Behind one whose sum is damaged the next is
// taken as it is: one line costs one entry.
func (s *sealed) open(line []byte) error {
	s.lines++
	at := len(line) - sumEnd
	var sum uint64
	err := errors.New("it has no checksum, and others have")
	if at > 0 && bytes.HasPrefix(line[at:], []byte(sumKey)) && bytes.HasSuffix(line, []byte(`"}`)) {
		sum, err = strconv.ParseUint(string(line[at+len(sumKey):len(line)-2]), 16, 32)
	}
	switch {
	case err != nil && !s.has:
		s.lost = true
		return nil // perhaps none has one
	case err != nil:
		s.lost = true
		return err
	}
	got := crc32.Update(s.last, sums(), line[:at])
	late, lost := !s.has && s.lines > 1, s.lost
	s.last, s.has, s.lost = uint32(sum), true, false
	switch {
	case late:
		return errors.New("it has a checksum, and those before it have none")
	case lost, string(line[at+len(sumKey):len(line)-2]) == fmt.Sprintf("%08x", got):
		return nil
	}
	s.lost = true
	return fmt.Errorf("its checksum is %08x, and should be %08x", sum, got)
}

// withoutSum is a line, with its newline, before [seal.close].
func withoutSum(line string) string {
	at := len(line) - 1 - sumEnd
	if at > 0 && strings.HasPrefix(line[at:], sumKey) && strings.HasSuffix(line, "\"}\n") {
		return line[:at] + "}\n"
	}
	return line
}
