package vendorsocket

import (
	"context"
	"time"
)

// warmRetry is the first pause after a socket could not be opened ahead, doubled up to warmRetryMax.
const (
	warmRetry    = time.Second
	warmRetryMax = 30 * time.Second
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
