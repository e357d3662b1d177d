package snapshot

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"tracetest/internal/rediscli"
	"tracetest/internal/redisconf"
)

const defaultPort = "6379"

// Target is where a server is and how to log in. However it is printed, the
// password does not show.
type Target struct {
	network string       // tcp or unix
	address string       // host:port, or the path of the socket
	tls     *tls.Config  // nil: it is spoken to without TLS
	files   TLS          // what tls was made of
	plain   bool         // its URL says redis://
	login   func() login // fmt finds its way through everything but a function
}

// login is a user of the server. The zero value is the default user without a
// password.
type login struct {
	user     string
	password string
}

func nobody() login { return login{} }

// ParseTarget reads what people write for a Redis: redis://, rediss://, unix://
// (all as in go-redis, with ?skip_verify=true, and ?cacert=, cert=, key= and sni= as redis-cli has them), host:port, host, :port or the
// path of a socket. The observer needs no database and one connection only, so
// the database and the options of a connection pool are read and not used.
//
// No error shows a password.
func ParseTarget(s string) (Target, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return Target{}, errors.New("reading an address: it is empty")
	case strings.Contains(s, "://"):
		return parseURL(s)
	case strings.HasPrefix(s, "/"):
		return Target{network: "unix", address: s, login: nobody}, nil
	case strings.Contains(s, "@"):
		// What stands before the @ may be a password.
		return Target{}, errors.New("reading an address: one with a login must be a URL, such as redis://:PASSWORD@HOST:PORT")
	case strings.ContainsAny(s, " ,\t\r\n?#/\\\"'"):
		return Target{}, fmt.Errorf("reading address %q: it is not host:port; name each server by itself", s)
	}
	return parseHostPort(s)
}

func parseHostPort(s string) (Target, error) {
	host, port := s, defaultPort
	if ip := net.ParseIP(strings.Trim(s, "[]")); ip != nil {
		host = ip.String()
	} else if _, err := strconv.Atoi(s); err == nil {
		return Target{}, fmt.Errorf("reading address %q: write :%s for a port of this machine", s, s)
	} else if strings.Contains(s, ":") {
		if host, port, err = net.SplitHostPort(s); err != nil {
			return Target{}, fmt.Errorf("reading address %q: it is not host:port", s)
		}
	}
	if host == "" {
		host = "localhost"
	}
	if err := checkPort(port); err != nil {
		return Target{}, fmt.Errorf("reading address %q: %w", s, err)
	}
	return Target{network: "tcp", address: net.JoinHostPort(host, port), login: nobody}, nil
}

func checkPort(port string) error {
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("%q is not a port", port)
	}
	return nil
}

func parseURL(s string) (Target, error) {
	scheme, rest, _ := strings.Cut(s, "://")
	switch scheme = strings.ToLower(scheme); scheme {
	case "redis", "rediss", "unix":
	case "valkey":
		scheme = "redis"
	case "valkeys":
		scheme = "rediss"
	default:
		return Target{}, fmt.Errorf("reading an address: %q is not the scheme of a Redis; use redis://, rediss:// (TLS) or unix://", scheme)
	}
	bad := func(err error) (Target, error) { return Target{}, badURL(s, scheme, rest, err) }
	u, err := url.Parse(scheme + "://" + rest)
	if err != nil {
		return bad(err)
	}
	if u.Fragment != "" || strings.Contains(u.Path, "@") {
		return bad(nil)
	}
	files, said := fromURL(u)
	options, err := redis.ParseURL(u.String())
	if err != nil {
		for name := range u.Query() {
			if redisconf.IsSecret(name) || name == "username" {
				return Target{}, fmt.Errorf("reading a %s:// address: the login goes before the host: %s://USER:PASSWORD@HOST", scheme, scheme)
			}
		}
		return bad(err)
	}
	if options.Username != "" && options.Password == "" {
		// It may be the password, in the wrong place.
		return Target{}, fmt.Errorf("reading a %s:// address: its login has no password; "+
			"write %s://:PASSWORD@HOST, or USER:PASSWORD for a user of an ACL", scheme, scheme)
	}
	if options.Network == "tcp" {
		if err := checkPort(u.Port()); u.Port() != "" && err != nil {
			return bad(err)
		}
	}
	as := login{user: options.Username, password: options.Password}
	t := Target{network: options.Network, address: options.Addr, plain: scheme == "redis", login: func() login { return as }}
	if options.TLSConfig == nil {
		if said {
			return Target{}, fmt.Errorf("reading a %s:// address: %s go with rediss://", scheme, strings.Join(tlsParameters[:], ", "))
		}
		return t, nil
	}
	files.Insecure = options.TLSConfig.InsecureSkipVerify
	t.files = files
	if t.tls, err = files.config(); err != nil {
		return Target{}, fmt.Errorf("reading a %s:// address: %w", scheme, err)
	}
	return t, nil
}

// badURL says that an address is no URL. What net/url and go-redis say about a
// bad one quotes from it, and a password with special characters is just what
// makes a URL bad.
func badURL(s, scheme, rest string, err error) error {
	if strings.ContainsAny(rest, "@?#") {
		return fmt.Errorf("reading a %s:// address: it is not a valid URL; "+
			"special characters of a password must be percent-encoded, such as %%40 for @", scheme)
	}
	if urlErr := new(url.Error); errors.As(err, &urlErr) {
		err = urlErr.Err
	}
	return fmt.Errorf("reading address %q: %w", s, err)
}

// Address is host:port or the path of a socket, without the login.
func (t Target) Address() string { return t.address }

// CLI is the redis-cli command that reaches the server. It holds no password:
// redis-cli reads it from $REDISCLI_AUTH.
func (t Target) CLI() string {
	var shown rediscli.Login
	if t.login != nil {
		shown.User = t.login().user
	}
	shown.TLS = rediscli.TLS(t.tlsFiles())
	return rediscli.Line(t.address, t.tls != nil, shown)
}

func (t Target) String() string {
	user := ""
	if t.login != nil && t.login() != (login{}) {
		user = url.PathEscape(t.login().user) + ":(hidden)@"
	}
	switch {
	case t.network == "unix":
		return "unix://" + user + t.address
	case t.tls != nil:
		return "rediss://" + user + t.address
	}
	return "redis://" + user + t.address
}

// GoString is for %#v, which would print the fields.
func (t Target) GoString() string { return t.String() }

// Format is for the verbs that do not ask for a String, such as %d.
func (t Target) Format(f fmt.State, verb rune) { format(f, verb, t.String()) }

// format prints text for every verb: the fields are not to be seen.
func format(f fmt.State, verb rune, text string) {
	if verb == 'q' {
		text = strconv.Quote(text)
	}
	// A printf that cannot write has nobody to tell.
	_, _ = io.WriteString(f, text)
}

// At is a target at another address, with the same login and way of speaking
// TLS.
func (t Target) At(network, address string) Target {
	t.network, t.address = network, address
	return t
}

// At is the server at an address, without a login and without TLS.
func At(network, address string) Target {
	return Target{network: network, address: address, login: nobody}
}

// Anonymous is the target without a login.
func (t Target) Anonymous() Target {
	t.login = nobody
	return t
}

// As is the target with the login of another one.
func (t Target) As(other Target) Target {
	t.login = other.login
	return t
}

// Marks are what mark makes of the user and the password of the login. Known is
// false where there is none.
func (t Target) Marks(mark func(string) string) (user, password string, known bool) {
	as := t.login()
	if as.user == "" {
		as.user = "default"
	}
	return mark(as.user), mark(as.password), as.password != ""
}

// Secure says whether the target is spoken to over TLS.
func (t Target) Secure() bool { return t.tls != nil }

// Plain is the target without TLS.
func (t Target) Plain() Target {
	t.tls = nil
	return t
}

// Local says whether the target is on this machine, by its address alone.
func (t Target) Local() bool {
	if t.network == "unix" {
		return true
	}
	host, _, _ := net.SplitHostPort(t.address)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
