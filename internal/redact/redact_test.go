package redact

import "testing"

func TestText(t *testing.T) {
	secrets := []string{"abc", "redis", "longer-secret", "longer-secret-still", `q"uo te`}
	r := New()
	r.Add(secrets...)
	for in, want := range map[string]string{
		"abc is too short":                        "abc is too short",
		"AUTH redis, not redistest or myredis":    "AUTH (hidden), not redistest or myredis",
		"pw=redis_x":                              "pw=(hidden)_x",
		"xlonger-secretx longer-secret-still":     "x(hidden)x (hidden)",
		`say "q\"uo te" or q%22uo+te q%22uo%20te`: `say "(hidden)" or (hidden) (hidden)`,
		"": "",
	} {
		if got := r.Text(in); got != want {
			t.Errorf("%q is scrubbed to %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"redis://:hunter2@host:1/2":                               "redis://:(hidden)@host:1/2",
		"redis://user:hunter2@host":                               "redis://user:(hidden)@host",
		"redis://hunter2@host":                                    "redis://(hidden)@host",
		"-redis=redis://:p@ss/w#rd@host,rediss://u:hunter2@other": "-redis=redis://:(hidden)@host,rediss://u:(hidden)@other",
		"postgres://u:hunter2@host and https://u@host":            "postgres://u:(hidden)@host and https://u@host",
		`{"url":"redis://:hunter2@host"}`:                         `{"url":"redis://:(hidden)@host"}`,
		"unix://:hunter2@/run/s":                                  "unix://:(hidden)@/run/s",
		"redis://host:1 mail to a@b":                              "redis://host:1 mail to a@b",
		"redis://host?password=hunter2&db=1":                      "redis://host?password=(hidden)&db=1",
		"redis-cli -h x -a hunter2 get a":                         "redis-cli -h x -a (hidden) get a",
		"redis-cli --pass 'hunter 2' get a":                       "redis-cli --pass (hidden) get a",
		"REDISCLI_AUTH=hunter2 redis-cli":                         "REDISCLI_AUTH=(hidden) redis-cli",
		"go test -a ./... && go vet -a x":                         "go test -a ./... && go vet -a x",
		"no secret: a://b":                                        "no secret: a://b",
	} {
		if got := URL(in); got != want {
			t.Errorf("%q is scrubbed to %q, want %q", in, got, want)
		}
	}
}

func TestIsSecret(t *testing.T) {
	for _, name := range []string{"requirepass", "masterauth", "primaryauth", "tls-key-file-pass", "TLS-client-key-file-pass", "hash-seed", "x-secret", "x-token"} {
		if !IsSecret(name) {
			t.Errorf("%s is shown", name)
		}
	}
	for _, name := range []string{"tls-auth-clients", "masteruser", "maxmemory", "save", "tls-auth-clients-user"} {
		if IsSecret(name) {
			t.Errorf("%s is hidden", name)
		}
	}
}
