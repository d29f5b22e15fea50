package relay

import (
	"time"
)

// payload is audio in the output's format, either as bytes or as the vendor's own base64.
type payload struct {
	raw, base64 []byte
	end         sample // the last one, if the audio is base64
	samples     int64
	at          time.Time // when it came
}

// emitLocked queues audio for the client, and the words whose end it reaches.
func (a *attempt) emitLocked(p payload) {
	o := a.out
	if p.samples == 0 {
		return
	}
	if !a.outcome.heard {
		a.outcome.heard = true
		o.introduceLocked(a, p.at)
	}
	o.lane.Push(o.audioMessageLocked(p))
	o.seq++
	o.lastSample = p.end // known beforehand for base64, which is not decoded again
	if p.raw != nil {
		o.lastSample = lastSample(o.req.output, p.raw)
	}
	o.track.Samples += p.samples
	o.announceLocked()
}
