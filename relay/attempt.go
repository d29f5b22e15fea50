package relay

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/limits"
	"voicerelay/relay/position"
	"voicerelay/routing"
	"voicerelay/text"
	"voicerelay/upstream"
)

// closeGrace is how long a vendor has to confirm that it stopped, and to say what it charged.
const closeGrace = 300 * time.Millisecond

// piecesAhead is how many pieces may be ordered and not yet delivered: the one being spoken and the next.
const piecesAhead = 2

// piecesKept is how many pieces a stream may keep back that has nothing else to do: short sentences, which then go out
// together.
const piecesKept = 16

// For a target without word times where another could take over, since within a piece it can only be estimated where it
// broke off: the longest piece, and the length from which one ends with a clause. A pause is heard between two pieces,
// so within a clause there is none if it can be helped.
const (
	untimedPiece   = 120
	untimedClause  = 60
	unheardPhrases = 30 // instead, of a voice that nobody has heard yet: their ends say how fast it speaks
)

// attempt is one try of a generation at one target. It is also the sink of its stream (sink.go).
type attempt struct {
	// Static after newAttempt.
	g        *Generation
	out      *output // the generation's
	target   routing.Candidate
	provider *Provider
	caps     upstream.Capabilities
	ignored  []string
	began    time.Time
	from     position.Resume // where in the text it begins
	verdict  *routing.Verdict
	holder   *limits.Holder
	number   int // among the generation's attempts, from 0

	// Owned by the failover loop.
	candidate *candidate
	cancel    context.CancelCauseFunc // ends connecting
	opened    chan opened             // holds what Open returned, once it has
	stream    upstream.Stream
	// connecting: Open has not returned, or nobody has looked.
	connecting bool

	// Guarded by g.mu.
	cutter    *text.Cutter
	pieces    []orderedPiece
	expected  time.Duration // of audio, that they may well take
	given     int           // pieces that the vendor has, or may have: the last may still be on its way
	delivered int           // pieces whose audio is through
	withheld  int           // of the last pieces, those that the vendor has no order for
	sending   bool          // the last piece is one of them only until the stream has taken it
	lastSent  bool          // the vendor knows that no more text comes
	base      int64
	clock     inputClock
	frames    int           // on clock
	pieceFrom time.Duration // where on clock the piece under way begins
	lastFrame time.Time     // zero: no audio yet
	interval  time.Duration // usual between frames
	owedSince time.Time     // since when the vendor owes what it owes
	lag       lag
	letGo     time.Time    // when the stream last sent what it had kept back, while nothing else was owed; zero: never
	early     []text.Timed // words told before the first audio, on the attempt's own clock
	heard     bool
	proof     proof
	ended     bool
	idle      bool // it has ended while the text paused, with nothing owed: another of its target goes on
	err       error
	usage     upstream.Usage
	endedAt   time.Time

	// Frame state, guarded by g.mu.
	conv      *audio.Converter // nil: none needed so far
	convFrom  audio.Format
	converted []byte
	clean     bool // the frame's base64 has no line breaks
	held      hold
	seam      crossfade
	ear       *audio.SilenceDetector // nil where word times say all
}

// orderedPiece is a piece that was sent, or is just about to be.
type orderedPiece struct {
	text.Piece
	aligner *text.Aligner
	track   int                // its index in the track, once the attempt is active
	timed   bool               // words of it were told
	order   position.WordOrder // of those words
	misled  bool               // their times can't be true
	least   time.Duration      // audio that it takes at least
}

// opened is what a provider's Open returned.
type opened struct {
	stream upstream.Stream
	err    error
	fault  any // what it panicked with
}

func newAttempt(g *Generation, c routing.Candidate, verdict *routing.Verdict) *attempt {
	p := g.req.Setup.providers[c.Provider]
	a := &attempt{
		g: g, out: &g.out, target: c, provider: p, caps: p.Capabilities(), began: time.Now(), verdict: verdict,
		opened: make(chan opened, 1), holder: limits.NewHolder(g.req.Key.Tenant, g.out.notify),
	}
	a.ignored = a.caps.Ignored(a.request(), g.req.wordTimestamps)
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	a.from = g.out.from
	a.cutter = text.NewCutter(&g.in.text, a.from.Char, a.schedule(), a.caps.Spell)
	a.cutter.Strip(a.caps.MarkupOf(a.target.Model))
	if a.listens() {
		a.ear = audio.NewSilenceDetector(g.req.output)
	}
	if verdict.Awaited() {
		a.proof = proofWanted
	}
	a.number = len(g.out.attempts)
	g.out.attempts = append(g.out.attempts, a)
	g.out.speaking = append(g.out.speaking, a)
	a.ended, a.err = g.out.endsLocked(), errBroken
	if !a.ended {
		a.err = nil
	}
	return a
}

// listens reports whether the attempt's audio must be listened to: only where another could take over, and word times
// may not say how far it came.
func (a *attempt) listens() bool {
	return len(a.g.req.plan.Candidates) > 1 &&
		(a.caps.WordTimes == upstream.WordTimesNone || a.g.engine.habits.Of(a.voice()).Timing != position.Prompt)
}

// awake is the clock that the vendor is judged by.
func (a *attempt) awake() *awake.Clock { return a.g.engine.awake }

// lastAudioLocked is when the latest frame came, by a clock that stands while the process does: only so does the time since
// say how long the vendor has been silent.
func (a *attempt) lastAudioLocked(now time.Time) time.Time { return a.awake().Adjust(a.lastFrame, now) }

// voice is whose habits it speaks by.
func (a *attempt) voice() position.VoiceKey {
	return position.VoiceKey{Provider: a.target.Provider, Model: a.target.Model, Voice: a.target.Voice}
}

func (a *attempt) schedule() text.Schedule {
	s := a.g.req.schedule()
	if a.caps.WordTimes == upstream.WordTimesNone && len(a.g.req.plan.Candidates) > 1 {
		s.Max = min(s.Max, untimedPiece)
		s.Clause = untimedClause
		if a.g.engine.habits.Of(a.voice()).Pieces == 0 {
			s.Clause = unheardPhrases
		}
	}
	return s
}

func (a *attempt) request() upstream.Request {
	g := a.g
	req := upstream.Request{
		ID:        newStreamID(),
		Tenant:    g.req.Key.Tenant,
		Model:     a.target.Model,
		Voice:     a.target.Voice,
		Language:  g.req.language,
		Speed:     g.req.speed,
		Normalize: g.req.normalize,
		Output:    g.req.output,
		Options:   g.req.options[a.target.Provider],
	}
	if g.req.contextID != "" {
		req.Affinity = g.client.ID + "/" + g.req.contextID
	}
	return req
}

// Why an attempt is broken off from our side. To the vendor they are all a cancel.
var (
	errBroken     = &upstream.Error{Kind: upstream.Canceled, Message: "broken off"} // by a fault of ours
	errLostHedge  = &upstream.Error{Kind: upstream.Canceled, Message: "another was faster"}
	errSuperseded = &upstream.Error{Kind: upstream.Canceled, Message: "another voice speaks it anew"}
)

// start connects beside the generation's way, within the time for the first audio.
func (a *attempt) start(ctx context.Context) {
	a.provider.active.Add(1)
	ctx, a.cancel = context.WithCancelCause(ctx)
	a.connecting = true
	a.g.closing.Go(func() {
		defer a.out.notify()
		a.opened <- a.open(ctx)
	})
}

func (a *attempt) open(ctx context.Context) (o opened) {
	defer func() {
		if fault := recover(); fault != nil {
			o = opened{err: errBroken, fault: fault}
		}
	}()
	ctx, cancel := a.awake().WithTimeout(ctx, a.g.req.plan.FirstAudioTimeout)
	defer cancel()
	stream, err := a.provider.Open(ctx, a.request(), a)
	if err != nil && awake.TimedOut(ctx) {
		err = &upstream.Error{Kind: upstream.FirstAudioTimeout, Class: upstream.ClassTimeout, Message: "not connected in time", Err: err}
	}
	return opened{stream: stream, err: err}
}

// step does what there is to do: takes the connection, sends pieces as text and room allow, and sees the end. Where
// it has not ended, until is when to look again.
func (a *attempt) step(ctx context.Context) (until time.Time, ended bool, err error) {
	if a.stream == nil {
		if connected, err := a.connect(ctx); err != nil || !connected {
			return time.Time{}, err != nil, err
		}
	}
	a.tellProof()
	for {
		next := a.next(ctx, time.Now())
		switch {
		case next.ended:
			return time.Time{}, true, next.err
		case !next.ordered:
			ended, until := a.pause(time.Now())
			return awake.Earlier(next.until, until), ended, nil
		}
		a.g.in.give(ctx, next.piece)
		if err := a.send(ctx, next.piece); err != nil {
			return time.Time{}, true, a.lose(causeOf(ctx, err))
		}
		a.noteProgress()
	}
}

// connect takes the stream once there is one.
func (a *attempt) connect(ctx context.Context) (connected bool, err error) {
	select {
	case o := <-a.opened:
		a.connecting = false
		if o.fault != nil {
			panic(o.fault) // in the generation's goroutine, which knows what to do with it
		}
		if o.err != nil {
			return false, a.lose(causeOf(ctx, o.err))
		}
		a.stream = o.stream
		return true, nil
	default:
		return false, a.failure() // start notifies
	}
}

// causeOf is why something failed: what ended the generation, where that was first, else the vendor.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// failure is what the attempt ended with, nil where it goes on.
func (a *attempt) failure() error {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	return a.err
}

func (a *attempt) wasHeard() bool {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	return a.heard
}

// send orders a piece. The stream may have to wait meanwhile, as for a socket: only then the vendor owes it.
func (a *attempt) send(ctx context.Context, p upstream.Piece) error {
	if !a.mayGive() {
		return nil // the next step sees the end
	}
	ctx, cancel := a.awake().WithTimeout(ctx, a.g.req.plan.StallTimeout)
	defer cancel()
	err := a.stream.Speak(ctx, p)
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	a.sentLocked()
	return err
}

// mayGive notes that the vendor is about to get the last piece, unless the stream has ended meanwhile.
func (a *attempt) mayGive() bool {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	if !a.ended {
		a.given = len(a.pieces)
	}
	return !a.ended
}

// sentLocked notes that the last piece has reached the vendor, unless the stream has said more of it.
func (a *attempt) sentLocked() {
	if !a.sending {
		return
	}
	owed := a.owesLocked()
	a.withheld, a.sending = a.withheld-1, false
	if !owed && a.owesLocked() {
		a.oweLocked(time.Now())
	}
}

// oweLocked notes that the vendor owes something from now on.
func (a *attempt) oweLocked(now time.Time) { a.owedSince, a.lag = now, lag{} }

// lose ends the attempt from our side, and stops taking its audio. It returns what the attempt ended with: the
// vendor's own error, where there was one before, says more.
func (a *attempt) lose(err error) error {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	a.loseLocked(err)
	return a.err
}

func (a *attempt) loseLocked(err error) {
	if !a.ended {
		a.ended, a.err = true, err
	}
}

// settle tells whoever must know how the attempt ended. It reports whether the client has heard it.
func (a *attempt) settle(ctx context.Context, err error) (heard bool) {
	a.release(ctx, err)
	a.verdict.Tell(a.judge())
	a.observe(err)
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	a.endedAt = time.Now()
	a.out.finishAttemptLocked(a)
	return a.heard
}

// release closes the stream beside the generation's way, since the next target need not wait for it.
func (a *attempt) release(ctx context.Context, cause error) {
	a.cancel(cause)
	stream, connecting := a.stream, a.connecting
	place, tenant := a.provider.slots, a.g.req.Key.Tenant
	place.Leave(a.holder)
	a.g.closing.Go(func() {
		defer a.provider.active.Add(-1)
		if connecting {
			stream = (<-a.opened).stream // soon, since its context has ended
		}
		if stream != nil {
			a.close(ctx, stream, cause)
		}
		whenGone(stream, func() { place.Gone(tenant) })
	})
}

// whenGone calls f when the vendor has let go of a stream that is closed: perhaps long after the generation's end.
func whenGone(stream upstream.Stream, f func()) {
	if lingers, ok := stream.(upstream.Lingerer); ok {
		lingers.WhenGone(f)
		return
	}
	f()
}

// close closes a stream. A panic ends here, since in a goroutine of its own it would end the process.
func (a *attempt) close(ctx context.Context, stream upstream.Stream, cause error) {
	defer func() {
		if fault := recover(); fault != nil {
			_ = a.g.engine.internal(a.g.log, "panic while a stream was closed", fault) // the client has all that it asked for
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
	defer cancel()
	if err := stream.Close(ctx, cause); err != nil {
		a.g.log.Debug().Str("provider", a.target.Provider).Err(err).Msg("stream not closed in order")
	}
}

// judge is what the attempt says about its target. Raw voices and a client's own options may be at fault themselves,
// so that they never speak against a target; nor does a client that leaves, nor one that another was faster than, before a word.
func (a *attempt) judge() error {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	outcome := a.outcomeLocked()
	switch {
	case outcome == outcomeCompleted, outcome == outcomeCancelled && a.heard:
		return nil // it spoke until it was told to stop
	case outcome == outcomeHedged && a.heard:
		return errStalled
	case outcome != outcomeFailed, strings.Contains(a.g.req.plan.Voice, "/"), a.g.req.options[a.target.Provider] != nil:
		return routing.ErrUndecided
	}
	return a.err
}

// errStalled is the verdict on a target whose silence in mid-speech had another take over.
var errStalled = &upstream.Error{Kind: upstream.Stalled, Message: "silent while the audio ran out"}

// newStreamID is what a vendor may call an attempt. It says nothing about the client.
func newStreamID() string { return "s" + rand.Text()[:20] }
