package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

// Class is what connecting to a vendor failed at, for the operator who has to mend it. It contains nothing of the address or
// the key.
type Class string

// The classes of failures to connect.
const (
	ClassDNS         Class = "dns"         // the host's name is not known, or cannot be looked up
	ClassRefused     Class = "refused"     // nothing listens at the port
	ClassUnreachable Class = "unreachable" // no way to the host
	ClassTimeout     Class = "timeout"     // no answer
	ClassTLS         Class = "tls"         // the port does not speak TLS as we do
	ClassCertificate Class = "certificate" // it does, with a certificate that is not to be trusted
	ClassClosed      Class = "closed"      // the connection ended during the handshake
	ClassHeader      Class = "header"      // we can't send the request: the key holds what no header takes
	ClassStatus      Class = "status"      // an HTTP status, which is the error's code
	ClassHandshake   Class = "handshake"   // an answer that is none of a WebSocket
	ClassOther       Class = "other"
)

const refusedMessage = "the vendor refused the connection"

// classes says each class in words.
var classes = map[Class]string{
	ClassDNS:         "no connection: the host's name can't be looked up",
	ClassRefused:     "no connection: nothing listens at that address",
	ClassUnreachable: "no connection: the host can't be reached",
	ClassTimeout:     "no connection in time",
	ClassTLS:         "no connection: the other side does not speak TLS as it should",
	ClassCertificate: "no connection: the other side's certificate can't be trusted",
	ClassClosed:      "no connection: it was closed during the handshake",
	ClassHeader:      "no connection: the key or another header holds a character that no header takes",
	ClassStatus:      refusedMessage,
	ClassHandshake:   "the vendor's handshake is not one of a WebSocket",
	ClassOther:       "no connection",
}

// classOf finds what an error of the network or of net/http is.
func classOf(err error) Class {
	var (
		lookup  *net.DNSError
		timeout net.Error
		record  tls.RecordHeaderError
		alert   tls.AlertError
		trust   *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
	)
	switch {
	case errors.As(err, &lookup):
		return ClassDNS
	case errors.Is(err, syscall.ECONNREFUSED):
		return ClassRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return ClassUnreachable
	case errors.As(err, &trust), errors.As(err, &unknown):
		return ClassCertificate
	case errors.As(err, &record), errors.As(err, &alert):
		return ClassTLS
	case errors.As(err, &timeout) && timeout.Timeout():
		return ClassTimeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, syscall.ECONNRESET):
		return ClassClosed
	}
	return classByText(err)
}

// classByText knows what net/http and crypto/tls tell by text alone.
func classByText(err error) Class {
	if err == nil {
		return ClassOther
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "invalid header field"):
		return ClassHeader
	case strings.Contains(text, "malformed HTTP"), strings.Contains(text, "failed to verify"), strings.Contains(text, "handshake response"):
		return ClassHandshake
	case strings.Contains(text, "server closed idle connection"): // before the request was written
		return ClassClosed
	case strings.Contains(text, "readLoopPeekFailLocked"): // the other side spoke first
		return ClassHandshake
	case strings.HasPrefix(text, "tls: "), strings.Contains(text, "remote error: tls"), strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return ClassTLS
	}
	return ClassOther
}
