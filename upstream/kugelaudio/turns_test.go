package kugelaudio

import (
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// What stands in the vendor's place and speaks at flushes alone keeps a caller waiting once, not in each generation.
func TestAVendorThatWaitsForFlushesGetsThem(t *testing.T) {
	flushed := `{"text":" Three.","context_id":"gen-1","flush":true}`
	for name, seen := range map[string]func(t *testing.T, s *stream, sent func() []string){
		"audio of a chunk that was not announced": func(t *testing.T, s *stream, sent func() []string) {
			s.audio(packet{base64: []byte("AAAA"), chunk: -1, rate: 24000})
			wantFrames(t, sent(), `{"flush":true,"context_id":"gen-1"}`)
		},
		"no beginning": func(t *testing.T, s *stream, sent func() []string) {
			time.Sleep(beginTime)
			wantFrames(t, sent(), `{"flush":true,"context_id":"gen-1"}`)
			s.final()
			s.audio(packet{base64: []byte("AAAA"), chunk: -1, rate: 24000})
		},
	} {
		t.Run(name, func(t *testing.T) {
			recorded(t, func(t *testing.T, p *provider, sent func() []string) {
				s := openStream(t, p)
				speak(t, s, upstream.Piece{Text: "One. Two.", More: true})
				if got := sent(); len(got) != 1 {
					t.Errorf("sent %q, want a text alone", got)
				}
				seen(t, s, sent)
				speak(t, s, upstream.Piece{ID: 1, Text: " Three.", More: true})
				wantFrames(t, sent(), flushed)
				_ = s.Close(canceled(t), nil) // the vendor will not confirm

				if next := openStream(t, p); !next.parts.blind {
					t.Error("the next stream waits for the vendor to begin")
				}
				time.Sleep(flushedFor)
				if later := openStream(t, p); later.parts.blind {
					t.Error("the vendor is taken to need flushes for ever")
				}
			})
		})
	}
}

// A vendor that announces its chunks is known to begin of itself.
func TestAVendorThatBeginsGetsNoFlush(t *testing.T) {
	recorded(t, func(t *testing.T, p *provider, sent func() []string) {
		s := openStream(t, p)
		speak(t, s, upstream.Piece{Text: "One. Two.", More: true})
		s.begin(0, "One.")
		s.audio(packet{base64: []byte("AAAA"), enc: []byte(audio.PCM16), chunk: 0, rate: 24000})
		speak(t, s, upstream.Piece{ID: 1, Text: " Three.", More: true})
		if got := sent(); len(got) != 2 || p.turns.needFlush(time.Now()) {
			t.Errorf("sent %q, want two texts alone", got)
		}
		_ = s.Close(canceled(t), nil) // the vendor will not confirm
	})
}

func openStream(t *testing.T, p *provider) *stream {
	t.Helper()
	s, err := p.Open(t.Context(), request, upstreamtest.NewSink(t))
	if err != nil {
		t.Fatal(err)
	}
	return s.(*stream)
}

func speak(t *testing.T, s *stream, p upstream.Piece) {
	t.Helper()
	if err := s.Speak(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}
