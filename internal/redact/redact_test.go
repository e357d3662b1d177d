package redact

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

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

// Guards against a secret that comes out somewhere, or of which a second pass makes
// something else than the first, as when it was learnt in between.
func TestNoSecretComesOut(t *testing.T) {
	const letters = "abcXYZ0189 .+*?()[]$^\\\"'`/@:#%&=<>éß\t\n\x01"
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 1))
		secret := ""
		for n := longSecret + random.IntN(20); len(secret) < n; {
			runes := []rune(letters)
			secret += string(runes[random.IntN(len(runes))])
		}
		if strings.Contains(secret, "(hidden") || strings.TrimSpace(secret) == "" {
			continue
		}
		doors := []string{secret, "x" + secret + "y", "redis://u:" + url.QueryEscape(secret) + "@h:1/2 z", fmt.Sprintf("%q", secret), fmt.Sprintf("%+q", secret),
			"Test/" + subtest(secret) + "/b", "-run=^Test$/^" + regexp.QuoteMeta(subtest(secret)) + "$", fmt.Sprintf("#%x", sha256.Sum256([]byte(secret))), "1.2 [0 x] \"auth\" \"" + byRedis(secret) + `"`}
		r := New()
		other := New()
		other.key = r.key
		r.Add(secret)
		other.AddMarks(other.Mark(secret))
		for _, text := range doors {
			once, name := r.Text(text), r.Name(text)
			for _, form := range forms(secret) {
				if strings.Contains(once, form) || strings.Contains(name, form) {
					t.Errorf("%d: %q comes out of %q as %q and %q", seed, secret, text, once, name)
				}
			}
			if again := r.Text(once); again != once {
				t.Errorf("%d: %q became %q and then %q", seed, text, once, again)
			}
			if again := r.Name(name); again != name {
				t.Errorf("%d: the name %q became %q and then %q", seed, text, name, again)
			}
			if real, known := r.Real(name); name != text && (!known || real != text) {
				t.Errorf("%d: %q is the name of %q (%v), want %q", seed, name, real, known, text)
			}
			if marked := other.Text(text); strings.Contains(text, secret) && strings.Contains(marked, secret) {
				t.Errorf("%d: %q comes out of %q by its mark", seed, secret, text)
			}
		}
	}
}

func TestNames(t *testing.T) {
	r := New()
	r.Add("secret-one", "secret-two", "word")
	for _, c := range [][2]string{
		{"TestA/pw=secret-one", "TestA/pw=(hidden 1)"}, {"TestA/pw=secret-two", "TestA/pw=(hidden 2)"}, {"TestA/pw=secret-one/b", "TestA/pw=(hidden 1)/b"},
		{"TestA/redis://u:p@ss/x@h:1", "TestA/redis://u:(hidden 3)@h:1"}, {"TestA/redis://u:p@ss/x@h:1/sub@y", "TestA/redis://u:(hidden 3)@h:1/sub@y"},
		{"Test_word/word", "Test_word/(hidden 4)"}, {"TestB/(hidden 9)", "TestB/(hidden 9)"}, {"TestA/redis://u:new-one@h", "TestA/redis://u:(hidden 10)@h"},
		{"a spec of secret-one", "a spec of (hidden 1)"}, {"", ""},
	} {
		if got := r.Name(c[0]); got != c[1] {
			t.Errorf("%q is shown as %q, want %q", c[0], got, c[1])
		}
	}
	if _, known := r.Real("TestC/(hidden 1)"); known {
		t.Error("a name that this process never saw is known")
	}
}

func TestDeep(t *testing.T) {
	type inner struct {
		Name string `redact:"name"`
		Kind string `redact:"-"`
	}
	type outer struct {
		In     *inner
		List   []string
		Values map[string]string `redact:"value"`
		at     string
	}
	r := New()
	r.Add("secret-one", "1234")
	was := outer{In: &inner{"T/secret-one", "secret-one"}, List: []string{"a", "b secret-one"}, Values: map[string]string{"secret-one": "secret-one", "n": "1234", "s": "is 1234"}, at: "x"}
	got := Deep(r, was)
	if *got.In != (inner{"T/(hidden 1)", "secret-one"}) || got.List[1] != "b (hidden)" || got.Values["secret-one"] != "(hidden)" || got.Values["n"] != "1234" || got.Values["s"] != "is (hidden)" || got.at != "x" {
		t.Errorf("%+v %+v", got, got.In)
	}
	if was.In.Name != "T/secret-one" || was.List[1] != "b secret-one" || was.Values["s"] != "is 1234" {
		t.Error("the value itself was changed")
	}
}

func TestArgs(t *testing.T) {
	r := New()
	got := strings.Join(r.Args([]string{"tracetest", "--expect", "requirepass=hunter2hunter2", "--expect=masterauth=hunter3hunter3", "-cache-password", "hunter4hunter4", "-token=hunter5hunter5",
		"-x=redis://u:hunter6%2Fhunter6@h", "--expect", "maxmemory=1gb", "-run=^TestPassword$", "hunter3hunter3"}), " ")
	if want := "tracetest --expect requirepass=(hidden) --expect=masterauth=(hidden) -cache-password (hidden) -token=(hidden) -x=redis://u:(hidden)@h --expect maxmemory=1gb -run=^TestPassword$ (hidden)"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := r.Text("hunter2hunter2 hunter4hunter4 hunter5hunter5 hunter6/hunter6"); got != "(hidden) (hidden) (hidden) (hidden)" {
		t.Error(got)
	}
	r.Environment([]string{"REDIS_PASSWORD=from-the-env", "GITHUB_TOKEN=not-of-a-redis", "CACHE=redis://:in-a-url@h,redis://h2"})
	if got := r.Text("from-the-env in-a-url not-of-a-redis"); got != "(hidden) (hidden) not-of-a-redis" {
		t.Error(got)
	}
}
