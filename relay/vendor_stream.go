package relay

import (
	"context"
	"time"

	"voicerelay/awake"
	"voicerelay/upstream"
)

// vendorStream is an attempt's stream, from the order to open it until it is closed. It is owned by the failover loop.
type vendorStream struct {
	a *attempt // whose it is; static

	cancel context.CancelCauseFunc // ends connecting
	opened chan opened             // holds what Open returned, once it has returned; nil after it was taken
	stream upstream.Stream         // nil: not open yet, or not opened at all
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

// start connects in a goroutine of its own, since connecting takes a round trip or more and the generation must see cancels
// meanwhile. The time for the first audio bounds it.
func (l *vendorStream) start(ctx context.Context) {
	l.a.provider.AttemptBegan()
	ctx, l.cancel = context.WithCancelCause(ctx)
	result := make(chan opened, 1)
	l.opened = result
	l.a.g.closing.Go(func() {
		defer l.a.out.notify()
		result <- l.open(ctx)
	})
}

// open opens the stream. A panic in an adapter becomes a fault that connect raises again.
func (l *vendorStream) open(ctx context.Context) (o opened) {
	defer func() {
		if fault := recover(); fault != nil {
			o = opened{err: errBroken, fault: fault}
		}
	}()
	ctx, cancel := l.a.awake().WithTimeout(ctx, l.a.out.req.plan.FirstAudioTimeout)
	defer cancel()
	stream, err := l.a.provider.Open(ctx, l.a.request(), l.a)
	if err != nil && awake.TimedOut(ctx) {
		err = &upstream.Error{Kind: upstream.FirstAudioTimeout, Class: upstream.ClassTimeout, Message: "not connected in time", Err: err}
	}
	return opened{stream: stream, err: err}
}

// connect takes the stream once it is open.
func (l *vendorStream) connect(ctx context.Context) (connected bool, err error) {
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

// causeOf is why something failed: what ended the generation, if that came first, else the vendor's error.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// release closes the stream in a goroutine of its own, since the next target need not wait for it. The slot comes free once
// the vendor has let go of the stream.
func (l *vendorStream) release(ctx context.Context, cause error) {
	l.cancel(cause)
	stream, result := l.stream, l.opened
	slots, tenant := l.a.provider.Slots(), l.a.out.req.Key.Tenant
	slots.Leave(l.a.holder)
	l.a.g.closing.Go(func() {
		defer l.a.provider.AttemptEnded()
		if result != nil {
			stream = (<-result).stream // soon, since its context has ended
		}
		if stream != nil {
			l.close(ctx, stream, cause)
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
func (l *vendorStream) close(ctx context.Context, stream upstream.Stream, cause error) {
	defer func() {
		if fault := recover(); fault != nil {
			_ = l.a.out.engine.Internal(l.a.g.log, "panic while a stream was closed", fault) // the client has all that it asked for
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), CloseGrace)
	defer cancel()
	if err := stream.Close(ctx, cause); err != nil {
		l.a.g.log.Debug().Str("provider", l.a.target.Provider).Err(err).Msg("stream not closed in order")
	}
}
