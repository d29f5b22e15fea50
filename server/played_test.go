package server

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
	"voicerelay/routing"
)

// backupAfter is how long after a vendor fell silent a backup is opened for a caller whose client says then that it has played so
// many milliseconds; empty: it says nothing.
func backupAfter(t *testing.T, played string) (after time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		first, second := relaytest.Lively(), relaytest.Lively()
		first.StallAt = 50
		pace := paced(func(p *routing.Pace) { p.StallTimeout = 20 * time.Second })
		c := newPacedRig(t, pace, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
		c.send(generate("a", relaytest.TwelveWords, ""))
		c.until("started")
		time.Sleep(time.Second) // until it has said all that it says
		silent := time.Now()
		if played != "" {
			c.send(`{"type":"played","played":{"a":` + played + `}}`)
		}
		c.until("done")
		second.Mu.Lock()
		defer second.Mu.Unlock()
		after = second.Asked[0].Sub(silent)
	})
	return after
}

// A backup is due when the client runs out of audio, by what it says that it has played.
func TestABackupIsDueByWhatTheClientHasPlayed(t *testing.T) {
	assumed, paused, all := backupAfter(t, ""), backupAfter(t, "0"), backupAfter(t, "60000")
	if later := paused - assumed; later != time.Second {
		t.Errorf("due %v later for a client that has paused for a second", later)
	}
	if assumed <= 0 || all != 0 {
		t.Errorf("due after %v, and after %v for a client that has played all", assumed, all)
	}
}
