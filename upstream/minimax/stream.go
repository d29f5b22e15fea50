package minimax

import (
	"context"
	"encoding/hex"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// stream is a session of the vendor's, while it is ours.
type stream struct {
	upstream.Lifetime

	seat vendorsocket.Seat // has a lock of its own

	// Guarded by the Lifetime's lock.
	clock upstream.Clock
	owed  []*piece // ordered and not ended
	lost  int      // texts that the vendor has left out, while it is not known of which pieces they are
	tries int      // in a row that all texts sent were left out
	alarm vendorsocket.Alarm
	trace string // the latest request's name
	raw   []byte // the latest frame's audio
	bill  bill
}

const (
	// again is how long after a text was left out it is sent again. The vendor says "a little later".
	again = 300 * time.Millisecond
	// mostTries is how many times in a row: some seconds, which is when a listener has given up.
	mostTries = 8
	// keptRaw is the most of a frame's audio whose memory is kept for the next one: five seconds of 24 kHz.
	keptRaw = 256 << 10
)

// Speak orders a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	frames, err := s.order(p)
	if err != nil || len(frames) == 0 {
		return err
	}
	return s.seat.Send(ctx, frames...)
}

// order notes a piece, and returns what is to be sent now: nothing while texts are to be sent again, behind which it must come.
func (s *stream) order(p upstream.Piece) ([][]byte, error) {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return nil, err
	}
	one := &piece{id: p.ID, text: p.Text}
	s.owed = append(s.owed, one)
	var frames [][]byte
	if !s.keepsBackLocked() {
		frames = one.send()
	}
	s.settleLocked()
	return frames, nil
}

// keepsBackLocked reports whether a piece has been left out.
func (s *stream) keepsBackLocked() bool {
	for _, p := range s.owed {
		if p.phase == leftOut {
			return true
		}
	}
	return false
}

// currentLocked is the place of the piece that is being spoken, or -1.
func (s *stream) currentLocked() int {
	for i, p := range s.owed {
		if p.phase == underWay {
			return i
		}
	}
	return -1
}

// settleLocked ends the stream where nothing is left to be spoken, and else tells the sink what is kept back.
func (s *stream) settleLocked() {
	if s.LastLocked() && (len(s.owed) == 0 || s.owed[0].text == "") {
		s.endPiecesLocked(len(s.owed))
		s.endLocked(nil, true)
		return
	}
	kept := 0
	for i := len(s.owed) - 1; i >= 0 && s.owed[i].phase != underWay; i-- {
		if s.owed[i].text != "" {
			kept++
		}
	}
	s.WithholdLocked(kept)
}

// endPiecesLocked ends the first n pieces, all at once.
func (s *stream) endPiecesLocked(n int) {
	if n == 0 {
		return
	}
	s.clock.Fill(s.Sink())
	s.bill.end(s.owed[:n])
	last := s.owed[n-1]
	s.owed = s.owed[n:]
	s.Sink().PieceEnd(last.id)
}

// Close releases the stream. What the vendor is at is canceled there, and has to be confirmed before another stream comes.
func (s *stream) Close(ctx context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	s.seat.Doubt(cause)
	busy, ended := s.stop(cause)
	if ended {
		return nil
	}
	told, err := false, error(nil)
	if busy {
		told, err = s.seat.Stop(ctx, encode(order{Event: eventCancel}))
	}
	confirmed := !told
	if told && err == nil {
		confirmed = s.AwaitEnd(ctx)
	}
	s.Lock()
	defer s.Unlock()
	s.endLocked(nil, confirmed)
	return err
}

// stop silences the stream, and tells whether the vendor is at something of it, or whether it has ended.
func (s *stream) stop(cause error) (busy, ended bool) {
	s.Lock()
	defer s.Unlock()
	if !s.StopLocked(cause) {
		return false, true
	}
	return s.currentLocked() >= 0, false
}

// endLocked ends the stream, once.
func (s *stream) endLocked(err error, confirmed bool) {
	if s.EndedLocked() {
		return
	}
	s.alarm.Stop()
	used := upstream.Usage{RequestID: s.seat.RequestID(s.trace), Metered: s.bill.metered(s.owed)}
	for _, p := range s.owed {
		if !p.sent && p.text != "" {
			used.Withheld++
		}
	}
	s.seat.Leave(confirmed)
	s.EndLocked(used, err)
}

// Lost ends the stream, whose socket has ended.
func (s *stream) Lost(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	s.endLocked(err, true)
}

// canceled takes the vendor's word that it has stopped. One that nobody asked for is of no interest.
func (s *stream) canceled() {
	s.Lock()
	defer s.Unlock()
	if s.StoppedLocked() {
		s.endLocked(nil, true)
	}
}

// audio decodes audio and hands it on. Its error is that of a frame which is not of the protocol.
func (s *stream) audio(digits, trace []byte) *upstream.Error {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() || len(digits) == 0 {
		return nil
	}
	at := s.currentLocked()
	if at < 0 {
		return nil // late
	}
	if at > 0 {
		// A text before this one was left out: it can't be said in its place any more. The socket has more to say, so it ends.
		return statusCodes[codeQueued].Error("2205")
	}
	if len(trace) > 0 && string(trace) != s.trace {
		s.trace = string(trace)
	}
	if size := hex.DecodedLen(len(digits)); cap(s.raw) < size {
		s.raw = make([]byte, size)
	}
	n, err := hex.Decode(s.raw[:cap(s.raw)], digits)
	if err != nil {
		return upstream.GarbledError("the vendor sent audio that is no hexadecimal")
	}
	s.owed[0].heard, s.tries = true, 0
	f := upstream.Frame{Format: s.clock.Format, Raw: s.raw[:n]}
	s.clock.Add(f)
	s.Sink().Audio(f)
	if cap(s.raw) > keptRaw {
		s.raw = nil
	}
	return nil
}

// charged notes the characters that the vendor says it charges for what it has just spoken.
func (s *stream) charged(characters int64) {
	s.Lock()
	defer s.Unlock()
	if at := s.currentLocked(); !s.SilentLocked() && at >= 0 {
		s.bill.add(s.owed[at], characters)
	}
}

// leftOut notes that the vendor has left a text out, since too much is queued. Which one it was, task_flushed shows.
func (s *stream) leftOut() {
	s.Lock()
	defer s.Unlock()
	if !s.SilentLocked() && s.currentLocked() >= 0 {
		s.lost++
	}
}

// flushed ends the piece that is being spoken. Where it was left out, it is to be sent again, and with it all behind it.
func (s *stream) flushed() {
	s.Lock()
	defer s.Unlock()
	at := s.currentLocked()
	if s.SilentLocked() || at < 0 {
		return
	}
	p := s.owed[at]
	if !p.heard && (s.lost > 0 || at > 0) {
		p.phase = leftOut
		s.lost = max(0, s.lost-1)
	} else {
		s.endPiecesLocked(at + 1)
	}
	if s.currentLocked() < 0 {
		s.lost = 0
		if s.keepsBackLocked() {
			s.alarm.Set(again, s.repeat)
		}
	}
	s.settleLocked()
}

// repeat sends what was left out again, and what has come since.
func (s *stream) repeat() {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() || !s.keepsBackLocked() || s.currentLocked() >= 0 {
		return
	}
	if s.tries++; s.tries > mostTries {
		s.endLocked(statusCodes[codeQueued].Error("2205"), true)
		return
	}
	var frames [][]byte
	for _, p := range s.owed {
		frames = append(frames, p.send()...)
	}
	if err := s.seat.SendNow(frames...); err != nil {
		s.endLocked(err, true)
		return
	}
	s.settleLocked()
}
