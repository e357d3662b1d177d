//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package main

import "os"

// lock does nothing here: that the record was not replaced is checked in the end.
func lock(*os.File) (taken bool, err error) { return true, nil }
