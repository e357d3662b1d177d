package labels

import (
	"context"
	"runtime/pprof"
	"unsafe"
)

// The parts of package runtime/pprof that the labels use. A goroutine's labels
// are those of one variable here.

type labelContextKey struct{}

type labelMap struct{ ctx context.Context }

var current *labelMap

func runtime_getProfLabel() unsafe.Pointer { return unsafe.Pointer(current) }

func in(ctx context.Context) context.Context {
	if m, ok := ctx.Value(labelContextKey{}).(*labelMap); ok && m != nil {
		return m.ctx
	}
	return context.Background()
}

// Label stands for pprof.Label.
func Label(ctx context.Context, key string) (string, bool) { return pprof.Label(in(ctx), key) }

// Labels stands for pprof.Labels.
func Labels(args ...string) pprof.LabelSet { return pprof.Labels(args...) }

// WithLabels stands for pprof.WithLabels.
func WithLabels(ctx context.Context, labels pprof.LabelSet) context.Context {
	return context.WithValue(ctx, labelContextKey{}, &labelMap{pprof.WithLabels(in(ctx), labels)})
}

// SetGoroutineLabels stands for pprof.SetGoroutineLabels, patched.
func SetGoroutineLabels(ctx context.Context) {
	ctx = tracetestKeep(ctx)
	current, _ = ctx.Value(labelContextKey{}).(*labelMap)
}
