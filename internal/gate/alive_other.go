//go:build !unix

package gate

// alive is not needed where the gate does not work.
func alive(int) bool { return true }
