package server

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/limits"
	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// A call is remembered from the end of its last generation on, however long that has spoken.
func TestACallIsRememberedFromTheEndOfItsSpeech(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := relaytest.Lively(), relaytest.Lively()
		second.Pace = 100 * time.Millisecond // so that it takes longer than the call is remembered
		cfg := Config{}
		cfg.Local.Limits = limits.Default()
		cfg.Local.Limits.ConversationTTL = time.Second
		c := newRig(t, cfg, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
		first.Breaks(5, &upstream.Error{Kind: upstream.Dropped, Message: "gone"})
		c.send(generate("a", relaytest.TwelveWords, `,"conversation_id":"call"`))
		c.until("rerouted")
		heard := time.Now()
		c.until("done")
		if took := time.Since(heard); took < 2*time.Second {
			t.Fatalf("the second spoke for %v: too short to tell", took)
		}
		first.Breaks(0, nil)
		c.send(generate("b", "And again.", `,"conversation_id":"call"`))
		if got := c.listenAll("b")["b"]; startedBy(got) != "beta" {
			t.Errorf("the next of the call: by %s, want beta", startedBy(got))
		}
		time.Sleep(time.Second + 1)
		c.send(generate("c", "And again.", `,"conversation_id":"call"`))
		if got := c.listenAll("c")["c"]; startedBy(got) != "alpha" {
			t.Errorf("later than it is remembered: by %s, want alpha", startedBy(got))
		}
	})
}
