package origin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// container is what `podman inspect` and `docker inspect` tell of one.
type container struct {
	engine string

	ID     string `json:"Id"`
	Name   string
	Path   string
	Args   []string
	Mounts []struct{ Source, Destination string }

	NetworkSettings struct {
		Ports map[string][]struct{ HostPort string }
	}
}

func engines() []string { return []string{"podman", "docker"} }

// findContainer returns the container of this name or, without one, the one
// that publishes a port. It returns nil where none is to be found.
func findContainer(ctx context.Context, name, port string) (*container, error) {
	var problems []error
	for _, engine := range engines() {
		if _, err := exec.LookPath(engine); err != nil {
			continue
		}
		ids := []string{name}
		if name == "" {
			out, err := ask(ctx, engine, "ps", "--quiet", "--no-trunc")
			if err != nil {
				problems = append(problems, err)
				continue
			}
			if ids = strings.Fields(out); len(ids) == 0 {
				continue
			}
		}
		out, err := ask(ctx, engine, append([]string{"inspect"}, ids...)...)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		all, err := parseInspect(engine, []byte(out))
		if err != nil {
			problems = append(problems, err)
			continue
		}
		for i := range all {
			if name != "" || all[i].publishes(port) {
				return &all[i], nil
			}
		}
	}
	if len(problems) == 0 && name != "" {
		problems = append(problems, fmt.Errorf("there is neither podman nor docker to ask about container %q", name))
	}
	return nil, errors.Join(problems...)
}

func ask(ctx context.Context, engine string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, engine, args...)
	cmd.WaitDelay = patience / 5 // what it started may hold the pipe
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		line, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
		err = errors.New(line)
	}
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", engine, args[0], err)
	}
	return string(out), nil
}

// parseInspect reads the answer of `inspect`.
func parseInspect(engine string, text []byte) ([]container, error) {
	var all []container
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("reading the answer of %s inspect: %w", engine, err)
	}
	for i := range all {
		all[i].engine, all[i].Name = engine, strings.TrimPrefix(all[i].Name, "/")
	}
	return all, nil
}

func (c *container) publishes(port string) bool {
	for inside, bindings := range c.NetworkSettings.Ports {
		for _, b := range bindings {
			if b.HostPort == port && strings.HasSuffix(inside, "/tcp") {
				return true
			}
		}
	}
	return false
}

func (c *container) start() Start {
	s := Start{Container: c.Name}
	source := c.engine + " inspect " + c.Name
	args := append([]string{c.Path}, c.Args...)
	for len(args) > 0 && !isServer(args[0]) {
		// The entrypoint of the official images puts redis-server before
		// arguments that begin with a dash, or name a file.
		if filepath.Base(args[0]) == "docker-entrypoint.sh" && len(args) > 1 &&
			(strings.HasPrefix(args[1], "-") || strings.HasSuffix(args[1], ".conf")) {
			args[0] = "redis-server"
			break
		}
		args = args[1:]
	}
	if len(args) == 0 {
		s.Unknown = source + " shows no arguments of a redis-server: its entrypoint makes them up"
		return s
	}
	file, given := parseArgs(args[1:])
	s.Whole = true
	if file != "" {
		values, err := readFile(file, c.place)
		if err != nil {
			s.Whole, s.Unknown = false, "the configuration file of container "+c.Name+" cannot be read: "+err.Error()
		} else {
			s.merge(values, file+" of container "+c.Name)
		}
	}
	s.merge(given, source)
	return s
}

// place finds a file of the container on this machine, where it is mounted.
func (c *container) place(path string) string {
	for _, m := range c.Mounts {
		if rest, ok := strings.CutPrefix(path, strings.TrimSuffix(m.Destination, "/")); ok && (rest == "" || rest[0] == '/') {
			return m.Source + rest
		}
	}
	return ""
}
