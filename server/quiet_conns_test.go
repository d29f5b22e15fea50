package server

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
)

// Connections without a request are bounded in number, and the latest go before those that have been quiet for longest.
func TestQuietConnectionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		quiet := r.srv.newQuietConns()
		note := quiet.note
		conns := make([]net.Conn, leastUnasked+10)
		closed := func(i int) bool { return conns[i].SetDeadline(time.Time{}) != nil }
		for i := range conns {
			conns[i], _ = net.Pipe()
			note(conns[i], http.StateNew)
			switch i {
			case 0, 1:
				quiet.changed(conns[i], false) // it is asked
			case 3:
				note(conns[i], http.StateActive) // a byte has come
			case 2:
				note(conns[i], http.StateIdle) // it was asked
			}
		}
		note(conns[0], http.StateHijacked)
		note(conns[1], http.StateIdle)
		for i := range 4 {
			if closed(i) != (i >= 2) {
				t.Errorf("connection %d is closed: %t; want the quiet ones alone", i, closed(i))
			}
		}
		if got := series(t, r, "relay_quiet_connections_cut_total")[""].GetCounter().GetValue(); got != 9 {
			t.Errorf("%v were cut, want 9", got)
		}
		if closed(len(conns) - 1) {
			t.Error("the latest is cut")
		}
		for _, c := range conns {
			_ = c.Close()
		}
	})
}

// A client that asks is served, however many quiet connections there are.
func TestRequestsAmongQuietConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		r.srv.BoundConns(r.http)
		for range leastUnasked + 100 {
			conn, err := r.pipe.Dial()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
		}
		conn, err := r.pipe.Dial()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprint(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("got %v, %v; want 200", answer, err)
		}
	})
}
