package deepgram

import (
	"fmt"
	"math"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// offsetType is the only kind of offset that there is.
const offsetType = "time_ms"

// interrupt stops what is being spoken, and says how much of it the client heard, where it says how much it has played.
func (t *talk) interrupt(at *offset) *protocol.Error {
	if refused := at.check(); refused != nil {
		return refused
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.wire.(*fluxWire)
	of, began := w.speaking(t.turns, at)
	switch {
	case of == nil:
		t.send(warning("NO_ACTIVE_SPEECH", "nothing is being spoken"))
		return nil
	case at != nil && at.played() < w.interrupted:
		t.send(warning("INVALID_INTERRUPT_OFFSET", fmt.Sprintf("playback_offset is before that of the last Interrupt, %d ms", w.interrupted.Milliseconds())))
		return nil
	}
	t.controls = controls{}
	if at != nil {
		of.tell(at.played() - began)
	}
	t.dropLocked()
	t.send(w.interruptedAt(of, began, at))
	return nil
}

// speaking is the turn that a client hears, and where on the session's clock it began: the first that has not ended, else the
// last one where the client says that it has not played all of it. nil: there is none.
func (w *fluxWire) speaking(all turns, at *offset) (of *turn, began time.Duration) {
	switch {
	case len(all) > 0:
		return all[0], w.at
	case at != nil && w.last != nil && at.played() < w.at:
		return w.last, w.at - w.last.heard()
	}
	return nil, 0
}

// check refuses an offset that is none.
func (o *offset) check() *protocol.Error {
	switch {
	case o == nil:
		return nil
	case o.Type != "" && o.Type != offsetType:
		return downstream.Invalid("playback_offset.type", "playback_offset.type must be "+offsetType)
	case !o.Value.Set || !(o.Value.Value >= 0 && o.Value.Value <= math.MaxUint32):
		return downstream.Invalid("playback_offset.value", "playback_offset.value must be milliseconds")
	}
	return nil
}

// played is how much the client has played since the session began.
func (o *offset) played() time.Duration {
	return time.Duration(o.Value.Value * float64(time.Millisecond))
}

// interruptedAt is the answer for a turn that has been stopped, and that began at a place on the session's clock. The clock goes
// on from what was played of it.
func (w *fluxWire) interruptedAt(of *turn, began time.Duration, at *offset) fluxInterrupted {
	if of == w.last {
		w.characters -= of.characters // it was counted when it ended
	}
	played := of.stopped()
	told := began + played
	if at != nil {
		told = at.played()
		played = min(played, max(0, told-began))
	}
	w.at = began
	w.count(of, played)
	w.interrupted, w.last = told, nil
	answer := fluxInterrupted{Type: "SpeechInterrupted", PlayedMS: told.Milliseconds(), Metadata: of.sums()}
	if at != nil {
		spoken, remaining := of.split(played)
		answer.Spoken, answer.Remaining = &spoken, &remaining
	}
	return answer
}

// configure changes the speed of turns that begin.
func (t *talk) configure(speed downstream.Number) *protocol.Error {
	if !speed.Set {
		t.send(fluxConfigured{Type: "ConfigureSuccess"})
		return nil
	}
	if wrong := t.version.checkSpeed(speed.Value); wrong != nil {
		t.send(fluxUnconfigured{"ConfigureFailure", wrong.Code, "speed", speed.Value, wrong.Description})
		return nil
	}
	t.mu.Lock()
	t.speed = speed.Value
	t.mu.Unlock()
	t.send(fluxConfigured{"ConfigureSuccess", fluxApplied{&speed.Value}})
	return nil
}

// fluxConfigured answers a Configure.
type fluxConfigured struct {
	Type    string      `json:"type"`
	Applied fluxApplied `json:"applied"`
}

type fluxApplied struct {
	Speed *float64 `json:"speed,omitempty"`
}

// fluxUnconfigured answers a Configure that asks for what can't be had.
type fluxUnconfigured struct {
	Type        string  `json:"type"`
	Code        string  `json:"code"`
	Field       string  `json:"field"`
	Value       float64 `json:"value"`
	Description string  `json:"description"`
}
