package snapshot

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tracetest/internal/redistest"
)

// refused must name the address and everything else that is given.
func refused(t *testing.T, url string, words ...string) {
	t.Helper()
	at := target(t, url)
	start := time.Now()
	s, _, err := Open(t.Context(), at, 0, Options{Timeout: time.Second})
	if err == nil {
		s.Close()
		t.Fatalf("%s was opened", at)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	for _, word := range append(words, at.Address()) {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	if strings.Contains(err.Error(), "wrong-pass") {
		t.Errorf("%q shows the password", err)
	}
}

func TestOpenRefused(t *testing.T) {
	secured := redistest.Start(t, "--requirepass", "right", "--user", "obs", "on", ">pw", "+info")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := listener.Addr().String()
	listener.Close()
	refused(t, nobody, "connection refused", "redis-server", "--redis")
	refused(t, "/no/such/socket", "no such socket")
	refused(t, "no-such-host.invalid", "cannot be resolved")
	refused(t, secured.Addr, "NOAUTH", "redis://:PASSWORD@"+secured.Addr)
	refused(t, "redis://:wrong-pass@"+secured.Addr, "WRONGPASS", "redis://:PASSWORD@"+secured.Addr)
	refused(t, "redis://obs:wrong-pass@"+secured.Addr, "WRONGPASS", "redis://obs:PASSWORD@"+secured.Addr)
	refused(t, "redis://obs:pw@"+secured.Addr, "NOPERM", "ACL SETUSER obs +config|get +info", "--allow-partial")
	refused(t, "rediss://obs:pw@"+secured.Addr, "redis://")
	// A password too many does no harm where none is set.
	open(t, "redis://:any@"+shared.Addr, Options{})
}

// What is denied, renamed or absent is said as what it is, and nothing is advised that does not help.
func TestOpenDenied(t *testing.T) {
	lines := func(lines ...string) *redistest.Server {
		file := filepath.Join(t.TempDir(), "redis.conf")
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return redistest.Start(t, file)
	}
	const noConfig, noInfo = `rename-command CONFIG ""`, `rename-command INFO ""`
	users := lines("user a on >pw ~* +@all -config", "user b on >pw ~* +@all -info", "user c on >pw ~* +@all -info -config").Addr
	config, info, both, mixed := lines(noConfig).Addr, lines(noInfo).Addr, lines(noConfig, noInfo).Addr, lines(noConfig, "user b on >pw ~* +@all -info").Addr
	for _, c := range []struct {
		url        string
		partial    bool // then it is watched in part
		words, not string
	}{
		{"redis://a:pw@" + users, true, "may not run CONFIG GET|+config|get|--allow-partial", "renamed"},
		{"redis://b:pw@" + users, true, "may not run INFO|+info|--allow-partial", "renamed"},
		{"redis://c:pw@" + users, false, "may run neither CONFIG GET nor INFO|ACL SETUSER c +config|get +info", "--allow-partial|renamed"},
		{config, true, "CONFIG is renamed or disabled|--allow-partial", "NOPERM|ACL"},
		{info, true, "INFO is renamed or disabled|--allow-partial", "NOPERM|ACL"},
		{both, false, "neither CONFIG nor INFO|proxy|Redis behind it", "NOPERM|ACL|--allow-partial"},
		{"redis://b:pw@" + mixed, false, "CONFIG is renamed or disabled|may not run INFO", "--allow-partial"},
	} {
		for _, allow := range []bool{false, true} {
			s, d, err := Open(t.Context(), target(t, c.url), 0, Options{AllowPartial: allow})
			if err == nil {
				if s.Close(); !allow || !c.partial || d.Partial == "" {
					t.Errorf("%s was opened: %q", c.url, d.Partial)
				}
				continue
			}
			if allow && c.partial {
				t.Errorf("%s was not opened in part: %v", c.url, err)
			}
			for word := range strings.SplitSeq(strings.ReplaceAll(c.words, "config|get", "config\x00get"), "|") {
				if word = strings.ReplaceAll(word, "\x00", "|"); !strings.Contains(err.Error(), word) {
					t.Errorf("%s: %q does not say %q", c.url, err, word)
				}
			}
			for word := range strings.SplitSeq(c.not, "|") {
				if strings.Contains(err.Error(), word) {
					t.Errorf("%s: %q says %q", c.url, err, word)
				}
			}
		}
	}
}

// A proxy such as twemproxy answers PING and hangs up on INFO and CONFIG.
func TestOpenProxy(t *testing.T) {
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	go func() {
		for {
			conn, err := proxy.Accept()
			if err != nil {
				return
			}
			command := make([]byte, 100)
			n, _ := conn.Read(command)
			if strings.Contains(strings.ToUpper(string(command[:n])), "PING") {
				conn.Write([]byte("+PONG\r\n"))
			}
			conn.Close()
		}
	}()
	refused(t, proxy.Addr().String(), "PING", "proxy", "name the Redis behind it with --redis")
}

func TestOpenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Open(ctx, target(t, shared.Addr), 0, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, _, err := Open(t.Context(), Target{}, 0, Options{}); err == nil {
		t.Error("a target without an address was opened")
	}
}

func TestOpenForeign(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	refused(t, web.Listener.Addr().String(), "not a Redis")
	if _, _, err := Open(t.Context(), target(t, web.Listener.Addr().String()), 0, Options{Timeout: time.Second}); !errors.Is(err, ErrForeign) {
		t.Errorf("a web server is not told apart: %v", err)
	}
	if _, _, err := Open(t.Context(), target(t, redistest.Start(t, "--requirepass", "x").Addr), 0, Options{}); !errors.Is(err, ErrPassword) || errors.Is(err, ErrForeign) {
		t.Errorf("a server that wants a password is not told apart: %v", err)
	}
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	refused(t, secure.Listener.Addr().String(), "rediss://")

	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	refused(t, silent.Addr().String(), "no answer within 1 s")
	refused(t, "rediss://"+silent.Addr().String(), "no answer within 1 s")

	for _, hello := range []string{"", "220 mail ready\r\n", "SSH-2.0-x\r\n", "\x00\x00\x00", "$5\r\nab", "*-7\r\n", "-ERR go away\r\n", "+OK\r\n"} {
		rude, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				conn, err := rude.Accept()
				if err != nil {
					return
				}
				conn.Write([]byte(hello))
				conn.Close()
			}
		}()
		refused(t, rude.Addr().String())
		rude.Close()
	}
}

func TestOpenSentinel(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	var output bytes.Buffer
	cmd := exec.Command(redistest.Program(t), file, "--sentinel", "--port", port, "--bind", "127.0.0.1")
	cmd.Stdout = &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	eventually(t, "the Sentinel does not start", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	refused(t, "127.0.0.1:"+port, "Sentinel", "--redis")
	if _, _, err := Open(t.Context(), target(t, "127.0.0.1:"+port), 0, Options{AllowPartial: true}); err == nil {
		t.Error("a Sentinel was opened with --allow-partial")
	}
}

func TestTLS(t *testing.T) {
	cert, key := redistest.Certificate(t)
	server := redistest.Start(t, "--port", "0", "--tls-port", redistest.Port, "--tls-cert-file", cert, "--tls-key-file", key,
		"--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
	url := "rediss://" + server.Addr
	refused(t, server.Addr, "rediss://")
	refused(t, url, "certificate", "skip_verify=true", "--cacert")

	s, d := open(t, url+"?skip_verify=true", Options{Timeout: 2 * time.Second})
	if !d.TLS || !strings.HasSuffix(s.Target().CLI(), " --tls --insecure") {
		t.Errorf("described as %+v, %s", d, s.Target().CLI())
	}
	mark := s.Mark()
	seesAfter(t, server, s)
	killed(t, server)
	seesAfter(t, server, s)
	if r := goBack(t, s, mark).Wrote; r == nil || r.Error != "" {
		t.Errorf("restored with %+v", r)
	}
	server.Do(t, "config", "set", "tls-auth-clients", "yes")
	refused(t, url+"?skip_verify=true", "certificate", "--cert", "--key")

	// As redis-cli has it, in the URL or by flags, and for a server that is discovered.
	q := "?cacert=" + cert + "&cert=" + cert + "&key=" + key
	s, _ = open(t, url+q, Options{Timeout: 2 * time.Second})
	if want := " --tls --cacert " + cert + " --cert " + cert + " --key " + key; !strings.HasSuffix(s.Target().CLI(), want) {
		t.Errorf("reached by %s, want %s", s.Target().CLI(), want)
	}
	seesAfterTLS := func(target Target, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		o, _, err := Open(t.Context(), target, 0, Options{Timeout: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		o.Close()
	}
	files := TLS{CACert: cert, Cert: cert, Key: key}
	seesAfterTLS(target(t, server.Addr).Over(files))
	seesAfterTLS(target(t, url).Over(files))
	seesAfterTLS(At("tcp", server.Addr).Over(files))
	if plain, err := target(t, "redis://"+server.Addr).Over(files); err != nil || plain.Secure() {
		t.Errorf("redis:// became TLS, %v", err)
	}
	if plain, err := target(t, server.Addr).Over(TLS{Insecure: true}); err != nil || plain.Secure() {
		t.Errorf("--insecure alone asks for TLS, %v", err)
	}
	for files, want := range map[TLS]string{{Cert: cert}: "needs its key", {CACert: "nothere.pem"}: "nothere.pem", {CACert: key}: "holds none in PEM"} {
		if _, err := target(t, server.Addr).Over(files); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", files, err, want)
		}
	}
}
