// Package nearest finds the name that was probably meant.
package nearest

import (
	"slices"
	"strings"
)

// Name returns the candidate that is most like a word, or "" where none is like
// it. A candidate that begins with the word is like it.
func Name(word string, candidates []string) string {
	word = strings.ToLower(word)
	best, least := "", max(1, min(3, len(word)/3))+1
	for _, candidate := range slices.Sorted(slices.Values(candidates)) {
		d := distance(word, strings.ToLower(candidate))
		if len(word) >= 3 && strings.HasPrefix(strings.ToLower(candidate), word) {
			d = min(d, 1)
		}
		if d < least || d == least && best != "" && len(candidate) < len(best) {
			best, least = candidate, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
