package instrument

import (
	"os"
	"path/filepath"
	"strings"
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
		parts = []string{"client.go", aside, "hooks.go", "part.go", "said.go", "trace.go", "trace_ginkgo.go", "trace_secrets.go", "trace_stacks.go", "trace_table.go", "ahead.go", ahead,
			"nettrace/commands.go", "nettrace/replies.go", "nettrace/conn.go", "nettrace/state.go", "nettrace/table.go", "nettrace/unseen.go"}
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
//
// What others import of net, syscall and crypto/tls (types, inlined functions, positions, the numbers
// of symbols) stays what it is: whoever imports these is compiled once more, with the same
// result, and whoever imports that is not. So they get no field, no import and no exported name, and
// what is declared in them stands in their last file, where it moves nothing. See rebuild.go.
func tracePatches(goroot, goos, goarch string) []patch {
	last := "ztypes_" + goos + "_" + goarch + ".go"
	return []patch{
		{
			dir: "runtime/pprof", host: "runtime.go", parts: []string{"labels/labels.go"},
			anchors: map[string][]anchor{
				"runtime.go": {{"SetGoroutineLabels", bodyStart, "", " ctx = tracetestKeep(ctx);"}},
			},
		},
		netPatch(goroot),
		{
			dir: "syscall", host: last, glue: startGlue(),
			anchors: map[string][]anchor{
				"exec_unix.go": {{"forkExec", bodyStart, "", " if tracetestStart != nil { tracetestStart() };"}},
				last:           nil,
			},
		},
		{
			dir: "crypto/tls", host: "tls.go", glue: tlsGlue(),
			anchors: map[string][]anchor{
				"conn.go": {
					{"(*Conn).Write", before, "c.out.Lock()", "if tracetestWrite != nil { tracetestWrite(tracetestHideConn(c), tracetestHide(b), c.conn, c.isClient) }; "},
					{"(*Conn).Read", after, "n, _ := c.input.Read(b)", "; if tracetestRead != nil { tracetestRead(tracetestHideConn(c), tracetestHide(b), n, c.isClient) }"},
					{"(*Conn).Close", bodyStart, "", " if tracetestClose != nil { tracetestClose(tracetestHideConn(c)) };"},
				},
				"handshake_client.go": {{"(*Conn).clientHandshake", bodyStart, "", " if tracetestGreet != nil { tracetestGreet(tracetestHideConn(c), c.conn, c.handshakes == 0) };"}},
				"tls.go":              nil,
			},
		},
	}
}

// netPatch shows what is written and read. A netFD has a name of its own for its network, by which it is
// known: a connection whose name comes from elsewhere is a stranger's.
func netPatch(goroot string) patch {
	const elsewhere = " if tracetestElsewhere != nil { tracetestElsewhere() };"
	const ofFile = "fd.net = laddr.Network()" // of a connection that a file is
	files := "file_unix.go"
	if text, err := os.ReadFile(filepath.Join(goroot, "src", "net", "file_posix.go")); err == nil && strings.Contains(string(text), ofFile) {
		files = "file_posix.go" // since Go 1.25
	}
	return patch{
		dir: "net", host: "writev_unix.go", glue: netGlue(),
		anchors: map[string][]anchor{
			files:        {{"newFileFD", after, ofFile, "; if tracetestName != nil { fd.net = tracetestName(fd.net) }"}},
			"fd_unix.go": {{"newFD", bodyStart, "", " if tracetestName != nil { net = tracetestName(net) };"}},
			"net.go": {
				{"(*conn).Write", before, "n, err := c.fd.Write(b)", "if tracetestWrite != nil { tracetestWrite(c.fd.net, tracetestHide(b), tracetestHideConn(c), c.fd.isConnected) }; "},
				{"(*conn).Read", after, "n, err := c.fd.Read(b)", "; if tracetestRead != nil { tracetestRead(c.fd.net, tracetestHide(b), n) }"},
				{"(*conn).File", bodyStart, "", elsewhere},
			},
			"writev_unix.go": {
				{"(*conn).writeBuffers", before, "n, err := c.fd.writeBuffers(v)",
					"if tracetestWrite != nil { for _, b := range *v { tracetestWrite(c.fd.net, tracetestHide(b), tracetestHideConn(c), c.fd.isConnected) } }; "},
			},
			"sock_posix.go": {{"(*netFD).listenStream", before, "return nil", "if tracetestListen != nil { tracetestListen(fd.net, fd.laddr) }; "}},
			// What is sent past Write, or can be.
			"tcpsock_posix.go": {{"(*TCPConn).readFrom", bodyStart, "", elsewhere}},
			"rawconn.go": {
				{"(*rawConn).Control", bodyStart, "", elsewhere},
				{"(*rawConn).Write", bodyStart, "", elsewhere},
			},
			"fd_posix.go": {
				{"(*netFD).Close", bodyStart, "", " if tracetestClose != nil { tracetestClose(fd.net) };"},
				{"(*netFD).writeTo", bodyStart, "", elsewhere},
				{"(*netFD).writeToInet4", bodyStart, "", elsewhere},
				{"(*netFD).writeToInet6", bodyStart, "", elsewhere},
				{"(*netFD).writeMsg", bodyStart, "", elsewhere},
				{"(*netFD).writeMsgInet4", bodyStart, "", elsewhere},
				{"(*netFD).writeMsgInet6", bodyStart, "", elsewhere},
			},
		},
	}
}

// netGlue is how package net calls package testing, where there is one, and what it tells it. The
// linker lets one package of the standard library refer to another's only where both say so.
// A function that is called by its name has no number among the symbols of the package.
func netGlue() glue {
	return glue{imports: []string{"unsafe"}, code: hide("conn", "any") + `
//go:linkname tracetestName testing.tracetestToName
var tracetestName func(network string) string

//go:linkname tracetestWrite testing.tracetestToWrite
var tracetestWrite func(name string, b []byte, c any, dialed bool)

//go:linkname tracetestRead testing.tracetestToRead
var tracetestRead func(name string, b []byte, n int)

//go:linkname tracetestListen testing.tracetestToListen
var tracetestListen func(name string, at any)

//go:linkname tracetestClose testing.tracetestToClose
var tracetestClose func(name string)

//go:linkname tracetestElsewhere testing.tracetestToElsewhere
var tracetestElsewhere func()

//go:linkname tracetestToldEnds testing.tracetestNetEnds
var tracetestToldEnds = tracetestEnds

//go:linkname tracetestToldFD testing.tracetestNetFD
var tracetestToldFD = tracetestFD

//go:linkname tracetestEnds
func tracetestEnds(of any) (network, remote, local string) {
	c := of.(Conn)
	if a := c.RemoteAddr(); a != nil {
		network, remote = a.Network(), a.String()
	}
	if a := c.LocalAddr(); a != nil {
		local = a.String()
	}
	return network, remote, local
}

//go:linkname tracetestFD
func tracetestFD(of any) string {
	switch c := of.(type) {
	case *TCPConn:
		if c.ok() {
			return c.fd.net
		}
	case *UnixConn:
		if c.ok() {
			return c.fd.net
		}
	}
	return ""
}
`}
}

// hide are functions that return what they are given, a slice or a connection, and keep that from the
// analysis of what escapes. Nothing does: a variable by which a function is called does not say so,
// and importers would be told. See noescape in package runtime.
func hide(conn, as string) string {
	return `
//go:linkname tracetestHide
//go:nosplit
//go:nocheckptr
func tracetestHide(b []byte) []byte {
	p := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return unsafe.Slice((*byte)(unsafe.Pointer(p ^ 0)), len(b))
}

//go:linkname tracetestHideConn
//go:nosplit
//go:nocheckptr
func tracetestHideConn(c *` + conn + `) ` + as + ` {
	p := uintptr(unsafe.Pointer(c))
	return (*` + conn + `)(unsafe.Pointer(p ^ 0))
}
`
}

// tlsGlue is how crypto/tls calls package testing, to which a *Conn is a pointer.
func tlsGlue() glue {
	return glue{imports: []string{"unsafe"}, code: hide("Conn", "*Conn") + `
//go:linkname tracetestGreet testing.tracetestTLSToGreet
var tracetestGreet func(of *Conn, c any, first bool)

//go:linkname tracetestWrite testing.tracetestTLSToWrite
var tracetestWrite func(of *Conn, b []byte, c any, client bool)

//go:linkname tracetestRead testing.tracetestTLSToRead
var tracetestRead func(of *Conn, b []byte, n int, client bool)

//go:linkname tracetestClose testing.tracetestTLSToClose
var tracetestClose func(of *Conn)
`}
}

// startGlue is how package syscall calls package testing before it starts a process.
func startGlue() glue {
	return glue{unsafe: true, code: `
//go:linkname tracetestStart testing.tracetestStart
var tracetestStart func()
`}
}

// testingGlue is what the code in package testing needs of this Go release.
func testingGlue(goroot string, trace bool) glue {
	g := exitHook(goroot)
	if trace {
		g.code += hooksGlue
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

// hooksGlue ties package testing to the others.
const hooksGlue = `
func tracetestSetOwner(label string) { pprof.TracetestSet(label) }
func tracetestGetOwner() string { return pprof.TracetestGet() }

var tracetestHook func(event string, conn, number int64, about []string)

var tracetestDoor uint32

//go:linkname tracetestStart
var tracetestStart func()

func tracetestSetStart(f func()) { tracetestStart = f }

func tracetestSetHook(f func(event string, conn, number int64, about []string)) { tracetestHook = f }
`
