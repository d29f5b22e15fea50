package server

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
)

// An open text that gets no more counts as finished after a time that the client may choose, and done says so.
func TestTextThatIsIdleIsFinished(t *testing.T) {
	const second = time.Second
	for name, c := range map[string]struct {
		field string        // of generate
		pause time.Duration // before the client finishes
		want  string        // ended_by
	}{
		"by the limit":             {"", 61 * second, "text_idle"},
		"before the limit":         {"", 59 * second, "<nil>"},
		"later than the limit":     {`,"text_idle_timeout_ms":120000`, 119 * second, "<nil>"},
		"as late as the client is": {`,"text_idle_timeout_ms":120000`, 121 * second, "text_idle"},
		"sooner than the limit":    {`,"text_idle_timeout_ms":1000`, 2 * second, "text_idle"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				vendor := relaytest.Lively()
				c2 := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": vendor}).dial("")
				c2.send(`{"type":"generate","generation_id":"g1","final":false,"text":"One two. Three"` + c.field + `}`)
				done := make(chan call)
				go func() { done <- c2.listen("g1") }()
				time.Sleep(c.pause)
				c2.send(`{"type":"finish","generation_id":"g1"}`)
				l := <-done
				if got := fmt.Sprint(l.done["ended_by"]); got != c.want || l.done["reason"] != "completed" {
					t.Errorf("got %v by %s, want completed by %s", l.done["reason"], got, c.want)
				}
				if got := vendor.Spoken(); got != "One two. Three" {
					t.Errorf("the vendor got %q, want all", got)
				}
			})
		})
	}
}

// A failure is none of the clock's, and no time beyond what the connection may be idle is granted.
func TestTextIdleIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": {Caps: relaytest.Lively().Caps, Mute: true}}).dial("")
		c.send(`{"type":"generate","generation_id":"g1","final":false,"text":"One"}`)
		if l := c.listen("g1"); l.done["reason"] != "failed" || l.done["ended_by"] != nil {
			t.Errorf("got %v", l.done)
		}
		for _, ms := range []string{"300001", "3600001", "999", "0", "-1", "1e3", "true"} {
			c.send(`{"type":"generate","generation_id":"g2","text":"One","text_idle_timeout_ms":` + ms + `}`)
			if e, _ := c.until("error"); e["code"] != "invalid_request" || e["param"] != "text_idle_timeout_ms" {
				t.Errorf("%s: got %v", ms, e)
			}
		}
	})
}
