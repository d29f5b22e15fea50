package server

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"

	"voicerelay/relay/relaytest"
)

// The one line about a generation answers who spoke it, by which model, and what that cost.
func TestTheEndOfAGenerationIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		r := newRigWith(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": failing(), "beta": relaytest.NewFake()}, func(p *Parts) {
			p.Log = zerolog.New(zerolog.SyncWriter(&log))
		})
		c := r.dial("")
		c.send(generate("g1", relaytest.TwelveWords, `,"context_id":"call-7"`))
		c.until("done")
		synctest.Wait()
		got := make(map[string]any)
		for line := range strings.Lines(log.String()) {
			var fields map[string]any
			if err := json.Unmarshal([]byte(line), &fields); err != nil {
				t.Fatal(err)
			}
			if fields["message"] == "generation ended" {
				got = fields
			}
		}
		for field, want := range map[string]any{
			"generation_id": "g1", "provider": "beta", "model": "m1", "context_id": "call-7", "route": "default", "attempts": 2.0,
			"cost": "0.003600 EUR", "reason": "completed",
		} {
			if got[field] != want {
				t.Errorf("%s is %v, want %v: %v", field, got[field], want, got)
			}
		}
		if strings.Contains(log.String(), "twelve") {
			t.Error("text is in the log")
		}
	})
}
