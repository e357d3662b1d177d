package redact

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// A mark finds a text that nobody has named: its length and two keyed
// hashes of it, which roll. Test processes report marks of their logins and of the
// passwords that they set in this way, and so no secret leaves them. It is no
// cryptographic hash: it goes over a private socket and stays in memory.
type mark struct {
	length int
	hash   [2]uint32
}

// newKey makes the bases of the hashes.
func newKey() (key [2]uint64) {
	var b [16]byte
	rand.Read(b[:]) // never fails
	for i := range key {
		key[i] = 1<<16 + binary.LittleEndian.Uint64(b[8*i:])%(prime-1<<17)
	}
	return key
}

// prime is the modulus of the hashes. See tracetestMark, which is the same code.
const prime = 1<<31 - 1

// Key is what test processes need to make marks.
func (r *Redactor) Key() string { return fmt.Sprintf("%d:%d", r.key[0], r.key[1]) }

// Mark is the mark of a text, as a test process reports it.
func (r *Redactor) Mark(text string) string {
	m := markOf(text, r.key)
	return fmt.Sprintf("%d:%d:%d", m.length, m.hash[0], m.hash[1])
}

func markOf(text string, key [2]uint64) mark {
	m := mark{length: len(text)}
	for i, base := range key {
		h := uint64(0)
		for j := range len(text) {
			h = (h*base + uint64(text[j]) + 1) % prime
		}
		m.hash[i] = uint32(h)
	}
	return m
}

// AddMarks learns secrets by their marks.
func (r *Redactor) AddMarks(marks ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, text := range marks {
		var m mark
		if n, err := fmt.Sscanf(text, "%d:%d:%d", &m.length, &m.hash[0], &m.hash[1]); err != nil || n != 3 || m.length < minSecret || m.length > longestMark || r.marks[m] || len(r.marks) == maxMarks {
			continue
		}
		known := false
		for secret := range r.secrets {
			known = known || len(secret) == m.length && markOf(secret, r.key) == m
		}
		if !known {
			r.marks[m], r.found = true, nil
		}
	}
}

// maxMarks and longestMark bound what a test process can make us do.
const (
	maxMarks    = 1 << 12
	longestMark = 1 << 10
)

// rolling finds marks.
type rolling struct {
	key     [2]uint64
	lengths []int                      // longest first
	byHash  map[int]map[[2]uint32]bool // by length
	powers  map[int][2]uint64          // of the bases, by length
}

func newRolling(marks []mark, key [2]uint64) rolling {
	r := rolling{key: key, byHash: map[int]map[[2]uint32]bool{}, powers: map[int][2]uint64{}}
	for _, m := range marks {
		if r.byHash[m.length] == nil {
			r.byHash[m.length] = map[[2]uint32]bool{}
			r.lengths = append(r.lengths, m.length)
			power := [2]uint64{1, 1}
			for range m.length {
				power[0], power[1] = power[0]*key[0]%prime, power[1]*key[1]%prime
			}
			r.powers[m.length] = power
		}
		r.byHash[m.length][m.hash] = true
	}
	slices.Sort(r.lengths)
	slices.Reverse(r.lengths)
	return r
}

func (r *rolling) replace(text string, shortest int, with func(secret string) string) string {
	for _, n := range r.lengths {
		if n < shortest {
			break
		}
		text = r.replaceLength(text, n, with)
	}
	return text
}

func (r *rolling) replaceLength(text string, n int, with func(secret string) string) string {
	if len(text) < n {
		return text
	}
	hashes, power, key := r.byHash[n], r.powers[n], r.key
	var out strings.Builder
	last, full := 0, 0 // full: how many bytes the hashes are of
	var h [2]uint64
	for at := range len(text) {
		c := uint64(text[at]) + 1
		for i := range h {
			h[i] = h[i]*key[i] + c
			if full == n {
				h[i] += (prime - power[i]) * (uint64(text[at-n]) + 1) % prime
			}
			h[i] %= prime
		}
		if full < n {
			if full++; full < n {
				continue
			}
		}
		if !hashes[[2]uint32{uint32(h[0]), uint32(h[1])}] || n < longSecret && !alone(text, at+1-n, at+1) {
			continue
		}
		out.WriteString(text[last:at+1-n] + with(text[at+1-n:at+1]))
		last, full, h = at+1, 0, [2]uint64{}
	}
	if last == 0 {
		return text
	}
	return out.String() + text[last:]
}
