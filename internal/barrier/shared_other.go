//go:build !linux

package barrier

import "net"

// welcome answers a hello. Where there is no memory to share, each boundary is waited at.
func (s *shared) welcome(conn net.Conn, answer string) error {
	_, err := conn.Write([]byte(answer))
	return err
}

func (s *shared) close() {}
