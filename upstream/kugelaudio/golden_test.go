package kugelaudio

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
)

// TestGoldenTranscripts plays the vendor's side of each transcript while the adapter does what makes the client's.
func TestGoldenTranscripts(t *testing.T) {
	goldentest.Each(t, "kugelaudio", "multi_*.jsonl", func(t *testing.T, x goldentest.Exchange) {
		p := &player{Player: goldentest.NewPlayer(t, goldentest.Setup{
			Open:    func(env upstream.Env) (upstream.Provider, error) { return open(defaults, env) },
			Request: request,
			Key:     "ka",
		})}
		p.Play(p, x.Lines)
		for _, s := range p.Streams {
			s.Pieces = min(s.Pieces, s.Ordered) // there may be more answers to flushes than pieces
		}
		p.Check()
	})
}

// player is one exchange being played. A stream is a context.
type player struct{ *goldentest.Player }

// context is the context of that id, opened on its first use.
func (p *player) context(id string) *goldentest.Stream {
	if s := p.Find(id); s != nil {
		return s
	}
	return p.Open(id)
}

// Act does what makes the client's frame. What names no context is a hint, or the end of the socket.
func (p *player) Act(e goldentest.Entry) {
	f := e.Object()
	id, named := f["context_id"].(string)
	if !named {
		return
	}
	s := p.context(id)
	if text, _ := f["text"].(string); text != " " {
		s.Text += text
	}
	switch {
	case f["immediate"] == true || f["cancel"] == true:
		s.Stop()
	case f["close_context"] == true:
		s.Speak(true)
	case f["flush"] == true:
		s.Speak(false)
	}
}

// Say sends the vendor's frame, and notes what must come of it.
func (p *player) Say(e goldentest.Entry) {
	f := e.Object()
	p.begun()
	size := 0
	if f["audio"] != nil {
		size = int(f["samples"].(float64))
		if f["enc"] == "pcm_s16le" {
			size *= 2
		}
		f["audio"] = base64.StdEncoding.EncodeToString(make([]byte, size))
	}
	id, named := f["context_id"].(string)
	for _, s := range p.Streams {
		if named && s.Name == id || !named && (f["error"] != nil || f["interrupted"] == true) {
			p.note(s, f, size)
		}
	}
	p.Conn().Send(f)
}

// begun has a context opened where there is none, since a socket opens for one.
func (p *player) begun() {
	if len(p.Streams) == 0 {
		p.context("c1")
	}
}

// note notes what a frame must lead to.
func (p *player) note(s *goldentest.Stream, f map[string]any, size int) {
	switch {
	case f["error"] != nil:
		s.MustEnd(p.kindOf(f["error_code"].(string)))
	case f["context_timeout"] == true:
		s.MustEnd(upstream.Dropped)
	case f["context_closed"] == true, f["interrupted"] == true:
		if !s.Over() {
			s.Pieces = s.Ordered // it drained all that was ordered
		}
		if s.MustEnd("") {
			s.Charge = cents(f)
		}
	case f["audio"] != nil:
		s.Hear(size, 0)
	case f["word_timestamps"] != nil:
		s.Hear(0, len(f["word_timestamps"].([]any)))
	case f["final"] == true && !s.Over():
		s.Pieces++
	}
}

// kindOf is the kind of a vendor's code, by the suite's own list.
func (p *player) kindOf(code string) upstream.Kind {
	for _, c := range errorCases() {
		if c.Code == code {
			return c.Kind
		}
	}
	p.Fatalf("no case for %s", code)
	return ""
}

// cents is the charge in a frame with usage, or nothing.
func cents(f map[string]any) string {
	usage, _ := f["usage"].(map[string]any)
	amount, ok := usage["cost_cents"].(float64)
	if !ok {
		return ""
	}
	data, _ := json.Marshal(amount)
	return string(data)
}

// Close closes the socket.
func (p *player) Close(code int) {
	p.begun()
	p.CloseAll(code, map[int]upstream.Kind{
		1000: upstream.Dropped, 1001: upstream.Dropped, 1012: upstream.Dropped, 1013: upstream.ConnectFailed,
		4000: upstream.UpstreamError, 4001: upstream.AuthFailed, 4003: upstream.NoCredit, 4029: upstream.Throttled,
		4500: upstream.UpstreamError,
	}[code])
}

// Refused is as HTTP has it.
func (p *player) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }
