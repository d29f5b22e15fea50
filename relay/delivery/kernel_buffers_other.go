//go:build !linux

package delivery

import (
	"crypto/tls"
	"net"
)

// BoundKernelBuffers keeps what a stalled client leaves in the kernel small. A failure costs only that bound.
func BoundKernelBuffers(conn net.Conn) {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer)
	}
}
