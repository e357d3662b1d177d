package snapshot

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

var (
	errSilent = errors.New("no answer")
	errStill  = errors.New("still no answer")
)

// What callers of Open tell apart.
var (
	ErrForeign  = errors.New("what answers is not a Redis")
	ErrPassword = errors.New("it asks for a password")
	ErrSentinel = errors.New("a Sentinel")
	ErrAbsent   = errors.New("no server is there")
)

// refusal is an error of Open. Its text is for people, and kind, if it is not
// nil, for callers.
type refusal struct {
	text  string
	brief string // without what to do about it
	kind  error
}

// Briefly is what is wrong at an address by an error of Open, for who has no use for a cure.
func Briefly(err error) string {
	if r := new(*refusal); errors.As(err, r) {
		return (*r).brief
	}
	return err.Error()
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.kind }

// isAbsent reports whether an error means that nothing is at an address, which may be the name of a host that only a CI knows.
func isAbsent(err error) bool {
	var lookup *net.DNSError
	return isGone(err) || errors.As(err, &lookup)
}

// isGone reports whether an error means that no server is there. One that does not
// answer, refuses our login or speaks no TLS any more is there, and may be as the
// tests have left it.
func isGone(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist)
}

// trouble is why the server cannot be seen, a few words for people without its
// address. The text of an error says more than that, so none is passed on
// that is not known.
func (s *Server) trouble(err error) string {
	var lookup *net.DNSError
	switch {
	case errors.Is(err, ErrAnother), errors.Is(err, ErrRole):
		return err.Error()
	case errors.Is(err, errStill):
		return "still no answer (CLIENT PAUSE, DEBUG SLEEP or a hung server?)"
	case errors.Is(err, errSilent), isTimeout(err):
		return "no answer within " + seconds(s.timeout) + " (CLIENT PAUSE, DEBUG SLEEP or a hung server?)"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "the snapshot was cancelled"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such socket"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	case errors.As(err, &lookup):
		return "the host name cannot be resolved"
	case says(err, "max number of clients"):
		return "the server takes no more clients (maxclients)"
	case says(err, "NOAUTH"):
		return "NOAUTH: the server asks for a password that tracetest does not know"
	case says(err, "NOPERM"):
		return "NOPERM: this user may no longer run CONFIG GET"
	case isLogin(err):
		return "WRONGPASS: the server no longer accepts this login"
	case isUnknownCommand(err):
		return "CONFIG is renamed or disabled"
	case says(err, "BUSY"):
		return "BUSY: a script is running"
	case says(err, "LOADING"):
		return "LOADING: the server is reading its data"
	case says(err, "DENIED"):
		return "DENIED: the server is in protected mode"
	case isReply(err):
		return "the server says: " + err.Error()
	case isClosed(err):
		return "the server closes the connection before it answers (client-output-buffer-limit, CLIENT KILL?)"
	case isAlert(err), isTLS(err):
		return "TLS: " + plain(err)
	case isForeign(err):
		return ErrForeign.Error()
	}
	return plain(err)
}

// diagnose is trouble for who wants to start a run, with the cure.
func (s *Server) diagnose(ctx context.Context, err error) (what, cure string) {
	t := s.target
	what = s.trouble(err)
	var lacking *denied
	switch {
	case errors.Is(err, ErrSentinel):
		return "this is a Redis Sentinel, which has no CONFIG", "name the Redis behind it with --redis"
	case errors.As(err, &lacking):
		user := t.login().user
		if user == "" {
			user = "default"
		}
		return lacking.Error(), lacking.cure(user)
	case says(err, "NOAUTH"):
		return "NOAUTH: " + ErrPassword.Error(), "put it in the URL: --redis " + t.example("PASSWORD")
	case isLogin(err):
		return "WRONGPASS: it does not accept this user or password", "check the URL: --redis " + t.example("PASSWORD")
	case says(err, "max number of clients"):
		return what, "close some clients or raise maxclients"
	case says(err, "DENIED"):
		return what, "set a password, or start it with --protected-mode no"
	case isReply(err):
		return what, ""
	case !isCertificate(err) && !isAlert(err) && t.speaksPlain(ctx), errors.As(err, new(tls.RecordHeaderError)):
		return "it does not speak TLS", "use redis:// instead of rediss://"
	case t.tls != nil && isClosed(err):
		return "it closes the connection on TLS", "does it want a client certificate (--cert and --key)?"
	case isCertificate(err):
		return what, "name its CA with --cacert, or add ?skip_verify=true to the URL"
	case isAlert(err):
		return what, "where it wants a client certificate, give --cert and --key"
	case (isClosed(err) || isForeign(err)) && t.speaksTLS(ctx):
		return "it speaks TLS", "use rediss:// instead of redis://"
	case isClosed(err) && t.answersPing(ctx):
		return "it answers PING, and hangs up on CONFIG and INFO as a proxy does (twemproxy)", "name the Redis behind it with --redis, and let the tests use that"
	case isClosed(err):
		return "it closes the connection at once", "is it a Redis, and has it room for one more client (maxclients)?"
	case isForeign(err):
		return what, "check the host and the port"
	case errors.Is(err, errSilent), isTimeout(err):
		return "no answer within " + seconds(s.timeout), "is it a Redis, is it paused or hung, does a firewall drop the packets?"
	case errors.Is(err, fs.ErrPermission):
		return what, "the socket must be readable and writable for this user (unixsocketperm)"
	}
	return what, "start one, such as `docker run -d -p 6379:6379 redis` or `redis-server`, or name yours with --redis or $TRACETEST_REDIS"
}

// example is how the target is written with a login.
func (t Target) example(password string) string {
	scheme, user := "redis", ""
	if t.tls != nil {
		scheme = "rediss"
	}
	if t.network == "unix" {
		scheme = "unix"
	}
	if t.login().user != "" {
		user = t.login().user
	}
	return scheme + "://" + user + ":" + password + "@" + t.address
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() && !errors.Is(err, context.DeadlineExceeded)
}

func isTLS(err error) bool {
	return isCertificate(err) || errors.As(err, new(tls.RecordHeaderError))
}

func isCertificate(err error) bool {
	return errors.As(err, new(*tls.CertificateVerificationError)) || errors.As(err, new(x509.UnknownAuthorityError)) ||
		errors.As(err, new(x509.HostnameError)) || errors.As(err, new(x509.CertificateInvalidError))
}

// isForeign says whether the answer is none of Redis's protocol. The library
// has no type for that.
func isForeign(err error) bool {
	text := err.Error()
	return strings.Contains(text, "redis: can't parse") || strings.Contains(text, "redis: invalid reply")
}

// plain is the text of an error without the addresses that net puts before it.
func plain(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return strings.TrimSuffix(d.Round(100*time.Millisecond).String(), "s") + " s"
}
