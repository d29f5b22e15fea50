package relay

import (
	"time"

	"voicerelay/awake"
	"voicerelay/text"
)

// input is what a generation has to speak: its text, as it comes and as it is paid.
type input struct {
	// Static after newGeneration.
	g   *Generation
	out *output // its mu guards what follows

	text    text.Buffer
	funds   funds
	short   shortPieces
	at      time.Time // when text last came
	idled   bool      // it counts as finished since then
	refused bool      // the one answer to text after the text's end has been given
}

// settleDelay is how long after the last text a full stop at its very end counts as the end of a sentence: language models
// send a full stop and the space after it a moment apart, and "3." may go on as "3.5".
const settleDelay = 200 * time.Millisecond

// look reports whether there is text to speak from the resume point on, or whether the text is done; else until is when to
// look again.
func (in *input) look(now time.Time) (ready, done bool, until time.Time) {
	in.out.mu.Lock()
	defer in.out.mu.Unlock()
	until = in.deadlineLocked(now)
	cutter := text.NewCutter(&in.text, in.out.from.Char, in.g.req.schedule(), true)
	look := in.short.now(text.Now{Idle: true, Settled: now.Sub(in.at) >= settleDelay}, now)
	if look.Least > 0 && cutter.Ready(text.Now{Idle: true, Settled: look.Settled}) {
		until = awake.Earlier(until, now.Add(in.short.after(now)))
	}
	if p, ok := cutter.Next(look); ok {
		return p.Text != "", p.Text == "", until // the text has ended without a word
	}
	if !look.Settled && cutter.Unsettled() {
		until = in.at.Add(settleDelay)
	}
	return false, cutter.Done(), until
}

// deadlineLocked is when an open text counts as finished. It finishes a text whose time has come.
func (in *input) deadlineLocked(now time.Time) time.Time {
	if in.text.Finished() || in.funds.waits() {
		return time.Time{}
	}
	deadline := in.g.engine.awake.Adjust(in.at, now).Add(in.g.req.textIdle)
	if now.Before(deadline) {
		return deadline
	}
	in.idled = true
	in.text.Finish()
	return time.Time{}
}
