package uplift

import (
	"slices"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

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
