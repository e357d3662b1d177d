package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/redistest"
)

// ownedRow is a row of testdata/clients/owners: a way to write.
type ownedRow struct {
	name   string
	client int // which of the clients, of which each has a testify method
}

// ownedRows are the rows in the order of that suite, which puts their number
// into the value that they set.
func ownedRows() (rows []ownedRow) {
	for i, client := range []string{"go-redis_v9", "go-redis_v9_autopipeline", "go-redis_v9_cluster", "go-redis_v8", "redigo", "rueidis",
		"rueidis_pipelining", "valkey-go", "valkey-go_pipelining", "radix_v4", "net"} {
		for _, ends := range []string{"", ".ends"} {
			rows = append(rows, ownedRow{client + ends, i})
			if client != "redigo" && client != "net" {
				rows = append(rows, ownedRow{client + ends + ".shared", i})
			}
		}
	}
	return rows
}

// ownedKind is a kind of owner in that suite.
type ownedKind struct {
	name  string
	owner func(row ownedRow) string
	exact int // so many rows at least are exact
}

func ownedKinds() []ownedKind {
	row := func(before, after string) func(ownedRow) string {
		return func(r ownedRow) string { return before + r.name + after }
	}
	return []ownedKind{
		{"spec", row("TestSpecs: owners ", ""), 40},
		{"spec's timer", row("TestSpecs: owners ", " timer"), 0},
		{"left by a spec", row("TestSpecs: owners ", " leaves"), 8},
		{"testify method", func(r ownedRow) string { return "TestMethods/Test" + string("0123456789X"[r.client]) }, 40},
		{"parallel subtest", row("TestParallel/", ""), 18},
		{"subtest's timer", row("TestTimer/", ""), 0},
		{"left by a subtest", row("TestLeft/", ""), 20},
	}
}

// Whoever the owner is, and whatever client writes: what is called exact names
// who did it, and else the one who did is among the suspects. TRACETEST_ALL
// prints the table of how each was found.
func TestClientsOwners(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	// Not -parallel, which Ginkgo refuses.
	env := []string{"REDIS_ADDR=" + redis.Addr, "GOMAXPROCS=16"}
	f, _ := runTracetest(t, filepath.Join("..", "..", "testdata", "clients"), env, "--trace=on", "--redis", redis.Addr, "./owners")
	rows, kinds := ownedRows(), ownedKinds()
	found := make([][]findings.Certainty, len(rows))
	for i := range rows {
		found[i] = make([]findings.Certainty, len(kinds))
	}
	for _, w := range f.Writes {
		value, err := strconv.Atoi(w.Command[len(w.Command)-1])
		row, kind := value%100, value/100-101
		if err != nil || row >= len(rows) || kind < 0 || kind >= len(kinds) || w.Count != 1 || w.Others != 0 {
			t.Fatalf("not a row: %+v", w)
		}
		found[row][kind] = w.Certainty
		if accused, want := accusedOf(w.By, w.Suspects), kinds[kind].owner(rows[row]); !slices.Contains(accused, want) {
			t.Errorf("%s, %s: %s %q, want %s", rows[row].name, kinds[kind].name, w.Certainty, accused, want)
		}
	}
	exact := make([]int, len(kinds))
	for i, r := range rows {
		for k, kind := range kinds {
			switch found[i][k] {
			case "":
				t.Errorf("%s, %s: not found", r.name, kind.name)
			case findings.Exact:
				exact[k]++
			}
		}
		if os.Getenv("TRACETEST_ALL") != "" {
			t.Logf("| %s | %s |", r.name, strings.Join(strings.Fields(fmt.Sprint(found[i])), " | "))
		}
	}
	for k, kind := range kinds {
		if t.Logf("%s: %d of %d rows are exact", kind.name, exact[k], len(rows)); exact[k] < kind.exact {
			t.Errorf("%s: %d rows are exact, want %d", kind.name, exact[k], kind.exact)
		}
	}
}

// accusedOf returns the owner of something, or its suspects.
func accusedOf(owner *record.Name, suspects []record.Name) (accused []string) {
	if owner != nil {
		accused = append(accused, ownerText(owner))
	}
	for _, o := range suspects {
		accused = append(accused, ownerText(&o))
	}
	return accused
}
