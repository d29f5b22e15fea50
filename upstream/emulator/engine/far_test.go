package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// echo is a vendor that says whatever it is told.
var echo = Vendor{Name: "echo", Serve: func(s *Server) (http.Handler, any) {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, ok := s.Accept(w, r)
		if !ok {
			return
		}
		defer s.Connected()()
		stop := context.AfterFunc(s.Context(), func() { _ = conn.CloseNow() }) // ends the reader
		defer stop()
		for {
			kind, data, err := conn.Read(context.Background())
			if err != nil || conn.Write(context.Background(), kind, data) != nil {
				_ = conn.CloseNow() // it is over
				return
			}
		}
	}), nil
}}

// distant starts a vendor that is far away, and returns how to reach it.
func distant(t *testing.T, distance time.Duration) (*Server, string, *websocket.DialOptions) {
	t.Helper()
	s := New(echo, Options{Distance: distance, TLS: true})
	url, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(s.Certificate()) {
		t.Fatal("the certificate is none")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return s, url, &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}}
}

// A fresh socket to a vendor behind TLS takes three round trips, of which TCP's, TLS' and the upgrade's are one each;
// what is sent over it then takes one more.
func TestAFarVendorTakesItsTime(t *testing.T) {
	t.Parallel()
	const roundTrip = 40 * time.Millisecond
	_, url, o := distant(t, roundTrip/2)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	began := time.Now()
	conn, _, err := websocket.Dial(ctx, url, o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }() // the server may have closed it
	if took := time.Since(began); took < 3*roundTrip || took > time.Second {
		t.Errorf("connected after %v, want three round trips of %v", took, roundTrip)
	}
	began = time.Now()
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"text":"Hello."}`)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.Read(ctx); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < roundTrip || took > time.Second {
		t.Errorf("answered after %v, want a round trip of %v", took, roundTrip)
	}
}

// A client on a severed connection learns of it a round trip after it has sent something, and not before.
func TestSever(t *testing.T) {
	t.Parallel()
	const roundTrip = 40 * time.Millisecond
	s, url, o := distant(t, roundTrip/2)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, url, o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }() // it is broken by then
	heard := make(chan error, 1)
	go func() {
		_, _, err := conn.Read(ctx)
		heard <- err
	}()
	s.Sever()
	if !s.WaitFor(func(st Stats) bool { return st.OpenSockets == 0 }, 10*time.Second) {
		t.Fatal("the server still knows the connection")
	}
	select {
	case err := <-heard:
		t.Fatalf("the client has heard of it: %v", err)
	default:
	}
	began := time.Now()
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"text":"Hello."}`)); err != nil {
		t.Fatal(err)
	}
	if err := <-heard; err == nil || ctx.Err() != nil {
		t.Errorf("heard %v on a connection that is not there", err)
	}
	if took := time.Since(began); took < roundTrip || took > time.Second {
		t.Errorf("heard of it after %v, want a round trip of %v", took, roundTrip)
	}
}
