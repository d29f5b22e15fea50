package server

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/downstream/native"
	"voicerelay/relay/refusals"
	"voicerelay/relay/relaytest"
)

// shown is the header of a client with a key.
func shown(key string) http.Header { return http.Header{"Authorization": {"Bearer " + key}} }

func TestSpeechEndsAsItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := paceful(), paceful()
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": first})
		answered := make(chan spoken, 1)
		go func() { answered <- r.speak(`{"text":"`+relaytest.TwelveWords+`"}`, nil) }()
		time.Sleep(100 * time.Millisecond)
		former := r.reload(Config{}, []string{"alpha"}, fakes{"alpha": second})
		if isOver(former) {
			t.Error("over, though an answer of it goes on")
		}
		if got := <-answered; got.trailer.Get("Generation-Status") != "completed" || len(second.Pieces) != 0 {
			t.Errorf("ended %q with %d pieces by the successor", got.trailer.Get("Generation-Status"), len(second.Pieces))
		}
		if !isOver(former) {
			t.Error("not over, though its last answer is")
		}
	})
}

// A key may go when it has been shown, and no reload knows of its speech yet.
func TestKeyThatGoesBeforeItsSpeech(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := paceful()
		var r *rig
		r = newRigWith(t, keyed("old"), []string{"alpha"}, fakes{"alpha": f}, func(p *Parts) {
			p.Dialects = []downstream.Dialect{interrupted{func() { r.reload(keyed("new"), []string{"alpha"}, fakes{"alpha": f}) }}}
		})
		if got := r.speak(`{"text":"`+relaytest.TwelveWords+`"}`, shown("old")); got.status != 401 || got.code() != "auth_failed" {
			t.Errorf("got %d %s, want 401 auth_failed", got.status, got.code())
		}
	})
}

// What a key has used up is not given back by a reload that leaves its limits as they are.
func TestKeysPaceOverAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendors := fakes{"alpha": relaytest.NewFake()}
		paced := func(perMinute int) Config {
			cfg := keyed("bot")
			cfg.Keys[0].Limits.GenerationsPerMinute = perMinute
			return cfg
		}
		r := newRig(t, paced(1), []string{"alpha"}, vendors)
		for _, step := range []struct {
			name      string
			perMinute int
			want      int
		}{
			{"the first", 1, 200},
			{"the same limits", 1, 429},
			{"other limits", 2, 200},
		} {
			r.reload(paced(step.perMinute), []string{"alpha"}, vendors)
			if got := r.speak(`{"text":"hi"}`, shown("bot")); got.status != step.want {
				t.Errorf("%s: got %d %s, want %d", step.name, got.status, got.code(), step.want)
			}
		}
	})
}

// beforeHold is the relay's own dialect, with something that happens before it asks for the configuration of a generation.
type beforeHold struct{ does func() }

func (beforeHold) Name() string   { return "native" }
func (beforeHold) Prefix() string { return "" }

func (b beforeHold) Routes(on downstream.Server) []downstream.Route {
	return native.Dialect{}.Routes(holdingServer{on, b.does})
}

type holdingServer struct {
	downstream.Server
	before func()
}

func (s holdingServer) Hold(key *access.Key) (downstream.Held, *refusals.Error) {
	s.before()
	return s.Server.Hold(key)
}

// A key may get another name once it has been shown: it is still the same key.
func TestKeyThatIsRenamedBeforeItsSpeech(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, renamed := relaytest.NewFake(), keyed("old")
		renamed.Keys[0].Name = "new"
		var r *rig
		r = newRigWith(t, keyed("old"), []string{"alpha"}, fakes{"alpha": f}, func(p *Parts) {
			p.Dialects = []downstream.Dialect{beforeHold{func() { r.reload(renamed, []string{"alpha"}, fakes{"alpha": f}) }}}
		})
		if got := r.speak(`{"text":"Hello."}`, shown("old")); got.status != 200 {
			t.Errorf("got %d %s, want 200", got.status, got.body)
		}
	})
}
