package vogent

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
)

// TestGoldenTranscripts plays the vendor's side of each transcript while the adapter has a stream of one piece for each
// of its generations.
func TestGoldenTranscripts(t *testing.T) {
	goldentest.Each(t, "vogent", "*.jsonl", func(t *testing.T, x goldentest.Exchange) {
		p := &player{sent: make(chan input, 1024), played: map[string]*played{}}
		p.Player = goldentest.NewPlayer(t, goldentest.Setup{
			Open:    func(env upstream.Env) (upstream.Provider, error) { return open(sharing(32), env) },
			Request: request,
			Key:     "YOUR_API_KEY",
			Sent: func(frame []byte) {
				var in input
				if json.Unmarshal(frame, &in) == nil {
					p.sent <- in
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
	sent   chan input         // by the adapter
	played map[string]*played // by the transcript's ids, the latest of each
}

// played is a generation.
type played struct {
	*goldentest.Stream
	id    string // the adapter's
	heard bool   // the vendor has said something of it
}

// begin has the adapter speak a generation.
func (p *player) begin(id string) *played {
	g := &played{Stream: p.Open(fmt.Sprintf("%s-%d", id, len(p.Streams)))}
	g.Text = "Hello there."
	g.Speak(true)
	in := <-p.sent
	for in.Cancel { // of a generation before
		in = <-p.sent
	}
	g.id = in.GenerationID
	p.played[id] = g
	return g
}

// Act does what makes the client's message, where the adapter has one like it.
func (p *player) Act(e goldentest.Entry) {
	var in input
	if json.Unmarshal(e.Frame, &in) != nil && in.GenerationID == "" {
		return // what no adapter sends
	}
	g := p.played[in.GenerationID]
	switch {
	case in.Cancel && g != nil:
		g.Stop()
	case !in.Cancel && (g == nil || g.Over() && !g.Stopped):
		p.begin(in.GenerationID)
	}
}

// Say sends the vendor's frame, and notes what must come of it.
func (p *player) Say(e goldentest.Entry) {
	f := e.Object()
	p.begun()
	if f["audio"] != nil {
		f["audio"] = base64.StdEncoding.EncodeToString(make([]byte, 960))
	}
	if id, _ := f["generationId"].(string); id != "" {
		g := p.played[id]
		if g == nil {
			g = p.begin(id)
		}
		p.note(g, f)
		f["generationId"] = g.id
	} else {
		for _, g := range p.played {
			p.note(g, f)
		}
	}
	p.Conn().Send(f)
}

// begun has a generation begin where there is none, since a socket opens for one.
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
	g.heard = true
	switch f["type"] {
	case "chunk":
		g.Hear(960, 0)
	case "finished":
		g.Pieces = 1
		g.MustEnd("")
	case "error":
		kind, known := errorKinds[f["error"].(string)]
		if !known {
			p.Fatalf("no kind for %q", f["error"])
		}
		g.MustEnd(kind)
	default:
		for name, value := range f {
			if name != "type" && name != "generationId" {
				g.Hear(0, texts(value))
			}
		}
	}
}

// texts counts the strings in a value: in word times there is one a word.
func texts(v any) int {
	n := 0
	switch v := v.(type) {
	case string:
		return 1
	case []any:
		for _, element := range v {
			n += texts(element)
		}
	case map[string]any:
		for _, element := range v {
			n += texts(element)
		}
	}
	return n
}

// Close closes the socket, which means this to a generation that nothing has been said of.
func (p *player) Close(code int) {
	p.begun()
	for _, g := range p.played {
		if !g.Over() && g.heard {
			p.Fatal("a close in mid-speech, for which this has no kind")
		}
	}
	p.CloseAll(code, map[int]upstream.Kind{
		1000: upstream.Dropped, 1001: upstream.Dropped, 1008: upstream.AuthFailed, 1011: upstream.UpstreamError,
		1012: upstream.Dropped, 1013: upstream.ConnectFailed,
	}[code])
}

// Refused is as HTTP has it.
func (p *player) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }
