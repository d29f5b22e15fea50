package vendorsocket_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

const hush = "sk-that-nobody-may-see"

// far is another side for tests of connecting: its address, as a vendor's.
type far func(t *testing.T) string

// listening accepts TCP connections, and has each handled.
func listening(handle func(net.Conn)) far {
	return func(t *testing.T) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				handle(conn)
			}
		}()
		return l.Addr().String()
	}
}

// deaf is a port that nothing listens at any more.
func deaf(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func plain(status int) far {
	return func(t *testing.T) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
}

func selfSigned(t *testing.T) string {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// What connecting fails at is told by a class and in words, and never with the address or the key.
func TestFailuresToConnectAreToldApart(t *testing.T) {
	tests := map[string]struct {
		scheme string
		far    far
		key    string
		class  upstream.Class
		kind   upstream.Kind
	}{
		"a dead port":                     {"ws", deaf, hush, upstream.ClassRefused, upstream.ConnectFailed},
		"a dead port by TLS":              {"wss", deaf, hush, upstream.ClassRefused, upstream.ConnectFailed},
		"TLS to a plain port":             {"wss", plain(http.StatusOK), hush, upstream.ClassTLS, upstream.ConnectFailed},
		"TLS to a port of something else": {"wss", listening(func(c net.Conn) { _, _ = c.Write([]byte("220 mail\r\n\r\n")) }), hush, upstream.ClassTLS, upstream.ConnectFailed},
		"a certificate of no authority":   {"wss", selfSigned, hush, upstream.ClassCertificate, upstream.ConnectFailed},
		"an unknown host":                 {"ws", func(*testing.T) string { return "no-such-host.invalid:80" }, hush, upstream.ClassDNS, upstream.ConnectFailed},
		"a key of two lines":              {"ws", plain(http.StatusOK), hush + "\n" + hush, upstream.ClassHeader, upstream.ConnectFailed},
		"a port that says nothing":        {"ws", listening(func(net.Conn) {}), hush, upstream.ClassTimeout, upstream.ConnectFailed},
		"TLS to such a port":              {"wss", listening(func(net.Conn) {}), hush, upstream.ClassTimeout, upstream.ConnectFailed},
		"a port that closes":              {"ws", listening(func(c net.Conn) { _ = c.Close() }), hush, upstream.ClassClosed, upstream.ConnectFailed},
		"a port of something else":        {"ws", listening(func(c net.Conn) { _, _ = c.Write([]byte("220 mail\r\n\r\n")) }), hush, upstream.ClassHandshake, upstream.ConnectFailed},
		"a status":                        {"ws", plain(http.StatusUnauthorized), hush, upstream.ClassStatus, upstream.AuthFailed},
		"a web page":                      {"ws", plain(http.StatusOK), hush, upstream.ClassStatus, upstream.ConnectFailed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			address := test.far(t)
			cfg := vendorsocket.SocketConfig{Handshake: 500 * time.Millisecond}
			if test.class != upstream.ClassTimeout {
				cfg.Handshake = 10 * time.Second
			}
			header := http.Header{"Authorization": {"Bearer " + test.key}}
			_, err := vendorsocket.Dial(context.Background(), test.scheme+"://"+address+"/?key="+hush, header, cfg, upstream.RefusedKind)
			var failure *upstream.Error
			if !errors.As(err, &failure) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if failure.Class != test.class || failure.Kind != test.kind {
				t.Errorf("got %s, class %s, want %s of class %s; cause %T", failure.Kind, failure.Class, test.kind, test.class, failure.Err)
			}
			if told := failure.Told(); !strings.Contains(told, "(") || strings.Contains(told, hush) || strings.Contains(told, address) {
				t.Errorf("told as %q", told)
			}
		})
	}
}
