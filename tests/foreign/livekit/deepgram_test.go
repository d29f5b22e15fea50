package livekit_test

import (
	"testing"

	"voicerelay/upstream/emulator"
)

// Two turns, a socket each, which the client closes in the vendor's words after one more Flush, of nothing.
func TestDeepgramSpeaks(t *testing.T) {
	v := start(t, "deepgram", emulator.Options{}, "emptyFlush:true")
	all := v.play(t, "speak")
	v.spoke(t, all, "t1", "One two three. Four five six.")
	v.spoke(t, all, "t2", "Seven eight nine ten eleven twelve.")
	v.left(t)
	if got := v.Stats().Sockets; got != 2 {
		t.Errorf("got %d sockets, want 2", got)
	}
}
