package vendorsocket

import (
	"context"
	"time"

	"voicerelay/upstream"
)

// Send queues frames. ctx bounds the wait for room. Where the socket has ended the error is nil: the member's
// Lost tells, or the frames go to a new socket.
func (s *Seat) Send(ctx context.Context, frames ...[]byte) error {
	return s.SendOn(ctx, func(uint64) [][]byte { return frames })
}

// SendNow is Send from where nothing may be waited for, such as a timer. A socket that has no room is stuck.
func (s *Seat) SendNow(frames ...[]byte) *upstream.Error {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	if s.Send(now, frames...) != nil {
		return stuck()
	}
	return nil
}

// SendOn is Send of frames that depend on the socket. They are made again where a dead one is replaced.
func (s *Seat) SendOn(ctx context.Context, frames Frames) error {
	s.mu.Lock()
	if s.reused && !s.answered.Load() || s.mux == nil {
		s.sent = append(s.sent, frames)
	}
	mux := s.mux
	if mux != nil && !s.began {
		s.began = true
		mux.begin()
	}
	s.mu.Unlock()
	if mux == nil {
		return nil
	}
	s.seen.Store(mux.socket.frames.Load())
	if err := mux.socket.Send(ctx, frames(mux.number)...); err != nil && mux.socket.Reason() == nil {
		return err
	}
	return nil
}

// Stop sends the frames that stop the stream at the vendor. It reports false where no socket carries the stream any
// more, so that there is nothing to stop and no vendor to confirm it; the stream has left then.
func (s *Seat) Stop(ctx context.Context, frames ...[]byte) (told bool, err error) {
	return s.StopOn(ctx, func(uint64) [][]byte { return frames })
}

// StopOn is Stop with frames that depend on the socket.
func (s *Seat) StopOn(ctx context.Context, frames Frames) (told bool, err error) {
	s.mu.Lock()
	mux := s.mux
	s.left = s.left || mux == nil || mux.socket.Reason() != nil
	told = !s.left
	s.mu.Unlock()
	if !told {
		return false, nil
	}
	return true, s.SendOn(ctx, frames)
}

// Share tells that the vendor has named this stream in all that it sent of it, so that others may join its socket.
func (s *Seat) Share() {
	s.mu.Lock()
	mux := s.mux
	s.mu.Unlock()
	if mux != nil {
		mux.share()
	}
}

// Shared reports whether the socket may carry several streams.
func (s *Seat) Shared() bool {
	s.mu.Lock()
	mux := s.mux
	s.mu.Unlock()
	return mux != nil && mux.Shared()
}

// RequestID is by what the vendor finds the stream: its own name of the connection, if it gave one, and with it what the
// stream is called there, unless stream is empty.
func (s *Seat) RequestID(stream string) string {
	return s.RequestIDOn(func(uint64) string { return stream })
}

// RequestIDOn is RequestID of a stream whose name there depends on the socket.
func (s *Seat) RequestIDOn(stream func(socket uint64) string) string {
	s.mu.Lock()
	mux := s.mux
	s.mu.Unlock()
	if mux == nil {
		return "" // its socket is being replaced
	}
	mux.mu.Lock()
	defer mux.mu.Unlock()
	return upstream.JoinRequestIDs(mux.name, stream(mux.number))
}

// Leave gives the place back, at once where the vendor has confirmed that the stream is over, and after a while
// otherwise. A socket that is to carry no other stream is closed by the last.
func (s *Seat) Leave(confirmed bool) {
	s.mu.Lock()
	mux, spent, lingers := s.mux, false, false
	if !s.left && mux != nil {
		if spent, lingers = mux.leave(s, confirmed); lingers {
			s.fade = time.AfterFunc(min(mux.cfg.Linger, upstream.MostGone), s.vanish)
		}
	}
	s.left = true
	lingers = lingers || s.fade != nil
	s.mu.Unlock()
	if spent {
		mux.socket.Fail(errSpent)
	}
	if !lingers {
		s.vanish()
	}
}

// WhenGone is a Lingerer's, for a stream that has left.
func (s *Seat) WhenGone(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		f()
		return
	}
	s.told = f
}

// errSpent ends a socket whose last stream has left; no stream gets to see it.
var errSpent = &upstream.Error{Kind: upstream.Canceled, Message: "its streams are over"}
