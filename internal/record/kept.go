package record

import (
	"bytes"
	"hash/crc32"
	"io"
)

// kept knows what of a record was written, and whether its entries say what those did who
// were shown them.
type kept struct {
	size  int64
	sum   uint32 // CRC-32C
	other bool   // not so
}

func (k *kept) wrote(lines []byte) {
	k.size += int64(len(lines))
	k.sum = crc32.Update(k.sum, sums(), lines)
}

// marshalled takes in an entry as encoding/json writes it: of a string that is not UTF-8 it
// replaces what is not.
func (k *kept) marshalled(line []byte) {
	k.other = k.other || bytes.Contains(line, []byte(`\ufffd`))
}

// Kept reports whether a record holds, byte by byte, what was written to it, so that reading it
// again would give the entries that were shown.
func (w *Writer) Kept(in io.Reader) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	sum := crc32.New(sums())
	size, err := io.Copy(sum, in)
	return err == nil && w.err == nil && !w.kept.other && size == w.kept.size && sum.Sum32() == w.kept.sum
}
