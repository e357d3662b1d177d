//go:build !unix

package main

import "github.com/rogpeppe/go-internal/testscript"

func signalVerb(ts *testscript.TestScript, _ bool, args []string) {
	ts.Fatalf("signal %s: this system has no signals", args[1])
}
