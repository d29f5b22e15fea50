package session

import (
	"testing"
	"time"

	"voicerelay/limits"
)

// A dialect's least idle time holds whatever the key's limits say, and a longer one of theirs as well.
func TestADialectsLeastIdleTimeHolds(t *testing.T) {
	h := Handshake{LeastIdle: time.Hour}
	for of, want := range map[time.Duration]time.Duration{time.Minute: time.Hour, 2 * time.Hour: 2 * time.Hour} {
		if got := h.bounds(limits.Config{IdleTimeout: of}).IdleTimeout; got != want {
			t.Errorf("%v of the key: got %v, want %v", of, got, want)
		}
	}
}
