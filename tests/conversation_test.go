package tests

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// twoVoices is a relay before two vendors, of which the first breaks off whatever is asked of it until it is mended.
func twoVoices(t *testing.T) (cfg *config, mend func()) {
	t.Helper()
	first, second := emulate(t, paced), emulateBy(t, "together", paced)
	fault, err := emulator.ParseFault("error:INTERNAL_ERROR:1500ms") // of one generation: no circuit opens
	if err != nil {
		t.Fatal(err)
	}
	first.SetFault(fault)
	cfg = speaksBy([]string{"first", "second"}, map[string]*vendor{"first": first, "second": second})
	return cfg, func() { first.SetFault(emulator.Fault{}) }
}

// wantVoice checks who began a generation, and whether that was for its conversation's sake.
func (c *client) wantVoice(id, provider, conversation string) {
	c.t.Helper()
	c.completed(id)
	if s := c.started(id); s.Provider != provider || s.Conversation != conversation {
		c.fail("%s was started by %s, conversation %q, want %s and %q", id, s.Provider, s.Conversation, provider, conversation)
	}
}

// Who has taken over stays for the call, over connections and contexts; the next call begins with the first voice again.
func TestTheVoiceThatTookOverStaysForTheCall(t *testing.T) {
	t.Parallel()
	cfg, mend := twoVoices(t)
	r := serve(t, cfg)
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "g1", "conversation_id": "call-1", "text": twelve})
	c.survives("g1", twelve)
	if s := c.started("g1"); s.Provider != "first" || s.Conversation != "" {
		t.Errorf("the first utterance was started by %s, conversation %q", s.Provider, s.Conversation)
	}
	mend()
	c.send(j{"type": "generate", "generation_id": "g2", "conversation_id": "call-1", "context_id": "turn", "text": "lazy dog."})
	c.wantVoice("g2", "second", "kept")
	c.send(j{"type": "generate", "generation_id": "other", "conversation_id": "call-2", "text": "lazy dog."})
	c.wantVoice("other", "first", "")
	c.send(j{"type": "generate", "generation_id": "none", "text": "lazy dog."})
	c.wantVoice("none", "first", "")

	again := r.dial(t)
	again.send(j{"type": "configure", "conversation_id": "call-1"})
	if m := again.await("configured", func(m message) bool { return m.kind == "configured" }); m.Defaults.ConversationID == nil || *m.Defaults.ConversationID != "call-1" {
		t.Errorf("configured: %s", m)
	}
	again.send(j{"type": "generate", "generation_id": "g1", "text": "quick fox."})
	again.wantVoice("g1", "second", "kept")
	again.speaks("g1", "quick fox.")

	lines := r.speak(t, j{"text": "brown fox.", "conversation_id": "call-1"}, http.Header{"Accept": {"application/x-ndjson"}})
	lines.ended(t, "completed")
	if !bytes.Contains(lines.body, []byte(`"provider":"second"`)) || !bytes.Contains(lines.body, []byte(`"conversation":"kept"`)) {
		t.Errorf("by HTTP: %s", shorten(string(lines.body), 1000))
	}
	if got := r.state(t, "second").Kept; got != 3 {
		t.Errorf("/v1/providers counts %d generations that were kept at the second, want 3", got)
	}
}

// With failback: context a call's next context begins with the first voice again.
func TestARouteMayFailBackWithinACall(t *testing.T) {
	t.Parallel()
	cfg, mend := twoVoices(t)
	cfg.amend("default", func(r *route) { r.Failback = "context" })
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "g1", "conversation_id": "call", "context_id": "one", "text": twelve})
	c.survives("g1", twelve)
	mend()
	c.send(j{"type": "generate", "generation_id": "g2", "conversation_id": "call", "context_id": "one", "text": "lazy dog."})
	c.wantVoice("g2", "second", "kept")
	c.send(j{"type": "generate", "generation_id": "g3", "conversation_id": "call", "context_id": "two", "text": "lazy dog."})
	c.wantVoice("g3", "first", "")
}

// A call may go on at another relay on the same Redis.
func TestRelaysShareConversations(t *testing.T) {
	t.Parallel()
	cfg, mend := twoVoices(t)
	cfg.Redis = map[string]string{"url": "redis://" + startRedis(t).Addr}
	c, other := serve(t, cfg).dial(t), serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "g1", "conversation_id": "call", "text": twelve})
	c.survives("g1", twelve)
	mend()
	other.send(j{"type": "generate", "generation_id": "g1", "conversation_id": "call", "text": "lazy dog."})
	other.wantVoice("g1", "second", "kept")
}

// A conversation is forgotten some time after its last generation.
func TestAConversationIsForgotten(t *testing.T) {
	t.Parallel()
	cfg, mend := twoVoices(t)
	cfg.limit(map[string]any{"conversation_ttl": "1s"})
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "g0", "conversation_id": "call", "text": twelve})
	c.survives("g0", twelve)
	mend()
	c.send(j{"type": "generate", "generation_id": "g1", "conversation_id": "call", "text": "lazy dog."})
	c.wantVoice("g1", "second", "kept")
	time.Sleep(1500 * time.Millisecond) // longer than it is kept
	c.send(j{"type": "generate", "generation_id": "g2", "conversation_id": "call", "text": "lazy dog."})
	c.wantVoice("g2", "first", "")
}

// A client that plays more slowly than it is sent audio says so, and is taken at its word.
func TestPlayedIsTaken(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, paced))).dial(t)
	if e := c.message(j{"type": "played", "played": map[string]int{"nobody": 0}}, "unknown_generation"); e.Param != "played.nobody" || e.Command != "played" {
		t.Errorf("of a generation that was never named: %s", e)
	}
	c.send(j{"type": "generate", "generation_id": "g1", "text": twelve})
	c.await("audio", of("audio", "g1"))
	c.send(j{"type": "played", "played": map[string]int{"g1": 0}})
	c.completed("g1")
	c.speaks("g1", twelve)
	c.send(j{"type": "played", "played": map[string]int{"g1": 100}}) // it crossed the end
	c.barrier()
}
