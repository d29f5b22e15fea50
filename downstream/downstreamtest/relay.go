package downstreamtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"voicerelay/billing"
	"voicerelay/downstream"
	"voicerelay/limits"
	"voicerelay/relay/providers"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/server"
)

// The names of the relay's configuration.
const (
	Key     = "a-key-that-is-valid" // of the tenant acme, and its hash is all that the relay knows
	Voice   = "narrator"
	VoiceID = "voice-at-first" // of Voice at the vendor that goes first
	Tenant  = "acme"
)

// Relay is a relay in memory, for use within a synctest bubble. It speaks one dialect, by two vendors.
type Relay struct {
	// First and Second are the vendors of the default route, in its order.
	First, Second *relaytest.FakeProvider
	// Prefix is what the dialect's paths begin with.
	Prefix string
	Server *server.Server

	t    *testing.T
	pipe *relaytest.Listener
	http *http.Server
	log  *logged
}

// Change changes what a relay is made of, before it is.
type Change func(*server.Config, *server.Parts)

// Start is a relay for a test's time.
func Start(t *testing.T, under downstream.Dialect, changes ...Change) *Relay {
	t.Helper()
	r := &Relay{
		First: relaytest.Lively(), Second: relaytest.Lively(), Prefix: under.Prefix(),
		t: t, pipe: relaytest.NewListener(), log: &logged{},
	}
	cfg := server.Config{
		Keys:           []server.Key{{Name: "one", Tenant: Tenant, Hash: sha256.Sum256([]byte(Key)), Limits: limits.Default()}},
		MaxConnections: 100,
	}
	parts := r.parts()
	parts.Dialects = []downstream.Dialect{under}
	for _, change := range changes {
		change(&cfg, &parts)
	}
	var err error
	if r.Server, err = server.New(cfg, parts); err != nil {
		t.Fatal(err)
	}
	r.http = &http.Server{Handler: r.Server.Handler()}
	go func() { _ = r.http.Serve(r.pipe) }() // ends with close below
	t.Cleanup(r.close)
	synctest.Wait() // the server is listening
	return r
}

func (r *Relay) close() {
	r.Server.Drain(context.Background(), 0)
	_ = r.http.Close() // it is over either way
	if leak := r.log.has(Key, "token-that-is-wrong", "twelve", "seven"); leak != "" {
		r.t.Errorf("the log has %q: neither text nor keys may be in it", leak)
	}
}

// parts are a default route by both vendors, and one voice.
func (r *Relay) parts() server.Parts {
	vendors := []*providers.Provider{
		{Provider: r.First, Name: "first", Adapter: "fake"}, {Provider: r.Second, Name: "second", Adapter: "fake"},
	}
	table, err := routing.New(routing.Config{
		Providers: []string{"first", "second"},
		Routes: []routing.Route{{
			Name: "default", Pace: routing.DefaultPace(), Targets: []routing.Target{{Provider: "first"}, {Provider: "second"}},
		}},
		Voices: []routing.Voice{{Name: Voice, Language: "en", IDs: map[string]string{"first": VoiceID, "second": "voice-at-second"}}},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	prices, err := billing.NewPriceList(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return server.Parts{
		Table: table, Providers: vendors, Prices: prices, Circuit: routing.DefaultCircuit(),
		Store: limits.NewMemory(), Budgets: limits.NewMemoryBudgets(nil), Registry: prometheus.NewRegistry(),
		Log: zerolog.New(r.log),
	}
}

// HTTP is a client of its own connections.
func (r *Relay) HTTP() *http.Client {
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return r.pipe.Dial() }}
	r.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// WebSocket opens one at a path, its query included. The error is a *Refused where the server answers otherwise.
func (r *Relay) WebSocket(path string, header http.Header, subprotocols ...string) (*websocket.Conn, error) {
	conn, answer, err := websocket.Dial(context.Background(), "ws://localhost"+path, &websocket.DialOptions{
		HTTPClient: r.HTTP(), HTTPHeader: header, Subprotocols: subprotocols,
	})
	if err == nil {
		conn.SetReadLimit(8 << 20)
		r.t.Cleanup(func() { _ = conn.CloseNow() }) // it may be over
		return conn, nil
	}
	if answer == nil {
		return nil, err
	}
	return nil, RefusedBy(answer)
}

// Answer is a whole answer over HTTP.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request, and reads the whole answer. It lets the server linger over a body that it has not read.
func (r *Relay) Do(request *http.Request) Answer {
	r.t.Helper()
	answer, err := r.HTTP().Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		r.t.Fatal(err)
	}
	time.Sleep(time.Second)
	return Answer{answer.StatusCode, answer.Header, all}
}

// RefusedBy is an answer as a refusal. Its body is read and closed.
func RefusedBy(answer *http.Response) *Refused {
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close() // it was read
	if err != nil {
		body = append(body, err.Error()...)
	}
	return &Refused{Status: answer.StatusCode, Body: string(body)}
}

// logged is what the relay has logged.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// has is the first of some words that was logged; empty: none was.
func (l *logged) has(words ...string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, word := range words {
		if strings.Contains(l.text.String(), word) {
			return word
		}
	}
	return ""
}

// Refused is a request that was answered with a status instead of what it asked for.
type Refused struct {
	Status int
	Body   string
}

func (r *Refused) Error() string { return fmt.Sprintf("refused with %d: %s", r.Status, r.Body) }
