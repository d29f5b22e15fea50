package uplift

import (
	"context"
	"errors"
	"sync/atomic"

	"voicerelay/awake"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

var _ upstream.Lingerer = (*stream)(nil)

// newRequest is the stream's next request.
func (s *stream) newRequest() *request {
	r := &request{stream: s, id: vendorsocket.JoinID(s.id, s.requests)}
	s.requests++
	return r
}

// seat finds the request a place on a socket: nil where that is of no use any more.
func (s *stream) seat(ctx context.Context, r *request) (*vendorsocket.Seat, error) {
	want := s.want
	want.ID, want.Member = r.id, r
	seat := &vendorsocket.Seat{}
	if err := s.provider.Pool.Join(ctx, seat, want); err != nil {
		return nil, err
	}
	return r.sit(seat), nil
}

// Speak orders a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	r, seat, err := s.order(p)
	if err != nil || p.Text == "" {
		return err
	}
	if seat == nil {
		if seat, err = s.seat(ctx, r); err != nil {
			return s.unseated(ctx, r, err)
		}
	}
	if seat == nil {
		return nil // the request has failed meanwhile, and its turn to say so will come
	}
	s.listen()
	msg := s.template
	msg.RequestID, msg.Text = r.id, p.Text
	return seat.Send(ctx, s.provider.wrap(typeSynthesize, encode(msg)))
}

// order queues a request for the piece, and says what seat it has already.
func (s *stream) order(p upstream.Piece) (*request, *vendorsocket.Seat, error) {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return nil, nil, err
	}
	r := s.next
	s.next = nil
	if r == nil {
		r = s.newRequest()
	}
	r.ordered, r.piece = true, p
	r.size = vendorsocket.Held{All: s.provider.Ahead, Most: heldBase + heldPerByte*len(p.Text)}
	s.queue = append(s.queue, r)
	if p.Text != "" {
		s.latest = r
	} else {
		r.leaveLocked()
		r.endLocked(nil)
	}
	return r, r.seat, nil
}

// unseated ends a request that there is no place for, in time: the pieces before it are delivered all the same.
func (s *stream) unseated(ctx context.Context, r *request, err error) error {
	if ctx.Err() != nil && !awake.TimedOut(ctx) {
		return err // the caller has given the piece up
	}
	var failure *upstream.Error
	errors.As(err, &failure) // it always is one
	s.Lock()
	defer s.Unlock()
	r.endLocked(failure)
	return nil
}

// listen begins to wait for the first audio.
func (s *stream) listen() {
	s.Lock()
	defer s.Unlock()
	if s.silence == nil {
		s.silence = s.provider.awake.AfterFunc(s.provider.cfg.Silence, s.unheard)
	}
}

// unheard ends a stream that the vendor says nothing on. For a voice that it does not know it reports no error and sends no
// audio, as users of the service have found; silence is all there is to tell it by.
func (s *stream) unheard() {
	s.Lock()
	defer s.Unlock()
	if len(s.queue) > 0 && !s.heard {
		s.queue[0].endLocked(&upstream.Error{
			Kind: upstream.NoAudio, Message: "the vendor says nothing, as it does where it does not know a voice",
		})
	}
}

// Close releases the stream. What has not ended is stopped at the vendor.
func (s *stream) Close(ctx context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	failure := error(nil)
	for _, r := range s.stop(cause) {
		if err := s.cancel(ctx, r, cause); failure == nil {
			failure = err
		}
	}
	s.Lock()
	defer s.Unlock()
	s.endLocked(nil)
	return failure
}

// WhenGone is the Lingerer's: the stream is gone with the last of its requests.
func (s *stream) WhenGone(f func()) {
	var left atomic.Int64
	left.Store(int64(len(s.left)))
	if len(s.left) == 0 {
		f()
	}
	for _, seat := range s.left {
		seat.WhenGone(func() {
			if left.Add(-1) == 0 {
				f()
			}
		})
	}
}

// stop silences the stream and gives its requests. One that was never ordered has left.
func (s *stream) stop(cause error) []*request {
	s.Lock()
	defer s.Unlock()
	s.StopLocked(cause)
	if s.next != nil {
		s.next.leaveLocked()
	}
	return s.queue
}

// cancel tells the vendor to stop a request, unless it has nothing of it.
func (s *stream) cancel(ctx context.Context, r *request, cause error) error {
	seat := r.rise()
	if seat == nil {
		return nil
	}
	seat.Doubt(cause)
	msg := cancelRequest{Type: typeCancel, RequestID: r.id}
	told, err := seat.Stop(ctx, s.provider.wrap(typeCancel, encode(msg)))
	seat.Leave(!told)
	s.left = append(s.left, seat)
	return err
}
