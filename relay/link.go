package relay

import (
	"context"
	"time"

	"voicerelay/awake"
	"voicerelay/upstream"
)

// link is an attempt's stream, from the order to open it until it is closed. It is owned by the failover loop.
type link struct {
	a *attempt // whose it is; static

	cancel context.CancelCauseFunc // ends connecting
	opened chan opened             // holds what Open returned, once it has; nil once that was taken
	stream upstream.Stream         // nil: not yet, or it could not be opened
}

// CloseGrace is how long a vendor has to confirm that it stopped, and to say what it charged.
const CloseGrace = 300 * time.Millisecond

// opened is what a provider's Open returned.
type opened struct {
	stream upstream.Stream
	err    error
	fault  any // what it panicked with
}

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
			_ = l.a.g.engine.Internal(l.a.g.log, "panic while a stream was closed", fault) // the client has all that it asked for
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), CloseGrace)
	defer cancel()
	if err := stream.Close(ctx, cause); err != nil {
		l.a.g.log.Debug().Str("provider", l.a.target.Provider).Err(err).Msg("stream not closed in order")
	}
}
