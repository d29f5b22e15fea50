package relay

import (
	"crypto/rand"
	"sync"
	"time"

	"voicerelay/awake"
	"voicerelay/relay/candidates"
	"voicerelay/relay/input"
	"voicerelay/relay/outcome"
	"voicerelay/relay/position"
	"voicerelay/relay/providers"
	"voicerelay/relay/sound"
	"voicerelay/relay/speech"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// owner is the generation, as far as an attempt tells it what came, and asks for others. It is called with the output's lock held.
type owner interface {
	// activateLocked: an attempt has sent audio. Any other is cancelled, since only one voice may be heard.
	activateLocked(a *attempt)
	// cancelOthersLocked: an attempt goes on alone.
	cancelOthersLocked(a *attempt)
	// hasRivalLocked reports whether another attempt runs that may still take over.
	hasRivalLocked(a *attempt) bool
	// introduceLocked: an attempt's first audio is about to be queued. The client is told whose voice it is.
	introduceLocked(a *attempt, at time.Time)
	// tellMarksLocked: more text may have been spoken, up to a mark.
	tellMarksLocked()
}

// attemptParts are what all attempts of a generation work with.
type attemptParts struct {
	// Static.
	owner    owner
	out      *output
	in       *input.Input    // guarded by out.mu
	closing  *sync.WaitGroup // streams on their way in or out
	affinity string          // what vendors may know the conversation by; empty: there is none
}

// entrance is how an attempt began to be heard. It is guarded by out.mu.
type entrance struct {
	at     time.Time     // zero: it was not heard
	reason upstream.Kind // as trace.Attempt.Reason
	audio  int64         // samples that had been sent before
}

// attempt is one try of a generation at one target. It is also the sink of its stream (sink.go), and takes its next step when the
// failover loop says so (step.go).
type attempt struct {
	// Static after newAttempt.
	*attemptParts
	target   routing.Candidate
	provider *providers.Provider // the target's
	caps     upstream.Capabilities
	ignored  []string // what the client asked for and does not get here
	began    time.Time
	from     position.Resume  // where in the text it begins
	verdict  *routing.Verdict // how the circuit is told of the end
	number   int              // among the generation's attempts, from 0

	// Owned by the failover loop.
	candidate *candidates.Candidate
	hedges    bool // it was opened beside another that kept the caller waiting
	vendor    *providers.Stream

	// Guarded by out.mu.
	speech     *speech.Speech
	conversion sound.Conversion
	held       sound.Held
	entrance   entrance
	outcome    outcome.Outcome
	proof      outcome.Proof
}

// newAttempt is an attempt that has no place in its generation yet. It connects with vendor.Start.
func newAttempt(parts *attemptParts, c routing.Candidate, verdict *routing.Verdict) *attempt {
	req := &parts.out.req
	p := req.Setup.Provider(c.Provider)
	a := &attempt{attemptParts: parts, target: c, provider: p, caps: p.Capabilities(), began: time.Now(), verdict: verdict}
	request := a.request()
	a.ignored = a.caps.Ignored(request, req.wordTimestamps)
	a.vendor = p.NewStream(a.streamConfig(request))
	return a
}

// placeLocked has the attempt begin at the resume point as it is now, as one of the generation's.
func (a *attempt) placeLocked(number int) {
	a.number, a.from = number, a.out.from
	a.speech = speech.New(a.speechConfig())
	a.conversion = sound.NewConversion(sound.Config{
		Output: a.out.req.output, Base64: a.out.req.encoder.Form() == Base64, Ear: a.speech.Detector(),
	})
	if a.verdict.Awaited() {
		a.proof = outcome.ProofWanted
	}
	if a.out.EndsLocked() {
		a.outcome.End(outcome.ErrBroken)
	}
}

// awake is the clock by which the vendor is judged: time in which this process was stopped does not count against it.
func (a *attempt) awake() *awake.Clock { return a.out.engine.awake }

// voice is the key of the voice model: how fast it speaks, and when its word times come.
func (a *attempt) voice() position.VoiceKey {
	return position.VoiceKey{Provider: a.target.Provider, Model: a.target.Model, Voice: a.target.Voice}
}

// speechConfig is what the vendor is to speak, and what its speech is judged by.
func (a *attempt) speechConfig() speech.Config {
	req := &a.out.req
	return speech.Config{
		Text:              a.in.Text(),
		From:              a.from.Char,
		Cutting:           a.in.Cutting(),
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
		Group:    a.closing,
		Fault:    func(what string, fault any) { _ = a.out.engine.Internal(a.out.log, what, fault) },
		Log:      a.out.log,
	}
}

// request is what the vendor is asked for. It names neither the client nor its text.
func (a *attempt) request() upstream.Request {
	req := &a.out.req
	return upstream.Request{
		ID:        newStreamID(),
		Tenant:    req.Key.Tenant,
		Model:     a.target.Model,
		Voice:     a.target.Voice,
		Language:  req.language,
		Speed:     req.speed,
		Normalize: req.normalize,
		Output:    req.output,
		Options:   req.options[a.target.Provider],
		Affinity:  a.affinity,
	}
}

// newStreamID is what a vendor may call an attempt. It says nothing about the client.
func newStreamID() string { return "s" + rand.Text()[:20] }

// failure is what the attempt ended with, nil while it runs.
func (a *attempt) failure() error {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	return a.outcome.Err
}

func (a *attempt) wasHeard() bool {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	return a.outcome.Heard
}

// failLocked ends the attempt for a fault of its vendor's that its sink has found.
func (a *attempt) failLocked(err error) {
	a.outcome.End(err)
	a.out.notify()
}

// endedIdle reports whether another attempt of the same target must go on.
func (a *attempt) endedIdle() bool {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	return a.outcome.State == outcome.Idle
}

// survivePanic ends only this generation on a panic of ours: the vendor's socket, whose reader makes the call, is shared with
// others.
func (a *attempt) survivePanic() {
	fault := recover()
	if fault == nil {
		return
	}
	_ = a.out.stopForFault("panic in a frame", fault)
}
