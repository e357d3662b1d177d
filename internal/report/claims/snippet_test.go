package claims

import (
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// stubs are the names that a clean-up finds where it is pasted: the variables
// of the test, and those of Ginkgo, Gomega and testify.
const stubs = `package snippets

import (
	"context"
	"fmt"
	"log"
	"os"
	"testing"

	v8 "github.com/go-redis/redis/v8"
	"github.com/gomodule/redigo/redis"
	"github.com/mediocregopher/radix/v4"
	v9 "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/valkey-io/valkey-go"
)

type SpecContext = context.Context
type assertion struct{}

func Expect(...any) assertion       { return assertion{} }
func (assertion) To(...any)         {}
func (assertion) NotTo(...any)      {}
func (a assertion) Error() assertion { return a }
func Succeed() any                  { return nil }
func HaveOccurred() any             { return nil }
func DeferCleanup(any)              {}

type suite struct{}

func (suite) T() *testing.T          { return nil }
func (s suite) Require() suite       { return s }
func (suite) NoError(err error) bool { return true }

var (
	_ = fmt.Sprint
	_ = log.Fatal
	_ = os.Exit
	_ = radix.Cmd
	_ redis.Conn
	_ v8.Client
	_ v9.Client
	_ rueidis.Client
	_ valkey.Client
)
`

// The clean-ups are code that people paste: for each client and each kind of
// owner it must be as gofmt writes it and compile.
func TestSnippetsCompile(t *testing.T) {
	variables := map[string]string{
		"go-redis v9": "rdb *v9.Client", "go-redis v8": "rdb *v8.Client", "redigo": "conn redis.Conn", "rueidis": "client rueidis.Client",
		"valkey-go": "client valkey.Client", "radix": "client radix.Client", "": "rdb *v9.Client",
	}
	source := stubs
	n := 0
	for client, variable := range variables {
		for _, kind := range []string{"spec", "suite node", "package", "example", "benchmark", "test", "testify suite"} {
			for _, parameters := range [][]string{{"maxmemory"}, {"maxmemory", "hz"}} {
				text := strings.Join(snippet(kind, client, parameters), "\n") + "\n"
				if formatted, err := format.Source([]byte(text)); err != nil || string(formatted) != text {
					t.Errorf("%s, %q: %v, gofmt would write\n%s\nnot\n%s", kind, client, err, formatted, text)
				}
				n++
				if kind == "package" {
					text = strings.Replace(text, "func TestMain(m *testing.M) {", fmt.Sprintf("func Main%d(m *testing.M, %s) {", n, variable), 1)
				} else {
					text = fmt.Sprintf("func f%d(ctx context.Context, t *testing.T, b *testing.B, s suite, %s) {\n%s}\n", n, variable, text)
				}
				source += "\n" + text
			}
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "clients", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "snippets.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-buildvcs=false", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The sentence names what the code calls, whole.
func TestWhereAFixRestores(t *testing.T) {
	for kind, want := range map[string]string{"spec": "DeferCleanup", "test": "t.Cleanup", "benchmark": "b.Cleanup", "testify suite": "s.T().Cleanup"} {
		f := Fix{Lines: snippet(kind, "go-redis v9", []string{"maxmemory"})}
		if got := f.how().Plain(1); got != "in "+want {
			t.Errorf("%s: %q, want %q", kind, got, "in "+want)
		}
	}
}
