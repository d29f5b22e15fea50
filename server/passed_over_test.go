package server

import (
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// A generation that no target could speak says which targets were never tried, and why.
func TestErrorsSayWhoWasPassedOver(t *testing.T) {
	broken := &upstream.Error{Kind: upstream.UpstreamError, Message: "broken"}
	cases := map[string]struct {
		voices  map[string]string // the voice's ids by provider
		failure error             // that the circuit of good has seen
		bad     error             // what bad refuses with
		code    string
		want    []any
	}{
		"no voice": {
			voices: map[string]string{"bad": "x"}, bad: broken, code: "upstream_failed",
			want: []any{map[string]any{"provider": "good", "why": "no_voice"}},
		},
		"an open circuit": {
			voices: map[string]string{"bad": "x", "good": "x"}, failure: &upstream.Error{Kind: upstream.AuthFailed}, bad: broken,
			code: "upstream_failed", want: []any{map[string]any{"provider": "good", "why": "circuit_open"}},
		},
		"a vendor that is asked too much": {
			voices: map[string]string{"bad": "x", "good": "x"}, bad: broken, code: "upstream_failed",
			failure: &upstream.Error{Kind: upstream.Throttled, RetryAfter: time.Minute},
			want:    []any{map[string]any{"provider": "good", "why": "throttled"}},
		},
		"none is left": {
			voices: map[string]string{"good": "x"}, failure: &upstream.Error{Kind: upstream.AuthFailed}, code: "no_provider_available",
			want: []any{map[string]any{"provider": "bad", "why": "no_voice"}, map[string]any{"provider": "good", "why": "circuit_open"}},
		},
		"none was passed over": {
			voices: map[string]string{"bad": "x", "good": "x"}, bad: broken, code: "upstream_failed", want: nil,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bad, good := relaytest.NewFake(), relaytest.NewFake()
				bad.Refuse, good.Refuse = c.bad, broken
				parts := fakeParts(t, routing.DefaultPace(), []string{"bad", "good"}, fakes{"bad": bad, "good": good})
				parts.Table = tableOf(t, c.voices, "bad", "good")
				r := newRigOf(t, Config{}, parts)
				synctest.Wait()
				if c.failure != nil {
					target := routing.Candidate{Target: routing.Target{Provider: "good", Model: "m1"}, Voice: "x"}
					verdict := r.setup().Allow(routing.Trial{Candidate: target, Tenant: "local"})
					if verdict == nil {
						t.Fatal("the circuit is open already")
					}
					verdict.Tell(c.failure)
				}
				client := r.dial("")
				client.send(generate("g1", relaytest.TwelveWords, ""))
				got := client.failureOf("g1")
				if got["code"] != c.code || !reflect.DeepEqual(listed(got["passed_over"]), c.want) {
					t.Errorf("got %v, want %s with passed_over %v", got, c.code, c.want)
				}
			})
		})
	}
}

// tableOf has a default route by the providers in order, with a voice of the given ids.
func tableOf(t *testing.T, ids map[string]string, order ...string) *routing.Table {
	t.Helper()
	route := routing.Route{Name: "default", Pace: routing.DefaultPace()}
	for _, name := range order {
		route.Targets = append(route.Targets, routing.Target{Provider: name, Model: "m1"})
	}
	table, err := routing.New(routing.Config{
		Providers: order, Routes: []routing.Route{route}, Voices: []routing.Voice{{Name: "narrator", IDs: ids}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// failureOf is why a generation was refused or has failed.
func (c *client) failureOf(id string) event {
	c.t.Helper()
	for {
		e := c.next()
		switch {
		case e["generation_id"] != id:
		case e["type"] == "error":
			return e
		case e["type"] == "done":
			failure, _ := e["error"].(map[string]any)
			return failure
		}
	}
}

func listed(v any) []any {
	l, _ := v.([]any)
	return l
}
