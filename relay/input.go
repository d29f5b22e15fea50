package relay

import (
	"time"

	"voicerelay/awake"
	"voicerelay/relay/speech"
	"voicerelay/text"
)

// input is what a generation has to speak: its text, as it comes and as it is paid.
type input struct {
	// Static after newGeneration.
	g   *Generation
	out *output // its mu guards what follows

	text    text.Buffer
	funds   funds
	cutting speech.Cutting
	idled   bool // it counts as finished since then
	refused bool // the one answer to text after the text's end has been given
}

// look reports whether there is text to speak from the resume point on, or whether the text is done; else until is when to
// look again.
func (in *input) look(now time.Time) (ready, done bool, until time.Time) {
	in.out.mu.Lock()
	defer in.out.mu.Unlock()
	until = in.deadlineLocked(now)
	cutter := text.NewCutter(&in.text, in.out.from.Char, in.g.req.schedule(), true)
	look := in.cutting.Now(true, now)
	if look.Least > 0 && cutter.Ready(text.Now{Idle: true, Settled: look.Settled}) {
		until = awake.Earlier(until, now.Add(in.cutting.Wait(now)))
	}
	if p, ok := cutter.Next(look); ok {
		return p.Text != "", p.Text == "", until // the text has ended without a word
	}
	if !look.Settled && cutter.Unsettled() {
		until = in.cutting.SettledAt()
	}
	return false, cutter.Done(), until
}

// deadlineLocked is when an open text counts as finished. It finishes a text whose time has come.
func (in *input) deadlineLocked(now time.Time) time.Time {
	if in.text.Finished() || in.funds.waits() {
		return time.Time{}
	}
	deadline := in.g.engine.awake.Adjust(in.cutting.At, now).Add(in.g.req.textIdle)
	if now.Before(deadline) {
		return deadline
	}
	in.idled = true
	in.text.Finish()
	return time.Time{}
}
