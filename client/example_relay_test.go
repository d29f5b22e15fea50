package client_test

import (
	"net/http"
	"net/http/httptest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/relay"
	"voicerelay/routing"
	"voicerelay/upstream"
	"voicerelay/upstream/tone"
)

// exampleRelay serves the examples: a relay that speaks in tones, as fast as it goes.
func exampleRelay() *httptest.Server {
	provider, err := tone.Driver.Open(func(any) error { return nil }, upstream.Env{Name: "tone", Log: zerolog.Nop()})
	if err != nil {
		panic(err)
	}
	route := routing.Route{Name: "default", Pace: routing.DefaultPace(), Targets: []routing.Target{{Provider: "tone"}}, Voice: "narrator"}
	table, err := routing.New(routing.Config{
		Providers: []string{"tone"}, Routes: []routing.Route{route},
		Voices: []routing.Voice{{Name: "narrator", IDs: map[string]string{"tone": "sine"}}},
	})
	if err != nil {
		panic(err)
	}
	prices, err := billing.NewPriceList(nil)
	if err != nil {
		panic(err)
	}
	local := relay.Key{Name: "local", Tenant: "local", Limits: limits.Default()}
	server, err := relay.New(relay.Config{Local: local, MaxConnections: 10}, relay.Parts{
		Table: table, Providers: []*relay.Provider{{Provider: provider, Name: "tone", Adapter: "tone"}},
		Circuit: routing.DefaultCircuit(), Prices: prices, Store: limits.NewMemory(),
		Registry: prometheus.NewRegistry(), Log: zerolog.Nop(),
	})
	if err != nil {
		panic(err)
	}
	return httptest.NewServer(http.HandlerFunc(server.Handler().ServeHTTP))
}
