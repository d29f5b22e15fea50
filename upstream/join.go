package upstream

import (
	"context"
	"slices"
	"time"
)

// callPatience is how long a stream waits for a socket that is being opened for another one. A connection is there, or
// refused, in less; one that hangs is to hold up one stream only.
const callPatience = 250 * time.Millisecond

// call is a socket that is being opened for a stream. Others of its key wait for it, as many as will have room there, so
// that streams that begin together share sockets as those do that come one by one.
type call struct {
	key   string
	room  int           // for streams to wait; guarded by the pool's mu
	ended chan struct{} // closed by the stream that the socket is for
	err   error         // why there is no socket, set before; nil too where that stream alone has given up
}

// Join gives a stream, whose seat is new, a place on a socket, and opens one where none has room. ctx bounds connecting
// only. The error is an *Error; where all places are taken it is of kind Throttled, at once. The socket may have ended,
// and told the stream so, when Join returns.
func (p *Pool) Join(ctx context.Context, seat *Seat, want Want) error {
	seat.want = want
	for patient := true; ; {
		c, own, err := p.reserve(seat, patient)
		switch {
		case err != nil:
			return err
		case c == nil:
			p.relieve(seat)
			return nil
		case own:
			return p.answer(ctx, c, seat)
		}
		if patient, err = p.wait(ctx, c, seat); err != nil {
			return err
		}
	}
}

// reserve seats the stream on the best socket there is. Where none has room it takes a place on one that is being opened:
// by another stream, where it is patient, or else by itself.
func (p *Pool) reserve(seat *Seat, patient bool) (c *call, own bool, err error) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.wake() // a socket ahead may have been taken, or another key asked for
	p.forgetLocked(seat)
	if p.closed {
		return nil, false, errClosed
	}
	if p.cfg.MaxConcurrent > 0 && p.loadLocked(now) >= p.cfg.MaxConcurrent {
		return nil, false, &Error{Kind: Throttled, Message: "all streams of this provider are taken"}
	}
	if p.cfg.AddressByKey {
		p.latest = seat.want.Key
	}
	if best := p.bestLocked(seat.want, now); best != nil && best.seat(seat) {
		return nil, false, nil
	}
	p.dialing++
	if patient {
		for _, c := range p.calls {
			if c.key == seat.want.Key && c.room > 0 {
				c.room--
				seat.waitsFor = c
				return c, false, nil
			}
		}
	}
	c = &call{key: seat.want.Key, room: p.roomBeside(), ended: make(chan struct{})}
	p.calls = append(p.calls, c)
	return c, true, nil
}

// bestLocked is the socket that suits a stream best, or nil.
func (p *Pool) bestLocked(want Want, now time.Time) *Mux {
	best, rank := (*Mux)(nil), 0
	for _, m := range p.muxes {
		if r := m.rank(want, now); r > rank {
			best, rank = m, r
		}
	}
	return best
}

// roomBeside is how many streams may wait for a socket beside the one that opens it.
func (p *Pool) roomBeside() int {
	switch {
	case p.cfg.SingleUse, p.cfg.SharedOnceProven:
		return 0
	case p.cfg.StreamsInAll > 0:
		return min(p.cfg.StreamsPerSocket, p.cfg.StreamsInAll) - 1
	}
	return p.cfg.StreamsPerSocket - 1
}

// forgetLocked gives back the place of a stream that waited.
func (p *Pool) forgetLocked(seat *Seat) {
	if seat.waitsFor != nil {
		seat.waitsFor.room++
		seat.waitsFor = nil
		p.dialing--
	}
}

// answer opens the socket that a stream has taken a place on, and tells those that wait for it.
func (p *Pool) answer(ctx context.Context, c *call, seat *Seat) error {
	err := p.open(ctx, c.key, seat)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = slices.DeleteFunc(p.calls, func(other *call) bool { return other == c })
	if ctx.Err() == nil {
		c.err = err
	}
	close(c.ended)
	return err
}

// wait waits for another stream's socket. The place there is sure only once reserve has been asked again, patiently or,
// where the socket has taken too long, for one of the stream's own.
func (p *Pool) wait(ctx context.Context, c *call, seat *Seat) (patient bool, err error) {
	timer := time.NewTimer(callPatience)
	defer timer.Stop()
	select {
	case <-c.ended:
		if c.err == nil {
			return true, nil
		}
		err = c.err
	case <-timer.C:
		return false, nil
	case <-ctx.Done():
		err = &Error{Kind: Canceled, Message: "cancelled while connecting", Err: context.Cause(ctx)}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgetLocked(seat)
	return false, err
}
