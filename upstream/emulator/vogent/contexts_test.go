package vogent

import (
	"fmt"
	"testing"
	"testing/synctest"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// A context is one connection's as long as that lives, or until it has had many others.
func TestContextsKeepToOneConnection(t *testing.T) {
	var all contexts
	first, second := all.join(), all.join()
	claim := func(c *claims, id string, want bool) {
		t.Helper()
		if got := c.take(id); got != want {
			t.Errorf("%s: got %v, want %v", id, got, want)
		}
	}
	claim(first, "a", true)
	claim(first, "a", true)
	claim(second, "a", false)
	claim(second, "b", true)
	first.drop()
	claim(second, "a", true)
	for i := range maxClaims {
		claim(second, fmt.Sprint(i), true)
	}
	if len(all.owners) != maxClaims {
		t.Errorf("%d contexts are remembered, want %d", len(all.owners), maxClaims)
	}
	third := all.join()
	claim(third, "a", true)
	claim(third, "0", false)
	second.drop()
	third.drop()
	if len(all.owners) != 0 {
		t.Errorf("%d contexts are of no connection", len(all.owners))
	}
}

// A generation on another connection than its context's fails; once that one is closed, the context may begin anew.
func TestVogentKeepsAContextOnItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Quirks: []string{"errorCloses:false", "strict:false"}})
		ask := func(c *enginetest.Client, generation, wantError string) {
			t.Helper()
			c.SendJSON(engine.Object{"generationId": generation, "contextId": "c", "voiceId": testVoice, "text": "Hi.", "finalText": true})
			for {
				m := c.Fields()
				if m["type"] == "error" || m["type"] == "finished" {
					if text, _ := m["error"].(string); text != wantError {
						t.Errorf("%s: got %v, want error %q", generation, m, wantError)
					}
					return
				}
			}
		}
		first, second := w.Connect(t, "/api/tts/websocket", nil), w.Connect(t, "/api/tts/websocket", nil)
		ask(first, "g1", "")
		ask(second, "g2", "contextId is on another connection")
		ask(first, "g3", "")
		_ = first.Conn.CloseNow() // the vendor is to find out by itself
		synctest.Wait()
		ask(second, "g4", "")
	})
}
