package uplift

import (
	"slices"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// stream is a sequence of requests.
type stream struct {
	upstream.Lifetime

	// Static after Open.
	provider *provider
	id       string
	want     vendorsocket.Want // what all requests ask of the pool
	template synthesize        // what all requests ask of the vendor
	format   audio.Format

	// Owned by the caller of Speak and Close.
	requests int                  // made so far
	left     []*vendorsocket.Seat // of the requests that were stopped at the vendor

	// Guarded by the Lifetime's lock.
	next    *request     // has its place and no piece yet; nil: to be made
	queue   []*request   // ordered and not delivered, in order
	silence *awake.Timer // fires where nothing is ever heard; nil until the first piece is sent
	heard   bool         // there has been audio
	latest  *request     // that was ordered last and has a text; nil: none
}

// request is one piece at the vendor, as its socket sees it.
type request struct {
	// Static after newRequest.
	stream *stream
	id     string // the vendor's requestId

	// Guarded by the stream's lock.
	seat    *vendorsocket.Seat // while the vendor may have something of it
	lost    bool               // its socket ended before it was known to have one
	ordered bool               // it has a piece, and stands in the stream's queue
	piece   upstream.Piece
	bytes   int      // of audio so far
	held    [][]byte // base64 that came before the request's turn
	size    vendorsocket.Held
	done    bool // no more of it is to come than is held
	err     *upstream.Error
}

const (
	// heldBase and heldPerByte are how much base64 is held for a text: four times as much as its speech may well
	// have, at 59,000 bytes a second, and some more for short ones.
	heldBase    = 1 << 20
	heldPerByte = 16 << 10
	// chunkSize is what a chunk takes besides its base64 while it is held.
	chunkSize = 64
)

// sit gives the request its seat, or nil where that is of no use any more.
func (r *request) sit(seat *vendorsocket.Seat) *vendorsocket.Seat {
	s := r.stream
	s.Lock()
	defer s.Unlock()
	if r.done || r.lost || s.SilentLocked() {
		r.lost = false
		seat.Leave(true)
		return nil
	}
	r.seat = seat
	return seat
}

// rise takes the request's seat from it.
func (r *request) rise() *vendorsocket.Seat {
	r.stream.Lock()
	defer r.stream.Unlock()
	seat := r.seat
	r.seat = nil
	return seat
}

// audio takes audio, which is valid during the call only.
func (r *request) audio(base64 []byte) {
	s := r.stream
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() || r.done || !r.ordered || len(base64) == 0 {
		return
	}
	f := upstream.Frame{Format: s.format, Base64: base64}
	r.bytes += f.Len()
	if s.queue[0] == r {
		s.audioLocked(f)
		return
	}
	if !r.size.Take(chunkSize + len(base64)) {
		r.endLocked(upstream.GarbledError("the vendor sends far more audio than there is text"))
		return
	}
	r.held = append(r.held, slices.Clone(base64))
}

// end takes the vendor's last word on the request.
func (r *request) end(err *upstream.Error) {
	s := r.stream
	s.Lock()
	defer s.Unlock()
	r.leaveLocked()
	if err == nil && r.bytes == 0 {
		err = &upstream.Error{Kind: upstream.NoAudio, Message: "the vendor made no audio"}
	}
	r.endLocked(err)
}

// Lost ends the request, whose socket has ended. One that has not been ordered will get another.
func (r *request) Lost(err *upstream.Error) {
	s := r.stream
	s.Lock()
	defer s.Unlock()
	if !r.ordered {
		r.lost = r.seat == nil
		r.leaveLocked()
		return
	}
	r.leaveLocked()
	r.endLocked(err)
}

// leaveLocked gives the seat back: the vendor has nothing of the request any more.
func (r *request) leaveLocked() {
	if r.seat != nil {
		r.seat.Leave(true)
		r.seat = nil
	}
}

// drop forgets what is held.
func (r *request) drop() {
	r.size.Drop()
	r.held = nil
}

// endLocked notes how the request ended, once, and delivers what that lets through.
func (r *request) endLocked(err *upstream.Error) {
	if r.done {
		return
	}
	r.done, r.err = true, err
	r.stream.deliverLocked()
}

// audioLocked hands audio on.
func (s *stream) audioLocked(f upstream.Frame) {
	if !s.heard && s.silence != nil {
		s.silence.Stop()
	}
	s.heard = true
	s.Sink().Audio(f)
}

// deliverLocked delivers what is held and done, as far as the order of pieces lets it.
func (s *stream) deliverLocked() {
	for len(s.queue) > 0 && !s.SilentLocked() {
		r := s.queue[0]
		for _, base64 := range r.held {
			s.audioLocked(upstream.Frame{Format: s.format, Base64: base64})
		}
		r.drop()
		switch {
		case !r.done:
			return
		case r.err != nil:
			s.endLocked(r.err)
			return
		}
		if r.bytes%s.format.BytesPerSample() != 0 {
			// The next request's audio begins with a whole sample, which half of one must not shift.
			s.audioLocked(upstream.Frame{Format: s.format, Raw: []byte{0}})
		}
		s.Sink().PieceEnd(r.piece.ID)
		s.queue = s.queue[1:]
	}
	if s.LastLocked() && len(s.queue) == 0 {
		s.endLocked(nil)
	}
}

// endLocked ends the stream, once. The requests that are left in
// the queue are for Close to stop.
func (s *stream) endLocked(err error) {
	if s.EndedLocked() {
		return
	}
	if s.silence != nil {
		s.silence.Stop()
	}
	for _, r := range s.queue {
		r.drop()
	}
	s.EndLocked(upstream.Usage{RequestID: s.requestIDLocked()}, err)
}

// requestIDLocked is by what the vendor finds the stream: the request whose turn it is, or was last.
func (s *stream) requestIDLocked() string {
	for _, r := range s.queue {
		if r.piece.Text != "" {
			return r.id
		}
	}
	if s.latest == nil {
		return ""
	}
	return s.latest.id
}
