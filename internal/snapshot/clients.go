package snapshot

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"tracetest/internal/record"
)

// Clients lists who is connected, except the observer itself. Where that is
// not to be had, as for a user who may not ask, the error says why.
func (s *Server) Clients(ctx context.Context) ([]record.Client, error) {
	start := time.Now()
	if err := s.take(ctx, start); err != nil {
		return nil, errors.New(s.trouble(err))
	}
	defer s.give()
	var listed string
	got := s.exchange(ctx, start, func(until time.Time) answer {
		text := ""
		err := s.asker.persist(until, func() (err error) {
			cmd := redis.NewStringCmd(context.Background(), "client", "list")
			if err = s.asker.link.do(cmd); err == nil {
				text = cmd.Val()
			}
			return err
		})
		// Through the answer, for it may come when nobody waits any more.
		return answer{err: err, info: info{"clients": text}}
	})
	if got.err != nil {
		return nil, errors.New(s.scrub(s.trouble(got.err)))
	}
	listed = got.info["clients"]
	var all []record.Client
	for line := range strings.Lines(listed) {
		if c, self := parseClient(line); !self && c.Address != "" {
			all = append(all, c)
		}
	}
	return all, nil
}

// parseClient reads a line of CLIENT LIST: "id=3 addr=127.0.0.1:4711 ...".
// Self says that it is the one that asks.
func parseClient(line string) (c record.Client, self bool) {
	for word := range strings.FieldsSeq(line) {
		name, value, _ := strings.Cut(word, "=")
		number, _ := strconv.ParseInt(value, 10, 64)
		switch name {
		case "addr":
			c.Address = value
		case "name":
			c.Name = value
		case "lib-name":
			c.Library = value
		case "user":
			c.User = value
		case "cmd":
			c.Command = value
		case "age":
			c.Age = number
		case "idle":
			c.Idle = number
		}
	}
	return c, c.Command == "client" || c.Command == "client|list"
}

// Parameter is the name under which the server reports a parameter.
func (s *Server) Parameter(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return reported(s.last.config(), strings.TrimSpace(name))
}

// Knows says whether the server has such a parameter.
func (s *Server) Knows(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.last.config()[reported(s.last.config(), strings.TrimSpace(name))]
	return known
}

// Ports are those that the server says it listens at, and the path of its
// socket: it is the same server at each of them.
func (s *Server) Ports() (plain, secure, socket string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	config := s.last.config()
	return config["port"], config["tls-port"], config["unixsocket"]
}
