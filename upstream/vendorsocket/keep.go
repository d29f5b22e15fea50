package vendorsocket

import (
	"context"
	"slices"
	"time"

	"voicerelay/upstream"
)

const (
	// maxIdle is how many used sockets may wait for further streams of their key.
	maxIdle = 32
	// warmRetry is the first pause after a socket could not be opened ahead, doubled up to warmRetryMax.
	warmRetry    = time.Second
	warmRetryMax = 30 * time.Second
	// tooSoon: a socket opened ahead that ends within this time counts as a failed dial, since some vendors look at the
	// key after the handshake.
	tooSoon = 5 * time.Second
)

// Warm opens the configured number of sockets ahead, tries that once before it returns, and from then on keeps as
// many. ctx bounds the wait only. It is called once.
func (p *Pool) Warm(ctx context.Context) {
	if p.cfg.Warm == 0 {
		return
	}
	tried := make(chan struct{})
	if !p.start(func() { p.keepWarm(tried) }) {
		return
	}
	select {
	case <-tried:
	case <-ctx.Done():
	}
}

// start runs f in a goroutine that Close waits for, unless the pool is closed.
func (p *Pool) start(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.wg.Go(f)
	return true
}

// wake makes the keeper look again.
func (p *Pool) wake() {
	select {
	case p.kick <- struct{}{}:
	default: // it will look anyway
	}
}

// keepWarm keeps sockets open ahead of need. It closes tried once it has tried.
func (p *Pool) keepWarm(tried chan<- struct{}) {
	pause := warmRetry
	for {
		err := p.fill()
		if tried != nil {
			close(tried)
			tried = nil
		}
		if err == nil {
			filled := time.Now()
			select {
			case <-p.kick:
			case <-p.life.Done():
				return
			}
			if time.Since(filled) >= tooSoon {
				pause = warmRetry
			}
			continue
		}
		p.cfg.Log.Warn().Err(err).Msg("vendor socket not opened ahead")
		select {
		case <-time.After(pause):
		case <-p.life.Done():
			return
		}
		pause = min(2*pause, warmRetryMax)
	}
}

// fill opens sockets until enough wait for their first stream.
func (p *Pool) fill() error {
	for {
		if err := p.takeStillborn(); err != nil {
			return err
		}
		key, waiting := p.ahead()
		if p.cfg.AddressByKey && key == "" || waiting >= p.cfg.Warm {
			return nil
		}
		if err := p.open(p.life, key, nil); err != nil {
			return err
		}
	}
}

// openSpare opens a socket ahead where the one that the stream joined has just become low, so that none of its
// conversations waits for a connection in mid-speech.
func (p *Pool) openSpare(s *Seat) {
	s.mu.Lock()
	m := s.mux
	s.mu.Unlock()
	if m == nil || !m.runsLow() {
		return
	}
	key, waiting := p.ahead()
	if waiting > 0 {
		return
	}
	p.start(func() {
		if err := p.open(p.life, key, nil); err != nil {
			p.cfg.Log.Warn().Err(err).Msg("vendor socket not opened ahead")
		}
	})
}

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

// takeStillborn is why a socket opened ahead has ended at once since the last call, or nil.
func (p *Pool) takeStillborn() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	reason := p.failedWarm
	p.failedWarm = nil
	if reason == nil {
		return nil // not a nil *Error, which would be an error
	}
	return reason
}

// Sockets counts the open ones: those without a stream, and the others.
func (p *Pool) Sockets() (idle, busy int) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.muxes {
		m.mu.Lock()
		if m.loadLocked(now) == 0 {
			idle++
		} else {
			busy++
		}
		m.mu.Unlock()
	}
	return idle, busy
}

// ahead is the key that sockets are opened ahead for, and how many of them wait for their first stream.
func (p *Pool) ahead() (key string, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.muxes {
		m.mu.Lock()
		if m.waitsLocked(p.latest) && !m.retired {
			waiting++
		}
		m.mu.Unlock()
	}
	return p.latest, waiting
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
		if rests && (now.Sub(m.idleSince) >= p.cfg.Idle || !waits && idle > maxIdle) {
			m.retired = true
			retired = append(retired, m)
		}
		m.mu.Unlock()
	}
	return retired
}
