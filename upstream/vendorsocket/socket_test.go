package vendorsocket_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// rawServer does a WebSocket handshake and gives the bare connection away.
func rawServer(tb testing.TB) (url string, conns <-chan net.Conn) {
	tb.Helper()
	out := make(chan net.Conn, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			tb.Error(err)
			return
		}
		fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
			base64.StdEncoding.EncodeToString(sum[:]))
		out <- conn
	}))
	tb.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http"), out
}

// textFrame is a frame from a server on the wire.
func textFrame(text []byte) []byte {
	head := []byte{0x81, 127}
	return append(binary.BigEndian.AppendUint64(head, uint64(len(text))), text...)
}

// running is a socket whose frames go to take.
func running(tb testing.TB, take func(data []byte)) (*vendorsocket.Socket, net.Conn) {
	tb.Helper()
	url, conns := rawServer(tb)
	s, err := vendorsocket.Dial(tb.Context(), url, nil, vendorsocket.SocketConfig{}, upstream.RefusedKind)
	if err != nil {
		tb.Fatal(err)
	}
	over := make(chan *upstream.Error, 1)
	go func() {
		over <- s.Run(func(_ bool, data []byte) *upstream.Error { take(data); return nil }, nil, closed)
	}()
	conn := <-conns
	tb.Cleanup(func() {
		s.Fail(&upstream.Error{Kind: upstream.Canceled, Message: "the test is over"})
		if err := <-over; err == nil {
			tb.Error("the socket ended without a reason")
		}
		_ = conn.Close() // the other end is closed too
	})
	return s, conn
}

func TestReadingAllocatesNothing(t *testing.T) {
	taken := make(chan int)
	_, conn := running(t, func(data []byte) { taken <- len(data) })
	frame := textFrame(bytes.Repeat([]byte("x"), 13000))
	step := func() {
		if _, err := conn.Write(frame); err != nil {
			t.Fatal(err)
		}
		if n := <-taken; n != 13000 {
			t.Fatalf("got %d bytes, want 13000", n)
		}
	}
	step() // the buffer grows to the frame's size
	if allocs := testing.AllocsPerRun(200, step); allocs != 0 {
		t.Errorf("got %v allocations a frame, want 0", allocs)
	}
}

func BenchmarkSocket(b *testing.B) {
	taken := make(chan struct{})
	_, conn := running(b, func([]byte) { taken <- struct{}{} })
	frame := textFrame(bytes.Repeat([]byte("x"), 13000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Write(frame); err != nil {
			b.Fatal(err)
		}
		<-taken
	}
}

func TestFramesOfAllSizesArrive(t *testing.T) {
	taken := make(chan []byte)
	_, conn := running(t, func(data []byte) { taken <- bytes.Clone(data) })
	for _, size := range []int{0, 1, 125, 4095, 4096, 511, 512, 70000, 3, 1 << 20, 300 << 10, 5} {
		want := bytes.Repeat([]byte{byte(size)}, size)
		go func() { _, _ = conn.Write(textFrame(want)) }() // a failure shows in what arrives
		if got := <-taken; !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %d others", size, len(got))
		}
	}
}

// TestACutFrameIsADrop cuts a frame at every place where the reader may just have filled its buffer.
func TestACutFrameIsADrop(t *testing.T) {
	frame := textFrame(bytes.Repeat([]byte("x"), 13000))
	for _, sent := range []int{0, 1, 511, 512, 1024, 4096 - 10, 4096, 8192, 12999} {
		url, conns := rawServer(t)
		s, err := vendorsocket.Dial(t.Context(), url, nil, vendorsocket.SocketConfig{}, upstream.RefusedKind)
		if err != nil {
			t.Fatal(err)
		}
		conn := <-conns
		if _, err := conn.Write(frame[:10+sent]); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close() // in the middle
		end := s.Run(func(_ bool, data []byte) *upstream.Error {
			t.Errorf("took %d bytes of 13000 for a frame", len(data))
			return nil
		}, nil, closed)
		wantKind(t, end, upstream.Dropped)
	}
}

// closed is the dialect's word on a close, whatever its reason.
func closed(code int, _ string) *upstream.Error { return dialect{}.Closed(code) }

func TestFailCountsOnce(t *testing.T) {
	s, _ := running(t, func([]byte) {})
	first := &upstream.Error{Kind: upstream.Throttled, Message: "first"}
	s.Fail(first)
	s.Fail(&upstream.Error{Kind: upstream.Dropped, Message: "second"})
	if s.Reason() != first {
		t.Errorf("got %v, want the first", s.Reason())
	}
}

func TestSendDoesNotHangOnADeadVendor(t *testing.T) {
	s, _ := running(t, func([]byte) {}) // the other end is not read
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	big := make([]byte, 1<<20)
	for {
		err := s.Send(ctx, big)
		if err == nil {
			continue
		}
		wantKind(t, err, upstream.Canceled)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want its context's cause", err)
		}
		return
	}
}

func TestDialTellsNoSecret(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "ws://" + listener.Addr().String()
	_ = listener.Close() // so that nothing listens there
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "/?api_key=hush", http.StatusFound)
		case "/other":
			w.Header().Set("Upgrade", "hush")
			w.WriteHeader(http.StatusSwitchingProtocols)
		default:
			_, _ = io.WriteString(w, "hush") // the client may be gone
		}
	}))
	defer plain.Close()
	web := "ws" + strings.TrimPrefix(plain.URL, "http")
	for name, url := range map[string]string{
		"no server there":  closed + "/?api_key=hush",
		"no such host":     "ws://hush.invalid/?api_key=hush",
		"not a URL":        "ws://hush\x7f/?api_key=hush",
		"no such scheme":   "hush://127.0.0.1/?api_key=hush",
		"no WebSocket":     web + "/?api_key=hush",
		"a redirect":       web + "/redirect?api_key=hush",
		"another protocol": web + "/other?api_key=hush",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vendorsocket.Dial(t.Context(), url, http.Header{"Authorization": {"hush"}}, vendorsocket.SocketConfig{}, upstream.RefusedKind)
			var e *upstream.Error
			if !errors.As(err, &e) || e.Kind != upstream.ConnectFailed {
				t.Fatalf("got %v, want connect_failed", err)
			}
			secret := "hush"
			if name == "no such host" {
				secret = "api_key" // a host is none
			}
			upstreamtest.CheckError(t, err, nil, secret)
		})
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"-5":                            0,
		"7":                             7 * time.Second,
		"1.5":                           1500 * time.Millisecond,
		"1e300":                         time.Hour,
		"NaN":                           0,
		"soon":                          0,
		"Sat, 21 Nov 2026 12:00:30 GMT": 30 * time.Second,
		"Sat, 21 Nov 2026 11:00:00 GMT": 0,
		"Sat, 21 Nov 2099 11:00:00 GMT": time.Hour,
	} {
		if got := upstream.RetryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
}

func TestDialSpeaksTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		_ = ws.Close(4001, "") // the client hears it
	}))
	defer server.Close()
	url := "wss" + strings.TrimPrefix(server.URL, "https")
	if _, err := vendorsocket.Dial(t.Context(), url, nil, vendorsocket.SocketConfig{}, upstream.RefusedKind); err == nil {
		t.Error("took a certificate that no authority has signed")
	}
	s, err := vendorsocket.Dial(t.Context(), url, nil, vendorsocket.SocketConfig{HTTP: server.Client()}, upstream.RefusedKind)
	if err != nil {
		t.Fatal(err)
	}
	end := s.Run(func(bool, []byte) *upstream.Error { return nil }, nil, closed)
	wantKind(t, end, upstream.AuthFailed)
}

func TestAHandshakeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var far net.Conn // never answers
		dial := func(context.Context, string, string) (net.Conn, error) {
			near, other := net.Pipe()
			far = other
			go func() { _, _ = io.Copy(io.Discard, other) }() // until it is closed
			return near, nil
		}
		client := &http.Client{Transport: &http.Transport{DialContext: dial}}
		began := time.Now()
		_, err := vendorsocket.Dial(t.Context(), "ws://vendor", nil, vendorsocket.SocketConfig{HTTP: client}, upstream.RefusedKind)
		wantKind(t, err, upstream.ConnectFailed)
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("gave up after %v, want 10s", took)
		}
		_ = far.Close() // in memory
	})
}
