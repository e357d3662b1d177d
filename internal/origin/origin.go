// Package origin finds out what a Redis was started with: from the arguments of
// its process, its configuration file, or the container that publishes its
// port. What it runs with now is another matter, which CONFIG GET tells; the
// difference was made by somebody since.
//
// It only reads: /proc, files, and what the CLI of a container engine says. A
// machine without any of these is no error, and neither is a server elsewhere:
// then it is not known, and [Start.Unknown] says why.
//
// Limits: Linux, for what is read of a process. A server that sets its process
// title, as most do, hides its arguments, and then only the file is known. Environment variables and entrypoints that make up arguments of their
// own, as those of some images do, are not understood.
package origin

import (
	"context"
	"net"
	"strconv"
	"strings"
	"time"
)

// Facts are what is known of a server that runs.
type Facts struct {
	Address    string // host:port or the path of a socket
	PID        int    // as INFO says, which in a container is that of its namespace; zero: not known
	ConfigFile string // as INFO says, empty where there is none
}

// Start is what a server was started with.
type Start struct {
	// Values are the parameters that were given, as they were written, and where
	// each is from, such as "arguments of process 4711".
	Values map[string]Value
	// Whole is set when every argument and file is known: what is not among
	// Values has the default of the server.
	Whole     bool
	Container string // name of its container, empty where it is in none that is known
	// Unknown says why not everything is known; empty when Whole.
	Unknown string
}

// Value is a parameter as it was written, and where.
type Value struct{ Text, Source string }

// patience bounds each question to the CLI of a container engine.
const patience = 5 * time.Second

// Find looks for what a server was started with. Container names its container,
// and may be empty.
func Find(ctx context.Context, f Facts, container string) Start {
	port, local := localPort(f.Address)
	if container == "" && local {
		if p, ok := ownerOf(f.PID, port, f.Address); ok {
			return p.start(f)
		}
	}
	if container != "" || local {
		if c, err := findContainer(ctx, container, port); c != nil {
			return c.start()
		} else if container != "" {
			return Start{Unknown: err.Error()}
		}
	}
	if !local {
		return Start{Unknown: "the server is on another machine"}
	}
	return Start{Unknown: "neither a process of this machine nor a container of podman or docker that publishes port " + port + " can be seen"}
}

// localPort returns the port of an address of this machine.
func localPort(address string) (port string, local bool) {
	if strings.HasPrefix(address, "/") {
		return "", true
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", false
	}
	if host == "localhost" {
		return port, true
	}
	ip := net.ParseIP(host)
	if ip == nil {
		return port, false // a name of a network of containers, most likely
	}
	if ip.IsLoopback() {
		return port, true
	}
	own, _ := net.InterfaceAddrs()
	for _, a := range own {
		if n, ok := a.(*net.IPNet); ok && n.IP.Equal(ip) {
			return port, true
		}
	}
	return port, false
}

// merge lays the arguments over the files that they name.
func (s *Start) merge(values map[string]string, source string) {
	if s.Values == nil {
		s.Values = map[string]Value{}
	}
	for name, text := range values {
		s.Values[name] = Value{Text: text, Source: source}
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
