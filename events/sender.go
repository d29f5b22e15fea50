package events

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// Outbox keeps events until sinks have them, and how far each sink has come. It is safe for concurrent use.
type Outbox interface {
	// Pending is what a sink was not sent, from the oldest on, at most limit events of any type; dropped is how many it will never
	// be sent, since they were kept for too long.
	Pending(ctx context.Context, sink string, limit int) (events []billing.Event, dropped int64, err error)
	// Sent notes that a sink has all events up to a number, and returns when that is safe.
	Sent(ctx context.Context, sink string, n int64) error
}

// How a sink that does not accept is asked again: after a second, then twice as long each time. Half of each delay is random, so that
// relays don't come back together.
const (
	firstDelay = time.Second
	lastDelay  = 5 * time.Minute
	longestAsk = time.Hour // of a Retry-After
)

// refusedFor is how long one event alone may be refused before it is left out: long enough for an operator to see that the
// receiver refuses all of them.
const refusedFor = time.Hour

// outboxPatience bounds a question to the outbox.
const outboxPatience = 10 * time.Second

// sender sends one sink its events. It belongs to its goroutine.
type sender struct {
	// Static.
	sink    Sink
	outbox  Outbox
	encoder encoder
	client  *http.Client
	metrics *sinkMetrics
	log     zerolog.Logger

	done    int64         // the number up to which the sink has accepted all, though the outbox may not know it yet
	dropped int64         // as the outbox last said; -1: it was not asked yet
	most    int           // events in a batch: fewer after a refusal
	delay   time.Duration // before the next try; 0: the last one was accepted
	refused time.Time     // since when one event alone is refused; zero: it is not
	isGone  bool
}

// errClosing ends senders whose sink may be sent what is left.
var errClosing = errors.New("closing")

// lastCalls is how long a call under way may go on once the sender is to stop, and what is left may take after it.
const lastCalls = 3 * time.Second

// run sends until ctx ends. If that is by errClosing, what is left is sent after it, unless the sink does not accept anything.
func (s *sender) run(ctx context.Context) {
	for !s.isGone {
		wait := s.next(ctx, false)
		select {
		case <-ctx.Done():
			if s.delay == 0 && errors.Is(context.Cause(ctx), errClosing) {
				s.finish(context.WithoutCancel(ctx))
			}
			return
		case <-time.After(wait):
		}
	}
	<-ctx.Done()
}

// finish sends what is left, for a while.
func (s *sender) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastCalls)
	defer cancel()
	for s.next(ctx, true) == 0 && ctx.Err() == nil {
	}
}

// next sends a batch if there is one: full, old enough, or now. It returns when to go on; 0: there may be more.
func (s *sender) next(ctx context.Context, now bool) time.Duration {
	b, wait, err := s.gather(ctx, now)
	if err != nil {
		if ctx.Err() == nil {
			s.log.Warn().Err(err).Msg("events can't be read")
		}
		return s.later(0)
	}
	if b == nil {
		return wait
	}
	if len(b.events) > 0 {
		if wait, sent := s.send(ctx, b); !sent {
			return wait
		}
	}
	s.done = b.last
	return s.note(ctx)
}

// note tells the outbox how far the sink has come.
func (s *sender) note(ctx context.Context) time.Duration {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), outboxPatience)
	defer cancel()
	if err := s.outbox.Sent(ctx, s.sink.Name, s.done); err != nil {
		s.log.Warn().Err(err).Msg("what a sink has accepted is not noted: it is sent again after a restart")
		return s.later(0)
	}
	return 0
}

// gather makes a batch of what is to be sent. It has no events if the sink wants none of what has happened; nil: wait.
func (s *sender) gather(ctx context.Context, now bool) (b *batch, wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, outboxPatience)
	defer cancel()
	pending, dropped, err := s.outbox.Pending(ctx, s.sink.Name, s.most)
	if err != nil {
		return nil, 0, err
	}
	s.countDropped(dropped)
	s.metrics.waiting(pending, s.done, &s.sink)
	b = &batch{}
	for _, e := range pending {
		if e.N <= s.done || !s.sink.wants(e.Type) {
			b.last = max(e.N, s.done)
			continue
		}
		text, err := s.encoder.encode(&e)
		if err != nil || e.Record == nil && e.Data == nil {
			s.leaveOut(&e, "nothing is known of it")
			b.last = e.N
			continue
		}
		if !b.add(e, text) {
			return b, 0, nil
		}
	}
	switch {
	case len(pending) == 0:
		return nil, s.sink.Wait, nil
	case len(b.events) > 0 && len(pending) < s.most && !now:
		if due := time.Until(b.events[0].Time.Add(s.sink.Wait)); due > 0 {
			return nil, min(due, s.sink.Wait), nil
		}
	}
	return b, 0, nil
}

// send sends a batch. If it was not accepted, wait is when to try again.
func (s *sender) send(ctx context.Context, b *batch) (wait time.Duration, sent bool) {
	a := s.post(ctx, b)
	if a.outcome == accepted {
		s.metrics.sent(b.events)
		if s.delay > 0 {
			s.log.Info().Msg("sink of events accepts again")
		}
		s.delay, s.refused, s.most = 0, time.Time{}, min(2*s.most, s.sink.Batch)
		return 0, true
	}
	if ctx.Err() != nil {
		return 0, false // the process stops
	}
	s.metrics.failed(a.outcome)
	if s.delay == 0 {
		s.log.Warn().Err(a.err).Str("outcome", string(a.outcome)).Int("events", len(b.events)).Msg("sink of events did not accept a batch")
	}
	switch {
	case a.outcome == gone:
		s.isGone = true
		s.metrics.gone.Set(1)
		s.log.Error().Msg("sink of events is gone (410): nothing is sent to it until the configuration is loaded again")
	case a.outcome == refused && len(b.events) > 1:
		s.most = len(b.events) / 2 // finds the one that is refused
	case a.outcome == refused && s.refused.IsZero():
		s.refused = time.Now()
	case a.outcome == refused && time.Since(s.refused) >= refusedFor:
		s.leaveOut(&b.events[0], a.err.Error())
		s.refused = time.Time{}
		return 0, true
	}
	return s.later(a.retryAfter), false
}

// post sends a batch once. A call under way has some seconds once ctx has ended: one that is broken off may have been accepted.
func (s *sender) post(ctx context.Context, b *batch) answer {
	call, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastCalls, cancel) })()
	return post(call, s.client, &s.sink, b)
}

// later is when to try again.
func (s *sender) later(asked time.Duration) time.Duration {
	s.delay = min(max(2*s.delay, firstDelay), lastDelay)
	wait := s.delay/2 + rand.N(s.delay/2+1)
	return max(wait, min(asked, longestAsk))
}

// leaveOut tells that an event is never sent.
func (s *sender) leaveOut(e *billing.Event, why string) {
	s.metrics.dropped("refused", 1)
	s.log.Error().Str("event_id", e.ID).Str("type", string(e.Type)).Str("why", why).Msg("event is not sent")
}

// countDropped tells that events were dropped before they were sent.
func (s *sender) countDropped(total int64) {
	if more := total - s.dropped; s.dropped >= 0 && more > 0 {
		s.metrics.dropped("kept_too_long", more)
		s.log.Error().Int64("events", more).Msg("events were dropped: the sink has not accepted them for too long")
	}
	s.dropped = total
}
