package inworld

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
)

// TestGoldenTranscripts plays the vendor's side of each transcript while the adapter has a stream for each of its contexts, and a
// piece for each text up to a flush.
func TestGoldenTranscripts(t *testing.T) {
	goldentest.Each(t, "inworld", "*.jsonl", func(t *testing.T, x goldentest.Exchange) {
		cfg := defaults()
		cfg.StreamsPerSocket = 32
		p := &player{played: map[string]*played{}}
		p.Player = goldentest.NewPlayer(t, goldentest.Setup{
			Open:    func(env upstream.Env) (upstream.Provider, error) { return open(cfg, env) },
			Request: request,
			Key:     "YOUR_API_KEY",
		})
		p.Play(p, x.Lines)
		p.Check()
	})
}

// player is one exchange being played.
type player struct {
	*goldentest.Player
	played map[string]*played // by the contexts' ids, which are the adapter's as well
}

// played is a context.
type played struct {
	*goldentest.Stream
	closing bool
}

// begin opens a stream, which has a context once there is text.
func (p *player) begin(id string) { p.played[id] = &played{Stream: p.Open(id)} }

// Act does what makes the client's message, where the adapter has one like it.
func (p *player) Act(e goldentest.Entry) {
	var m struct {
		command
		FlushContext *empty `json:"flush_context"`
	}
	if json.Unmarshal(e.Frame, &m) != nil || m.ContextID == "" {
		return // what no adapter sends
	}
	g := p.played[m.ContextID]
	switch {
	case g == nil && m.Create != nil:
		p.begin(m.ContextID)
	case g == nil || g.Over() || g.closing:
	case m.SendText != nil:
		g.Text += m.SendText.Text
		if m.SendText.FlushContext != nil && g.Text != "" {
			g.Speak(false)
		}
	case m.FlushContext != nil && g.Text != "":
		g.Speak(false)
	case m.CloseContext != nil:
		g.closing = true
		g.Speak(true)
		if g.Ordered == 1 && g.Text == "" && g.Audio == 0 {
			p.settle(g)
		}
	case m.CancelContext != nil:
		g.Stop()
	}
}

// settle notes the end of a stream that has had no text: the vendor never hears of it.
func (p *player) settle(g *played) {
	select {
	case <-g.Ended():
		g.Pieces = g.Ordered
		g.MustEnd("")
	default:
	}
}

// Say sends the vendor's frame, and notes what must come of it.
func (p *player) Say(e goldentest.Entry) {
	f := e.Object()
	if len(p.Streams) == 0 { // a socket opens for a stream
		p.begin("before any frame")
	}
	result, _ := f["result"].(map[string]any)
	id, _ := result["contextId"].(string)
	g := p.played[id]
	if g != nil && g.Text != "" && !g.Over() && (result["audioChunk"] != nil || result["flushCompleted"] != nil) {
		g.Speak(false) // which the vendor has begun unasked
	}
	if chunk, _ := result["audioChunk"].(map[string]any); chunk["audioContent"] != nil {
		chunk["audioContent"] = base64.StdEncoding.EncodeToString(make([]byte, 960))
	}
	switch {
	case g != nil:
		p.note(g, result)
	case f["error"] != nil || id == "":
		p.noteError(f["error"], result["status"])
	}
	p.Conn().Send(f)
}

// codeOf is a status' code; 0: all is well.
func codeOf(status any) int {
	s, _ := status.(map[string]any)
	code, _ := s["code"].(float64)
	return int(code)
}

// kindOf is what a code must come to.
func (p *player) kindOf(code int) upstream.Kind {
	kind, known := errorKinds[code]
	if !known {
		p.Fatalf("no kind for %d", code)
	}
	return kind
}

// noteError notes an error of no context, which ends all streams, unless it may be the answer to an order to stop.
func (p *player) noteError(statuses ...any) {
	for _, s := range statuses {
		code := codeOf(s)
		if code == 0 {
			continue
		}
		for _, g := range p.played {
			if g.Stopped && (code == invalidArgument || code == unimplemented) {
				return
			}
		}
		for _, g := range p.played {
			if !g.Over() {
				g.MustEnd(p.kindOf(code))
			}
		}
	}
}

// note notes what a context's frame must lead to.
func (p *player) note(g *played, result map[string]any) {
	if g.Over() {
		return
	}
	if code := codeOf(result["status"]); code != 0 {
		kind := p.kindOf(code)
		if code == notFound && g.Audio > 0 {
			kind = upstream.Dropped
		}
		g.MustEnd(kind)
		return
	}
	if chunk, ok := result["audioChunk"].(map[string]any); ok && g.Ordered > 0 {
		if chunk["audioContent"] != nil {
			g.Hear(960, 0)
		}
		info, _ := chunk["timestampInfo"].(map[string]any)
		alignment, _ := info["wordAlignment"].(map[string]any)
		words, _ := alignment["words"].([]any)
		for _, word := range words {
			if spoken(word.(string)) {
				g.Hear(0, 1)
			}
		}
	}
	if result["flushCompleted"] != nil && g.Pieces < g.Ordered {
		g.Pieces++
	}
	switch {
	case result["contextClosed"] == nil:
	case g.closing:
		g.Pieces = g.Ordered
		g.MustEnd("")
	default:
		g.MustEnd(upstream.Dropped)
	}
}

// Close closes the socket.
func (p *player) Close(code int) {
	if len(p.Streams) == 0 {
		p.begin("before any frame")
	}
	p.CloseAll(code, map[int]upstream.Kind{
		1000: upstream.Dropped, 1001: upstream.Dropped, 1008: upstream.Dropped, 1011: upstream.UpstreamError,
		1012: upstream.Dropped, 1013: upstream.ConnectFailed,
	}[code])
}

// Refused is as HTTP has it.
func (p *player) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }
