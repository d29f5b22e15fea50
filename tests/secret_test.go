package tests

import (
	"testing"

	"voicerelay/upstream/emulator"
)

// Every relay's log is looked through for its keys; here the rest of what must not be written down passes as well:
// text, audio, metadata values and the key in a URL, in good times and in bad, with the log at its most talkative.
func TestLogsBearNoTextAudioOrKeys(t *testing.T) {
	t.Parallel()
	ill, well := faulty(t, "error:INTERNAL_ERROR", emulator.Options{}), emulate(t, emulator.Options{Pace: 10})
	cfg := speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well})
	cfg.Keys = []map[string]any{{"name": "bot", "tenant": "acme", "key": "k-bot-0123456789"}}
	r := serve(t, cfg)
	r.stderr.forbid("api_key", "lanterns", "remember", "n0t-4-l0gs", "k-wrong-9876543210")
	r.refusesUpgrade(t, dialing{query: "api_key=k-wrong-9876543210"}, 401, "auth_failed")
	c := r.dialWith(t, dialing{query: "api_key=k-bot-0123456789"})
	for _, id := range []string{"whole", "stopped"} {
		c.send(j{"type": "generate", "generation_id": id, "text": threeSentences, "metadata": j{"note": "n0t-4-l0gs"}})
		c.await("audio", of("audio", id))
	}
	c.send(j{"type": "cancel", "generation_id": "stopped"})
	c.done("stopped")
	c.completed("whole")
	c.forge(`{"type":"generate","generation_id":"g","text":"lanterns","lanterns":"remember"}`)
	c.forge(`lanterns remember`)
	c.send(j{"type": "generate", "generation_id": "failed", "text": "lanterns remember", "route": "ill"})
	c.failure("failed", "upstream_failed")
	c.barrier()
}
