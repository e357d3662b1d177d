package nettrace

import (
	"sync"
	"unsafe"
)

// What others import of net and crypto/tls stays what it is, so that they need not be compiled
// once more because of what these import: no struct has a field more. What is known of a
// connection stands here, and these call the variables below, which they have where package
// testing is. What is not found is a stranger's: of what it sends nothing is known.

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

// tracetestStates holds what is known of connections, each by a key that no other one has while it
// lives. Who closes one may do so while another goroutine still reads from it.
type tracetestStates[K comparable] struct {
	mu   sync.RWMutex
	of   map[K]*tracetestConn
	room int // for how many, before those that were closed are left out
}

// add begins with a connection, whatever was at its key before.
func (k *tracetestStates[K]) add(key K) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.of) >= k.room {
		live := map[K]*tracetestConn{}
		for at, c := range k.of {
			if !c.closed.Load() {
				live[at] = c
			}
		}
		k.of, k.room = live, 2*len(live)+256
	}
	k.of[key] = new(tracetestConn)
}

// at returns what is known of a connection, or a stranger's.
func (k *tracetestStates[K]) at(key K) *tracetestConn {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if c := k.of[key]; c != nil {
		return c
	}
	return &tracetestStranger
}

// tracetestFDs holds what is known of a netFD, by where the name of its network stands: the netFD
// has a name of its own, which is kept until it is closed.
var tracetestFDs tracetestStates[*byte]

// tracetestNetName returns the name of a network, for one netFD.
func tracetestNetName(network string) string {
	if network == "" {
		return "" // it is to get another one
	}
	name := []byte(network)
	tracetestFDs.add(&name[0])
	return unsafe.String(&name[0], len(name))
}

// tracetestOf returns what is known of the netFD whose network has this name.
func tracetestOf(name string) *tracetestConn { return tracetestFDs.at(unsafe.StringData(name)) }

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

// tracetestTLS holds what is known of connections of TLS that greeted a server, by where they are,
// which keeps none of them.
var tracetestTLS tracetestStates[uintptr]

// tracetestTLSGreet is called before a *tls.Conn greets a server on a net.Conn, for the first time
// or once more. A connection of the user's own type can do anything with what it is given.
func tracetestTLSGreet(of unsafe.Pointer, c any, first bool) {
	tracetestOf(tracetestNetFD(c)).carry()
	if first {
		tracetestTLS.add(uintptr(of))
	}
}

func tracetestTLSClose(of unsafe.Pointer) { tracetestTLS.at(uintptr(of)).close() }

// A server's can be where a client's was.
func tracetestTLSWrite(of unsafe.Pointer, b []byte, c any, client bool) {
	if client {
		tracetestTLS.at(uintptr(of)).write(b, c, true, true)
	} else {
		tracetestStranger.write(b, c, false, true)
	}
}

func tracetestTLSRead(of unsafe.Pointer, b []byte, n int, client bool) {
	if client {
		tracetestTLS.at(uintptr(of)).read(b, n)
	}
}
