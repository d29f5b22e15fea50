package assemblyai

import (
	"encoding/base64"
	"fmt"
	"testing"
	"testing/synctest"

	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
	"voicerelay/upstream/upstreamtest"
)

// TestGoldenTranscripts plays the vendor's side of each transcript while the adapter does what makes the client's.
func TestGoldenTranscripts(t *testing.T) {
	goldentest.Each(t, "assemblyai", "*.jsonl", func(t *testing.T, x goldentest.Exchange) {
		first := x.Lines[0].Object()
		p := &player{goldentest.NewPlayer(t, goldentest.Setup{
			Open:    func(env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) },
			Request: testRequest,
			Key:     "YOUR_API_KEY",
			Greet:   func(c *upstreamtest.Conn) { c.Send(first) },
		})}
		if first["type"] != typeBegin { // the adapter waits for the greeting, so it comes first
			p.WantRefused(p.kindOf(first))
			return
		}
		p.stream()
		p.Play(p, x.Lines[1:])
		p.Check()
		synctest.Wait()
	})
}

// player is one exchange being played. A stream is what comes up to a Cancel.
type player struct{ *goldentest.Player }

// stream is the one that is under way.
func (p *player) stream() *goldentest.Stream {
	if n := len(p.Streams); n > 0 && !p.Streams[n-1].Stopped {
		return p.Streams[n-1]
	}
	return p.Open(fmt.Sprint("gen-", len(p.Streams)))
}

// Act does what makes the client's message, where the adapter has one like it: of nothing it asks for nothing, and the vendor
// hears no Terminate.
func (p *player) Act(e goldentest.Entry) {
	s, f := p.stream(), e.Object()
	text, _ := f["text"].(string)
	switch f["type"] {
	case typeGenerate:
		s.Text += text
	case typeFlush:
		if s.Text != "" {
			s.Speak(false)
		}
	case typeCancel:
		s.Stop()
	case "Terminate":
		p.finish(s)
	}
}

// finish ends the stream's text. It is over where all of it has been spoken.
func (p *player) finish(s *goldentest.Stream) {
	whole := s.Text == "" && s.Pieces == s.Ordered
	s.Speak(true)
	if whole {
		s.Pieces = s.Ordered
		s.MustEnd("")
	}
}

// Say sends the vendor's frame, and notes what must come of it.
func (p *player) Say(e goldentest.Entry) {
	f := e.Object()
	if f == nil {
		return // a silence
	}
	last := p.Streams[len(p.Streams)-1]
	switch f["type"] {
	case typeAudio:
		const size = 961 // half a sample at the end
		f["audio"] = base64.StdEncoding.EncodeToString(make([]byte, size))
		last.Hear(size, 0)
	case typeFlushDone:
		if last.Pieces < last.Ordered {
			last.Pieces++
			last.Hear(last.Audio%2, 0) // the rest of the sample
		}
	case typeWords:
		last.Hear(0, len(f["words"].([]any)))
	case typeError:
		last.MustEnd(p.kindOf(f))
	}
	p.Conn().Send(f)
}

// kindOf is the kind of a vendor's error, by the suite's own list.
func (p *player) kindOf(f map[string]any) upstream.Kind {
	for _, tells := range []any{f["error_type"], f["error_code"]} {
		for _, c := range errorCases() {
			if c.Code == fmt.Sprint(tells) {
				return c.Kind
			}
		}
	}
	p.Fatalf("no case for %v", f)
	return ""
}

// Close closes the socket.
func (p *player) Close(code int) { p.CloseAll(code, closeKinds()[code]) }

// Refused is as HTTP has it.
func (p *player) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }
