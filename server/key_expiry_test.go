package server

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/limits"
	"voicerelay/relay/relaytest"
)

// rotating is a key bot whose secret old expires after a while, and new is to replace it.
func rotating(after time.Duration) Config {
	old := keyed("bot").Keys[0]
	next := old
	old.Hash, old.Expires = sha256.Sum256([]byte("old")), time.Now().Add(after)
	next.Hash, next.Next = sha256.Sum256([]byte("new")), true
	return Config{Keys: []Key{old, next}}
}

// gaugeOf is a key's metric.
func (r *rig) gaugeOf(name, secret string) float64 {
	m := series(r.t, r, name)["bot "+secret+" acme "]
	if m == nil {
		return -1
	}
	return m.GetGauge().GetValue() + m.GetCounter().GetValue()
}

func TestAKeyIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := newRig(t, rotating(15*time.Second), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		r.srv.log = zerolog.New(&log)
		go r.srv.Watch(t.Context())
		began := time.Now()
		old, next := r.dial("?api_key=old"), r.dial("?api_key=new")
		old.until("ready")
		next.until("ready")
		time.Sleep(10 * time.Second)
		old.send(generate("g1", "Hello.", ""))
		old.until("done")
		if got, want := r.gaugeOf("relay_key_last_used_timestamp_seconds", "key"), float64(began.Add(10*time.Second).Unix()); got != want {
			t.Errorf("the former was last used at %v, want %v", got, want)
		}
		if got, want := r.gaugeOf("relay_key_last_used_timestamp_seconds", "next_key"), float64(began.Unix()); got != want {
			t.Errorf("the next was last used at %v, want %v", got, want)
		}
		if got, want := r.gaugeOf("relay_key_expires_timestamp_seconds", "key"), float64(began.Add(15*time.Second).Unix()); got != want {
			t.Errorf("it expires at %v, want %v", got, want)
		}
		if got := old.closeStatus(); got != 1008 {
			t.Errorf("the former's connection ended with %d, want 1008", got)
		}
		if took := time.Since(began); took > 15*time.Second+lookEvery {
			t.Errorf("it ended after %v, want 15 s", took)
		}
		next.send(generate("g1", "Hello.", ""))
		next.until("done")
		if w := r.askAs("192.0.2.1:1", "old"); w.Code != http.StatusUnauthorized {
			t.Errorf("the former after its expiry: %d, want 401", w.Code)
		}
		if w := r.askAs("192.0.2.1:1", "new"); w.Code != http.StatusOK {
			t.Errorf("the next after the former's expiry: %d, want 200", w.Code)
		}
		if got := r.gaugeOf("relay_expired_key_refusals_total", "key"); got != 1 {
			t.Errorf("%v refusals are counted, want 1", got)
		}
		if lines := logged(t, &log, "the key has expired and is refused from now on"); len(lines) != 1 || lines[0]["key"] != "bot" {
			t.Errorf("the log has %v about it, want one line", lines)
		}
		if lines := logged(t, &log, "refused"); len(lines) != 1 || lines[0]["key"] != "bot" || lines[0]["next_key"] != false {
			t.Errorf("the log has %v of who still uses it, want one line that names it", lines)
		}
	})
}

// An honest fleet whose key has expired is told so, each time, and is not taken for one that guesses.
func TestAnExpiredKeyIsNoGuess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rotating(-time.Second), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		for range 2 * guessesPerMinute {
			if w := r.askAs("192.0.2.1:1", "old"); w.Code != http.StatusUnauthorized || !bytes.Contains(w.Body.Bytes(), []byte("expired")) {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
		}
	})
}

// Both secrets of a key have its limits together, and what was seen of one outlives its promotion.
func TestSecretsOfOneKeyShareItsLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendors := fakes{"alpha": relaytest.NewFake()}
		cfg := rotating(time.Hour)
		for i := range cfg.Keys {
			cfg.Keys[i].Limits.HTTPGenerationsPerMinute, cfg.Keys[i].Limits.MaxConnectionsPerKey = 1, 1
		}
		r := newRig(t, cfg, []string{"alpha"}, vendors)
		if got := r.speak(`{"text":"hi"}`, http.Header{"Authorization": {"Bearer old"}}); got.status != 200 {
			t.Fatalf("got %d %s", got.status, got.code())
		}
		used := time.Now().Unix()
		time.Sleep(time.Second)
		if got := r.speak(`{"text":"hi"}`, http.Header{"Authorization": {"Bearer new"}}); got.status != 429 {
			t.Errorf("by the other secret: %d, want 429", got.status)
		}
		r.dial("?api_key=old").until("ready")
		if _, refused := r.srv.takeConnection(&r.setup().keys[1]); refused == nil {
			t.Error("the other secret has a connection beyond the key's bound")
		}
		promoted := keyed("bot")
		promoted.Keys[0].Hash, promoted.Keys[0].Limits = sha256.Sum256([]byte("new")), limits.Default()
		r.reload(promoted, []string{"alpha"}, vendors)
		if got := r.gaugeOf("relay_key_last_used_timestamp_seconds", "key"); got != float64(used+1) {
			t.Errorf("the promoted key was last used at %v, want %v", got, used+1)
		}
	})
}
