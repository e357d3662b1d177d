package nettrace

// tracetestHook is called with what a connection of a Redis client did. Package
// testing has it, and sets it; while it is nil there is no trace.
//
//   - "redis", network, remote, local, whether encrypted, whether this process
//     listens there, whether it can be nothing else than a Redis: the first command of a connection is about to go out.
//   - "write", conn, number, the arguments: a command that changes the server
//     is about to go out.
//   - "reply", conn, number, first line: its reply has come.
//   - "fault", conn, the error: a command was refused for lack of memory.
//   - "unseen": something is about to be done that no other event is for.
var tracetestHook func(event string, conn, number int64, about []string)

// tracetestDoor is package testing's: while it is zero, "unseen" is to be reported.
var tracetestDoor uint32 = 1
