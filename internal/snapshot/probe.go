package snapshot

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// A server with TLS and a client without it, or the other way round, tell each
// other nothing that a person could use. So when Open does not succeed it also
// tries the other way, only to say so.

// speaksTLS says whether there is TLS where we tried without.
func (t Target) speaksTLS(ctx context.Context) bool {
	return t.tls == nil && t.probe(ctx, func(ctx context.Context, conn net.Conn) error {
		// No secret is sent over it, so it may be anybody.
		err := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx)
		if isAlert(err) {
			return nil
		}
		return err
	})
}

// speaksPlain says whether there is a Redis without TLS where we tried with.
func (t Target) speaksPlain(ctx context.Context) bool {
	return t.tls != nil && t.probe(ctx, ping("+-"))
}

// answersPing says whether there is something that hangs up on us and answers PING.
func (t Target) answersPing(ctx context.Context) bool {
	return t.tls == nil && t.probe(ctx, ping("+"))
}

// ping wants a reply that begins with one of these.
func ping(begins string) func(context.Context, net.Conn) error {
	return func(_ context.Context, conn net.Conn) error {
		if _, err := io.WriteString(conn, "*1\r\n$4\r\nPING\r\n"); err != nil {
			return err
		}
		var first [1]byte
		if _, err := io.ReadFull(conn, first[:]); err != nil {
			return err
		}
		if !strings.ContainsRune(begins, rune(first[0])) {
			return errors.New("no such reply")
		}
		return nil
	}
}

// probe says whether a connection of its own can do this.
func (t Target) probe(ctx context.Context, do func(context.Context, net.Conn) error) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, t.network, t.address)
	if err != nil {
		return false
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok && conn.SetDeadline(deadline) != nil {
		return false
	}
	return do(ctx, conn) == nil
}

// isAlert says whether the other side sent a TLS alert.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}
