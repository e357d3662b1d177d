package snapshot

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"

	"tracetest/internal/record"
)

// TLS says how to speak TLS, in the words of redis-cli. The zero value trusts what the system trusts.
type TLS struct {
	CACert     string // file of the certificates to trust, PEM
	Cert, Key  string // files of the client's own certificate and key, PEM
	ServerName string // to expect in the server's certificate, and to send as SNI; empty: the host
	Insecure   bool   // do not check the server's certificate
}

// tlsFiles are those that the target is spoken to with.
func (t Target) tlsFiles() record.TLSFiles {
	if t.tls == nil {
		return record.TLSFiles{}
	}
	return record.TLSFiles{CACert: t.files.CACert, Cert: t.files.Cert, Key: t.files.Key, ServerName: t.files.ServerName, Insecure: t.files.Insecure}
}

// skipVerify is go-redis's parameter of a URL, tlsParameters are those that we have beside it.
const skipVerify = "skip_verify"

var tlsParameters = [...]string{"cacert", "cert", "key", "sni"}

// fromURL takes the parameters out of a URL that are not go-redis's.
func fromURL(u *url.URL) (t TLS, any bool) {
	query := u.Query()
	for i, to := range []*string{&t.CACert, &t.Cert, &t.Key, &t.ServerName} {
		if name := tlsParameters[i]; query.Has(name) {
			*to, any = query.Get(name), true
			query.Del(name)
		}
	}
	u.RawQuery = query.Encode()
	return t, any
}

// over fills in what is not said with what another says.
func (t TLS) over(other TLS) TLS {
	for _, pair := range [][2]*string{{&t.CACert, &other.CACert}, {&t.Cert, &other.Cert}, {&t.Key, &other.Key}, {&t.ServerName, &other.ServerName}} {
		if *pair[0] == "" {
			*pair[0] = *pair[1]
		}
	}
	t.Insecure = t.Insecure || other.Insecure
	return t
}

// config reads the files. The server's name is left to the connection where none is said.
func (t TLS) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, InsecureSkipVerify: t.Insecure}
	if t.CACert != "" {
		pem, err := os.ReadFile(t.CACert)
		if err != nil {
			return nil, fmt.Errorf("reading the certificates to trust (cacert): %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("reading the certificates to trust (cacert): %s holds none in PEM", t.CACert)
		}
	}
	if (t.Cert == "") != (t.Key == "") {
		return nil, errors.New("a client's certificate needs its key: give both cert and key")
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("reading the client's certificate and key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// Over is the target with what is said of TLS, where its own URL does not say it. A target without TLS
// gets it, but for a unix socket or where plain was asked for by its scheme.
func (t Target) Over(files TLS) (Target, error) {
	asked := files
	asked.Insecure = false // alone it does not ask for TLS
	if t.tls == nil && asked == (TLS{}) || t.network == "unix" || t.plain {
		return t, nil
	}
	t.files = t.files.over(files)
	var err error
	t.tls, err = t.files.config()
	return t, err
}
