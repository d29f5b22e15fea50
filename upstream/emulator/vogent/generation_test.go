package vogent

import (
	"fmt"
	"testing"
	"testing/synctest"

	"voicerelay/upstream/emulator/engine"
)

// longText lasts some seconds, so that there is time to cancel it.
const longText = "This is a long sentence that nobody will hear to its end, because the caller has something to say."

// So many generations a socket may have at once, and one of them is no other's concern.
func TestVogentBoundsGenerations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := talk(t, engine.Options{}, "errorCloses:false", "early:false", "serial:false")
		for i := range maxOpen + 1 {
			c.send(fmt.Sprint("g", i), "Waiting", false, nil)
		}
		if got := c.Fields(); got["generationId"] != fmt.Sprint("g", maxOpen) || got["error"] != "too many concurrent generations" {
			t.Errorf("got %v, want the last one refused", got)
		}
	})
}
