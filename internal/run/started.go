package run

import (
	"context"
	"maps"
	"slices"

	"tracetest/internal/origin"
	"tracetest/internal/record"
	"tracetest/internal/snapshot"
)

// StartedWith is what a server was started with, by parameter, as CONFIG GET
// would say it: by its process, its file or its container; else, where everything that it was given is known, its default. Unknown says
// why not everything is.
func StartedWith(ctx context.Context, s *snapshot.Server, container string) (all map[string]record.Origin, unknown string) {
	pid, file := s.Process()
	start := origin.Find(ctx, origin.Facts{Address: s.Target().Address(), PID: pid, ConfigFile: file}, container)
	all = map[string]record.Origin{}
	for _, parameter := range slices.Sorted(maps.Keys(start.Values)) { // so that hidden values have the same numbers in each run
		value := start.Values[parameter]
		if name, o, ok := s.Started(parameter, value.Text, value.Source); ok {
			all[name] = o
		}
	}
	for _, parameter := range snapshot.Defaults() {
		value, _ := snapshot.Default(parameter)
		name, o, ok := s.Started(parameter, value, "default, not set by "+what(start))
		if _, given := all[name]; ok && !given && start.Whole {
			all[name] = o
		}
	}
	if len(all) == 0 {
		all = nil
	}
	return all, start.Unknown
}

func what(start origin.Start) string {
	if start.Container != "" {
		return "container " + start.Container
	}
	return "its process"
}
