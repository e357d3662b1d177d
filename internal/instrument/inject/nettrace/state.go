package nettrace

import (
	"sync"
	"unsafe"
)

// What others import of net and crypto/tls stays what it is, so that they need not be compiled
// once more because of what these import: no struct has a field more. What is known of a
// connection stands here, and these call the variables below, which they have where package
// testing is.

// tracetestNetEnds and tracetestNetFD are functions of package net: of a net.Conn the network and
// the addresses of both ends, and the name that tracetestNetName gave to its netFD, if it has one.
//
//go:linkname tracetestNetEnds
var tracetestNetEnds func(c any) (network, remote, local string)

//go:linkname tracetestNetFD
var tracetestNetFD func(c any) string

// What net and crypto/tls call. They are functions with names, which are known for ours on a
// stack.
//
//go:linkname tracetestToName
//go:linkname tracetestToWrite
//go:linkname tracetestToRead
//go:linkname tracetestToListen
//go:linkname tracetestToClose
//go:linkname tracetestToElsewhere
//go:linkname tracetestTLSToGreet
//go:linkname tracetestTLSToWrite
//go:linkname tracetestTLSToRead
//go:linkname tracetestTLSToClose
var (
	tracetestToName      = tracetestNetName
	tracetestToWrite     = tracetestNetWrite
	tracetestToRead      = tracetestNetRead
	tracetestToListen    = tracetestNetListen
	tracetestToClose     = tracetestNetClose
	tracetestToElsewhere = tracetestElsewhere // before something is sent past Write, or can be
	tracetestTLSToGreet  = tracetestTLSGreet
	tracetestTLSToWrite  = tracetestTLSWrite
	tracetestTLSToRead   = tracetestTLSRead
	tracetestTLSToClose  = tracetestTLSClose
)

// tracetestFD is what is known of a netFD, and the name of its network. The netFD has only the
// name, which keeps the rest alive.
type tracetestFD struct {
	conn tracetestConn
	name [32]byte
}

// tracetestNetName returns the name of a network, for one netFD.
func tracetestNetName(network string) string {
	fd := new(tracetestFD)
	if len(network) == 0 || len(network) > len(fd.name) {
		return network // there is none
	}
	return unsafe.String(&fd.name[0], copy(fd.name[:], network))
}

// tracetestOf returns what is known of the netFD whose network has this name.
func tracetestOf(name string) *tracetestConn {
	if len(name) == 0 || len(name) > len(tracetestFD{}.name) {
		return &tracetestStranger
	}
	at := unsafe.Pointer(unsafe.StringData(name))
	return &(*tracetestFD)(unsafe.Add(at, -int(unsafe.Offsetof(tracetestFD{}.name)))).conn
}

// tracetestStranger stands for all that are no client's to a Redis.
var tracetestStranger tracetestConn

func init() { tracetestStranger.state.Store(tracetestForeign) }

// tracetestNetWrite is shown what is about to be written on a net.Conn. Dialed says that this
// process made the connection.
func tracetestNetWrite(name string, b []byte, c any, dialed bool) {
	tracetestOf(name).write(b, c, dialed, false)
}

// tracetestNetRead is shown what was read.
func tracetestNetRead(name string, b []byte, n int) { tracetestOf(name).read(b, n) }

// tracetestNetListen is shown the net.Addr at which a listener listens, until tracetestNetClose, which is
// called for connections too.
func tracetestNetListen(name string, at any) {
	if at != nil {
		tracetestOf(name).listen(at.(interface{ String() string }).String())
	}
}

func tracetestNetClose(name string) { tracetestOf(name).close() }

// tracetestTLS holds what is known of connections of TLS that greeted a server, by where they
// are, until they are closed. One that is not is forgotten when another one is in its place.
var tracetestTLS struct {
	mu sync.RWMutex
	at map[uintptr]*tracetestConn
}

// tracetestTLSGreet is called before a *tls.Conn greets a server on a net.Conn, for the first time
// or once more. A connection of the user's own type can do anything with what it is given.
func tracetestTLSGreet(of unsafe.Pointer, c any, first bool) {
	tracetestOf(tracetestNetFD(c)).carry()
	if !first {
		return
	}
	all := &tracetestTLS
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.at == nil {
		all.at = map[uintptr]*tracetestConn{}
	}
	all.at[uintptr(of)] = new(tracetestConn)
}

func tracetestTLSClose(of unsafe.Pointer) {
	all := &tracetestTLS
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.at, uintptr(of))
}

// tracetestSecured returns what is known of a *tls.Conn.
func tracetestSecured(of unsafe.Pointer) *tracetestConn {
	all := &tracetestTLS
	all.mu.RLock()
	defer all.mu.RUnlock()
	if known := all.at[uintptr(of)]; known != nil {
		return known
	}
	return &tracetestStranger // a server's
}

func tracetestTLSWrite(of unsafe.Pointer, b []byte, c any, dialed bool) {
	tracetestSecured(of).write(b, c, dialed, true)
}

func tracetestTLSRead(of unsafe.Pointer, b []byte, n int) { tracetestSecured(of).read(b, n) }
