package labels

import (
	"context"
	"testing"
)

// have checks what the goroutine has: whose it is, and a label of the user's.
func have(t *testing.T, when, owner, user string) {
	t.Helper()
	if got := TracetestGet(); got != owner {
		t.Errorf("%s: it is %q's, want %q", when, got, owner)
	}
	if got, _ := Label(tracetestCurrent(), "user"); got != user {
		t.Errorf("%s: the user's label is %q, want %q", when, got, user)
	}
}

func fresh(t *testing.T) {
	current = nil
	t.Cleanup(func() { current = nil })
}

// Guards against a crash where a goroutine has no labels at all, as a timer's
// has none, and against an owner that stays when there is another.
func TestOwner(t *testing.T) {
	fresh(t)
	have(t, "at first", "", "")
	if current != nil {
		t.Error("asking sets a label")
	}
	const odd = `{"label":"owner","owner":{"name":"TestÄ/\"x\"\n"}}`
	for _, owner := range []string{"package", odd, "package"} {
		TracetestSet(owner)
		have(t, "set", owner, "")
	}
}

// Guards against a user whose profile has lost its labels.
func TestUserLabelsStay(t *testing.T) {
	fresh(t)
	SetGoroutineLabels(WithLabels(context.Background(), Labels("user", "u", "more", "m")))
	have(t, "before the first owner", "", "u")
	for _, owner := range []string{"a", "b"} {
		TracetestSet(owner)
		have(t, "with an owner", owner, "u")
		if more, _ := Label(tracetestCurrent(), "more"); more != "m" {
			t.Errorf("the second label is %q", more)
		}
	}
	SetGoroutineLabels(WithLabels(context.Background(), Labels("user", "v")))
	have(t, "with others", "b", "v")
	if more, set := Label(tracetestCurrent(), "more"); set {
		t.Errorf("a label that the user dropped is still there: %q", more)
	}
}

// Guards against goroutines that belong to nobody because the user's code sets
// labels, as pprof.Do does around each piece of work.
func TestOwnerSurvives(t *testing.T) {
	fresh(t)
	TracetestSet("a")
	outer := context.Background()
	inner := WithLabels(outer, Labels("user", "u"))
	SetGoroutineLabels(inner)
	have(t, "within pprof.Do", "a", "u")
	SetGoroutineLabels(outer)
	have(t, "behind it", "a", "")
	SetGoroutineLabels(context.WithValue(outer, labelContextKey{}, (*labelMap)(nil)))
	have(t, "with no labels", "a", "")
	TracetestSet("b")
	SetGoroutineLabels(outer)
	have(t, "with a new owner", "b", "")
}

// Guards against a label of ours that travels in the user's context: a worker
// that applies it would pass for the test that made the context.
func TestContextOfTheUser(t *testing.T) {
	fresh(t)
	TracetestSet("a")
	users := WithLabels(context.Background(), Labels("user", "u"))
	SetGoroutineLabels(users)
	if owner, set := Label(users, tracetestKey); set {
		t.Errorf("the user's context has our label %q", owner)
	}
	kept := tracetestKeep(users)
	if owner, _ := Label(kept, tracetestKey); owner != "a" || kept == users {
		t.Errorf("what is set is %q's", owner)
	}
	TracetestSet("b") // as on another goroutine
	SetGoroutineLabels(users)
	have(t, "elsewhere", "b", "u")
}

// Guards against an owner that is added where there is none, or over another.
func TestKeep(t *testing.T) {
	fresh(t)
	ctx := context.Background()
	if tracetestKeep(ctx) != ctx {
		t.Error("a goroutine of nobody's got a label")
	}
	TracetestSet("a")
	ours := WithLabels(ctx, Labels(tracetestKey, "b"))
	if tracetestKeep(ours) != ours {
		t.Error("an owner that is being set was replaced")
	}
}
