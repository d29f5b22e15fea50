package fish

import (
	"strings"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
)

// TestGoldenTranscripts plays the vendor's side of each transcript, of either socket, while the adapter does what makes the client's.
func TestGoldenTranscripts(t *testing.T) {
	goldentest.Each(t, "fish", "*.jsonl", func(t *testing.T, x goldentest.Exchange) {
		p := &player{Player: goldentest.NewPlayer(t, goldentest.Setup{
			Open:    func(env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) },
			Request: testRequest,
			Key:     testKey,
		})}
		p.Play(p, x.Lines)
		p.Check()
	})
}

// player is one exchange being played, which has one stream.
type player struct {
	*goldentest.Player
	sequence any // of the latest chunk
	words    int // of it
}

func (p *player) stream() *goldentest.Stream {
	if s := p.Find("s"); s != nil {
		return s
	}
	return p.Open("s")
}

// Act does what makes the client's frame.
func (p *player) Act(e goldentest.Entry) {
	f, s := e.Object(), p.stream()
	switch f["event"] {
	case eventText:
		s.Text += f["text"].(string)
	case eventFlush:
		s.Speak(false)
	case eventStop:
		nothing := s.Ordered == 0 && s.Text == ""
		s.Speak(true)
		if nothing {
			s.Pieces = 1
			s.MustEnd("")
		}
	}
}

// Say sends the vendor's frame, and notes what must come of it.
func (p *player) Say(e goldentest.Entry) {
	f, s := e.Object(), p.stream()
	switch f["event"] {
	case eventAudio:
		p.chunk(f, s)
	case eventFinish:
		s.Hear(0, p.words)
		if f["reason"] != reasonStop {
			s.MustEnd(upstream.UpstreamError)
		} else if s.MustEnd("") {
			s.Pieces = s.Ordered
		}
	case eventError:
		s.MustEnd(kindOf(f["error"].(string)))
	}
	s.Conn.SendBinary(encode(f))
}

// chunk notes what must come of audio: its words with the next chunk, or with the end.
func (p *player) chunk(f map[string]any, s *goldentest.Stream) {
	f["audio"] = make([]byte, 9600)
	if f["chunk_seq"] != p.sequence {
		s.Hear(0, p.words)
		p.sequence, p.words = f["chunk_seq"], 0
		if p.sequence != 0.0 && p.sequence != nil {
			s.Pieces++ // here each piece is a chunk
		}
	}
	s.Hear(9600, 0)
	if times, ok := f["alignment"].(map[string]any); ok {
		p.words = len(times["segments"].([]any))
	}
}

// kindOf is what an error's text means.
func kindOf(text string) upstream.Kind {
	switch {
	case strings.Contains(text, "Concurrency"):
		return upstream.Throttled
	case strings.Contains(text, "unknown variant"), strings.Contains(text, "Invalid sample rate"):
		return upstream.Rejected
	}
	return upstream.UpstreamError
}

// Close closes the socket.
func (p *player) Close(code int) { p.CloseAll(code, upstream.CloseError(closeCodes, code).Kind) }

// Refused is as HTTP has it.
func (p *player) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }
