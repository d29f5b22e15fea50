package livekit_test

import (
	"testing"

	"voicerelay/upstream/emulator"
)

// Two turns on one socket, a context each.
func TestCartesiaSpeaks(t *testing.T) {
	v := start(t, "cartesia", emulator.Options{}, "limited:false", "words:before")
	all := v.play(t, "speak")
	for id, text := range map[string]string{"t1": "One two three. Four five six.", "t2": "Seven eight nine ten eleven twelve."} {
		v.spoke(t, all, id, text)
		timed(t, all, id, text)
	}
	v.left(t)
	if got := v.Stats(); got.Sockets != 1 || len(got.Streams) != 2 {
		t.Errorf("got %d sockets and %d contexts, want both turns on one socket", got.Sockets, len(got.Streams))
	}
}
