package vendorsocket

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"voicerelay/upstream"
)

// Mux is a socket that several streams share by id.
type Mux struct {
	// Static after newMux.
	cfg     *PoolConfig
	socket  *Socket
	number  uint64    // of all sockets that the pool has opened
	suspect func()    // tells the pool that the vendor may be gone from here
	until   time.Time // streams may begin before that; zero: no bound

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

// Want is what a stream asks of a pool.
type Want struct {
	// ID is the stream's on the wire, unique in the process.
	ID string
	// Key has the fields that belong to a whole socket, and whatever else must not meet on one: streams share a
	// socket only where their keys are equal. It is not empty.
	Key string
	// Affinity, if any, names the conversation: streams of one go to the same socket where it has room.
	Affinity string
	// Member is the stream.
	Member Member
}

// Frames makes what is to be sent for the socket that it goes to, by its number in the pool, which no other socket
// gets: some ids of vendors hold on one socket only. It runs with locks held, so it must take none and wait for nothing.
type Frames func(socket uint64) [][]byte

// Seat is a stream's place on a socket, which Join finds it: a field of the stream's, so that the stream can leave as soon
// as its socket tells it to. Send and Leave are called by one goroutine at a time.
type Seat struct {
	// Static after Join.
	want Want

	answered atomic.Bool  // a frame has come for this stream
	seen     atomic.Int64 // frames on its socket by its latest order, or by its latest frame

	// Static after reserve, for a stream that waits for a socket.
	asked  time.Time  // since when
	joined bool       // one that was being opened already
	came   chan error // holds what that has come to

	// Guarded by mu.
	mu     sync.Mutex
	mux    *Mux     // nil while a dead socket is being replaced
	reused bool     // the socket was open before this stream came
	sent   []Frames // what has been sent and not answered, for the replacement; nil once answered
	began  bool     // a frame has been sent on this socket
	left   bool
	fade   *time.Timer // nil unless the vendor has not confirmed that the stream is over
	gone   bool        // the vendor has let go of the stream
	told   func()      // what WhenGone was given
}

// answer notes that the vendor has sent something of this stream, so that its socket is not replaced any more.
func (s *Seat) answer(m *Mux) {
	s.seen.Store(m.socket.frames.Load())
	if s.answered.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered.Store(true)
	s.sent = nil
}

// vanish notes that the vendor has let go of the stream, or is taken to.
func (s *Seat) vanish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return
	}
	s.gone = true
	if s.fade != nil {
		s.fade.Stop()
	}
	if s.told != nil {
		s.told()
	}
}

// keptAffinities is how many conversations a socket remembers.
const keptAffinities = 32

// Member is a stream as its socket sees it.
type Member interface {
	// Lost tells that the socket has ended, and why. It is called once at most, and not after Leave has returned,
	// unless both happen at the same time.
	Lost(err *upstream.Error)
}

// Keeper is a Member whose keep-alive depends on what it has sent.
type Keeper interface {
	// KeepAlive is the frame that keeps the stream from timing out, or nil. What it has sent before goes out first.
	KeepAlive() []byte
}

func newMux(cfg *PoolConfig, s *Socket, number uint64, key string) *Mux {
	now := time.Now()
	return &Mux{
		cfg:       cfg,
		until:     expiry(now, cfg.Life, s.life),
		socket:    s,
		name:      s.name,
		number:    number,
		key:       key,
		seats:     make(map[string]*Seat),
		leaving:   make(map[string]departure),
		allowance: allowance{limit: cfg.StreamsPerMinute},
		idleSince: now,
	}
}

// expiry is when the shortest of the lives ends, of which 0 is none; zero: never.
func expiry(now time.Time, lives ...time.Duration) time.Time {
	lives = slices.DeleteFunc(lives, func(life time.Duration) bool { return life <= 0 })
	if len(lives) == 0 {
		return time.Time{}
	}
	return now.Add(slices.Min(lives))
}

// expired reports whether no stream may begin on the socket any more.
func (m *Mux) expired(now time.Time) bool { return !m.until.IsZero() && !now.Before(m.until) }

// Greeting is the frame by which the vendor let streams speak; nil where its dialect is no Greeter. It must not be changed.
func (m *Mux) Greeting() []byte { return m.socket.greeting }

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
