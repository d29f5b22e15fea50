package kugelaudio

import (
	"testing"
	"time"

	"voicerelay/audio"
)

// What stands in the vendor's place and speaks at flushes alone keeps a caller waiting once, not in each generation.
func TestAVendorThatWaitsForFlushesGetsThem(t *testing.T) {
	flushed := `{"text":" Three.","context_id":"gen-1","flush":true}`
	for name, seen := range map[string]func(r *recorder, s *stream){
		"audio of a chunk that was not announced": func(r *recorder, s *stream) {
			_ = s.audio(packet{base64: []byte("AAAA"), chunk: -1, rate: 24000})
			r.Want(`{"flush":true,"context_id":"gen-1"}`)
		},
		"no beginning": func(r *recorder, s *stream) {
			time.Sleep(beginTime)
			r.Want(`{"flush":true,"context_id":"gen-1"}`)
			s.final()
			_ = s.audio(packet{base64: []byte("AAAA"), chunk: -1, rate: 24000})
		},
	} {
		t.Run(name, func(t *testing.T) {
			recorded(t, func(r *recorder) {
				l := r.Open(request)
				s := l.Stream.(*stream)
				l.OrderMore("One. Two.")
				if got := r.Sent(); len(got) != 1 {
					r.Errorf("sent %q, want a text alone", got)
				}
				seen(r, s)
				l.OrderMore(" Three.")
				r.Want(flushed)
				l.Cut()

				if next := r.Open(request).Stream.(*stream); !next.parts.blind {
					r.Error("the next stream waits for the vendor to begin")
				}
				time.Sleep(flushedFor)
				if later := r.Open(request).Stream.(*stream); later.parts.blind {
					r.Error("the vendor is taken to need flushes for ever")
				}
			})
		})
	}
}

// A vendor that announces its chunks is known to begin of itself.
func TestAVendorThatBeginsGetsNoFlush(t *testing.T) {
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		s := l.Stream.(*stream)
		l.OrderMore("One. Two.")
		s.begin(0, "One.")
		_ = s.audio(packet{base64: []byte("AAAA"), enc: []byte(audio.PCM16), chunk: 0, rate: 24000})
		l.OrderMore(" Three.")
		if got := r.Sent(); len(got) != 2 || r.Provider.turns.needFlush(time.Now()) {
			r.Errorf("sent %q, want two texts alone", got)
		}
		l.Cut()
	})
}
