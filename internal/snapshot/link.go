package snapshot

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// link is one connection and the go-redis client that speaks on it.
//
// The client never makes a second connection: each one is a change to the
// server (clients, memory, error statistics) that we want to know of and that
// may need another login, and a library that dials in the background and logs
// to the terminal is no observer.
type link struct {
	conn     net.Conn
	client   *redis.Client
	greeting error // what the server said to HELLO, if it refused it
}

// dial makes a connection and logs in. It blocks for as long as the server
// takes to answer; closing the connection, which it hands to made, ends it.
func dial(ctx context.Context, t Target, as login, timeout time.Duration, made func(net.Conn)) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	dialer := net.Dialer{KeepAlive: 30 * time.Second}
	conn, err := dialer.DialContext(ctx, t.network, t.address)
	if err == nil && t.tls != nil {
		config := t.tls
		if config.ServerName == "" && !config.InsecureSkipVerify {
			config = config.Clone()
			config.ServerName, _, _ = net.SplitHostPort(t.address)
		}
		secure := tls.Client(conn, config)
		if err = secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
		}
		conn = secure
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, errSilent
	}
	if err != nil {
		return nil, err
	}
	made(conn)
	l := &link{conn: conn}
	l.client = redis.NewClient(&redis.Options{
		Network: t.network, Addr: t.address, Username: as.user, Password: as.password,
		Dialer:   once(conn),
		Protocol: 2, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{
			Mode: maintnotifications.ModeDisabled, EndpointType: maintnotifications.EndpointTypeNone,
		},
		PoolSize: 1, MaxRetries: -1, DialerRetries: 1,
		ReadTimeout: -2, WriteTimeout: -2, ConnMaxIdleTime: -1,
	})
	l.client.AddHook(greeter{l})
	// So that others see in CLIENT LIST who this is. Not Options.ClientName:
	// a user who may not do it could then do nothing at all.
	err = l.do(redis.NewStatusCmd(context.Background(), "client", "setname", "tracetest"))
	switch {
	case err == nil:
		return l, nil
	case isClosed(err) && l.greeting != nil:
		err = l.greeting // such as "max number of clients reached", then it hung up
	case isReply(err) && !isLogin(err):
		return l, nil
	}
	return nil, errors.Join(err, l.close())
}

// once gives a client its connection. A client that comes back for another one
// gets the same, closed: that is an error without a line in its log.
func once(conn net.Conn) func(context.Context, string, string) (net.Conn, error) {
	var given atomic.Bool
	return func(context.Context, string, string) (net.Conn, error) {
		if given.Swap(true) {
			_ = conn.Close() // closed already, or of no use
		}
		return conn, nil
	}
}

func (l *link) do(cmds ...redis.Cmder) error {
	// No context and no deadline: an answer that is late is waited for, so
	// that the connection is not lost. Who cannot wait closes it.
	ctx := context.Background()
	if len(cmds) == 1 {
		return l.client.Process(ctx, cmds[0])
	}
	pipe := l.client.Pipeline()
	for _, cmd := range cmds {
		if err := pipe.Process(ctx, cmd); err != nil {
			return err
		}
	}
	_, err := pipe.Exec(ctx)
	if err == nil || slices.ContainsFunc(cmds, func(cmd redis.Cmder) bool { return cmd.Err() != nil }) {
		return err
	}
	// The library leaves the commands as if they had gone well when it was
	// already the login that the server refused.
	for _, cmd := range cmds {
		cmd.SetErr(err)
	}
	return err
}

// config asks for one parameter.
func (l *link) config(name string) (map[string]string, error) {
	cmd := redis.NewSliceCmd(context.Background(), "config", "get", name)
	if err := l.do(cmd); err != nil {
		return nil, err
	}
	return pairs(cmd.Val()), nil
}

// pairs are the names and values of a reply. A value of KeyDB can be a list of words, which reads as these with a
// blank between them; nothing at all reads as no text.
func pairs(reply []any) map[string]string {
	all := make(map[string]string, len(reply)/2)
	for i := 0; i+1 < len(reply); i += 2 {
		if name, ok := reply[i].(string); ok {
			all[name] = text(reply[i+1])
		}
	}
	return all
}

func text(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case []any:
		words := make([]string, len(value))
		for i, word := range value {
			words[i] = text(word)
		}
		return strings.Join(words, " ")
	}
	return fmt.Sprint(value)
}

func (l *link) close() error {
	// The client closes the connection too, if it ever used it.
	if err := errors.Join(l.client.Close(), l.conn.Close()); err != nil && !isClosed(err) {
		return err
	}
	return nil
}

// greeter remembers a refused HELLO. The library goes on without it, as it
// must for an old server, but the server may have said why it hangs up.
type greeter struct{ link *link }

func (g greeter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (g greeter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (g greeter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if isReply(err) && cmd.Name() == "hello" {
			g.link.greeting = err
		}
		return err
	}
}

// line is the connection in use as others may see it: to hang up, from another
// goroutine, on a server that does not answer.
type line struct {
	mu     sync.Mutex
	conn   net.Conn
	closed bool // for good
}

func (l *line) connect(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn = conn
	if l.closed {
		_ = conn.Close() // whoever uses it gets the error
	}
}

func (l *line) hangUp(forGood bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = l.closed || forGood
	if l.conn != nil {
		_ = l.conn.Close() // whoever uses it gets the error
	}
}

// isReply says whether the server itself said it, in a reply.
func isReply(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}

// says tests the first word of an error reply, or the words after ERR.
func says(err error, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if err != nil && redis.HasErrorPrefix(err, prefix) {
			return true
		}
	}
	return false
}

// isClosed says whether the connection ended rather than the request failed.
func isClosed(err error) bool {
	for _, end := range []error{
		io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, redis.ErrClosed,
		syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED,
	} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

func isBusy(err error) bool { return says(err, "BUSY", "LOADING") }

func isLogin(err error) bool {
	return says(err, "NOAUTH", "WRONGPASS", "invalid password", "AUTH <password> called without", "Client sent AUTH, but no password")
}

func isUnknownCommand(err error) bool {
	return says(err, "unknown command", "unknown subcommand", "unsupported command")
}
