package instrument

import (
	"os"
	"path/filepath"
)

// The statements that the anchors name are the same from Go 1.22 to 1.27; where
// one is missing the release is not known, and the barrier or the trace is not used.

// testingPatch makes tests report their begin and end. With the trace, what is
// done is reported with its owner.
func testingPatch(goroot, goos string, trace bool) patch {
	aside, ahead := "aside.go", "ahead_other.go"
	if goos == "linux" {
		aside, ahead = "aside_linux.go", "ahead_linux.go"
	}
	parts := []string{"client.go", aside, "hooks.go", "part.go", "said.go", "notrace.go"}
	if trace {
		parts = []string{"client.go", aside, "hooks.go", "part.go", "said.go", "trace.go", "trace_ginkgo.go", "trace_secrets.go", "trace_stacks.go", "trace_table.go", "ahead.go", ahead}
	}
	return patch{
		dir: "testing", host: "testing.go", parts: parts, glue: testingGlue(goroot, trace),
		anchors: map[string][]anchor{
			"testing.go": {
				{"tRunner", before, "fn(t)", `tracetestBegin(&t.common, "test"); `},
				{"tRunner", after, "err := recover()", "; tracetestPanicked(&t.common, err)"},
				{"(*common).log", bodyStart, "", " tracetestSaid(c, s);"},
				{"(*T).Parallel", before, "t.signal <- true", "tracetestPause(&t.common); "},
				{"(*T).Parallel", bodyEnd, "", "; tracetestContinue(&t.common)"},
				{"MainStart", bodyStart, "", " tests, benchmarks, fuzzTargets, examples = tracetestMain(deps.ImportPath(), tests, benchmarks, fuzzTargets, examples);"},
				{"(*M).Run", after, "code = m.exitCode", "; tracetestRan(m.exitCode)"},
				{"(*M).startAlarm", bodyStart, "", " tracetestAlarm(true);"},
				{"(*M).startAlarm", before, "m.after()", "if tracetestEarly() { return }; "},
				{"(*M).stopAlarm", bodyStart, "", " tracetestAlarm(false);"},
				{"(*common).runCleanup", bodyStart, "", " defer tracetestCleanUp(c)();"},
				{"(*common).Fail", bodyStart, "", " tracetestFail(c);"},
				{"(*common).Fail", before, "c.parent.Fail()", "tracetestOwn := tracetestOwnFault(c.parent); "},
				{"(*common).Fail", after, "c.parent.Fail()", "; tracetestFailBelow(c.parent, tracetestOwn)"},
			},
			"run_example.go": {
				{"runExample", bodyStart, "", " defer tracetestExample(eg.Name, &ok)();"},
			},
			"fuzz.go": {
				{"fRunner", before, "fn(f)", `tracetestBegin(&f.common, "fuzz"); `},
			},
			"benchmark.go": {
				// Outside of the part that is timed.
				{"(*B).runN", before, "runtime.GC()", `tracetestBegin(&b.common, "benchmark"); `},
			},
		},
	}
}

// tracePatches let the tests' own connections be traced: they label goroutines
// with their owner, and call package testing when a Redis client says
// something that changes the server.
func tracePatches() []patch {
	return []patch{
		{
			dir: "runtime/pprof", host: "runtime.go", parts: []string{"labels/labels.go"},
			anchors: map[string][]anchor{
				"runtime.go": {{"SetGoroutineLabels", bodyStart, "", " ctx = tracetestKeep(ctx);"}},
			},
		},
		{
			dir: "net", host: "net.go", parts: []string{"nettrace/commands.go", "nettrace/replies.go", "nettrace/conn.go", "nettrace/table.go", "nettrace/unseen.go"}, glue: netGlue(),
			anchors: map[string][]anchor{
				"net.go": {
					{"(*conn).Write", before, "n, err := c.fd.Write(b)", "c.fd.tracetest.Write(b, c, c.fd.isConnected, false); "},
					{"(*conn).Read", after, "n, err := c.fd.Read(b)", "; c.fd.tracetest.Read(b, n)"},
					{"(*conn).File", bodyStart, "", " tracetestElsewhere();"},
				},
				"writev_unix.go": {
					{"(*conn).writeBuffers", before, "n, err := c.fd.writeBuffers(v)",
						"for _, b := range *v { c.fd.tracetest.Write(b, c, c.fd.isConnected, false) }; "},
				},
				"sock_posix.go": {{"(*netFD).listenStream", before, "return nil", "fd.tracetest.listen(fd.laddr); "}},
				// What is sent past Write, or can be.
				"tcpsock_posix.go": {{"(*TCPConn).readFrom", bodyStart, "", " tracetestElsewhere();"}},
				"rawconn.go": {
					{"(*rawConn).Control", bodyStart, "", " tracetestElsewhere();"},
					{"(*rawConn).Write", bodyStart, "", " tracetestElsewhere();"},
				},
				// Not struct conn, of which there are literals without keys.
				"fd_posix.go": {
					{"netFD", lastField, "", "tracetest TracetestConn; "},
					{"(*netFD).Close", bodyStart, "", " fd.tracetest.close();"},
					{"(*netFD).writeTo", bodyStart, "", " tracetestElsewhere();"},
					{"(*netFD).writeToInet4", bodyStart, "", " tracetestElsewhere();"},
					{"(*netFD).writeToInet6", bodyStart, "", " tracetestElsewhere();"},
					{"(*netFD).writeMsg", bodyStart, "", " tracetestElsewhere();"},
					{"(*netFD).writeMsgInet4", bodyStart, "", " tracetestElsewhere();"},
					{"(*netFD).writeMsgInet6", bodyStart, "", " tracetestElsewhere();"},
				},
			},
		},
		{
			dir: "os/exec", host: "exec.go", glue: execGlue(),
			anchors: map[string][]anchor{
				"exec.go": {{"(*Cmd).Start", bodyStart, "", " if tracetestStart != nil { tracetestStart() };"}},
			},
		},
		{
			dir: "crypto/tls",
			anchors: map[string][]anchor{
				"conn.go": {
					{"(*Conn).Write", bodyStart, "", " c.tracetest.Write(b, c.conn, c.isClient, true);"},
					{"(*Conn).Read", after, "n, _ := c.input.Read(b)", "; c.tracetest.Read(b, n)"},
					{"Conn", lastField, "", "tracetest net.TracetestConn; "},
				},
				"handshake_client.go": {{"(*Conn).clientHandshake", bodyStart, "", " net.TracetestCarry(c.conn);"}},
			},
		},
	}
}

// netGlue is the variable by which package net calls package testing. The linker
// lets one package of the standard library refer to another's only where both
// say so.
func netGlue() glue {
	return glue{unsafe: true, code: `
//go:linkname tracetestHook
var tracetestHook func(event string, conn, number int64, about []string)

//go:linkname tracetestDoor
var tracetestDoor uint32

// TracetestCarry is called by package crypto/tls before it greets a server. A connection
// of the user's own type can do anything with what it is given.
func TracetestCarry(c Conn) {
	switch c := c.(type) {
	case *TCPConn:
		if c.ok() {
			c.fd.tracetest.carry()
		}
	case *UnixConn:
		if c.ok() {
			c.fd.tracetest.carry()
		}
	}
}
`}
}

// execGlue is the same for os/exec.
func execGlue() glue {
	return glue{unsafe: true, code: `
//go:linkname tracetestStart
var tracetestStart func()
`}
}

// testingGlue is what the code in package testing needs of this Go release.
func testingGlue(goroot string, trace bool) glue {
	g := exitHook(goroot)
	if trace {
		g.code += traceGlue
		g.imports = append(g.imports, "runtime/pprof")
		g.unsafe = true
	}
	return g
}

// exitHook returns the function that runs another one when the process exits, and
// says whether that is with a status other than 0: hooks run in reverse order,
// and then the one that is not for failures is left out.
// The package that it needs exists since Go 1.24; before, a process that exits
// is noticed by its closed connection only, as one that is killed is in every
// release.
func exitHook(goroot string) glue {
	const hooks = "internal/runtime/exithook"
	if _, err := os.Stat(filepath.Join(goroot, "src", hooks)); err != nil {
		return glue{code: "\nfunc tracetestAtExit(func(failed bool)) {}\n"}
	}
	return glue{
		code: `
func tracetestAtExit(f func(failed bool)) {
	failed := true
	exithook.Add(exithook.Hook{F: func() { f(failed) }, RunOnFailure: true})
	exithook.Add(exithook.Hook{F: func() { failed = false }})
}
`,
		imports: []string{hooks},
	}
}

// traceGlue ties package testing to the two others. The variable is that of
// package net where there is one: a test binary without it is not given it.
const traceGlue = `
func tracetestSetOwner(label string) { pprof.TracetestSet(label) }
func tracetestGetOwner() string { return pprof.TracetestGet() }

//go:linkname tracetestHook net.tracetestHook
var tracetestHook func(event string, conn, number int64, about []string)

//go:linkname tracetestDoor net.tracetestDoor
var tracetestDoor uint32

//go:linkname tracetestStart os/exec.tracetestStart
var tracetestStart func()

func tracetestSetStart(f func()) { tracetestStart = f }

func tracetestSetHook(f func(event string, conn, number int64, about []string)) { tracetestHook = f }
`
