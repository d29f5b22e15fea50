package vendorsocket

import (
	"context"
	"slices"
	"time"
)

// callPatience is how long a stream waits for a socket that was being opened when it came, before another one is tried: a
// connection that hangs, or whose vendor is far away, is not to hold up all.
const callPatience = 250 * time.Millisecond

// Join gives a stream, whose seat is new, a place on a socket, and opens one where none has room. ctx bounds the wait for
// that. The error is an *Error. The socket may have ended, and told the stream so, when Join returns.
func (p *Pool) Join(ctx context.Context, seat *Seat, want Want) error {
	seat.want = want
	seated, err := p.reserve(seat)
	p.wake() // a socket ahead may have been taken, or another key asked for
	switch {
	case err != nil:
		return err
	case seated:
		p.openSpare(seat)
		return nil
	}
	return p.wait(ctx, seat)
}

// reserve seats the stream on the best socket there is. Where none has room it has the stream wait for one that is being
// opened, and reports false.
func (p *Pool) reserve(seat *Seat) (seated bool, err error) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false, errClosed
	}
	if p.cfg.AddressByKey {
		p.latest = seat.want.Key
	}
	if !p.awaitedLocked(seat.want) {
		if best := p.bestLocked(seat.want, now); best != nil && best.seat(seat) {
			return true, nil
		}
	}
	seat.came, seat.asked = make(chan error, 1), now
	p.waiting = append(p.waiting, seat)
	if p.unservedLocked(seat.want.Key) > 0 {
		p.callLocked(seat.want.Key, now)
	} else {
		seat.joined = true
	}
	return false, nil
}

// awaitedLocked reports whether a stream of the same conversation waits for a socket, which must be this one's as well.
func (p *Pool) awaitedLocked(want Want) bool {
	return slices.ContainsFunc(p.waiting, func(s *Seat) bool { return p.together(s.want, want) })
}

// together reports whether two streams must be on one socket.
func (p *Pool) together(a, b Want) bool {
	return p.cfg.AffinityBound && a.Affinity != "" && a.Affinity == b.Affinity && a.Key == b.Key
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

// wait waits for a socket.
func (p *Pool) wait(ctx context.Context, seat *Seat) error {
	var late <-chan time.Time
	if seat.joined {
		timer := time.NewTimer(callPatience)
		defer timer.Stop()
		late = timer.C
	}
	for {
		select {
		case err := <-seat.came:
			return err
		case <-late:
			p.callAgain(seat)
		case <-ctx.Done():
			if p.giveUp(seat) {
				return unconnected(ctx, "not connected in time")
			}
			return <-seat.came // it has a place, or will have none
		}
	}
}

// callAgain opens another socket where those that are being opened take long.
func (p *Pool) callAgain(seat *Seat) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	recent := func(c *call) bool { return c.key == seat.want.Key && now.Sub(c.began) < callPatience }
	if slices.Contains(p.waiting, seat) && !p.closed && !slices.ContainsFunc(p.calls, recent) {
		p.callLocked(seat.want.Key, now)
	}
}

// giveUp takes a stream out of those that wait. It reports false where it does not any more.
func (p *Pool) giveUp(seat *Seat) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.waiting, seat)
	if i < 0 {
		return false
	}
	p.waiting = slices.Delete(p.waiting, i, i+1)
	return true
}

// callLocked opens a socket for the streams that wait when it is open.
func (p *Pool) callLocked(key string, now time.Time) {
	c := &call{key, now}
	p.calls = append(p.calls, c)
	p.wg.Go(func() {
		socket, err := p.dial(p.life, key)
		p.answer(c, socket, err)
	})
}

// answer ends a call.
func (p *Pool) answer(c *call, socket *Socket, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = slices.DeleteFunc(p.calls, func(other *call) bool { return other == c })
	if p.closed && err == nil {
		socket.Fail(errClosed)
		err = errClosed
	}
	var seats []*Seat
	if err == nil {
		seats = p.nextLocked(c.key, p.places())
		p.openedLocked(socket, c.key, seats)
	} else {
		seats = p.nextLocked(c.key, max(p.unservedLocked(c.key), p.earlierLocked(c)))
	}
	for _, seat := range seats {
		seat.came <- err
	}
}

// places is how many streams a new socket can be shared by at once.
func (p *Pool) places() int {
	switch {
	case p.cfg.SingleUse, p.cfg.SharedOnceProven:
		return 1
	case p.cfg.StreamsInAll > 0:
		return min(p.cfg.StreamsPerSocket, p.cfg.StreamsInAll)
	}
	return p.cfg.StreamsPerSocket
}

// unservedLocked is for how many of the streams that wait for a key no socket is being opened.
func (p *Pool) unservedLocked(key string) int {
	var waiting []*Seat
	for _, s := range p.waiting {
		if s.want.Key == key {
			waiting = append(waiting, s)
		}
	}
	n := len(waiting)
	for _, c := range p.calls {
		switch {
		case c.key != key:
		case p.cfg.AffinityBound: // more of them than there are places may be seated together
			_, waiting = p.take(waiting, p.places())
			n = len(waiting)
		default:
			n -= p.places()
		}
	}
	return n
}

// earlierLocked is how many have waited for all of a call, of those that it could have seated: another one that is under
// way is no reason to have them wait on.
func (p *Pool) earlierLocked(c *call) int {
	n := 0
	for _, s := range p.waiting {
		if s.want.Key == c.key && !s.asked.After(c.began) {
			n++
		}
	}
	return min(n, p.places())
}

// nextLocked takes out those that have waited for a key for longest, and those that must be with one of them.
func (p *Pool) nextLocked(key string, most int) (seats []*Seat) {
	var others, waiting []*Seat
	for _, s := range p.waiting {
		if s.want.Key == key {
			waiting = append(waiting, s)
		} else {
			others = append(others, s)
		}
	}
	seats, waiting = p.take(waiting, most)
	p.waiting = append(others, waiting...) // streams of different keys do not wait for each other
	return seats
}

// take parts streams of one key into those who may sit together on a socket of so many places and the rest. Those who must sit
// with one of them do, beyond the places as well.
func (p *Pool) take(waiting []*Seat, places int) (seats, rest []*Seat) {
	for _, s := range waiting {
		bound := slices.ContainsFunc(seats, func(other *Seat) bool { return p.together(other.want, s.want) })
		if len(seats) < places || bound {
			seats = append(seats, s)
		} else {
			rest = append(rest, s)
		}
	}
	return seats, rest
}
