package server

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"voicerelay/billing"
	"voicerelay/downstream"
	"voicerelay/downstream/native"
	"voicerelay/limits"
	"voicerelay/relay"
	"voicerelay/relay/providers"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
)

// rig is a relay in memory, for use within a synctest bubble.
type rig struct {
	t     *testing.T
	srv   *Server
	cfg   Config
	parts Parts
	// What the relay spends from and records in, which a test may replace before the first generation.
	budgets *replaceableBudgets
	ledger  *replaceableLedger
	pipe    *relaytest.Listener
	http    *http.Server
}

// fakes are the rig's providers, in the order of its default route.
type fakes map[string]*relaytest.FakeProvider

func newRig(t *testing.T, cfg Config, order []string, providers fakes) *rig {
	t.Helper()
	return newPacedRig(t, routing.DefaultPace(), cfg, order, providers)
}

func newPacedRig(t *testing.T, pace routing.Pace, cfg Config, order []string, providers fakes) *rig {
	t.Helper()
	r := newRigOf(t, cfg, fakeParts(t, pace, order, providers))
	synctest.Wait() // the server is listening
	return r
}

// newRigWith is a relay of which some parts are others.
func newRigWith(t *testing.T, cfg Config, order []string, providers fakes, change func(*Parts)) *rig {
	t.Helper()
	parts := fakeParts(t, routing.DefaultPace(), order, providers)
	change(&parts)
	r := newRigOf(t, cfg, parts)
	synctest.Wait() // the server is listening
	return r
}

// newRigOf is a relay of further parts, also for use outside of a bubble.
func newRigOf(t *testing.T, cfg Config, parts Parts) *rig {
	t.Helper()
	parts.Store, parts.Registry = limits.NewMemory(), prometheus.NewRegistry()
	budgets, ledger := &replaceableBudgets{limits.NewMemoryBudgets(nil)}, &replaceableLedger{unsafeLedger{}}
	if parts.Dialects == nil {
		parts.Dialects = []downstream.Dialect{native.Dialect{}}
	}
	if parts.Budgets == nil {
		parts.Budgets = budgets
	}
	if parts.Ledger == nil {
		parts.Ledger = ledger
	}
	cfg = withDefaults(cfg)
	srv, err := New(cfg, parts)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, srv: srv, cfg: cfg, parts: parts, budgets: budgets, ledger: ledger, pipe: relaytest.NewListener(), http: &http.Server{Handler: srv.Handler()}}
	go func() { _ = r.http.Serve(r.pipe) }() // ends with close below
	t.Cleanup(r.close)
	return r
}

// replaceableBudgets are budgets that a test may replace.
type replaceableBudgets struct{ limits.Budgets }

// replaceableLedger is a ledger that a test may replace.
type replaceableLedger struct{ relay.Ledger }

// unsafeLedger keeps nothing, and says so.
type unsafeLedger struct{}

var errKeptNowhere = errors.New("kept nowhere")

func (unsafeLedger) Enter(billing.Record) func(context.Context) error {
	return func(context.Context) error { return nil }
}
func (unsafeLedger) Progress(billing.Progress)                   {}
func (unsafeLedger) Close(context.Context, billing.Record) error { return errKeptNowhere }

func withDefaults(cfg Config) Config {
	if cfg.Local.Limits == (limits.Config{}) {
		cfg.Local.Limits = limits.Default()
	}
	cfg.Local.Name, cfg.Local.Tenant, cfg.Local.Admin, cfg.Local.Allow.Raw = "local", "local", true, true
	if cfg.MaxConnections == 0 {
		cfg.MaxConnections = 100
	}
	return cfg
}

// fakeParts has a route by the fakes in order.
func fakeParts(t *testing.T, pace routing.Pace, order []string, vendors fakes) Parts {
	t.Helper()
	route := routing.Route{Name: "default", Pace: pace}
	voice := routing.Voice{Name: "narrator", Language: "en", IDs: map[string]string{}}
	var parts []*providers.Provider
	for _, name := range order {
		route.Targets = append(route.Targets, routing.Target{Provider: name, Model: "m1"})
		voice.IDs[name] = "voice-at-" + name
		parts = append(parts, &providers.Provider{Provider: vendors[name], Name: name, Adapter: "fake"})
	}
	table, err := routing.New(routing.Config{Providers: order, Routes: []routing.Route{route}, Voices: []routing.Voice{voice}})
	if err != nil {
		t.Fatal(err)
	}
	prices, err := billing.NewPriceList(nil)
	if err != nil {
		t.Fatal(err)
	}
	return Parts{Table: table, Providers: parts, Prices: prices, Circuit: routing.DefaultCircuit(), Log: testLog()}
}

func testLog() zerolog.Logger {
	if os.Getenv("RELAY_TEST_LOG") == "" {
		return zerolog.Nop()
	}
	return zerolog.New(os.Stderr)
}

// setup is what the relay works by now.
func (r *rig) setup() *setup { return r.srv.setup.Load() }

func (r *rig) close() {
	r.srv.Drain(context.Background(), 0)
	_ = r.http.Close()
}

// client is a WebSocket client of the rig.
type client struct {
	t    *testing.T
	conn *websocket.Conn
	wire net.Conn // beneath it

	heard map[string][]event // by generation, of listenAll
}

// websocketNetConn is the connection beneath a client that no longer reads by itself.
func websocketNetConn(c *client) net.Conn { return c.wire }

func (r *rig) dial(query string) *client {
	r.t.Helper()
	var wire net.Conn
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		var err error
		wire, err = r.pipe.Dial()
		return wire, err
	}}
	conn, _, err := websocket.Dial(context.Background(), "ws://localhost/v1/speech"+query, &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		r.t.Fatal(err)
	}
	conn.SetReadLimit(8 << 20)
	r.t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t: r.t, conn: conn, wire: wire, heard: make(map[string][]event)}
}

func (c *client) send(message string) {
	c.t.Helper()
	if err := c.write(message); err != nil {
		c.t.Fatalf("send %s: %v", message, err)
	}
}

func (c *client) write(message string) error {
	return c.conn.Write(context.Background(), websocket.MessageText, []byte(message))
}

// event is a message from the relay.
type event map[string]any

func (e event) kind() string { return e["type"].(string) }

// next is the next message. Reads have no deadline: in a bubble a message that never comes is a deadlock,
// which synctest reports.
func (c *client) next() event {
	c.t.Helper()
	e, err := c.read()
	if err != nil {
		c.t.Fatal(err)
	}
	return e
}

func (c *client) read() (event, error) {
	_, data, err := c.conn.Read(context.Background())
	if err != nil {
		return nil, err
	}
	e := event{}
	return e, json.Unmarshal(data, &e)
}

// until reads to the first message of a kind, and returns it with those before it.
func (c *client) until(kind string) (event, []event) {
	c.t.Helper()
	var before []event
	for {
		e := c.next()
		if e.kind() == kind {
			return e, before
		}
		before = append(before, e)
	}
}

// closeStatus reads to the end of the connection.
func (c *client) closeStatus() websocket.StatusCode {
	for {
		if _, _, err := c.conn.Read(context.Background()); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

// answerPatience is how long a client may take for an answer that is no speech.
const answerPatience = time.Minute

// textPatience is how long the body of a text over HTTP may take, and configuresAtLeast how many configures a minute a
// connection may send at least.
const (
	textPatience      = 10 * time.Second
	configuresAtLeast = 60
)
