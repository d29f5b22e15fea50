package server

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// A vendor gets the tags that it knows and no others, wherever another breaks off, and the client is told of those left out.
func TestTagsGoToVendorsThatKnowThem(t *testing.T) {
	const text = `One two. <break time = \"1s\"/> Three [laughs] four. Five six.`
	sent := strings.ReplaceAll(text, `\`, "")
	for after := 2; after < len(sent); after += 3 {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := relaytest.Lively(), relaytest.Lively()
				first.Caps.Markup = []string{"break"}
				first.Breaks(after, &upstream.Error{Kind: upstream.Dropped, Message: "gone"})
				c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
				c.send(`{"type":"generate","generation_id":"g1","text":"` + text + `"}`)
				l := c.listen("g1")
				if got := first.Spoken(); !strings.HasPrefix(`One two. <break time = "1s"/> Three four. Five six.`, got) || got == "" {
					t.Errorf("the first got %q", got)
				}
				if got := second.Spoken(); strings.ContainsAny(got, "<>[]=") || strings.Contains(got, "laughs") {
					t.Errorf("the second got %q", got)
				}
				var started event
				for _, e := range l.events {
					if e.kind() == "started" {
						started = e
					}
				}
				if got := fmt.Sprint(started["ignored"]); got != "[markup]" {
					t.Errorf("started: ignored %s, want markup", got)
				}
				for _, e := range l.reroutes {
					at := int(e["resume_char"].(float64))
					inside := func(open, end string) bool {
						return at > strings.Index(sent, open) && at < strings.Index(sent, end)+len(end)
					}
					if inside("<break", "/>") || inside("[laughs", "]") {
						t.Errorf("resumed within a tag, at %d", at)
					}
					want := "[]"
					if at < strings.Index(sent, "]") {
						want = "[markup]"
					}
					if got := fmt.Sprint(e["ignored"]); got != want {
						t.Errorf("rerouted at %d: ignored %s, want %s", at, got, want)
					}
				}
				if l.done["reason"] != "completed" {
					t.Errorf("done: %v", l.done)
				}
			})
		})
	}
}

// A tag alone is nothing to speak.
func TestTagsAreNoSpeech(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		only := relaytest.Lively()
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": only}).dial("")
		c.send(`{"type":"generate","generation_id":"g1","text":"<break time=\"1s\"/> [laughs]"}`)
		if l := c.listen("g1"); l.done["reason"] != "completed" || only.Spoken() != "" {
			t.Errorf("got %v, and the vendor %q", l.done, only.Spoken())
		}
	})
}
