package soniox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
)

// TestGoldenTranscripts plays the vendor's side of each transcript while the adapter has a stream of one piece for each
// of its streams.
func TestGoldenTranscripts(t *testing.T) {
	goldentest.Each(t, "soniox", "*.jsonl", func(t *testing.T, x goldentest.Exchange) {
		p := &player{sent: make(chan message, 1024), played: map[string]*played{}}
		p.Player = goldentest.NewPlayer(t, goldentest.Setup{
			Open:    func(env upstream.Env) (upstream.Provider, error) { return open(sharing(32), env) },
			Request: request,
			Key:     "YOUR_API_KEY",
			Sent: func(frame []byte) {
				var m message
				if json.Unmarshal(frame, &m) == nil {
					p.sent <- m
				}
			},
		})
		p.Play(p, x.Lines)
		p.Check()
	})
}

// player is one exchange being played.
type player struct {
	*goldentest.Player
	sent   chan message       // by the adapter
	played map[string]*played // by the transcript's ids, the latest of each
}

// played is a stream of the vendor's.
type played struct {
	*goldentest.Stream
	id       string // the adapter's
	through  bool   // its last audio has come
	spelling upstream.Spelling
}

// begin has the adapter speak a piece.
func (p *player) begin(id string) *played {
	g := &played{Stream: p.Open(fmt.Sprintf("%s-%d", id, len(p.Streams)))}
	g.Text = "Hello there."
	g.spelling = upstream.NewSpelling(g.Text)
	g.Speak(true)
	m := <-p.sent
	for m.Model == "" { // of a stream before, or this one's text
		m = <-p.sent
	}
	g.id = m.StreamID
	p.played[id] = g
	return g
}

// Act does what makes the client's message, where the adapter has one like it. A message without an id opens no stream.
func (p *player) Act(e goldentest.Entry) {
	var m message
	if json.Unmarshal(e.Frame, &m) != nil || m.StreamID == "" {
		return // what no adapter sends, or a keep-alive
	}
	g := p.played[m.StreamID]
	switch {
	case m.Cancel && g != nil:
		g.Stop()
	case !m.Cancel && (g == nil || m.Model != "" && g.Over()):
		p.begin(m.StreamID)
	}
}

// Say sends the vendor's frame, and notes what must come of it.
func (p *player) Say(e goldentest.Entry) {
	f := e.Object()
	p.begun()
	if audio, _ := f["audio"].(string); audio != "" {
		f["audio"] = base64.StdEncoding.EncodeToString(make([]byte, 960))
	}
	if id, _ := f["stream_id"].(string); id != "" {
		g := p.played[id]
		if g == nil {
			g = p.begin(id)
		}
		p.note(g, f)
		f["stream_id"] = g.id
	} else {
		for _, g := range p.played {
			p.note(g, f)
		}
	}
	p.Conn().Send(f)
}

// begun has a stream begin where there is none, since a socket opens for one.
func (p *player) begun() {
	if len(p.Streams) == 0 {
		p.begin("before any frame")
	}
}

// note notes what a frame must lead to.
func (p *player) note(g *played, f map[string]any) {
	if g.Over() {
		return
	}
	if f["audio"] != nil && f["audio"] != "" {
		g.Hear(960, 0)
	}
	if table, ok := f["timestamps"].(map[string]any); ok {
		chars, _ := table["characters"].([]any)
		for _, char := range chars {
			g.spelling.Add(char.(string), 0, time.Second)
		}
		g.Hear(0, len(g.spelling.Words()))
	}
	g.through = g.through || f["audio_end"] == true
	switch code, failed := f["error_code"].(float64); {
	case failed:
		kind, known := errorKinds[int(code)]
		if !known {
			p.Fatalf("no kind for %v", code)
		}
		g.MustEnd(kind)
	case f["terminated"] == true && g.through:
		g.Hear(0, len(g.spelling.Rest()))
		g.Pieces = 1
		g.MustEnd("")
	case f["terminated"] == true:
		g.MustEnd(upstream.UpstreamError)
	}
}

// Close closes the socket.
func (p *player) Close(code int) {
	p.begun()
	p.CloseAll(code, map[int]upstream.Kind{
		1000: upstream.Dropped, 1001: upstream.Dropped, 1008: upstream.Dropped, 1011: upstream.UpstreamError,
		1012: upstream.Dropped, 1013: upstream.ConnectFailed,
	}[code])
}

// Refused is as HTTP has it.
func (p *player) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }
