package snapshot

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Named are the servers to watch, and how they were named.
type Named struct {
	Targets []Target
	// Ambient is set where nobody named them for tracetest: they come from $REDIS_URL or $REDIS_ADDR, which
	// are the suite's own, or are the default. One that is not there is no reason to refuse then: what the tests use
	// will be discovered.
	Ambient bool
	Notes   []string // what was passed over, and why, without any password
}

// Targets are the servers to watch: the values of --redis, else of
// $TRACETEST_REDIS (several separated by commas), $REDIS_URL or $REDIS_ADDR,
// else the one at localhost:6379. A server that is named twice is watched
// once, with the login that was named first. Files says how to speak TLS to them.
func Targets(flags []string, files TLS, getenv func(string) string) (Named, error) {
	named, err := targets(flags, getenv)
	if err != nil {
		return named, err
	}
	for i, t := range named.Targets {
		if named.Targets[i], err = t.Over(files); err != nil {
			return named, err
		}
	}
	return named, nil
}

func targets(flags []string, getenv func(string) string) (Named, error) {
	if len(flags) > 0 {
		targets, err := parseAll("--redis", flags)
		return Named{Targets: targets}, err
	}
	if list := split(getenv(ours)); len(list) > 0 {
		targets, err := parseAll("$"+ours, list)
		return Named{Targets: targets}, err
	}
	ambient := Named{Ambient: true}
	for _, name := range theirs {
		list := split(getenv(name))
		for i, value := range list {
			list[i] = suites(value)
		}
		targets, err := parseAll("$"+name, list)
		if err != nil {
			ambient.Notes = append(ambient.Notes, "passed over: "+err.Error())
			continue
		}
		if len(targets) > 0 {
			ambient.Targets = targets
			return ambient, nil
		}
	}
	var err error
	ambient.Targets, err = parseAll("the default", []string{"localhost:" + defaultPort})
	return ambient, err
}

// split takes a list apart at commas. A comma in a password is none: what has a login is a list only if each part is a URL.
func split(list string) []string {
	if parts := strings.Split(list, ","); strings.Contains(list, "@") && slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(p, "://") }) {
		return []string{strings.TrimSpace(list)}
	}
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' || r == '\r' })
}

// suites turns the forms that suites have in their own variables into one that [ParseTarget] reads: "tcp://" as
// Docker's links have it, a database behind host:port, and parameters that only the suite's client knows.
func suites(value string) string {
	if u, err := url.Parse(value); err == nil && u.RawQuery != "" && strings.Contains(value, "://") {
		query := u.Query()
		for name := range query {
			if name != skipVerify && !slices.Contains(tlsParameters[:], name) {
				query.Del(name)
			}
		}
		u.RawQuery = query.Encode()
		value = u.String()
	}
	if scheme, rest, found := strings.Cut(value, "://"); found && strings.EqualFold(scheme, "tcp") {
		return "redis://" + rest
	}
	if host, database, found := strings.Cut(value, "/"); found && host != "" && !strings.Contains(value, "://") && strings.Trim(database, "0123456789") == "" {
		return host
	}
	return value
}

func parseAll(source string, values []string) ([]Target, error) {
	var targets []Target
	seen := make(map[string]bool)
	for _, value := range values {
		target, err := ParseTarget(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source, err)
		}
		if key := fold(target); !seen[key] {
			seen[key] = true
			targets = append(targets, target)
		}
	}
	return targets, nil
}

// fold makes equal what names the same server. The case of a path matters,
// that of a host does not.
func fold(t Target) string {
	if t.network == "unix" {
		return t.address
	}
	return strings.ToLower(t.address)
}

// The variables that name servers: one for tracetest, and those of the suite, in the order in which they count.
const ours = "TRACETEST_REDIS"

var theirs = [...]string{"REDIS_URL", "REDIS_ADDR"}

// InEnvironment reports whether the environment names servers for [Targets].
func InEnvironment(getenv func(string) string) bool {
	named := func(name string) bool { return strings.TrimSpace(getenv(name)) != "" }
	return named(ours) || slices.ContainsFunc(theirs[:], named)
}
