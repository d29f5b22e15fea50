//go:build !linux

package relay

import (
	"crypto/tls"
	"net"
)

// boundKernelBuffers keeps what a stalled client leaves in the kernel small. A failure costs only that bound.
func boundKernelBuffers(conn net.Conn) {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer)
	}
}
