package delivery

import (
	"time"

	"voicerelay/audio"
	"voicerelay/awake"
)

// playback is the client's clock, as far as the relay can know it: a client plays what it is sent without a pause, from the
// first audio on, and waits when it has no more. The generations of a context share one.
type playback struct {
	dry time.Time // when all audio that was sent has been played
}

// clocks are the client's clock by what is queued for it, and by what was sent: they differ where audio waits for its time.
type clocks struct{ queued, sent playback }

// set says how much audio is left to be played from now on.
func (p *playback) set(samples int64, rate int, now time.Time) {
	p.dry = now.Add(audio.Duration(max(0, samples), rate))
}

// add notes audio that is sent now.
func (p *playback) add(samples int64, rate int, now time.Time) {
	p.dry = awake.Later(p.dry, now).Add(audio.Duration(samples, rate))
}
