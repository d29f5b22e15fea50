package server

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/limits"
	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// twoTenants is a configuration with a key for each of two tenants.
func twoTenants() Config {
	key := func(name, tenant string) Key {
		k := Key{Name: name, Tenant: tenant, Hash: sha256.Sum256([]byte(name)), Limits: limits.Default()}
		k.Allow.Raw = true
		return k
	}
	return Config{Keys: []Key{key("greedy", "acme"), key("modest", "zenith")}}
}

// A text that pauses gives up its slot when another generation needs one. When the text goes on, the same vendor speaks the rest, and
// no attempt has failed.
func TestPauseGivesTheSlotToAnother(t *testing.T) {
	for name, vendor := range map[string]func() *relaytest.FakeProvider{
		"with word times": relaytest.Lively,
		"with piece ends": func() *relaytest.FakeProvider { return relaytest.Deaf(upstream.PieceEndsExact) },
		"with neither":    func() *relaytest.FakeProvider { return relaytest.Deaf(upstream.PieceEndsNone) },
	} {
		for _, order := range [][]string{{"alpha"}, {"alpha", "beta"}} {
			t.Run(fmt.Sprint(name, " of ", len(order)), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					alpha, beta := vendor(), relaytest.Lively()
					r := newRig(t, twoTenants(), order, fakes{"alpha": alpha, "beta": beta})
					r.setup().Providers()[0].Slots().Resize(2, 0)
					greedy, modest := []*client{r.dial("?api_key=greedy"), r.dial("?api_key=greedy")}, r.dial("?api_key=modest")
					for _, c := range greedy {
						c.send(generate("g", "Let me look. ", `,"final":false`))
					}
					time.Sleep(5 * time.Second) // both have been spoken, and pause
					greedy[0].send(`{"type":"append","generation_id":"g","text":""}`)
					began := time.Now()
					modest.send(generate("m", relaytest.TwelveWords, ""))
					started, _ := modest.until("started")
					if took := time.Since(began); started["provider"] != "alpha" || took > 100*time.Millisecond {
						t.Errorf("started after %v: %v", took, started)
					}
					modest.until("done")
					if _, got := alpha.Crowd(); got != 3 {
						t.Errorf("%d streams, want one for each generation: who keeps its place has one", got)
					}
					for _, c := range greedy {
						c.send(`{"type":"append","generation_id":"g","text":"Found it now.","final":true}`)
						l := c.listen("g")
						if l.heard != relaytest.Letters("Let me look. Found it now.") || len(l.reroutes) != 0 || l.done["reason"] != "completed" {
							t.Errorf("heard %q, %d reroutes, %v", l.heard, len(l.reroutes), l.done["reason"])
						}
						if slices.ContainsFunc(l.providers, func(p string) bool { return p != "alpha completed" }) {
							t.Errorf("attempts %v", l.providers)
						}
					}
					if most, _ := alpha.Crowd(); most > 2 {
						t.Errorf("%d streams at once", most)
					}
				})
			})
		}
	}
}

// If no other generation waits, a text that pauses keeps its slot and its stream.
func TestPauseAloneKeepsTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alpha := relaytest.Lively()
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": alpha})
		r.setup().Providers()[0].Slots().Resize(1, 0)
		l := r.dial("").talk("g", pausing, 5*time.Second)
		if _, opened := alpha.Crowd(); l.heard != relaytest.Letters(pausing) || opened != 1 {
			t.Errorf("heard %q by %d streams, want one", l.heard, opened)
		}
	})
}

// An append without text keeps no text open; a flush does.
func TestAnAppendWithoutTextKeepsNoTextOpen(t *testing.T) {
	for idle, keeps := range map[string]bool{
		`{"type":"append","generation_id":"g","text":""}`: false,
		`{"type":"flush","generation_id":"g"}`:            true,
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.Lively()})
			c := r.dial("")
			began := time.Now()
			c.send(generate("g", "Let me look. ", `,"final":false`))
			over := make(chan struct{})
			go func() {
				defer close(over)
				for range 11 {
					time.Sleep(10 * time.Second)
					_ = c.write(idle)
				}
			}()
			c.until("done")
			if took := time.Since(began); keeps != (took > limits.Default().TextIdleTimeout+time.Second) {
				t.Errorf("%s: open for %v", idle, took)
			}
			<-over
		})
	}
}
