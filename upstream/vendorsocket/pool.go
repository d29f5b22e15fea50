package vendorsocket

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"voicerelay/upstream"
)

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
	m := newMux(&p.cfg, socket, p.opened, key)
	m.suspect = func() { p.doubt(m) }
	for _, s := range seats {
		m.found(s)
	}
	p.muxes = append(p.muxes, m)
	p.wg.Go(func() { p.serve(m) })
	p.cfg.Log.Debug().Int("sockets", len(p.muxes)).Msg("vendor socket opened")
}

// dial opens a socket that streams may speak on.
func (p *Pool) dial(ctx context.Context, key string) (*Socket, error) {
	url, header := p.dialect.Address(key)
	socket, err := Dial(ctx, url, header, p.cfg.Socket, p.dialect.Refused)
	if err != nil {
		return nil, err
	}
	if err := socket.greet(ctx, p.dialect, key); err != nil {
		return nil, err
	}
	return socket, nil
}

// serve serves a socket until it ends, and then tells its streams.
func (p *Pool) serve(m *Mux) {
	take := func(binary bool, data []byte) *upstream.Error { return p.dialect.Frame(m, binary, data) }
	alive := func() [][]byte { return m.keepAlives(p.dialect) }
	err := m.socket.Run(take, alive, closed(p.dialect))
	p.remove(m, err)
	seats, left := m.takeAll()
	for _, d := range left {
		d.seat.vanish()
	}
	for _, seat := range seats {
		if !p.replace(seat, err) {
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
func (m *Mux) keepAlives(d Dialect) [][]byte {
	m.mu.Lock()
	seats := slices.Collect(maps.Values(m.seats))
	m.mu.Unlock()
	var frames [][]byte
	for _, seat := range seats {
		if frame := seat.keepAlive(d); frame != nil {
			frames = append(frames, frame)
		}
	}
	return frames
}

// keepAlive is the frame that keeps the seat's stream alive. No lock is held, since a Keeper may take its own.
func (s *Seat) keepAlive(d Dialect) []byte {
	if k, ok := s.want.Member.(Keeper); ok {
		return k.KeepAlive()
	}
	return d.KeepAlive(s.want.ID)
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

const (
	// maxIdle is how many used sockets may wait for further streams of their key.
	maxIdle = 32
	// tooSoon: a socket opened ahead that ends within this time counts as a failed dial, since some vendors look at the
	// key after the handshake.
	tooSoon = 5 * time.Second
)

// noteStillborn keeps why a socket ended that has had no stream, where that was soon.
func (p *Pool) noteStillborn(m *Mux, reason *upstream.Error) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.borne == 0 && now.Sub(m.idleSince) < tooSoon && reason.Kind != upstream.Canceled {
		p.failedWarm = reason
	}
}

// wake makes the keeper look again.
func (p *Pool) wake() {
	select {
	case p.kick <- struct{}{}:
	default: // it will look anyway
	}
}

// waitsLocked reports whether the socket was opened ahead for streams of that key and has had none.
func (m *Mux) waitsLocked(key string) bool { return m.borne == 0 && m.key == key }

// sweep drops idle sockets until the pool is closed.
func (p *Pool) sweep() {
	ticker := time.NewTicker(p.cfg.Idle / 4)
	defer ticker.Stop()
	for {
		select {
		case <-p.life.Done():
			return
		case now := <-ticker.C:
			for _, m := range p.retire(now) {
				m.socket.Fail(errIdle)
			}
		}
	}
}

// errIdle ends sockets that no stream is on; no stream gets to see it.
var errIdle = &upstream.Error{Kind: upstream.Canceled, Message: "idle"}

// retire gives sockets that have had no stream for too long, and the oldest of those where there are too many. No
// stream can join them from here on.
func (p *Pool) retire(now time.Time) []*Mux {
	p.mu.Lock()
	defer p.mu.Unlock()
	var retired []*Mux
	idle := 0
	for _, m := range slices.Backward(p.muxes) { // the newest first
		m.mu.Lock()
		rests := m.loadLocked(now) == 0 && !m.retired
		waits := m.waitsLocked(p.latest)
		if rests && !waits {
			idle++
		}
		if rests && (now.Sub(m.idleSince) >= p.cfg.Idle || !waits && idle > maxIdle || m.expired(now)) {
			m.retired = true
			retired = append(retired, m)
		}
		m.mu.Unlock()
	}
	return retired
}

// doubt retires a socket that is taken for dead, and doubts all others.
func (p *Pool) doubt(dead *Mux) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.muxes {
		m.mu.Lock()
		m.retired = m.retired || m == dead
		m.doubt = doubt{true, m.socket.frames.Load(), m.socket.pongs.Load()}
		m.mu.Unlock()
		m.socket.Probe()
	}
	p.cfg.Log.Warn().Int("sockets", len(p.muxes)).Msg("vendor socket given up: nothing came on it")
}
