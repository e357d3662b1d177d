package triage

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unique"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// The call that made a change is the first frame, from the inside, that is
// neither of the standard library, nor of a Redis client, nor of a test
// framework.

// clients are Redis clients and what wraps them, by the beginning of an import
// path.
func clients() []string {
	return []string{
		"github.com/redis/go-redis", "github.com/go-redis/", "gopkg.in/redis.", "github.com/redis/rueidis", "github.com/rueian/rueidis",
		"github.com/valkey-io/", "github.com/gomodule/redigo", "github.com/garyburd/redigo", "github.com/mediocregopher/radix",
		"github.com/bsm/redislock", "github.com/go-redsync/", "github.com/FZambia/sentinel", "github.com/nitishm/go-rejson",
		"github.com/hibiken/asynq/internal/rdb", "github.com/redis-developer/", "github.com/tidwall/redcon", "github.com/joomcode/redispipe",
		"github.com/hoisie/redis", "github.com/gosuri/go-redis", "github.com/chasex/redis-go-cluster", "github.com/keimoon/gore",
	}
}

// frameworks are test frameworks, by the beginning of an import path.
func frameworks() []string {
	return []string{
		"github.com/onsi/ginkgo", "github.com/bsm/ginkgo", "github.com/onsi/gomega", "github.com/bsm/gomega", "github.com/stretchr/testify",
		"gopkg.in/check.", "github.com/go-check/check", "github.com/smartystreets/goconvey", "github.com/smarty/", "gotest.tools/",
		"github.com/frankban/quicktest", "github.com/cucumber/godog", "pgregory.net/rapid", "github.com/leanovate/gopter",
		"github.com/franela/goblin", "github.com/matryer/is", "github.com/sclevine/spec", "go.uber.org/goleak",
	}
}

// requestLoops are functions that serve a request: what runs within them, it was
// somebody else who asked for it.
func requestLoops() []string {
	return []string{
		"net/http.(*conn).serve", "net/http.(*http2serverConn).", "golang.org/x/net/http2.(*serverConn).", "google.golang.org/grpc.(*Server).",
		"net/rpc.(*service).call", "github.com/valyala/fasthttp.(*Server).", "github.com/valyala/fasthttp.(*workerPool).",
		"github.com/cloudwego/netpoll.", "github.com/apache/thrift/lib/go/thrift.(*TSimpleServer).",
	}
}

func beginsWith(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// module is the path of the module under test.
type module string

// isOwn reports whether a frame is of the user's code. Where the module under
// test is itself a client or a framework, what counts are its tests.
func (m module) isOwn(f record.Frame) bool {
	pkg := f.Package()
	switch {
	case f.Std || pkg == "main" && strings.HasSuffix(f.File, "_testmain.go"):
		return false
	case of(f, clients()), of(f, frameworks()):
		return m.inModule(pkg) && strings.HasSuffix(f.File, "_test.go")
	}
	return true
}

// of reports whether a frame is of one of these modules: by the package of the
// function or, since a closure that was inlined has the name of the function
// that it was inlined into, by the file.
func of(f record.Frame, modules []string) bool {
	pkg := f.Package()
	for _, m := range modules {
		if rest, ok := strings.CutPrefix(pkg, m); ok && ends(m, rest) {
			return true
		}
		if at := strings.Index(f.File, m); at >= 0 && (at == 0 || f.File[at-1] == '/') && ends(m, f.File[at+len(m):]) {
			return true
		}
	}
	return false
}

// ends reports whether an element of a path ends between a module and the rest.
func ends(module, rest string) bool {
	return rest == "" || strings.ContainsRune("/@.", rune(rest[0])) || strings.ContainsRune("/.", rune(module[len(module)-1]))
}

// inModule reports whether a package is of the module under test.
func (m module) inModule(pkg string) bool {
	pkg = strings.TrimSuffix(pkg, "_test")
	return m != "" && (pkg == string(m) || strings.HasPrefix(pkg, string(m)+"/"))
}

// site returns the index of the call on a stack, or -1.
func (m module) site(stack []record.Frame) int {
	for i, f := range stack {
		if m.isOwn(f) {
			return i
		}
	}
	return -1
}

// call turns a stack into a Call. It returns nil where it shows none.
func (m module) call(stack []record.Frame, found string) *findings.Call {
	at := m.site(stack)
	if at < 0 {
		return nil
	}
	c := &findings.Call{Function: stack[at].Function, File: stack[at].File, Line: stack[at].Line, Found: found, Stack: []string{}, Chain: []string{}}
	for i, f := range stack {
		// Thousands of calls come from the same few places.
		line := unique.Make(f.Function + " " + f.File + ":" + strconv.Itoa(f.Line)).Value()
		c.Stack = append(c.Stack, line)
		if i >= at && m.isOwn(f) {
			c.Chain = append(c.Chain, line)
		}
	}
	return c
}

// holds reports whether a function is on a stack.
func holds(stack []record.Frame, functions ...string) bool {
	for _, f := range stack {
		if beginsWith(f.Function, functions) {
			return true
		}
	}
	return false
}

// testsOn returns the tests of a package whose code is on a stack, innermost
// first: top-level ones by their name, methods as of testify by "/" and theirs.
// Called says that the function of the first is there too: then it was called,
// and what runs is no closure that it gave away.
func testsOn(stack []record.Frame, pkg string, known func(test string) bool) (tests []string, called bool) {
	for _, f := range stack {
		if p := f.Package(); p != pkg && p != pkg+"_test" || !strings.HasSuffix(f.File, "_test.go") {
			continue
		}
		rest := f.Function[strings.LastIndexByte(f.Function, '/')+1:]
		_, name, _ := strings.Cut(rest, ".")
		name, inner, _ := strings.Cut(name, ".")
		method := strings.HasPrefix(name, "(")
		if method {
			name, inner, _ = strings.Cut(inner, ".")
			name = strings.TrimSuffix(name, "-fm")
		}
		if !isTest(name) {
			continue
		}
		if method {
			name = "/" + name
		}
		if !known(name) {
			continue
		}
		if !slices.Contains(tests, name) {
			tests = append(tests, name)
		}
		called = called || inner == "" && name == tests[0]
	}
	return tests, called
}

// isOf reports whether an actor is a test, or in one, as it is found on a stack.
func (o *actor) isOf(test string) bool {
	switch {
	case o.Kind == record.KindSpec:
		return false
	case strings.HasPrefix(test, "/"):
		return strings.Contains(o.Name+"/", test+"/")
	}
	return record.TopLevel(o.Name) == test
}

func isTest(name string) bool {
	for _, kind := range []string{"Test", "Benchmark", "Example", "Fuzz"} {
		if rest, is := strings.CutPrefix(name, kind); is && name != "TestMain" && (rest == "" || !unicode.IsLower([]rune(rest)[0])) {
			return true
		}
	}
	return false
}
