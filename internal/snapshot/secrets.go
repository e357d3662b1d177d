package snapshot

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// IsSecret says whether the values of a parameter are never to be shown.
func IsSecret(parameter string) bool {
	name := strings.ToLower(parameter)
	return strings.Contains(name, "pass") || strings.HasSuffix(name, "auth") || strings.Contains(name, "secret") ||
		strings.Contains(name, "token") || name == "hash-seed"
}

// vault numbers the secret values of one server in order of first sight, so
// that equal values can be told from different ones without being shown.
type vault struct {
	numbers map[string]int // by value
	logins  []string       // passwords that the server has not shown us
}

// hide is the value as it may be shown.
func (v *vault) hide(parameter, value string) string {
	if value == "" || !IsSecret(parameter) {
		return value
	}
	if v.numbers == nil {
		v.numbers = make(map[string]int)
	}
	n, known := v.numbers[value]
	if !known {
		n = len(v.numbers) + 1
		v.numbers[value] = n
	}
	return fmt.Sprintf("(hidden %d)", n)
}

// hideAll is a configuration as it may be shown. It goes by name, so that the
// numbers are the same in each run.
func (v *vault) hideAll(config map[string]string) map[string]string {
	shown := make(map[string]string, len(config))
	for _, name := range slices.Sorted(maps.Keys(config)) {
		shown[name] = v.hide(name, config[name])
	}
	return shown
}

// values are all secrets, longest first.
func (v *vault) values() []string {
	values := slices.AppendSeq(slices.Clone(v.logins), maps.Keys(v.numbers))
	slices.SortFunc(values, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(values)
}
