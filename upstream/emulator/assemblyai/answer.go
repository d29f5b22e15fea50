package assemblyai

import (
	"context"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// answer says that a job is done. It reports false where that ends the session.
func (s *session) answer(ctx context.Context, item job) bool {
	r := item.request
	s.mu.Lock()
	cancelled := r != nil && r.cancelled
	if item.then != thenNothing {
		s.finishLocked(r)
	}
	s.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return false
	case item.then == thenCancelled:
		s.sendCancelled()
	case cancelled: // its Cancelled is to come
	case item.then == thenFlushDone:
		s.sendDone(r)
	case item.then == thenTermination:
		s.sendTermination()
		return false
	}
	return true
}

// sendDone ends a request. Its WordBoundaries follow, at most one a request and best effort, perhaps after the next one's first
// audio (docs).
func (s *session) sendDone(r *request) {
	s.sendWaiting()
	s.send(object{"type": "FlushDone", "flush_id": r.number, "audio_duration_ms": milliseconds(r.samples)})
	s.current = nil
	if len(r.words) == 0 {
		return
	}
	s.waits = object{"type": "WordBoundaries", "flush_id": r.number, "audio_start_ms": milliseconds(r.start), "words": r.words}
	if !s.quirks.wordsLate {
		s.sendWaiting()
	}
}

// sendCancelled sends what was under way, and the answer to a Cancel. Nothing of what was cancelled comes after it (docs). Whether a
// cancelled request is charged is not documented.
func (s *session) sendCancelled() {
	r := s.current
	seconds := 0.0
	if r != nil {
		for range s.quirks.lateFrames {
			if n := min(s.chunkSize(r), len(s.rest)); n > 0 && !r.dead {
				f := s.settings.format
				samples := audio.Samples(audio.Duration(int64(n/f.BytesPerSample()), f.Rate), engine.NativeRate)
				s.generated(r, s.samples+samples, r.samples+samples)
				s.sendAudio(r, n)
			}
		}
		if !s.quirks.billsCancelled {
			s.bill(r, -r.billed)
		}
		seconds = audio.Duration(r.samples, engine.NativeRate).Seconds()
	}
	s.rest, s.current = nil, nil
	s.send(object{"type": "Cancelled", "audio_duration_seconds": seconds})
}

// sendTermination ends the session. Its duration is a whole number (SDK).
func (s *session) sendTermination() {
	s.sendWaiting()
	s.mu.Lock()
	billed := s.billed
	s.mu.Unlock()
	s.send(object{
		"type": "Termination", "session_duration_seconds": int(time.Since(s.began).Seconds()), "total_input_char_length": billed,
		"audio_duration_seconds": audio.Duration(s.samples, engine.NativeRate).Seconds(),
	})
	_ = s.socket.Close(websocket.StatusNormalClosure, "") // the client may have gone
}

func milliseconds(samples int64) int64 {
	return audio.Duration(samples, engine.NativeRate).Milliseconds()
}
