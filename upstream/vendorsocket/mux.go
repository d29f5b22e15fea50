package vendorsocket

import (
	"maps"
	"slices"
	"sync"
	"time"

	"voicerelay/upstream"
)

// Mux is a socket that several streams share by id.
type Mux struct {
	// Static after newMux.
	pool   *Pool
	socket *Socket
	number uint64 // of all sockets that the pool has opened

	// Guarded by mu.
	mu         sync.Mutex
	name       string // the vendor's own of the connection; empty: none
	key        string // of the streams here, or of those that it was opened for; empty: of any
	borne      int    // streams that have come
	shared     bool   // whether streams may be told apart here, where cfg.SharedOnceProven
	seats      map[string]*Seat
	leaving    map[string]departure // streams cancelled and not yet confirmed
	affinities []string             // the latest conversations here, newest last
	allowance  allowance
	tired      bool // whether the allowance was low when it was looked at last
	idleSince  time.Time
	retired    bool // no stream is to come any more; it ends with the last
	doubt      doubt
}

// departure is a cancelled stream that keeps its place on the socket.
type departure struct {
	seat  *Seat
	until time.Time
}

// doubt is a socket's while it is not known whether its vendor is still there: no stream is to come until it gives a sign
// of life, which is any frame, or the answer to a ping.
type doubt struct {
	on            bool
	frames, pongs int64 // when the doubt began
}

// keptAffinities is how many conversations a socket remembers.
const keptAffinities = 32

func newMux(p *Pool, s *Socket, key string) *Mux {
	return &Mux{
		pool:      p,
		socket:    s,
		name:      s.name,
		number:    p.opened,
		key:       key,
		seats:     make(map[string]*Seat),
		leaving:   make(map[string]departure),
		allowance: allowance{limit: p.cfg.StreamsPerMinute},
		idleSince: time.Now(),
	}
}

// Member is the stream of that id on this socket, or nil: frames of unknown ids are late ones, to be dropped.
func (m *Mux) Member(id []byte) Member {
	m.mu.Lock()
	seat := m.seats[string(id)]
	m.mu.Unlock()
	if seat == nil {
		return nil
	}
	seat.answer(m)
	return seat.want.Member
}

// Only is the stream on a socket that carries one at a time, or nil: frames are late ones then.
func (m *Mux) Only() Member {
	m.mu.Lock()
	var seat *Seat
	for _, seat = range m.seats {
	}
	m.mu.Unlock()
	if seat == nil {
		return nil
	}
	seat.answer(m)
	return seat.want.Member
}

// Shared reports whether Seat.Share has been called for the socket.
func (m *Mux) Shared() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.shared
}

// share notes that several streams may be here.
func (m *Mux) share() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shared = true
}

// Name notes what the vendor calls the connection, where it says so in a frame. What is no id changes nothing.
func (m *Mux) Name(id string) {
	if id = upstream.RequestID(id); id == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.name = id
}

// Members are all streams on this socket.
func (m *Mux) Members() []Member {
	m.mu.Lock()
	defer m.mu.Unlock()
	members := make([]Member, 0, len(m.seats))
	for _, seat := range m.seats {
		members = append(members, seat.want.Member)
	}
	return members
}

// Answer queues a frame for the vendor on behalf of no stream. Only the socket's reader calls it, so it never waits: a
// socket that takes no more frames is given up.
func (m *Mux) Answer(frame []byte) {
	select {
	case m.socket.out <- [][]byte{frame}:
	default:
		m.socket.Fail(stuck())
	}
}

// begin notes that one of the streams here sends its first frame.
func (m *Mux) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.allowance.begin(time.Now())
}

// runsLow reports whether the socket has just become low.
func (m *Mux) runsLow() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	low := m.allowance.low(time.Now())
	tires := low && !m.tired
	m.tired = low
	return tires
}

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

// run serves the socket until it ends, and then tells its streams.
func (m *Mux) run() {
	dialect := m.pool.dialect
	take := func(binary bool, data []byte) *upstream.Error { return dialect.Frame(m, binary, data) }
	err := m.socket.Run(take, m.keepAlives, closed(dialect))
	m.pool.remove(m, err)
	seats, left := m.takeAll()
	for _, d := range left {
		d.seat.vanish()
	}
	for _, seat := range seats {
		if !m.pool.replace(seat, err) {
			seat.want.Member.Lost(err)
		}
	}
}

// takeAll empties the socket, of the streams on it and of those that have left it.
func (m *Mux) takeAll() (seats []*Seat, left []departure) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seats = slices.Collect(maps.Values(m.seats))
	left = slices.Collect(maps.Values(m.leaving))
	clear(m.seats)
	clear(m.leaving)
	return seats, left
}

// keepAlives are the frames that keep this socket's streams alive.
func (m *Mux) keepAlives() [][]byte {
	m.mu.Lock()
	seats := slices.Collect(maps.Values(m.seats))
	m.mu.Unlock()
	var frames [][]byte
	for _, seat := range seats {
		if frame := seat.keepAlive(m.pool.dialect); frame != nil {
			frames = append(frames, frame)
		}
	}
	return frames
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
	if m.pool.cfg.InOrder {
		taken = len(m.seats)
	}
	room := m.placesLocked() - taken
	switch {
	case m.retired || m.socket.Reason() != nil || m.key != "" && m.key != want.Key, m.allowance.spent(now), m.doubtedLocked():
		return 0
	case m.pool.cfg.AffinityBound && m.bearsLocked(want.Affinity):
		return 4 + m.pool.cfg.StreamsPerSocket // whether or not there is room
	case room <= 0:
		return 0
	case m.borne == 0:
		return 2
	case want.Affinity != "" && slices.Contains(m.affinities, want.Affinity):
		return 3 + m.pool.cfg.StreamsPerSocket
	case m.allowance.low(now):
		return 0
	case m.pool.cfg.InOrder && len(m.leaving) > 0:
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
	return m.pool.cfg.StreamsPerSocket
}

// provesLocked reports whether it is still to be seen that streams can be told apart here.
func (m *Mux) provesLocked() bool { return m.pool.cfg.SharedOnceProven && !m.shared }

// sitLocked gives the seat a place. The caller holds the seat's lock, too, and knows that there is one.
func (m *Mux) sitLocked(seat *Seat) {
	m.key = seat.want.Key
	m.seats[seat.want.ID] = seat
	seat.seen.Store(m.socket.frames.Load())
	m.borne++
	m.retired = m.retired || m.borne == m.pool.cfg.StreamsInAll
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
	m.retired = m.retired || m.pool.cfg.SingleUse || !confirmed && m.provesLocked()
	spent = m.retired && len(m.seats) == 0
	lingers = !confirmed && !spent
	if lingers {
		m.leaving[seat.want.ID] = departure{seat, now.Add(m.pool.cfg.Linger)}
	}
	m.restLocked(now)
	return spent, lingers
}
