package relay

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"voicerelay/awake"
	"voicerelay/relay/position"
	"voicerelay/relay/providers"
	"voicerelay/relay/sound"
	"voicerelay/relay/speech"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// attempt is one try of a generation at one target. It is also the sink of its stream (sink.go). Its parts are types of their
// own, each with what it needs; they point back to the attempt for the others.
type attempt struct {
	// Static after newAttempt.
	g        *Generation
	out      *output // the generation's
	target   routing.Candidate
	provider *providers.Provider // the target's
	caps     upstream.Capabilities
	ignored  []string // what the client asked for and does not get here
	began    time.Time
	from     position.Resume  // where in the text it begins
	verdict  *routing.Verdict // how the circuit is told of the end
	number   int              // among the generation's attempts, from 0

	// Owned by the failover loop.
	candidate *candidate
	hedges    bool // it was opened beside another that kept the caller waiting
	vendor    *providers.Stream

	// Guarded by out.mu.
	speech     *speech.Speech
	conversion sound.Conversion
	held       hold
	entrance   entrance
	outcome    outcome
}

// survivePanic ends only this generation on a panic of ours: the vendor's socket, whose reader makes the call, is shared with
// others.
func (a *attempt) survivePanic() {
	fault := recover()
	if fault == nil {
		return
	}
	err := a.out.engine.Internal(a.g.log, "panic in a frame", fault)
	a.g.Stop(&StopCause{name: "internal fault", reason: Failed, err: err})
}

// newAttempt is an attempt that begins at the resume point as it is now. It connects with vendor.Start.
func newAttempt(g *Generation, c routing.Candidate, verdict *routing.Verdict) *attempt {
	p := g.req.Setup.Provider(c.Provider)
	a := &attempt{
		g: g, out: &g.out, target: c, provider: p, caps: p.Capabilities(), began: time.Now(), verdict: verdict,
	}
	a.held.a, a.outcome.a = a, a
	request := a.request()
	a.ignored = a.caps.Ignored(request, g.req.wordTimestamps)
	a.vendor = p.NewStream(a.streamConfig(request))
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	a.from = g.out.from
	a.speech = speech.New(a.speechConfig())
	a.conversion = sound.NewConversion(sound.Config{
		Output: g.req.output, Base64: g.req.encoder.Form() == Base64, Ear: a.speech.Detector(),
	})
	if verdict.Awaited() {
		a.outcome.proof = proofWanted
	}
	a.number = len(g.out.attempts)
	g.out.attempts = append(g.out.attempts, a)
	g.out.speaking = append(g.out.speaking, a)
	if g.out.EndsLocked() {
		a.outcome.endLocked(errBroken)
	}
	return a
}

// awake is the clock by which the vendor is judged: time in which this process was stopped does not count against it.
func (a *attempt) awake() *awake.Clock { return a.out.engine.awake }

// voice is the key of the voice model: how fast it speaks, and when its word times come.
func (a *attempt) voice() position.VoiceKey {
	return position.VoiceKey{Provider: a.target.Provider, Model: a.target.Model, Voice: a.target.Voice}
}

// speechConfig is what the vendor is to speak, and what its speech is judged by.
func (a *attempt) speechConfig() speech.Config {
	req := a.out.req
	return speech.Config{
		Text:              a.g.in.Text(),
		From:              a.from.Char,
		Cutting:           a.g.in.Cutting(),
		Schedule:          req.schedule(),
		Rivals:            len(req.plan.Candidates) > 1,
		Speed:             req.speed,
		Output:            req.output,
		Voice:             a.voice(),
		Caps:              a.caps,
		Voices:            a.out.engine.voices,
		FirstAudioTimeout: req.plan.FirstAudioTimeout,
		StallTimeout:      req.plan.StallTimeout,
		Client:            a.out.lane,
		Buffer:            req.Key.Limits.Buffer,
		Awake:             a.awake(),
		Began:             a.began,
	}
}

// streamConfig is how the vendor's stream is opened.
func (a *attempt) streamConfig(request upstream.Request) providers.StreamConfig {
	return providers.StreamConfig{
		Tenant:   a.out.req.Key.Tenant,
		Request:  request,
		Sink:     a,
		Patience: a.out.req.plan.FirstAudioTimeout,
		Awake:    a.awake(),
		Notify:   a.out.notify,
		Group:    &a.g.closing,
		Fault:    func(what string, fault any) { _ = a.out.engine.Internal(a.g.log, what, fault) },
		Log:      a.g.log,
	}
}

// request is what the vendor is asked for. It names neither the client nor its text.
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

// step does what there is to do: takes the connection, sends pieces while there is text and room, and sees the end. If it has
// not ended, until is when to look again.
func (a *attempt) step(ctx context.Context) (until time.Time, ended bool, err error) {
	if connected, err := a.connect(ctx); err != nil || !connected {
		return time.Time{}, err != nil, err
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
		a.g.in.Give(ctx, next.piece.Text)
		if err := a.send(ctx, next.piece); err != nil {
			return time.Time{}, true, a.outcome.lose(causeOf(ctx, err))
		}
		a.noteProgress()
	}
}

// connect takes the stream once it is open.
func (a *attempt) connect(ctx context.Context) (connected bool, err error) {
	connected, err = a.vendor.Take()
	switch {
	case err != nil:
		return false, a.outcome.lose(causeOf(ctx, err))
	case !connected:
		return false, a.outcome.failure()
	}
	return true, nil
}

// causeOf is why something failed: what ended the generation, if that came first, else the vendor's error.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// send orders a piece. The stream may wait, for a socket for example: the vendor owes the piece only after that.
func (a *attempt) send(ctx context.Context, p upstream.Piece) error {
	if !a.mayGive() {
		return nil // the next step sees the end
	}
	ctx, cancel := a.awake().WithTimeout(ctx, a.out.req.plan.StallTimeout)
	defer cancel()
	err := a.vendor.Speak(ctx, p)
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	a.speech.Sent()
	return err
}

// mayGive notes that the vendor is about to get the last piece. It reports false if the stream has ended meanwhile.
func (a *attempt) mayGive() bool {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	if !a.outcome.over() {
		a.speech.Give()
	}
	return !a.outcome.over()
}

// settle ends the attempt for all who must know: its vendor, the circuit, the metrics, the output. It reports whether the
// client has heard it.
func (a *attempt) settle(ctx context.Context, err error) (heard bool) {
	a.vendor.Release(ctx, err)
	a.verdict.Tell(a.judge())
	a.observe(err)
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	a.outcome.endedAt = time.Now()
	a.out.finishAttemptLocked(a)
	return a.outcome.heard
}

// judge is what the attempt's end says about its target. A failure does not count against the target if it may be the
// client's own fault, by a raw voice or its own options. Nor does a client that leaves, or a backup that was faster before
// the first word.
func (a *attempt) judge() error {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	outcome := a.outcome.nameLocked()
	switch {
	case outcome == outcomeCompleted, outcome == outcomeCancelled && a.outcome.heard:
		return nil // it spoke until it was told to stop
	case outcome == outcomeHedged && a.outcome.heard:
		return errStalled
	case outcome != outcomeFailed, strings.Contains(a.out.req.plan.Voice, "/"), a.out.req.options[a.target.Provider] != nil:
		return routing.ErrUndecided
	}
	return a.outcome.err
}

// errStalled is the verdict on a target that was silent in mid-speech, so that a backup took over.
var errStalled = &upstream.Error{Kind: upstream.Stalled, Message: "silent while the audio ran out"}

// newStreamID is what a vendor may call an attempt. It says nothing about the client.
func newStreamID() string { return "s" + rand.Text()[:20] }

// step is what an attempt is to do next.
type step struct {
	ended   bool
	err     error
	ordered bool
	piece   upstream.Piece
	until   time.Time // when to look again; zero: when notified
}

// next decides what the attempt does next, and what it waits for.
func (a *attempt) next(ctx context.Context, now time.Time) step {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	if ctx.Err() != nil { // no further piece, which the vendor would charge
		a.outcome.loseLocked(context.Cause(ctx))
	}
	if a.outcome.over() {
		return step{ended: true, err: a.outcome.err}
	}
	a.held.releaseLocked(now)
	a.out.tellMarksLocked(false)
	until := awake.Earlier(a.g.in.DeadlineLocked(now), a.held.untilLocked(now))
	if p, ok := a.speech.Next(now); ok {
		return step{ordered: true, piece: p}
	}
	until = awake.Earlier(until, a.speech.TextDue(now))
	deadline, err := a.deadlineLocked(now)
	if a.outcome.over() || err != nil {
		a.outcome.loseLocked(err)
		return step{ended: true, err: a.outcome.err}
	}
	return step{until: awake.Earlier(until, deadline)}
}

// deadlineLocked is when the vendor must have sent something, or the error that it has not. It ends an attempt of which only the
// stream's end is missing.
func (a *attempt) deadlineLocked(now time.Time) (time.Time, error) {
	deadline, complete, err := a.speech.Deadline(now)
	if complete {
		a.drainLocked()
		a.outcome.endLocked(a.speech.Verdict())
		err = a.outcome.err
	}
	return deadline, err
}
