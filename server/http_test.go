package server

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/limits"
	"voicerelay/relay/relaytest"
)

func TestAnswerThatNobodyTakesIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		conn, err := r.pipe.Dial()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }() // the relay has closed it
		if _, err := io.WriteString(conn, "GET /v1/voices HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(answerPatience + time.Second)
		if n, err := conn.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
			t.Errorf("read %d bytes and %v after the patience, want the connection closed", n, err)
		}
	})
}

func TestReadiness(t *testing.T) {
	since := time.Date(2026, 3, 1, 13, 0, 0, 5, time.FixedZone("", 3600))
	cases := []struct {
		standing Standing
		code     int
		body     string
	}{
		{Standing{}, http.StatusOK, `{"status":"ready"}`},
		{Standing{DegradedSince: since}, http.StatusOK, `{"degraded":true,"degraded_since":"2026-03-01T12:00:00Z","status":"ready"}`},
		{Standing{DegradedSince: since, Unrecorded: true}, http.StatusServiceUnavailable, `{"status":"ledger_unavailable"}`},
	}
	for _, c := range cases {
		srv, err := New(Config{}, Parts{
			Store: limits.NewMemory(), Registry: prometheus.NewRegistry(), Log: testLog(), Standing: func() Standing { return c.standing },
		})
		if err != nil {
			t.Fatal(err)
		}
		w := askLocally(srv.AdminHandler(), http.MethodGet, "/readyz", nil)
		if got := strings.TrimSpace(w.Body.String()); w.Code != c.code || got != c.body {
			t.Errorf("%+v: %d %s, want %d %s", c.standing, w.Code, got, c.code, c.body)
		}
	}
}
