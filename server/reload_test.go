package server

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/downstream"
	"voicerelay/downstream/native"
	"voicerelay/limits"
	"voicerelay/relay/providers"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// reload puts a configuration in force. Fakes that speak already stay.
func (r *rig) reload(cfg Config, order []string, providers fakes) (former <-chan struct{}) {
	r.t.Helper()
	former, err := r.srv.Reload(withDefaults(cfg), r.partsAgain(order, providers))
	if err != nil {
		r.t.Fatal(err)
	}
	return former
}

func (r *rig) partsAgain(order []string, providers fakes) Parts {
	r.t.Helper()
	parts := fakeParts(r.t, routing.DefaultPace(), order, providers)
	for i, p := range parts.Providers {
		if before := r.setup().Provider(p.Name); before != nil && before.Provider == p.Provider {
			parts.Providers[i] = before
		}
	}
	return parts
}

// keyed is a configuration with keys of acme, each of which is its own name.
func keyed(names ...string) Config {
	cfg := Config{}
	for _, name := range names {
		cfg.Keys = append(cfg.Keys, Key{
			Name: name, Tenant: "acme", Hash: sha256.Sum256([]byte(name)), Limits: limits.Default(),
		})
	}
	return cfg
}

// isOver reports whether nothing uses a former configuration any more.
func isOver(former <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-former:
		return true
	default:
		return false
	}
}

// paceful is a fake that takes its time.
func paceful() *relaytest.FakeProvider {
	f := relaytest.NewFake()
	f.Pace = 20 * time.Millisecond
	return f
}

func TestKeyThatIsGoneClosesItsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := paceful()
		r := newRig(t, keyed("old", "kept"), []string{"alpha"}, fakes{"alpha": vendor})
		old, kept := r.dial("?api_key=old"), r.dial("?api_key=kept")
		old.send(generate("g1", relaytest.TwelveWords, ""))
		old.until("audio")
		kept.send(generate("g1", relaytest.TwelveWords, ""))
		kept.until("audio")
		former := r.reload(keyed("kept", "new"), []string{"alpha"}, fakes{"alpha": vendor})
		if got := old.closeStatus(); got != 1008 {
			t.Errorf("closed with %d, want 1008", got)
		}
		if done, _ := kept.until("done"); done["reason"] != "completed" {
			t.Errorf("the other key's generation: got %v", done)
		}
		if !isOver(former) {
			t.Error("the former configuration is still in use")
		}
		if open := vendor.StreamsOpen(); open != 0 {
			t.Errorf("%d streams are open at the vendor", open)
		}
		newer := r.dial("?api_key=new")
		newer.send(generate("g1", relaytest.TwelveWords, ""))
		if done, _ := newer.until("done"); done["reason"] != "completed" {
			t.Errorf("the new key: got %v", done)
		}
	})
}

func TestKeysComeAndGoAltogether(t *testing.T) {
	for name, test := range map[string]struct {
		before, after Config
		query         string
	}{
		"no keys any more": {keyed("old"), Config{}, "?api_key=old"},
		"the first key":    {Config{}, keyed("new"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				vendors := fakes{"alpha": relaytest.NewFake()}
				r := newRig(t, test.before, []string{"alpha"}, vendors)
				c := r.dial(test.query)
				r.reload(test.after, []string{"alpha"}, vendors)
				if got := c.closeStatus(); got != 1008 {
					t.Errorf("closed with %d, want 1008", got)
				}
			})
		})
	}
}

// What a key may do changes with the next generate; what its connection was told at the start does not.
func TestKeyOfAnOpenConnectionChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendors := fakes{"alpha": relaytest.NewFake()}
		r := newRig(t, keyed("bot"), []string{"alpha"}, vendors)
		c := r.dial("?api_key=bot")
		cfg := keyed("bot")
		cfg.Keys[0].Allow = routing.Allow{Routes: []string{}}
		cfg.Keys[0].Limits.MaxTextCharacters = 1
		r.reload(cfg, []string{"alpha"}, vendors)
		c.send(generate("g1", relaytest.TwelveWords, ""))
		if refused, _ := c.until("error"); refused["code"] != "not_allowed" {
			t.Errorf("got %v", refused)
		}
		cfg.Keys = slices.Clone(cfg.Keys)
		cfg.Keys[0].Allow = routing.Allow{}
		r.reload(cfg, []string{"alpha"}, vendors)
		c.send(generate("g1", relaytest.TwelveWords, ""))
		if done, _ := c.until("done"); done["reason"] != "completed" {
			t.Errorf("got %v", done)
		}
		if ready := r.dial("?api_key=bot").next(); ready["limits"].(map[string]any)["max_text_characters"] != 1.0 {
			t.Errorf("a new connection is told %v", ready["limits"])
		}
	})
}

// A generation takes over to a target that is configured no more, since it was when it began; the next one does not.
func TestGenerationEndsAsItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second, third := paceful(), paceful(), paceful()
		first.FailAt, first.Failure = 12, &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
		r := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second})
		c := r.dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		c.until("started")
		former := r.reload(Config{}, []string{"gamma"}, fakes{"gamma": third})
		c.send(generate("g2", relaytest.TwelveWords, ""))
		calls := c.listenAll("g1", "g2")
		if l := calls["g1"]; !strings.HasSuffix(l.heard, "twelve") || !slices.Equal(l.providers, []string{"alpha failed", "beta completed"}) {
			t.Errorf("heard %q by %v", l.heard, l.providers)
		}
		if l := calls["g2"]; !slices.Equal(l.providers, []string{"gamma completed"}) {
			t.Errorf("the next is spoken by %v", l.providers)
		}
		if !isOver(former) {
			t.Error("the former configuration is still in use")
		}
	})
}

func TestFormerConfigurationIsOverWithItsLastGeneration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := paceful(), paceful()
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": first})
		c := r.dial("")
		unused := r.reload(Config{}, []string{"alpha"}, fakes{"alpha": first})
		if !isOver(unused) {
			t.Error("a configuration that no generation uses is not over")
		}
		c.send(`{"type":"generate","generation_id":"g1","text":"A text that is","final":false}`)
		c.until("accepted")
		c.send(generate("refused", relaytest.TwelveWords, `,"voice":"nobody"`))
		c.until("error")
		former := r.reload(Config{}, []string{"alpha"}, fakes{"alpha": second})
		c.send(generate("g2", relaytest.TwelveWords, ""))
		c.listen("g2")
		if isOver(former) {
			t.Error("over, though a generation of it goes on")
		}
		c.send(`{"type":"append","generation_id":"g1","text":" long in coming.","final":true}`)
		c.listen("g1")
		if !isOver(former) {
			t.Error("not over, though its last generation is")
		}
		if n := len(first.Pieces); n == 0 || len(second.Pieces) == 0 {
			t.Errorf("pieces: %d by the former provider, %d by its successor", n, len(second.Pieces))
		}
	})
}

func TestOrderOfARouteChangesWithTheNextGeneration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendors := fakes{"alpha": relaytest.NewFake(), "beta": relaytest.NewFake()}
		r := newRig(t, Config{}, []string{"alpha", "beta"}, vendors)
		c := r.dial("")
		for i, order := range [][]string{{"alpha", "beta"}, {"beta", "alpha"}, {"alpha", "beta"}} {
			if i > 0 {
				r.reload(Config{}, order, vendors)
			}
			c.send(generate(order[0]+string(rune('0'+i)), relaytest.TwelveWords, ""))
			if started, _ := c.until("started"); started["provider"] != order[0] {
				t.Errorf("%v: spoken by %v", order, started["provider"])
			}
			c.until("done")
		}
	})
}

// A target's circuit is of its provider: one that is another now begins afresh, as all do where the rules change.
func TestCircuitsOfWhatStaysStay(t *testing.T) {
	tests := map[string]struct {
		change func(parts *Parts)
		want   routing.State
	}{
		"the same":         {func(*Parts) {}, routing.Open},
		"another provider": {func(p *Parts) { p.Providers[0] = &providers.Provider{Provider: relaytest.NewFake(), Name: "alpha"} }, routing.Closed},
		"other rules":      {func(p *Parts) { p.Circuit.OpenFor *= 2 }, routing.Closed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broken, order := relaytest.NewFake(), []string{"alpha", "beta"}
				broken.Refuse = &upstream.Error{Kind: upstream.AuthFailed, Message: "bad key"}
				vendors := fakes{"alpha": broken, "beta": relaytest.NewFake()}
				r := newRig(t, Config{}, order, vendors)
				c := r.dial("")
				c.send(generate("g1", relaytest.TwelveWords, ""))
				c.listen("g1")
				parts := r.partsAgain(order, vendors)
				test.change(&parts)
				if _, err := r.srv.Reload(withDefaults(Config{}), parts); err != nil {
					t.Fatal(err)
				}
				if got := r.setup().State(routing.Target{Provider: "alpha", Model: "m1"}); got != test.want {
					t.Errorf("circuit: got %s, want %s", got, test.want)
				}
				if body := metricsOf(r); !strings.Contains(body, `relay_circuit_state{model="m1",provider="beta"} 0`) {
					t.Errorf("metrics: got %s", body)
				}
			})
		})
	}
}

func metricsOf(r *rig) string {
	w := httptest.NewRecorder()
	r.srv.AdminHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/metrics", nil))
	return w.Body.String()
}

// An attempt at a provider that is opened again under the same name still counts: the account is likely the same.
func TestPlacesOutlastTheirProvider(t *testing.T) {
	for name, before := range map[string]int{"as many": 1, "fewer than before": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := paceful(), paceful()
				r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": first})
				r.setup().Provider("alpha").Slots().Resize(before, 0)
				c := r.dial("")
				c.send(generate("g1", relaytest.TwelveWords, ""))
				c.until("audio")
				parts := r.partsAgain([]string{"alpha"}, fakes{"alpha": second})
				parts.Providers[0].MaxConcurrent = 1
				if _, err := r.srv.Reload(withDefaults(Config{}), parts); err != nil {
					t.Fatal(err)
				}
				c.send(generate("g2", relaytest.TwelveWords, ""))
				if started, before := c.until("started"); started["generation_id"] != "g2" || kindsOf(before[len(before)-1:]) != "done" {
					t.Errorf("started %v after %v, want it to wait for the first one's end", started, before[len(before)-1])
				}
				c.until("done")
			})
		})
	}
}

// Another number of connections holds for the next one, and no client that is connected is sent away.
func TestReloadOfTheNumberOfConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendors := fakes{"alpha": relaytest.NewFake()}
		r := newRig(t, Config{MaxConnections: 2}, []string{"alpha"}, vendors)
		c := r.dial("")
		c.until("ready")
		for _, tt := range []struct{ most, status int }{{1, 429}, {2, 200}} {
			r.reload(Config{MaxConnections: tt.most}, []string{"alpha"}, vendors)
			if got := r.speak(`{"text":"hi"}`, nil); got.status != tt.status {
				t.Errorf("with another running where %d may be: got %d %s, want %d", tt.most, got.status, got.code(), tt.status)
			}
		}
		c.send(generate("g1", relaytest.TwelveWords, ""))
		c.until("done")
	})
}

// What was heard of a provider says nothing of another one under its name.
func TestAnotherProviderUnderTheNameIsNotExpectedToBeAsQuick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := relaytest.NewFake()
		first.First = 150 * time.Millisecond
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": first})
		r.speak(`{"text":"hi"}`, nil)
		r.reload(Config{}, []string{"alpha"}, fakes{"alpha": first})
		if got, _, _ := r.srv.engine.FirstAudio("alpha"); got != first.First {
			t.Errorf("the same one is expected after %v, want %v as was heard", got, first.First)
		}
		r.reload(Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		if got, _, heard := r.srv.engine.FirstAudio("alpha"); heard {
			t.Errorf("another is expected after %v, want it not to be known", got)
		}
	})
}

func TestReloadIsRefusedWhileDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendors := fakes{"alpha": relaytest.NewFake()}
		r := newRig(t, Config{}, []string{"alpha"}, vendors)
		before := r.setup()
		r.srv.Drain(t.Context(), 0)
		if _, err := r.srv.Reload(Config{}, r.partsAgain([]string{"alpha"}, vendors)); !errors.Is(err, ErrDraining) {
			t.Errorf("got %v, want ErrDraining", err)
		}
		if r.setup() != before {
			t.Error("the configuration has changed")
		}
	})
}

// interrupted is the relay's own dialect, with something that happens when it has looked at the key of a client, and the server
// does not know the client yet.
type interrupted struct{ by func() }

func (interrupted) Name() string   { return "native" }
func (interrupted) Prefix() string { return "" }

func (i interrupted) Routes(on downstream.Server) []downstream.Route {
	return native.Dialect{}.Routes(interruptedServer{on, i.by})
}

type interruptedServer struct {
	downstream.Server
	by func()
}

func (s interruptedServer) Enroll(c downstream.Client) bool {
	s.by()
	return s.Server.Enroll(c)
}

// A key may go while its connection is being upgraded, when no reload knows of the session.
func TestKeyThatGoesDuringTheUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendors := fakes{"alpha": relaytest.NewFake()}
		var r *rig
		r = newRigWith(t, keyed("old"), []string{"alpha"}, vendors, func(p *Parts) {
			p.Dialects = []downstream.Dialect{interrupted{func() { r.reload(keyed("new"), []string{"alpha"}, vendors) }}}
		})
		if got := r.dial("?api_key=old").closeStatus(); got != 1008 {
			t.Errorf("closed with %d, want 1008", got)
		}
	})
}
