package vendorsocket

import (
	"slices"
	"time"
)

// Confirm frees the place of a stream that left without the vendor's confirmation, which has come now.
func (m *Mux) Confirm(id []byte) {
	m.mu.Lock()
	left, ok := m.leaving[string(id)]
	if ok {
		delete(m.leaving, string(id))
		m.restLocked(time.Now())
	}
	m.mu.Unlock()
	if ok {
		left.seat.vanish()
	}
}

// loadLocked is how many places are taken.
func (m *Mux) loadLocked(now time.Time) int {
	for id, left := range m.leaving {
		if now.After(left.until) {
			delete(m.leaving, id)
			m.restLocked(now)
		}
	}
	return len(m.seats) + len(m.leaving)
}

// restLocked notes since when the socket has been idle.
func (m *Mux) restLocked(now time.Time) {
	if len(m.seats)+len(m.leaving) == 0 {
		m.idleSince = now
	}
}

// rank is how well the socket suits a stream: 0 not at all, most where its conversation was there lately, then where
// sockets of its key have most room, then for sockets opened ahead, and least where a cancel may still have consequences.
func (m *Mux) rank(want Want, now time.Time) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.loadLocked(now)
	if m.cfg.InOrder {
		taken = len(m.seats)
	}
	room := m.placesLocked() - taken
	switch {
	case m.retired || m.socket.Reason() != nil || m.key != "" && m.key != want.Key, m.expired(now), m.allowance.spent(now), m.doubtedLocked():
		return 0
	case m.cfg.AffinityBound && m.bearsLocked(want.Affinity):
		return 4 + m.cfg.StreamsPerSocket // whether or not there is room
	case room <= 0:
		return 0
	case m.borne == 0:
		return 2
	case want.Affinity != "" && slices.Contains(m.affinities, want.Affinity):
		return 3 + m.cfg.StreamsPerSocket
	case m.allowance.low(now):
		return 0
	case m.cfg.InOrder && len(m.leaving) > 0:
		return 1
	}
	return 2 + room
}

// doubtedLocked reports whether no sign of life has come since the socket was doubted.
func (m *Mux) doubtedLocked() bool {
	d := &m.doubt
	d.on = d.on && m.socket.frames.Load() == d.frames && m.socket.pongs.Load() == d.pongs
	return d.on
}

// bearsLocked reports whether one of the streams here is of the conversation.
func (m *Mux) bearsLocked(affinity string) bool {
	if affinity == "" {
		return false
	}
	for _, seat := range m.seats {
		if seat.want.Affinity == affinity {
			return true
		}
	}
	return false
}

// placesLocked is how many streams may be here at once.
func (m *Mux) placesLocked() int {
	if m.provesLocked() {
		return 1
	}
	return m.cfg.StreamsPerSocket
}

// provesLocked reports whether it is still to be seen that streams can be told apart here.
func (m *Mux) provesLocked() bool { return m.cfg.SharedOnceProven && !m.shared }

// sitLocked gives the seat a place. The caller holds the seat's lock, too, and knows that there is one.
func (m *Mux) sitLocked(seat *Seat) {
	m.key = seat.want.Key
	m.seats[seat.want.ID] = seat
	seat.seen.Store(m.socket.frames.Load())
	m.borne++
	m.retired = m.retired || m.borne == m.cfg.StreamsInAll
	m.allowance.waiting++
	a := seat.want.Affinity
	if a == "" {
		return
	}
	m.affinities = slices.DeleteFunc(m.affinities, func(other string) bool { return other == a })
	if len(m.affinities) == keptAffinities {
		m.affinities = m.affinities[1:]
	}
	m.affinities = append(m.affinities, a)
}

// seat puts the stream on an open socket. It reports false where the socket has ended meanwhile.
func (m *Mux) seat(s *Seat) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.socket.Reason() != nil {
		return false // ended meanwhile, and may have told its streams already
	}
	m.sitLocked(s)
	s.mux, s.reused = m, true
	return true
}

// found makes the seat one of the first on a new socket, and sends what it had sent on a dead one.
func (m *Mux) found(s *Seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.left {
		return // its stream was closed meanwhile: the socket is for the next
	}
	m.sitLocked(s)
	s.mux = m
	if len(s.sent) > 0 {
		m.allowance.begin(time.Now())
		s.began = true
		var again [][]byte
		for _, frames := range s.sent {
			again = append(again, frames(m.number)...)
		}
		m.socket.out <- again // never blocks: nothing is in the queue yet
		s.sent = nil
	}
}

// leave takes the seat's place back; unconfirmed, it lingers there for a while. spent: the socket is of no further use.
func (m *Mux) leave(seat *Seat, confirmed bool) (spent, lingers bool) {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seats[seat.want.ID] != seat {
		return false, false // the socket has ended
	}
	delete(m.seats, seat.want.ID)
	if !seat.began {
		m.allowance.waiting--
	}
	m.retired = m.retired || m.cfg.SingleUse || m.expired(now) || !confirmed && m.provesLocked()
	spent = m.retired && len(m.seats) == 0
	lingers = !confirmed && !spent
	if lingers {
		m.leaving[seat.want.ID] = departure{seat, now.Add(m.cfg.Linger)}
	}
	m.restLocked(now)
	return spent, lingers
}
