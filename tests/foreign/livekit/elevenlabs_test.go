package livekit_test

import (
	"testing"

	"voicerelay/upstream/emulator"
)

// Turns one after the other, and two at once, with each way of naming a context besides contextId, and without.
func TestElevenLabsSpeaks(t *testing.T) {
	const first, second = "One two three. Four five six.", "Seven eight nine ten eleven twelve."
	tests := map[string]struct {
		quirks []string
		first  string
	}{
		"speak":    {[]string{"contextTwice:false", "flushDone:true", "alignWhole:false"}, first},
		"together": {[]string{"contextTwice:true", "finalKey:both", "alignWhole:true"}, "One two three four five six."},
	}
	for story, tt := range tests {
		t.Run(story, func(t *testing.T) {
			v := start(t, "elevenlabs", emulator.Options{}, tt.quirks...)
			all := v.play(t, story)
			for id, text := range map[string]string{"t1": tt.first, "t2": second} {
				v.spoke(t, all, id, text)
				timed(t, all, id, text)
			}
			v.left(t)
			if got := v.Stats(); got.Sockets != 1 || len(got.Streams) != 2 {
				t.Errorf("got %d sockets and %d contexts, want both turns on one socket", got.Sockets, len(got.Streams))
			}
		})
	}
}

// Turns that are broken off have their contexts closed. The client may flush one after that, by which it opens another
// of the same id, and leaves it: five of those are more than a socket takes, as its users have found.
func TestElevenLabsTurnsThatAreBrokenOffAreClosed(t *testing.T) {
	v := start(t, "elevenlabs", emulator.Options{}, "alignWhole:true")
	all := v.play(t, "interrupt")
	v.spoke(t, all, "t1", "One two three.")
	timed(t, all, "t1", "One two three.")
	closed, spoken := make(map[string]bool), 0
	for _, c := range v.Stats().Cancels {
		closed[c.ID] = true
	}
	for _, s := range v.Stats().Streams {
		if len(s.Texts) == 0 {
			continue // the one after the close
		}
		if spoken++; !closed[s.ID] {
			t.Errorf("context %s was never closed", s.ID)
		}
	}
	if spoken != 4 {
		t.Errorf("got %d contexts with text, want 4", spoken)
	}
}
