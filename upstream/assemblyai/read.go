package assemblyai

import (
	"encoding/json"
	"math"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

var (
	_ vendorsocket.Greeter = (*dialect)(nil)
	_ vendorsocket.Namer   = (*dialect)(nil)
	_ vendorsocket.Expirer = (*dialect)(nil)
)

// Greet waits for Begin, in the place of which the vendor may refuse the key or a setting.
func (d *dialect) Greet(binary bool, data []byte) (reply []byte, ready bool, err *upstream.Error) {
	var f frame
	if err := upstream.DecodeFrame(binary, data, &f); err != nil {
		return nil, false, err
	}
	if f.Type == typeError {
		return nil, false, frameError(&f)
	}
	return nil, f.Type == typeBegin, nil
}

// begin reads a Begin; it is one that says nothing for any other frame.
func begin(data []byte) frame {
	var f frame
	if json.Unmarshal(data, &f) != nil || f.Type != typeBegin {
		f = frame{}
	}
	if f.Configuration == nil {
		f.Configuration = &configuration{}
	}
	return f
}

// ConnectionID is the session's.
func (d *dialect) ConnectionID(data []byte) string { return upstream.RequestIDIn(begin(data).ID) }

// longestStream is how long before a session's end no stream begins on it: as long as most take. The vendor takes no text after
// that, and speaks on for a minute.
const longestStream = 5 * time.Minute

// Life is the session's, without the time that its last stream may need.
func (d *dialect) Life(data []byte) time.Duration {
	life := milliseconds(1000 * begin(data).Configuration.Life)
	return life - min(life/2, longestStream)
}

// milliseconds is a vendor's figure as a time, of a day at most.
func milliseconds(ms float64) time.Duration {
	const most = 24 * 60 * 60 * 1000
	if !(ms >= 0) { // also where it is not a number
		return 0
	}
	return time.Duration(math.Round(min(ms, most) * float64(time.Millisecond)))
}

// Frame reads a frame from the vendor. Audio, nearly all there is, is scanned without a decoder. What comes while no stream is
// here is late.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	if id, base64, ok := scanAudio(data); ok && !binary {
		if s, ok := m.Only().(*stream); ok {
			return s.audio(id, base64)
		}
		return nil
	}
	var f frame
	if err := upstream.DecodeFrame(binary, data, &f); err != nil {
		return err
	}
	if f.Type == typeError {
		return frameError(&f)
	}
	s, ok := m.Only().(*stream)
	if !ok {
		return nil
	}
	return s.frame(m, &f)
}

// scanAudio takes a usual frame of audio apart, both parts being pieces of data. It reports false for any other frame.
func scanAudio(data []byte) (id int64, base64 []byte, ok bool) {
	fields := [...]upstream.Field{{Name: "type"}, {Name: "flush_id"}, {Name: "audio"}}
	if !upstream.ScanFlat(data, fields[:]) {
		return 0, nil, false
	}
	if kind, ok := fields[0].Text(); !ok || string(kind) != typeAudio {
		return 0, nil, false
	}
	if id, ok = fields[1].Int(); !ok {
		return 0, nil, false
	}
	base64, ok = fields[2].Text()
	return id, base64, ok
}

// frame handles a frame but for errors. Those of which nothing is known need nothing done.
func (s *stream) frame(m *vendorsocket.Mux, f *frame) *upstream.Error {
	switch f.Type {
	case typeCancelled:
		s.cancelled()
		return nil
	case typeAudio, typeFlushDone, typeWords:
	default:
		return nil
	}
	if f.FlushID == nil {
		return upstream.GarbledError("the vendor sent a frame that names no request")
	}
	switch f.Type {
	case typeAudio:
		if f.Audio == nil {
			return upstream.GarbledError("the vendor sent a frame of audio without audio")
		}
		return s.audio(*f.FlushID, upstream.Base64(*f.Audio))
	case typeWords:
		s.words(*f.FlushID, f)
		return nil
	}
	return s.done(*f.FlushID, s.timed && worded(m) && (f.Length == nil || *f.Length > 0))
}

// worded reports whether the session tells times of words, which its Begin may deny.
func worded(m *vendorsocket.Mux) bool {
	told := begin(m.Greeting()).Configuration.WordBoundaries
	return told == nil || *told
}

// outOfTurn ends a session whose vendor speaks what it should not, or not yet.
func outOfTurn() *upstream.Error {
	return upstream.GarbledError("the vendor named a request out of its turn")
}

// audio hands audio on.
func (s *stream) audio(id int64, base64 []byte) *upstream.Error {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		return nil
	}
	s.line.learn(id)
	r, turn := s.line.find(id)
	switch {
	case turn == never:
		return outOfTurn()
	case turn == past, len(base64) == 0:
		return nil
	}
	if !r.begun {
		r.begun, r.start = true, s.clock.Now()
	}
	f := upstream.Frame{Format: s.clock.Format, Base64: base64}
	s.clock.Add(f)
	s.Sink().Audio(f)
	return nil
}

// done ends a request, whose words may still come.
func (s *stream) done(id int64, timed bool) *upstream.Error {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		return nil
	}
	s.line.learn(id)
	r, turn := s.line.find(id)
	switch turn {
	case never:
		return outOfTurn()
	case past:
		return nil
	}
	r.told = r.told || !timed
	piece, ends := s.line.finish()
	if ends {
		s.clock.Fill(s.Sink())
		s.Sink().PieceEnd(piece)
	}
	if frames := s.line.due(); len(frames) > 0 {
		if err := s.seat.SendNow(frames...); err != nil {
			return err
		}
	}
	s.WithholdLocked(s.line.withheld())
	s.settleLocked()
	return nil
}

// words hands a request's times on, which count from its first sample here. Those of a stream before, or of a request long over,
// are dropped.
func (s *stream) words(id int64, f *frame) {
	s.Lock()
	defer s.Unlock()
	r, turn := s.line.find(id)
	if s.SilentLocked() || turn == never || r == nil || !r.begun || r.told || r.piece < s.piece {
		return
	}
	r.told, s.piece = true, r.piece
	words := make([]upstream.Word, 0, len(f.Words))
	for _, w := range f.Words {
		if w.Word == "" {
			continue
		}
		start, end := s.clock.Span(r.start+milliseconds(w.Start-f.Start), r.start+milliseconds(w.End-f.Start))
		words = append(words, upstream.Word{Text: w.Word, Piece: r.piece, Start: start, End: end, Score: score(w.Confidence)})
	}
	if len(words) > 0 {
		s.Sink().Words(words)
	}
	s.settleLocked()
}

// score is the vendor's confidence in a word.
func score(confidence *float64) float64 {
	if confidence == nil {
		return -1
	}
	return min(max(*confidence, 0), 1)
}
