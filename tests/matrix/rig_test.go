package matrix

import (
	"context"
	"crypto/sha256"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"voicerelay/billing"
	"voicerelay/downstream"
	"voicerelay/downstream/native"
	"voicerelay/limits"
	"voicerelay/relay/providers"
	"voicerelay/routing"
	"voicerelay/server"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/upstreamtest"
)

// rig is a relay between a caller and emulated vendors, in memory.
type rig struct {
	t         *testing.T
	emulators []*emulator.Server
	providers []*providers.Provider
	callers   *http.Client // who reach the relay
}

// How the emulated vendors speak: four times as fast as it is heard, like many a real one.
const (
	pace  = 4
	chunk = 100 * time.Millisecond
	key   = "matrix-key"
	host  = "vendor.test:443"
)

// newRig starts the vendors and a relay that goes from one to the next, with the shipped settings but for its patience.
// Each vendor has a route of its own besides.
// All ends with the test, within its bubble.
func newRig(t *testing.T, vendors []vendor, patience time.Duration) *rig {
	t.Helper()
	r := &rig{t: t}
	cfg := routing.Config{Voices: []routing.Voice{{Name: "narrator", Language: "en", IDs: map[string]string{}}}}
	route := routing.Route{Name: routing.DefaultRouteName, Pace: routing.DefaultPace()}
	route.StallTimeout = patience
	for i, v := range vendors {
		r.providers = append(r.providers, &providers.Provider{Provider: r.provider(v, uint64(i+1)), Name: v.name, Adapter: v.name})
		cfg.Providers = append(cfg.Providers, v.name)
		cfg.Voices[0].IDs[v.name] = v.voice
		target := routing.Target{Provider: v.name, Model: v.model}
		route.Targets = append(route.Targets, target)
		cfg.Routes = append(cfg.Routes, routing.Route{Name: v.name, Pace: route.Pace, Targets: []routing.Target{target}})
	}
	cfg.Routes = append(cfg.Routes, route)
	r.serve(cfg)
	return r
}

// provider is an emulator and an adapter that speaks to it.
func (r *rig) provider(v vendor, seed uint64) upstream.Provider {
	server, err := emulator.New(v.emulated(), emulator.Options{
		Seed: seed, APIKey: key, Pace: pace, Chunk: chunk, FirstAudio: v.firstAudio, Speech: v.speech,
	})
	must(r.t, err)
	r.emulators = append(r.emulators, server)
	client := r.serveVendor(server)
	p, err := v.driver.Open(func(any) error { return nil }, upstream.Env{
		Name: v.name, URL: server.URL(host), APIKey: key, Log: zerolog.Nop(), HTTP: client,
	})
	must(r.t, err)
	r.t.Cleanup(func() { must(r.t, p.Close()) })
	return p
}

// serveVendor serves a vendor in memory until the test ends.
func (r *rig) serveVendor(server *emulator.Server) *http.Client {
	if !strings.HasPrefix(server.URL(host), "tcp:") {
		return r.listen(server, func() { must(r.t, server.Close()) })
	}
	var wg sync.WaitGroup
	dial := func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		wg.Go(func() { server.ServeConn(theirs) })
		return ours, nil
	}
	r.t.Cleanup(func() {
		must(r.t, server.Close())
		wg.Wait()
	})
	return &http.Client{Transport: &http.Transport{DialContext: dial}}
}

// listen serves a handler in memory until the test ends.
func (r *rig) listen(h http.Handler, end func()) *http.Client {
	client, stop := upstreamtest.Serve(h)
	r.t.Cleanup(func() {
		end()
		stop()
	})
	return client
}

func (r *rig) serve(cfg routing.Config) {
	table, err := routing.New(cfg)
	must(r.t, err)
	prices, err := billing.NewPriceList(nil)
	must(r.t, err)
	keys := []server.Key{{Name: "caller", Tenant: "acme", Hash: sha256.Sum256([]byte(key)), Limits: limits.Default()}}
	server, err := server.New(server.Config{Keys: keys, MaxConnections: 10}, server.Parts{
		Table: table, Providers: r.providers, Circuit: routing.DefaultCircuit(), Prices: prices,
		Store: limits.NewMemory(), Registry: prometheus.NewRegistry(), Log: zerolog.Nop(),
		Dialects: []downstream.Dialect{native.Dialect{}},
	})
	must(r.t, err)
	r.callers = r.listen(server.Handler(), func() { server.Drain(context.Background(), 0) })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
