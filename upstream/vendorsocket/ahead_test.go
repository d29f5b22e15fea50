package vendorsocket

import "testing"

// What streams hold together is bounded, and what is given back can be taken again.
func TestWhatIsHeldAheadIsBounded(t *testing.T) {
	var a Ahead
	const stream = 16 << 20
	streams := 0
	for a.Take(stream) {
		streams++
	}
	if streams != maxAhead/stream || a.Held() != maxAhead {
		t.Errorf("%d streams hold %d bytes", streams, a.Held())
	}
	a.Give(stream)
	if !a.Take(stream) || a.Take(1) {
		t.Error("what was given back is not what can be taken")
	}
}
