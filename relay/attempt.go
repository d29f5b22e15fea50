package relay

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"

	"voicerelay/audio"
	"voicerelay/routing"
	"voicerelay/text"
	"voicerelay/upstream"
)

// closeGrace is how long a vendor has to confirm that it stopped, and to say what it charged.
const closeGrace = 300 * time.Millisecond

// piecesAhead is how many pieces may be ordered and not yet delivered: the one being spoken and the next.
const piecesAhead = 2

// shortAudio is the least audio for a letter or digit at speed 1 that counts as speech.
const shortAudio = 10 * time.Millisecond

// attempt is one try of a generation at one target. It is also the sink of its stream (sink.go).
type attempt struct {
	// Static after newAttempt.
	g        *generation
	target   routing.Candidate
	provider *Provider
	caps     upstream.Capabilities
	ignored  []string
	began    time.Time

	// Guarded by g.mu.
	cutter    *text.Cutter
	pieces    []orderedPiece
	delivered int  // pieces whose audio is through
	lastSent  bool // the vendor knows that no more text comes
	base      int64
	clock     inputClock
	lastFrame time.Time // zero: no audio yet
	owedSince time.Time // since when the vendor owes what it owes
	heard     bool
	ended     bool
	err       error
	usage     upstream.Usage

	// Frame state, guarded by g.mu.
	conv               *audio.Converter // nil: none needed so far
	convFrom           audio.Format
	scratch, converted []byte
	clean              bool // the frame's base64 has no line breaks
}

// orderedPiece is a piece that was sent.
type orderedPiece struct {
	text.Piece
	aligner *text.Aligner
	track   int // its index in the track
}

func (g *generation) newAttempt(c routing.Candidate) *attempt {
	p := g.s.srv.providers[c.Provider]
	a := &attempt{g: g, target: c, provider: p, caps: p.Capabilities(), began: time.Now()}
	a.ignored = a.caps.Ignored(a.request(), g.req.wordTimestamps)
	g.mu.Lock()
	defer g.mu.Unlock()
	a.cutter = text.NewCutter(&g.text, 0, g.schedule(), a.caps.Spell)
	g.track = newTrack(g.req.output.Rate) // what attempts before told is of audio that nobody heard
	g.attempts = append(g.attempts, a)
	if !g.stopped {
		g.speaking = a
	}
	return a
}

func (a *attempt) request() upstream.Request {
	g := a.g
	req := upstream.Request{
		ID:        newStreamID(),
		Tenant:    g.s.key.Tenant,
		Model:     a.target.Model,
		Voice:     a.target.Voice,
		Language:  g.req.language,
		Speed:     g.req.speed,
		Normalize: g.req.normalize,
		Output:    g.req.output,
		Options:   g.req.options[a.target.Provider],
	}
	if g.req.contextID != "" {
		req.Affinity = g.s.id + "/" + g.req.contextID
	}
	return req
}

// judgedRun is run, with its verdict told to the target's circuit: also after a panic, since a circuit that is half
// open waits for it.
func (a *attempt) judgedRun(ctx context.Context, tell routing.Verdict) error {
	verdict := routing.ErrUndecided
	defer func() { tell(verdict) }()
	err := a.run(ctx)
	verdict = a.verdict(err)
	a.observe(err)
	return err
}

// run speaks the text, and returns nil once all of it has been received.
func (a *attempt) run(ctx context.Context) (err error) {
	a.provider.active.Add(1)
	defer a.provider.active.Add(-1)
	stream, err := a.open(ctx)
	if err != nil {
		a.provider.slots.give()
		return a.fail(err)
	}
	err = errBroken // what a panic leaves
	defer func() { a.release(ctx, stream, err) }()
	err = a.converse(ctx, stream)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return a.fail(err)
}

// errBroken stops a vendor whose attempt a fault of ours broke off.
var errBroken = &upstream.Error{Kind: upstream.Canceled, Message: "broken off"}

// open connects, within the time for the first audio.
func (a *attempt) open(ctx context.Context) (upstream.Stream, error) {
	ctx, cancel := context.WithDeadline(ctx, a.began.Add(a.g.req.plan.FirstAudioTimeout))
	defer cancel()
	stream, err := a.provider.Open(ctx, a.request(), a)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, &upstream.Error{Kind: upstream.FirstAudioTimeout, Message: "not connected in time", Err: err}
	}
	return stream, err
}

// converse sends pieces as text and room allow, and waits for the stream's end.
func (a *attempt) converse(ctx context.Context, stream upstream.Stream) error {
	timer := newAlarm()
	defer timer.stop()
	for {
		step := a.next(time.Now())
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx) // not a piece more, which the vendor would charge
		case step.ended:
			return step.err
		case step.ordered:
			if err := a.send(ctx, stream, step.piece); err != nil {
				return err
			}
		default:
			if err := a.g.wait(ctx, timer, step.until); err != nil {
				return err
			}
		}
	}
}

// send orders a piece. The vendor's own error, where it gave one meanwhile, says more than a failed write.
func (a *attempt) send(ctx context.Context, stream upstream.Stream, p upstream.Piece) error {
	ctx, cancel := context.WithTimeout(ctx, a.g.req.plan.StallTimeout)
	defer cancel()
	err := stream.Speak(ctx, p)
	if err == nil {
		return nil
	}
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	if a.ended && a.err != nil {
		return a.err
	}
	return err
}

// release closes the stream beside the generation's way, since the next target need not wait for it.
func (a *attempt) release(ctx context.Context, stream upstream.Stream, cause error) {
	a.g.closing.Go(func() {
		defer a.provider.slots.give()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
		defer cancel()
		if err := stream.Close(ctx, cause); err != nil {
			a.g.log.Debug().Str("provider", a.target.Provider).Err(err).Msg("stream not closed in order")
		}
	})
}

// fail notes the error that the attempt ended with, nil for none, and stops taking its audio.
func (a *attempt) fail(err error) error {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	a.ended, a.err = true, err
	if a.g.speaking == a {
		a.g.speaking = nil
	}
	return err
}

// verdict is what the attempt says about its target. Raw voices and a client's own options may be at fault
// themselves, so that they never speak against a target; nor does a client that leaves.
func (a *attempt) verdict(err error) error {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	switch {
	case err == nil:
		return nil
	case a.outcomeLocked() == outcomeCancelled && a.heard:
		return nil // it spoke until it was told to stop
	case a.outcomeLocked() == outcomeCancelled, strings.Contains(a.g.req.plan.Voice, "/"), a.g.req.options[a.target.Provider] != nil:
		return routing.ErrUndecided
	}
	return err
}

func (a *attempt) wasHeard() bool {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	return a.heard
}

// step is what the attempt is to do next.
type step struct {
	ended   bool
	err     error
	ordered bool
	piece   upstream.Piece
	until   time.Time // when to look again; zero: when poked
}

func (a *attempt) next(now time.Time) step {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	if a.ended {
		return step{ended: true, err: a.err}
	}
	textUntil := a.g.textDeadlineLocked(now)
	if p, ok := a.cutLocked(now); ok {
		return step{ordered: true, piece: a.orderLocked(p, now)}
	}
	until, err := a.deadlineLocked(now)
	if err != nil {
		return step{ended: true, err: err}
	}
	if a.cutter.Unsettled() && !a.owesLocked() {
		until = earlier(until, a.g.textAt.Add(settleDelay))
	}
	return step{until: earlier(until, textUntil)}
}

// cutLocked is the next piece, if there is text for one, the vendor has few enough and the client has room.
func (a *attempt) cutLocked(now time.Time) (text.Piece, bool) {
	if a.lastSent {
		return text.Piece{}, false
	}
	ahead := len(a.pieces) - a.delivered
	if ahead >= piecesAhead && a.caps.PieceEnds != upstream.PieceEndsNone {
		return text.Piece{}, false
	}
	buffer := audio.Samples(a.g.s.key.Limits.Buffer, a.g.req.output.Rate)
	if !a.g.out.hasRoom(buffer) {
		return text.Piece{}, false
	}
	settled := now.Sub(a.g.textAt) >= settleDelay
	return a.cutter.Next(text.Now{Idle: ahead == 0, Settled: settled})
}

// orderLocked notes a piece as ordered.
func (a *attempt) orderLocked(p text.Piece, now time.Time) upstream.Piece {
	if !a.owesLocked() {
		a.owedSince = now
	}
	a.lastSent = p.Last
	id := len(a.pieces)
	a.pieces = append(a.pieces, orderedPiece{Piece: p, aligner: text.NewAligner(p), track: len(a.g.track.pieces)})
	a.g.track.addPiece(p)
	return upstream.Piece{ID: id, Text: p.Text, Last: p.Last}
}

// owesLocked reports whether the vendor has a piece to deliver, or the end of the stream.
func (a *attempt) owesLocked() bool { return a.delivered < len(a.pieces) || a.lastSent }

// deadlineLocked is when the vendor must have sent something, or the error that it has not.
func (a *attempt) deadlineLocked(now time.Time) (time.Time, error) {
	if !a.owesLocked() {
		return time.Time{}, nil
	}
	plan := a.g.req.plan
	deadline, late := a.began.Add(plan.FirstAudioTimeout), upstream.FirstAudioTimeout
	if !a.lastFrame.IsZero() {
		deadline, late = later(a.lastFrame, a.owedSince).Add(plan.StallTimeout), upstream.Stalled
	}
	if now.Before(deadline) {
		return deadline, nil
	}
	if a.delivered == len(a.pieces) && a.lastSent {
		// Everything is through; only the vendor's account of it is missing.
		a.drainLocked()
		return time.Time{}, a.closeBooksLocked()
	}
	return time.Time{}, &upstream.Error{Kind: late, Message: "no audio in time"}
}

// closeBooksLocked ends an attempt whose vendor never said that it was through.
func (a *attempt) closeBooksLocked() error {
	a.ended, a.err = true, a.verdictLocked()
	if a.err == nil {
		a.g.pokeRun()
	}
	return a.err
}

// verdictLocked judges a normal end: nothing, or far too little, for what there was to speak is a failure.
func (a *attempt) verdictLocked() error {
	letters := 0
	for _, p := range a.pieces {
		for _, r := range p.Text {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				letters++
			}
		}
	}
	got := a.clock.duration()
	least := time.Duration(float64(letters) * float64(shortAudio) / a.g.req.speed)
	switch {
	case !a.lastSent:
		return &upstream.Error{Kind: upstream.Dropped, Message: "the stream ended before the text"}
	case letters > 0 && got == 0:
		return &upstream.Error{Kind: upstream.NoAudio, Message: "a normal end without audio"}
	case got < least:
		return &upstream.Error{Kind: upstream.ShortAudio, Message: "a normal end with far too little audio"}
	}
	return nil
}

// earlier is the first of two times, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
