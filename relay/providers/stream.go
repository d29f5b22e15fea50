package providers

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/awake"
	"voicerelay/limits"
	"voicerelay/upstream"
)

// StreamConfig is what a stream is opened for.
type StreamConfig struct {
	Tenant  string // whose slot is taken
	Request upstream.Request
	Sink    upstream.Sink
	// Patience is how long the stream may take to open, by Awake.
	Patience time.Duration
	Awake    *awake.Clock
	// Notify says that there is something to look at: the stream has opened, or another wants its slot. It must not block.
	Notify func()
	// Group is of who waits for the goroutines that open and close the stream.
	Group *sync.WaitGroup
	// Fault is told of a panic while the stream was closed.
	Fault func(what string, fault any)
	Log   zerolog.Logger
}

// Stream is an attempt's stream at a provider, from the order to open it until the vendor has let go of it. The attempt's slot has been
// taken before, and is given back by the stream. One goroutine owns it.
type Stream struct {
	cfg      StreamConfig
	provider *Provider
	holder   *limits.Holder // of the slot

	cancel context.CancelCauseFunc // ends connecting
	opened chan opened             // holds what Open returned, once it has returned; nil after it was taken
	stream upstream.Stream         // nil: not open yet, or not opened at all
}

// NewStream is a stream that is opened by Start.
func (p *Provider) NewStream(cfg StreamConfig) *Stream {
	return &Stream{cfg: cfg, provider: p, holder: limits.NewHolder(cfg.Tenant, cfg.Notify)}
}

// CloseGrace is how long a vendor has to confirm that it stopped, and to say what it charged. done waits for it, so it is
// short; vendors that confirm do so within a round trip.
const CloseGrace = 300 * time.Millisecond

// opened is what a provider's Open returned.
type opened struct {
	stream upstream.Stream
	err    error
	fault  any // what it panicked with
}

// Start connects in a goroutine of its own, since connecting takes a round trip or more and the generation must see cancels
// meanwhile. Patience bounds it.
func (s *Stream) Start(ctx context.Context) {
	s.provider.active.Add(1)
	ctx, s.cancel = context.WithCancelCause(ctx)
	result := make(chan opened, 1)
	s.opened = result
	s.cfg.Group.Go(func() {
		defer s.cfg.Notify()
		result <- s.open(ctx)
	})
}

// open opens the stream. A panic in an adapter becomes a fault that Take raises again.
func (s *Stream) open(ctx context.Context) (o opened) {
	defer func() {
		if fault := recover(); fault != nil {
			o = opened{fault: fault}
		}
	}()
	ctx, cancel := s.cfg.Awake.WithTimeout(ctx, s.cfg.Patience)
	defer cancel()
	stream, err := s.provider.Open(ctx, s.cfg.Request, s.cfg.Sink)
	if err != nil && awake.TimedOut(ctx) {
		err = &upstream.Error{Kind: upstream.FirstAudioTimeout, Class: upstream.ClassTimeout, Message: "not connected in time", Err: err}
	}
	return opened{stream: stream, err: err}
}

// Take takes the stream if it has opened by now, or the error that it could not. Notify is called when there is news.
func (s *Stream) Take() (open bool, err error) {
	if s.stream != nil {
		return true, nil
	}
	select {
	case o := <-s.opened:
		s.opened = nil
		if o.fault != nil {
			panic(o.fault) // in the generation's goroutine, which knows what to do with it
		}
		if o.err != nil {
			return false, o.err
		}
		s.stream = o.stream
		return true, nil
	default:
		return false, nil
	}
}

// Speak hands the vendor a piece. Take has returned an open stream.
func (s *Stream) Speak(ctx context.Context, p upstream.Piece) error { return s.stream.Speak(ctx, p) }

// Offer offers the slot to another that wants one, while there is nothing to speak. It reports whether another does: then this stream is
// to be released.
func (s *Stream) Offer(now time.Time) bool { return s.provider.slots.Offer(s.holder, now) }

// Withdraw ends an offer.
func (s *Stream) Withdraw() { s.provider.slots.Withdraw(s.holder) }

// Release closes the stream in a goroutine of its own, since the next target need not wait for it. The slot comes free once
// the vendor has let go of the stream.
func (s *Stream) Release(ctx context.Context, cause error) {
	s.cancel(cause)
	stream, result := s.stream, s.opened
	slots, tenant := s.provider.slots, s.cfg.Tenant
	slots.Leave(s.holder)
	s.cfg.Group.Go(func() {
		defer s.provider.active.Add(-1)
		if result != nil {
			stream = (<-result).stream // soon, since its context has ended
		}
		if stream != nil {
			s.close(ctx, stream, cause)
		}
		whenGone(stream, func() { slots.Gone(tenant) })
	})
}

// whenGone calls f when the vendor has let go of a closed stream, which may be long after the generation's end.
func whenGone(stream upstream.Stream, f func()) {
	if lingers, ok := stream.(upstream.Lingerer); ok {
		lingers.WhenGone(f)
		return
	}
	f()
}

// close closes a stream. A panic must end here: in this goroutine it would end the process.
func (s *Stream) close(ctx context.Context, stream upstream.Stream, cause error) {
	defer func() {
		if fault := recover(); fault != nil {
			s.cfg.Fault("panic while a stream was closed", fault) // the client has all that it asked for
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), CloseGrace)
	defer cancel()
	if err := stream.Close(ctx, cause); err != nil {
		s.cfg.Log.Debug().Str("provider", s.provider.Name).Err(err).Msg("stream not closed in order")
	}
}
