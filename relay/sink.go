package relay

import (
	"sync"
	"time"

	"voicerelay/upstream"
)

// An attempt is its stream's sink. The vendor socket's reader makes each call. It does the whole step under the output's lock
// and queues what the client gets; after the step it writes that to the client itself, if the client takes it at once. So a
// frame passes no second goroutine.
var _ upstream.Sink = (*attempt)(nil)

// Audio takes a frame from the vendor on to the client.
func (a *attempt) Audio(f upstream.Frame) {
	defer a.survivePanic()
	arrived := time.Now()
	a.enter()
	defer a.leave()
	if a.outcome.Over() || a.out.EndsLocked() {
		return // cancelled or over: late audio is dropped
	}
	// Bad base64 is found before the attempt becomes the active one: garbage must not cancel a rival that is well.
	scratch := scratchPool.Get().(*[]byte)
	defer scratchPool.Put(scratch)
	raw, err := a.conversion.Raw(f, scratch)
	if err != nil {
		a.failLocked(&upstream.Error{Kind: upstream.Garbled, Message: "audio that is not base64", Err: err})
		return
	}
	if len(raw) == 0 {
		return
	}
	a.owner.activateLocked(a)
	if err := a.speech.Arrived(f.Format, len(raw), arrived); err != nil {
		a.failLocked(err)
		return
	}
	p, err := a.conversion.Payload(f, raw, a.out.seq == 0)
	if err != nil {
		a.failLocked(&upstream.Error{Kind: upstream.Garbled, Message: "audio in a format that can't be converted", Err: err})
		return
	}
	p.At = arrived
	a.deliverLocked(p)
	a.proveLocked(false)
}

// scratchPool has buffers for decoded audio. They are used within one frame's step only.
var scratchPool = sync.Pool{New: func() any { return new([]byte) }}

// enter begins a step. Its messages go out together after leave has given the lock back.
func (a *attempt) enter() {
	a.out.outbox.BeginBatch()
	a.out.mu.Lock()
}

func (a *attempt) leave() {
	a.owner.tellMarksLocked()
	a.out.mu.Unlock()
	a.out.outbox.EndBatch()
}

// End takes the stream's end. What the vendor charged counts also for a stream that was cancelled.
func (a *attempt) End(u upstream.Usage, err error) {
	defer a.survivePanic()
	a.enter()
	defer a.leave()
	a.outcome.Usage = u // also after a cancel, when nothing else of this call counts
	if a.outcome.Over() {
		return
	}
	if err == nil && !a.out.EndsLocked() {
		if err = a.speech.Verdict(); err == nil {
			a.drainLocked()
		}
	}
	if a.endsIdleLocked(err, time.Now()) { // before the error counts as a failure
		a.endIdleLocked()
	} else {
		a.outcome.End(err)
	}
	a.out.notify()
}

// drainLocked sends what the converter and the hold still have, and announces the words that remain. The other attempt is
// cancelled: this one has spoken everything, and the other would say its words again.
func (a *attempt) drainLocked() {
	a.owner.cancelOthersLocked(a)
	if !a.speech.IsSent() {
		return
	}
	a.flushLocked(a.speech.Last())
}

// Withheld notes how many of the last pieces the stream keeps back.
func (a *attempt) Withheld(n int) {
	defer a.survivePanic()
	a.enter()
	defer a.leave()
	a.speech.Withheld(n)
	a.out.notify()
}

// PieceEnd notes that a piece has been delivered, so that the next one can be sent.
func (a *attempt) PieceEnd(id int) {
	defer a.survivePanic()
	a.enter()
	defer a.leave()
	if a.outcome.Over() || a.out.EndsLocked() {
		return
	}
	known, err := a.speech.EndPiece(id)
	if err != nil {
		a.failLocked(err)
		return
	}
	if !known {
		return
	}
	a.proveLocked(true)
	if a.speech.IsSent() {
		a.owner.cancelOthersLocked(a) // the audio that seemed late is all here
	}
	a.releaseHeldLocked(time.Now())
	a.out.announceLocked()
	a.out.notify()
}

// Words takes the times of words, which are told to the client once their audio has been sent.
func (a *attempt) Words(ws []upstream.Word) {
	defer a.survivePanic()
	a.enter()
	defer a.leave()
	if a.outcome.Over() || a.out.EndsLocked() {
		return
	}
	if err := a.speech.Words(ws); err != nil {
		a.failLocked(err)
	}
	a.releaseHeldLocked(time.Now()) // the words may end where held audio does
	a.out.announceLocked()
}

// proveLocked looks whether what the client got shows that the target is well; whole: a piece has been delivered.
func (a *attempt) proveLocked(whole bool) {
	if a.outcome.Heard && a.proof.Give(whole, a.speech.Audio()) {
		a.out.notify()
	}
}
