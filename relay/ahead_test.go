package relay

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"voicerelay/access"
	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/relay/delivery"
	"voicerelay/relay/metrics"
	"voicerelay/relay/providers"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
)

// unreadClient is one that takes nothing of what it gets, with an engine and one provider for itself.
func unreadClient(t *testing.T, vendor *relaytest.FakeProvider, own limits.Config) (*Client, *Terms) {
	t.Helper()
	measured := metrics.New(prometheus.NewRegistry())
	prices, err := billing.NewPriceList(nil)
	if err != nil {
		t.Fatal(err)
	}
	table, err := routing.New(routing.Config{
		Providers: []string{"alpha"},
		Routes:    []routing.Route{{Name: "default", Targets: []routing.Target{{Provider: "alpha"}}, Pace: routing.DefaultPace()}},
		Voices:    []routing.Voice{{Name: "narrator", IDs: map[string]string{"alpha": "v"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	engine := NewEngine(EngineParts{Store: limits.NewMemory(), Metrics: measured, Log: zerolog.Nop()})
	set := engine.NewSetup(providers.Config{
		Table: table, Prices: prices, Circuit: routing.DefaultCircuit(), Providers: []*providers.Provider{{Provider: vendor, Name: "alpha"}},
	})
	set.Bound(false)
	key := &access.Key{Tenant: "local", Limits: own}
	client := engine.NewClient(key)
	client.Out, client.Listener = delivery.NewOutbox(noWriter{}, nil), nobody{}
	return &client, &Terms{set, key}
}

// What waits for a client that takes nothing is bounded by buffer and one piece, also where a vendor takes many pieces ahead
// and speaks them together; and each piece follows the last one where there is room.
func TestAudioUnderWayCountsAsWaiting(t *testing.T) {
	for name, tt := range map[string]struct {
		keep, buffer, most time.Duration
	}{
		"one by one":          {0, 30 * time.Second, 30 * time.Second},
		"many together":       {time.Second, 30 * time.Second, 30 * time.Second},
		"with a small buffer": {time.Second, 2 * time.Second, 20 * time.Second}, // so much is always ordered ahead
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := relaytest.NewFake()
				f.KeepFor = tt.keep
				own := limits.Default()
				own.Buffer, own.WriteTimeout = tt.buffer, time.Hour
				client, terms := unreadClient(t, f, own)
				p, refused := client.engine.Prepare(Request{
					ID: "g1", Text: strings.Repeat(relaytest.TwelveWords+" ", 80), Final: true, Voice: "narrator", Speed: 1, Output: relaytest.FakeFormat,
				}, routing.Target{}, terms)
				if refused != nil {
					t.Fatal(refused)
				}
				g := client.NewGeneration(p, testEncoder{Base64}, nil)
				ctx, over := g.Begin(t.Context()), make(chan struct{})
				go func() { defer close(over); g.Run(ctx) }()
				time.Sleep(20 * time.Second)
				synctest.Wait()
				g.out.mu.Lock()
				waits := audio.Duration(g.out.track.Samples-g.out.lane.Taken(), relaytest.FakeRate)
				g.out.mu.Unlock()
				g.Stop(CauseGone)
				<-over
				longest := time.Duration(routing.DefaultPace().MaxPartialLength) * time.Second * relaytest.SamplesPerChar / relaytest.FakeRate
				if waits < tt.buffer || waits > tt.most+2*longest { // the piece that is spoken, and the next
					t.Errorf("%v of audio wait, want %v to %v", waits, tt.buffer, tt.most+2*longest)
				}
			})
		})
	}
}
