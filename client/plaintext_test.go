package client

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestWhatExposesAKey(t *testing.T) {
	for address, want := range map[string]bool{
		"ws://relay.example/v1/speech": true, "http://10.0.0.1:8080": true, "ws://relay:8080": true, "ws://localhost.example": true,
		"ws://127.0.0.1.example": true, "ws://[2001:db8::1]": true, "http://0.0.0.0:8080": true,
		"wss://relay.example": false, "https://10.0.0.1": false, "ws://localhost:8080": false, "http://127.0.0.1:8080": false,
		"ws://127.9.9.9": false, "ws://[::1]:8080": false, "ws://LOCALHOST.": false, "ws://relay.localhost": false, "ws://[::ffff:127.0.0.1]": false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := exposes(u); got != want {
			t.Errorf("%s exposes a key: %v, want %v", address, got, want)
		}
	}
}

func TestPlaintextIsWarnedOf(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want int
	}{
		{Config{URLs: []string{"ws://a.example", "wss://b.example", "ws://c.example"}, Key: "sk-1"}, 2},
		{Config{URLs: []string{"ws://a.example"}}, 0}, // nothing to read but what is spoken
		{Config{URLs: []string{"ws://a.example"}, Key: "sk-1", Plaintext: true}, 0},
		{Config{URLs: []string{"ws://127.0.0.1:8080"}, Key: "sk-1"}, 0},
	} {
		var told bytes.Buffer
		c.cfg.Log = slog.New(slog.NewTextHandler(&told, nil))
		c.cfg.warnOfPlaintext()
		if got := strings.Count(told.String(), "level=WARN"); got != c.want || strings.Contains(told.String(), "sk-1") {
			t.Errorf("%v: %d warnings, want %d:\n%s", c.cfg.URLs, got, c.want, &told)
		}
	}
}

// The key goes to the address that was given, and nowhere else.
func TestNoRedirectIsFollowed(t *testing.T) {
	var reached atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer elsewhere.Close()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		relay := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/v1/speech", status))
		own := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }, Timeout: time.Minute}
		for _, with := range []*http.Client{nil, own} {
			_, err := Dial(context.Background(), Config{URL: relay.URL, Key: "sk-1", HTTPClient: with, Patience: time.Millisecond})
			if !errors.Is(err, ErrUnreachable) {
				t.Errorf("%d: %v, want unreachable", status, err)
			}
		}
		if own.CheckRedirect(nil, nil) != nil {
			t.Error("the program's own client has been changed")
		}
		relay.Close()
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d requests went where a redirect led", n)
	}
}
