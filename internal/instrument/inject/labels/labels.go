// Package labels is the code that tracetest compiles into package
// runtime/pprof of the user's tests: whose goroutine is this?
//
// It is a package of its own only so that it is vetted and tested; package instrument
// takes the text of labels.go and appends it to runtime.go of runtime/pprof.
//
// A profiler label names the owner. Goroutines inherit the labels of the one
// that starts them, so that the label also says who started a goroutine which
// outlives its test. User code that sets labels of its own keeps them, and
// does not lose ours: SetGoroutineLabels calls tracetestKeep. Only names that
// Go 1.22 to 1.27 have are used, so that a change of the layout is an error of
// the compiler and not a crash.
package labels

import (
	"context"
)

const tracetestKey = "tracetest"

// tracetestCurrent is a context with the labels of this goroutine.
func tracetestCurrent() context.Context {
	return context.WithValue(context.Background(), labelContextKey{}, (*labelMap)(runtime_getProfLabel()))
}

// TracetestGet returns the owner of this goroutine, or "" where it has none.
func TracetestGet() string {
	if runtime_getProfLabel() == nil {
		return ""
	}
	owner, _ := Label(tracetestCurrent(), tracetestKey)
	return owner
}

// TracetestSet makes this goroutine, and those that it will start, an owner's.
// Labels of the user's stay.
func TracetestSet(owner string) {
	ctx := context.Background()
	if runtime_getProfLabel() != nil {
		ctx = tracetestCurrent()
	}
	SetGoroutineLabels(WithLabels(ctx, Labels(tracetestKey, owner)))
}

// tracetestKeep adds the owner of this goroutine to the labels that it is about
// to be given.
func tracetestKeep(ctx context.Context) context.Context {
	if _, set := Label(ctx, tracetestKey); set {
		return ctx
	}
	if owner := TracetestGet(); owner != "" {
		return WithLabels(ctx, Labels(tracetestKey, owner))
	}
	return ctx
}
