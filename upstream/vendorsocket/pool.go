package vendorsocket

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"voicerelay/upstream"

	"github.com/rs/zerolog"
)

// PoolConfig says how a vendor's sockets are shared and kept.
type PoolConfig struct {
	// Socket bounds each of them.
	Socket SocketConfig
	// StreamsPerSocket is how many streams share one; at least 1.
	StreamsPerSocket int
	// InOrder: the vendor has stopped a cancelled stream before it looks at what comes after on the socket, so its place
	// there is free at once.
	InOrder bool
	// AffinityBound: the vendor ties a conversation to a socket, so its streams that overlap must be on one, also where that
	// is more than StreamsPerSocket.
	AffinityBound bool
	// SingleUse: a socket carries one stream in its life. It is closed when that leaves, which is how some vendors
	// are told to stop.
	SingleUse bool
	// SharedOnceProven: the vendor may or may not name the stream in what it sends. A socket carries one stream at a
	// time, and is closed where one leaves unconfirmed, until Seat.Share says that it may carry more.
	SharedOnceProven bool
	// StreamsInAll is how many streams a socket carries in its life, one after another or together: it is closed when
	// the last of so many has left. 0: no bound.
	StreamsInAll int
	// AddressByKey: where to connect depends on the streams' key, so sockets are opened ahead for the latest one
	// only, and none before the first stream.
	AddressByKey bool
	// StreamsPerMinute is how many may begin on one within any minute; 0: no bound. Where few are left, streams of
	// other conversations go to another socket, which is opened ahead.
	StreamsPerMinute int
	// Warm is how many sockets without a stream are kept open ahead of need.
	Warm int
	// Idle is how long a socket without a stream is kept, to which up to a quarter may be added: less than the
	// vendor's own limit. 0: 2 minutes.
	Idle time.Duration
	// Linger is how long a cancelled stream keeps its place on its socket where the vendor does not confirm. 0: 3 s. It
	// counts as gone from the vendor by then, and after 3 s at the latest.
	Linger time.Duration
	// Log takes connection events.
	Log zerolog.Logger
}

// Pool has a vendor's sockets. It does not bound its streams: the caller that opens them does. Sockets are
// opened ahead, shared by streams of equal keys, replaced when dead, and dropped when idle.
type Pool struct {
	// Static after NewPool.
	dialect Dialect
	cfg     PoolConfig
	life    context.Context // the sockets' own, ended by Close; no stream's
	end     context.CancelCauseFunc
	kick    chan struct{} // wakes the keeper

	// Guarded by mu.
	mu      sync.Mutex
	muxes   []*Mux
	opened  uint64  // sockets so far
	waiting []*Seat // streams for which no socket has room, in the order of their coming
	calls   []*call // for them
	latest  string  // the key that sockets are opened ahead for; stays empty unless cfg.AddressByKey
	closed  bool
	// failedWarm is why a socket opened ahead has ended at once, for the keeper.
	failedWarm *upstream.Error

	wg sync.WaitGroup // keeper, sockets and replacements; grows only under mu while not closed
}

// call is a socket that is being opened for streams that wait. It belongs to no stream: when it is open, the waiting
// streams of its key get places there, first come, first served, as far as there is room. So streams that begin together
// share sockets as those do that come one by one, and none waits while later ones are seated.
type call struct {
	key   string
	began time.Time
}

// errClosed is what Join and streams get once the pool is closed.
var errClosed = &upstream.Error{Kind: upstream.ConnectFailed, Message: "the provider is closed"}

// NewPool is an empty pool. Close must be called on it.
func NewPool(d Dialect, cfg PoolConfig) *Pool {
	cfg.Socket = cfg.Socket.withDefaults()
	if cfg.Idle == 0 {
		cfg.Idle = 2 * time.Minute
	}
	if cfg.Linger == 0 {
		cfg.Linger = 3 * time.Second
	}
	p := &Pool{dialect: d, cfg: cfg, kick: make(chan struct{}, 1)}
	p.life, p.end = context.WithCancelCause(context.Background())
	p.wg.Go(p.sweep)
	return p
}

// Close ends all sockets and waits for every goroutine.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	muxes := slices.Clone(p.muxes)
	p.mu.Unlock()
	p.end(errClosed)
	for _, m := range muxes {
		m.socket.Fail(errClosed)
	}
	p.wg.Wait()
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

// open dials a socket, for a stream whose own is being replaced or, with none, ahead of need.
func (p *Pool) open(ctx context.Context, key string, seat *Seat) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.life, func() { cancel(errClosed) })()
	socket, err := p.dial(ctx, key)

	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		return err
	}
	if p.closed {
		socket.Fail(errClosed)
		return errClosed
	}
	var seats []*Seat
	if seat != nil {
		seats = []*Seat{seat}
	}
	p.openedLocked(socket, key, seats)
	return nil
}

// openedLocked has a new socket serve its first streams.
func (p *Pool) openedLocked(socket *Socket, key string, seats []*Seat) {
	p.opened++
	m := newMux(p, socket, key)
	for _, s := range seats {
		m.found(s)
	}
	p.muxes = append(p.muxes, m)
	p.wg.Go(m.run)
	p.cfg.Log.Debug().Int("sockets", len(p.muxes)).Msg("vendor socket opened")
}

// dial opens a socket that streams may speak on.
func (p *Pool) dial(ctx context.Context, key string) (*Socket, error) {
	url, header := p.dialect.Address(key)
	socket, err := Dial(ctx, url, header, p.cfg.Socket, p.dialect.Refused)
	if err != nil {
		return nil, err
	}
	if err := socket.greet(ctx, p.dialect); err != nil {
		return nil, err
	}
	return socket, nil
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

// replace gives a stream whose socket turned out dead another one, once: where the vendor has not answered it, and
// the socket had been open before, so that it may well have died unseen. It reports false where the stream is lost.
func (p *Pool) replace(s *Seat, reason *upstream.Error) bool {
	s.mu.Lock()
	dead := reason.Kind == upstream.Dropped || reason.Kind == upstream.ConnectFailed
	again := dead && s.reused && !s.answered.Load() && !s.left
	if again {
		s.mux, s.reused, s.began = nil, false, false
	}
	s.mu.Unlock()
	if !again {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.wg.Go(func() {
		if err := p.open(p.life, s.want.Key, s); err != nil {
			var failure *upstream.Error
			errors.As(err, &failure) // it always is one
			s.want.Member.Lost(failure)
		}
	})
	return true
}

// remove forgets a socket that has ended.
func (p *Pool) remove(m *Mux, reason *upstream.Error) {
	p.mu.Lock()
	p.muxes = slices.DeleteFunc(p.muxes, func(other *Mux) bool { return other == m })
	left := len(p.muxes)
	p.mu.Unlock()
	p.noteStillborn(m, reason)
	p.wake()
	p.cfg.Log.Debug().Err(reason).Int("sockets", left).Msg("vendor socket ended")
}
