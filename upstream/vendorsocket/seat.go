package vendorsocket

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"voicerelay/upstream"
)

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

// keepAlive is the frame that keeps the seat's stream alive. No lock is held, since a Keeper may take its own.
func (s *Seat) keepAlive(d Dialect) []byte {
	if k, ok := s.want.Member.(Keeper); ok {
		return k.KeepAlive()
	}
	return d.KeepAlive(s.want.ID)
}

// Send queues text frames. ctx bounds the wait for room. Where the socket has ended the error is nil: the member's
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
			s.fade = time.AfterFunc(min(mux.pool.cfg.Linger, upstream.MostGone), s.vanish)
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
