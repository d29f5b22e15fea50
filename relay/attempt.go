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
	link      link

	// Guarded by out.mu.
	orders     orders
	arrivals   arrivals
	conversion conversion
	held       hold
	align      alignment
	outcome    outcome
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
		holder: limits.NewHolder(g.req.Key.Tenant, g.out.notify),
	}
	a.link.a, a.orders.a, a.arrivals.a, a.conversion.a, a.held.a, a.align.a, a.outcome.a = a, a, a, a, a, a, a
	a.ignored = a.caps.Ignored(a.request(), g.req.wordTimestamps)
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	a.from = g.out.from
	a.orders.cutter = text.NewCutter(&g.in.text, a.from.Char, a.schedule(), a.caps.Spell)
	a.orders.cutter.Strip(a.caps.MarkupOf(a.target.Model))
	if a.align.listens() {
		a.align.ear = audio.NewSilenceDetector(g.req.output)
	}
	if verdict.Awaited() {
		a.outcome.proof = proofWanted
	}
	a.number = len(g.out.attempts)
	g.out.attempts = append(g.out.attempts, a)
	g.out.speaking = append(g.out.speaking, a)
	if g.out.endsLocked() {
		a.outcome.endLocked(errBroken)
	}
	return a
}

// listens reports whether the attempt's audio must be listened to: only where another could take over, and word times
// may not say how far it came.
func (al *alignment) listens() bool {
	return len(al.a.g.req.plan.Candidates) > 1 &&
		(al.a.caps.WordTimes == upstream.WordTimesNone || al.a.g.engine.habits.Of(al.a.voice()).Timing != position.Prompt)
}

// awake is the clock that the vendor is judged by.
func (a *attempt) awake() *awake.Clock { return a.g.engine.awake }

// lastAudioLocked is when the latest frame came, by a clock that stands while the process does: only so does the time since
// say how long the vendor has been silent.
func (v *arrivals) lastAudioLocked(now time.Time) time.Time {
	return v.a.awake().Adjust(v.lastFrame, now)
}

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
func (l *link) start(ctx context.Context) {
	l.a.provider.active.Add(1)
	ctx, l.cancel = context.WithCancelCause(ctx)
	result := make(chan opened, 1)
	l.opened = result
	l.a.g.closing.Go(func() {
		defer l.a.out.notify()
		result <- l.open(ctx)
	})
}

func (l *link) open(ctx context.Context) (o opened) {
	defer func() {
		if fault := recover(); fault != nil {
			o = opened{err: errBroken, fault: fault}
		}
	}()
	ctx, cancel := l.a.awake().WithTimeout(ctx, l.a.g.req.plan.FirstAudioTimeout)
	defer cancel()
	stream, err := l.a.provider.Open(ctx, l.a.request(), l.a)
	if err != nil && awake.TimedOut(ctx) {
		err = &upstream.Error{Kind: upstream.FirstAudioTimeout, Class: upstream.ClassTimeout, Message: "not connected in time", Err: err}
	}
	return opened{stream: stream, err: err}
}

// step does what there is to do: takes the connection, sends pieces as text and room allow, and sees the end. Where
// it has not ended, until is when to look again.
func (a *attempt) step(ctx context.Context) (until time.Time, ended bool, err error) {
	if a.link.stream == nil {
		if connected, err := a.link.connect(ctx); err != nil || !connected {
			return time.Time{}, err != nil, err
		}
	}
	a.outcome.takeProof()
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
			return time.Time{}, true, a.outcome.lose(causeOf(ctx, err))
		}
		a.noteProgress()
	}
}

// connect takes the stream once there is one.
func (l *link) connect(ctx context.Context) (connected bool, err error) {
	select {
	case o := <-l.opened:
		l.opened = nil
		if o.fault != nil {
			panic(o.fault) // in the generation's goroutine, which knows what to do with it
		}
		if o.err != nil {
			return false, l.a.outcome.lose(causeOf(ctx, o.err))
		}
		l.stream = o.stream
		return true, nil
	default:
		return false, l.a.outcome.failure() // start notifies
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
func (oc *outcome) failure() error {
	oc.a.out.mu.Lock()
	defer oc.a.out.mu.Unlock()
	return oc.err
}

func (oc *outcome) wasHeard() bool {
	oc.a.out.mu.Lock()
	defer oc.a.out.mu.Unlock()
	return oc.heard
}

// send orders a piece. The stream may have to wait meanwhile, as for a socket: only then the vendor owes it.
func (a *attempt) send(ctx context.Context, p upstream.Piece) error {
	if !a.orders.mayGive() {
		return nil // the next step sees the end
	}
	ctx, cancel := a.awake().WithTimeout(ctx, a.g.req.plan.StallTimeout)
	defer cancel()
	err := a.link.stream.Speak(ctx, p)
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	a.orders.sentLocked()
	return err
}

// mayGive notes that the vendor is about to get the last piece, unless the stream has ended meanwhile.
func (o *orders) mayGive() bool {
	o.a.out.mu.Lock()
	defer o.a.out.mu.Unlock()
	if !o.a.outcome.over() {
		o.given = len(o.pieces)
	}
	return !o.a.outcome.over()
}

// sentLocked notes that the last piece has reached the vendor, unless the stream has said more of it.
func (o *orders) sentLocked() {
	if !o.sending {
		return
	}
	owed := o.owesLocked()
	o.withheld, o.sending = o.withheld-1, false
	if !owed && o.owesLocked() {
		o.a.arrivals.oweLocked(time.Now())
	}
}

// oweLocked notes that the vendor owes something from now on.
func (v *arrivals) oweLocked(now time.Time) { v.owedSince, v.lag = now, lag{} }

// lose ends the attempt from our side, and stops taking its audio. It returns what the attempt ended with: the
// vendor's own error, where there was one before, says more.
func (oc *outcome) lose(err error) error {
	oc.a.out.mu.Lock()
	defer oc.a.out.mu.Unlock()
	oc.loseLocked(err)
	return oc.err
}

func (oc *outcome) loseLocked(err error) {
	if !oc.over() {
		oc.endLocked(err)
	}
}

// settle tells whoever must know how the attempt ended. It reports whether the client has heard it.
func (a *attempt) settle(ctx context.Context, err error) (heard bool) {
	a.link.release(ctx, err)
	a.verdict.Tell(a.judge())
	a.observe(err)
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	a.outcome.endedAt = time.Now()
	a.out.finishAttemptLocked(a)
	return a.outcome.heard
}

// release closes the stream beside the generation's way, since the next target need not wait for it.
func (l *link) release(ctx context.Context, cause error) {
	l.cancel(cause)
	stream, result := l.stream, l.opened
	place, tenant := l.a.provider.slots, l.a.g.req.Key.Tenant
	place.Leave(l.a.holder)
	l.a.g.closing.Go(func() {
		defer l.a.provider.active.Add(-1)
		if result != nil {
			stream = (<-result).stream // soon, since its context has ended
		}
		if stream != nil {
			l.close(ctx, stream, cause)
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
func (l *link) close(ctx context.Context, stream upstream.Stream, cause error) {
	defer func() {
		if fault := recover(); fault != nil {
			_ = l.a.g.engine.internal(l.a.g.log, "panic while a stream was closed", fault) // the client has all that it asked for
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
	defer cancel()
	if err := stream.Close(ctx, cause); err != nil {
		l.a.g.log.Debug().Str("provider", l.a.target.Provider).Err(err).Msg("stream not closed in order")
	}
}

// judge is what the attempt says about its target. Raw voices and a client's own options may be at fault themselves,
// so that they never speak against a target; nor does a client that leaves, nor one that another was faster than, before a word.
func (a *attempt) judge() error {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	outcome := a.outcome.nameLocked()
	switch {
	case outcome == outcomeCompleted, outcome == outcomeCancelled && a.outcome.heard:
		return nil // it spoke until it was told to stop
	case outcome == outcomeHedged && a.outcome.heard:
		return errStalled
	case outcome != outcomeFailed, strings.Contains(a.g.req.plan.Voice, "/"), a.g.req.options[a.target.Provider] != nil:
		return routing.ErrUndecided
	}
	return a.outcome.err
}

// errStalled is the verdict on a target whose silence in mid-speech had another take over.
var errStalled = &upstream.Error{Kind: upstream.Stalled, Message: "silent while the audio ran out"}

// newStreamID is what a vendor may call an attempt. It says nothing about the client.
func newStreamID() string { return "s" + rand.Text()[:20] }
