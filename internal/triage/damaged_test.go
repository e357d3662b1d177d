package triage_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"

	"tracetest/internal/record"
	"tracetest/internal/triage"
)

// No changed byte of a record makes a run clean that was not: here without the
// checksums, so that what entries refer to and what writes did must tell it.
func TestOneByte(t *testing.T) {
	whole, err := os.ReadFile("testdata/damaged/good.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if f := analyse(t, whole); f.Run.Exit != triage.ExitLeaked || len(f.Leaks) != 1 || !f.Run.Complete {
		t.Fatalf("as it was: exit %d, %d leaks, %+v", f.Run.Exit, len(f.Leaks), f.Run.IncompleteBecause)
	}
	try := func(at int, b byte) {
		text := bytes.Clone(whole)
		text[at] = b
		a := triage.New()
		if _, err := a.Read(record.Read(bytes.NewReader(text))); err != nil {
			return
		}
		if f := a.Findings(); f.Run.Exit == triage.ExitClean {
			t.Errorf("byte %d, %q in place of %q: clean: %s", at, b, whole[at], text[max(0, at-40):min(len(text), at+40)])
		}
	}
	showed := bytes.Index(whole, []byte(`{"seq":16,`)) // the snapshot that shows the leak
	for at := showed; whole[at] != '\n'; at++ {
		for _, b := range []byte{whole[at] ^ 1, '1', ' '} {
			try(at, b)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		try(random.IntN(len(whole)), byte(' '+random.IntN(95)))
	}
}
