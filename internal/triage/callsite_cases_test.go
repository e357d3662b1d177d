package triage_test

// callCases are about the line that made a change.
func callCases() []recorded {
	// parallel tests, so that only the write can tell
	leaks := func(r *rec, write func(x *test)) {
		p := r.pkg("shop/cache")
		x, y := parallel(p, "TestX", "TestY")
		write(x)
		x.end("pass")
		y.end("pass")
		p.done("pass")
		r.end(0)
	}
	return []recorded{
		{name: "line-behind-a-wrapper", on: traced, story: `TestX sets hz through a helper of the suite, which calls a
			lock library on top of the client. The line is the helper's: the innermost that somebody of the suite wrote,
			not one in a module that wraps the client, nor the test's.`, write: func(r *rec) {
			leaks(r, func(x *test) {
				x.p.write(x.own("github.com/bsm/redislock.(*Client).Obtain /mod/github.com/bsm/redislock@v0.9.4/redislock.go:60",
					"shop/cache.tune cache/helper_test.go:7", "github.com/stretchr/testify/assert.NotPanics /mod/github.com/stretchr/testify@v1.10.0/assert/assertions.go:1260", x.frame("", 12)),
					"CONFIG", "SET", "hz", "20").ok()
			})
		}},
		{name: "line-in-vendor", on: traced, story: `The client lies in a vendor folder within the suite's. Its files
			are not the suite's.`, write: func(r *rec) {
			leaks(r, func(x *test) {
				by := x.at(12)
				for i, f := range by.Stack {
					if !f.Std && i < 3 {
						by.Stack[i].File = "/src/shop/vendor/github.com/redis/go-redis/v9/commands.go"
					}
				}
				x.p.write(by, "CONFIG", "SET", "hz", "20").ok()
			})
		}},
		{name: "line-of-a-neighbour", on: traced, story: `A package of the suite is called like the beginning of a
			client: github.com/redis/go-redis-tools. It is no client, and its line is the one.`, write: func(r *rec) {
			leaks(r, func(x *test) {
				x.p.write(x.own("github.com/redis/go-redis-tools/tune.Set /mod/github.com/redis/go-redis-tools@v1.0.0/tune/set.go:5", x.frame("", 12)),
					"CONFIG", "SET", "hz", "20").ok()
			})
		}},
		{name: "client-under-test", on: func() *rec { return traced().module("github.com/redis/go-redis/v9") }, story: `
			The module under test is go-redis itself. By its package every frame is of the client; of these the ones in
			test files are the suite's.`, write: func(r *rec) {
			p := r.pkg("github.com/redis/go-redis/v9")
			t := p.begin("TestGinkgoSuite")
			t.suiteBegin()
			s := t.spec("Commands should ConfigSet")
			p.write(s.label("github.com/redis/go-redis/v9.(*Client).ConfigSet /src/go-redis/commands.go:512",
				"github.com/redis/go-redis/v9_test.init.func8.2.24 /src/go-redis/commands_test.go:330",
				"github.com/bsm/ginkgo/v2/internal.(*Suite).runNode.func3 /mod/github.com/bsm/ginkgo/v2@v2.12.0/internal/suite.go:894"),
				"CONFIG", "SET", "hz", "20").ok()
			s.endSpec("pass", "")
			t.suiteEnd()
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "inlined-closure", on: traced, story: `The compiler inlined a generic function of the client into the
			test, so that a function literal of the client's has a name in the suite's package. Its file is the
			client's: the line is in the test, not there.`, write: func(r *rec) {
			leaks(r, func(x *test) {
				x.p.write(x.own("shop/cache.TestX.Retry[...].func2 /mod/github.com/redis/rueidis@v1.0.53/retry.go:40", x.frame("", 12)), "CONFIG", "SET", "hz", "20").ok()
			})
		}},
		{name: "no-line-but-an-owner", on: traced, story: `TestX's own goroutine writes, and nothing but the client's
			code and a framework's stands between it and package testing. Whose it is is known, the line is not; it must
			not be one in the client.`, write: func(r *rec) {
			leaks(r, func(x *test) {
				x.p.write(x.own("github.com/stretchr/testify/suite.Run.func1 /mod/github.com/stretchr/testify@v1.10.0/suite/suite.go:200"), "CONFIG", "SET", "hz", "20").ok()
			})
		}},
		{name: "one-call-of-a-helper", on: traced, story: `TestX calls a helper once, which sets two parameters on two
			lines. They were seen in two looks, and belong together all the same.`, write: func(r *rec) {
			leaks(r, func(x *test) {
				x.p.write(x.own("shop/cache.limit cache/helper_test.go:7", x.frame("", 12)), "CONFIG", "SET", "hz", "20").ok()
				x.p.write(x.own("shop/cache.limit cache/helper_test.go:8", x.frame("", 12)), "CONFIG", "SET", "timeout", "7").ok()
			})
		}},
		{name: "two-calls-of-a-helper", on: traced, story: `TestX calls a helper on two lines. Two calls, two leaks that
			do not belong together, though the helper's line is the same.`, write: func(r *rec) {
			leaks(r, func(x *test) {
				x.p.write(x.own("shop/cache.set cache/helper_test.go:7", x.frame("", 12)), "CONFIG", "SET", "hz", "20").ok()
				x.p.write(x.own("shop/cache.set cache/helper_test.go:7", x.frame("", 13)), "CONFIG", "SET", "timeout", "7").ok()
			})
		}},
		{name: "helper-in-two-rounds", on: traced, story: `-count=2: TestA calls the helper from the same line in both rounds, and each
			time it leaves two parameters changed, to values of that round. These are two calls: what leaked in the first
			round did not change together with what leaked in the second, though owner, function and caller are the same.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			for _, round := range [][2]string{{"20", "7"}, {"30", "8"}} {
				a := p.begin("TestA")
				p.write(a.own("shop/cache.limit cache/helper_test.go:7", a.frame("", 12)), "CONFIG", "SET", "hz", round[0]).ok()
				p.write(a.own("shop/cache.limit cache/helper_test.go:8", a.frame("", 12)), "CONFIG", "SET", "timeout", round[1]).ok()
				a.end("pass")
			}
			p.done("pass")
			r.end(0)
		}},
		{name: "one-helper-of-two-tests", on: traced, story: `Two tests leave a parameter each through the same line of
			a helper. They are two owners, and no group.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			p.write(x.own("shop/cache.set cache/helper_test.go:7", x.frame("", 12)), "CONFIG", "SET", "hz", "20").ok()
			p.write(y.own("shop/cache.set cache/helper_test.go:7", y.frame("", 22)), "CONFIG", "SET", "timeout", "7").ok()
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
	}
}
