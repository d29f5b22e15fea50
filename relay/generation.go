package relay

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/audio"
	"voicerelay/limits"
	"voicerelay/relay/delivery"
	"voicerelay/relay/position"
	"voicerelay/routing"
	"voicerelay/text"
)

// generation is one utterance, from its text to its done.
type generation struct {
	// Static after newGeneration.
	origin   *origin
	req      request
	recordID string
	out      *delivery.Lane
	began    time.Time
	place    int // in its context, in the order of coming
	log      zerolog.Logger
	wakeup   chan struct{} // holds one token while run has something to look at
	cancel   context.CancelCauseFunc

	closing sync.WaitGroup // streams on their way in or out, and the ledger's entry
	booking booking
	grant   limits.Grant // set by run before anything is spoken

	mu        sync.Mutex // guards what follows
	funds     funds
	text      text.Buffer
	short     shortPieces
	textAt    time.Time // when text last came
	textIdled bool      // it counts as finished since then
	attempts  []*attempt
	speaking  []*attempt      // those that may still speak
	active    *attempt        // whose audio is sent; nil: nobody has begun, or who had has failed
	lastSpoke *attempt        // that the client heard last; nil: none yet
	from      position.Resume // where in the text the next attempt begins
	lastHeard sample          // of the audio sent; none where it has died away
	change    change          // what its context must know, or its failover loop
	track     position.Track
	seq       uint32
	told      []Word    // for the words that the client is told of next
	firstAt   time.Time // when the first audio could be sent; zero: not yet
	played    time.Duration
	hasPlayed bool      // played is what the client said
	stopped   bool      // the client gets nothing more but the end
	stoppedAt time.Time // when
	done      Result    // what is settled of the end; its reason is empty until then
	over      bool      // the end has been queued
	// refusedText: the one answer to text behind the text's end has been given.
	refusedText bool
}

// stopCause is why a generation was ended from our side; as an error it is the cause of its context.
type stopCause struct {
	name   string // for the log
	reason Reason
	err    *Error
}

func (c *stopCause) Error() string { return c.name }

// The causes that end a generation from our side.
var (
	causeCancelled = &stopCause{name: "cancelled by the client", reason: Cancelled}
	causeGone      = &stopCause{name: "the client is gone", reason: Cancelled}
	causeDrained   = &stopCause{
		name: "the relay is shutting down", reason: Failed,
		err: &Error{Code: CodeDraining, Message: "the relay is shutting down"},
	}
)

// ending is how a generation ended.
type ending struct {
	reason Reason
	err    *Error // of a failed one
}

func newGeneration(o *origin, req request, t *delivery.Turn, now time.Time) *generation {
	g := &generation{
		origin:   o,
		req:      req,
		recordID: newRecordID(now),
		began:    now,
		wakeup:   make(chan struct{}, 1),
		textAt:   now,
		track:    position.NewTrack(req.output.Rate),
		short:    shortPieces{shared: o.short},
	}
	g.log = o.srv.log.With().Str("session_id", o.id).Str("tenant", o.key.Tenant).Str("key", o.key.Name).
		Str("generation_id", req.id).Str("record_id", g.recordID).Logger()
	g.out = o.out.NewLane(t, req.output.Rate, g.notify)
	g.text.Append(req.text)
	if req.final {
		g.text.Finish()
	}
	return g
}

// notify makes run look again. It never blocks.
func (g *generation) notify() {
	select {
	case g.wakeup <- struct{}{}:
	default:
	}
}

// run takes the generation from admission to its done.
func (g *generation) run(ctx context.Context) {
	defer g.survivePanic()
	grant, err := g.admit(ctx)
	if err != nil {
		g.out.Abandon()
		g.origin.peer.refused(g, g.origin.srv.refusal(err))
		return
	}
	g.grant = grant
	defer g.settleAdmission(ctx, grant) // after a panic; only the first counts
	if err := g.openPurse(ctx); err != nil {
		g.withdraw(ctx, grant, err)
		return
	}
	g.book(ctx)
	end, anew := ending{}, true
	for anew {
		end, anew = g.playOut(ctx, g.speak(ctx))
	}
	g.closing.Wait() // bounded by closeGrace, and entryPatience
	if err := g.booked(); err != nil {
		g.withdraw(ctx, grant, err)
		return
	}
	g.conclude(g.endPaid(end))
	g.closeBooks(ctx)
	g.settleAdmission(ctx, grant) // before done, so that a client that has it can use what it freed
	g.origin.peer.end(g)
}

// survivePanic ends a generation that hit a fault of ours with an internal error, and only this generation.
func (g *generation) survivePanic() {
	fault := recover()
	if fault == nil {
		return
	}
	err := g.origin.srv.internal(g.log, "panic in a generation", fault)
	g.stop(&stopCause{name: "internal fault", reason: Failed, err: err})
	g.closing.Wait() // for what the vendors charged, as without a fault
	if g.booking.over == nil || g.booked() != nil {
		g.settlePurse(context.Background(), g.record())
		g.out.Abandon()
		g.origin.peer.refused(g, err)
		return
	}
	g.conclude(ending{reason: Failed, err: err})
	g.closeBooks(context.Background())
	g.origin.peer.end(g)
}

// stop ends the generation from our side. Once it has returned, nothing but done goes to the client. It
// reports false where done was queued already.
func (g *generation) stop(cause *stopCause) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return false
	}
	if g.done.Reason != "" {
		return true // all audio has been sent; done is on its way
	}
	if !g.stopped {
		g.stoppedAt = time.Now()
	}
	g.stopped = true
	g.out.Purge()
	g.cancel(cause)
	return true
}

// setPlayed notes how much of the generation the client has played.
func (g *generation) setPlayed(played time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.played, g.hasPlayed = played, true
}

func (g *generation) wasHeard() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lastSpoke != nil
}

// leaveRaceLocked takes an attempt out of those that may still speak.
func (g *generation) leaveRaceLocked(a *attempt) {
	g.speaking = slices.DeleteFunc(g.speaking, func(other *attempt) bool { return other == a })
}

// trim lets go of what only a running generation needs, while its last messages wait to be taken.
func (g *generation) trim() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.attempts, g.speaking, g.active, g.lastSpoke = nil, nil, nil, nil
	g.text = text.Buffer{}
	g.track.ForgetText()
}

// endingOf turns what stopped a generation into its end.
func endingOf(cause error) ending {
	var stop *stopCause
	if errors.As(cause, &stop) {
		return ending{reason: stop.reason, err: stop.err}
	}
	return ending{reason: causeGone.reason} // the session's context ended: the client is gone
}

// request is a generate with the connection's defaults applied and every name resolved.
type request struct {
	terms
	encoder                       Encoder
	id, idempotencyKey, contextID string
	text                          string
	final                         bool
	textIdle                      time.Duration // that an open text may be without more
	language                      string
	speed                         float64
	output                        audio.Format
	wordTimestamps, normalize     bool
	options                       map[string]any // by provider
	metadata                      map[string]string
	plan                          *routing.Plan
}

// newRecordID is unique over all relays: the time first, so that records sort, then 80 random bits.
func newRecordID(now time.Time) string {
	return fmt.Sprintf("%012x%s", now.UnixMilli(), rand.Text()[:16])
}
