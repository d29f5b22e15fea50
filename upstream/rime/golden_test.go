package rime

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
	"voicerelay/upstream/upstreamtest"
)

// golden sets up a player for a protocol, with room for all streams on a socket.
func golden(t *testing.T, protocol string, greet func(*upstreamtest.Conn)) *goldentest.Player {
	t.Helper()
	cfg := by(protocol)
	cfg.StreamsPerSocket = 32
	return goldentest.NewPlayer(t, goldentest.Setup{
		Open:    func(env upstream.Env) (upstream.Provider, error) { return open(cfg, env) },
		Request: testRequest,
		Key:     "rime_test",
		Greet:   greet,
	})
}

// TestGoldenContexts plays the vendor's side of each transcript of v1 while the adapter has a stream of one piece for each of its
// contexts.
func TestGoldenContexts(t *testing.T) {
	goldentest.Each(t, "rime", "v1_*.jsonl", func(t *testing.T, x goldentest.Exchange) {
		lines, greet := x.Lines, (func(*upstreamtest.Conn))(nil)
		if ready := lines[0].Object(); ready != nil { // the adapter waits for it, so it comes first
			lines, greet = lines[1:], func(c *upstreamtest.Conn) { c.Send(ready) }
		}
		p := &contextPlayer{golden(t, protocolV1, greet), map[string]*goldentest.Stream{}}
		p.Play(p, lines)
		p.Check()
	})
}

// contextPlayer is one exchange of v1 being played.
type contextPlayer struct {
	*goldentest.Player
	played map[string]*goldentest.Stream // by the transcript's ids, the latest of each
}

// begin has the adapter speak a context.
func (p *contextPlayer) begin(id string) *goldentest.Stream {
	s := p.Open(fmt.Sprintf("%s-%d", id, len(p.Streams)))
	s.Text = "Hello there."
	s.Speak(true)
	p.played[id] = s
	return s
}

// nameOf is the context that a frame names.
func nameOf(f map[string]any) string {
	if id, _ := f["contextId"].(string); id != "" {
		return id
	}
	return "default"
}

// Act does what makes the client's message, where the adapter has one like it.
func (p *contextPlayer) Act(e goldentest.Entry) {
	f := e.Object()
	s := p.played[nameOf(f)]
	switch {
	case f["start"] != nil && (s == nil || s.Over()):
		p.begin(nameOf(f))
	case f["cancel"] != nil && s != nil:
		s.Stop()
	}
}

// Say sends the vendor's frame, and notes what must come of it.
func (p *contextPlayer) Say(e goldentest.Entry) {
	f := e.Object()
	if f == nil {
		return // a silence
	}
	if f["audio"] != nil {
		f["audio"] = base64.StdEncoding.EncodeToString(make([]byte, 960))
	}
	if f["contextId"] == nil { // of the connection
		for _, s := range p.played {
			s.MustEnd(p.kindOf(f))
		}
		p.Conn().Send(f)
		return
	}
	s := p.played[nameOf(f)]
	if s == nil {
		s = p.begin(nameOf(f)) // of which the client had something else to say
	}
	p.note(s, f)
	f["contextId"] = s.Name + ".0"
	s.Conn.Send(f)
}

// note notes what a frame must lead to.
func (p *contextPlayer) note(s *goldentest.Stream, f map[string]any) {
	switch {
	case s.Over():
	case f["audio"] != nil:
		s.Hear(960, 0)
	case f["done"] != nil:
		times, _ := f["done"].(map[string]any)["timestamps"].(map[string]any)
		spans, _ := times["spans"].([]any)
		s.Hear(0, len(spans))
		s.Pieces = 1
		s.MustEnd("")
	case f["error"] != nil:
		s.MustEnd(p.kindOf(f))
	}
}

// kindOf is the kind of a vendor's error, by the suite's own list.
func (p *contextPlayer) kindOf(f map[string]any) upstream.Kind {
	kind := f["error"].(map[string]any)["kind"]
	for _, k := range kinds {
		if k.kind == kind {
			return k.means
		}
	}
	p.Fatalf("no case for %v", kind)
	return ""
}

// Close closes the sockets.
func (p *contextPlayer) Close(code int) { p.CloseAll(code, upstream.Dropped) }

// Refused is as HTTP has it.
func (p *contextPlayer) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }

// TestGoldenSocketsOfWS3 plays the vendor's side of each transcript of ws3 while the adapter does what makes the client's.
func TestGoldenSocketsOfWS3(t *testing.T) {
	goldentest.Each(t, "rime", "ws3_*.jsonl", func(t *testing.T, x goldentest.Exchange) {
		p := &soloPlayer{Player: golden(t, protocolWS3, nil)}
		if x.Lines[0].Refuse == 0 {
			p.stream = p.Open("g1")
		}
		p.Play(p, x.Lines)
		p.Check()
	})
}

// soloPlayer is one exchange of ws3 being played, which is one stream.
type soloPlayer struct {
	*goldentest.Player
	stream *goldentest.Stream
}

// Act does what makes the client's message, where the adapter has one like it.
func (p *soloPlayer) Act(e goldentest.Entry) {
	f := e.Object()
	text, _ := f["text"].(string)
	p.stream.Text += text
	switch f["operation"] {
	case operationFlush:
		p.stream.Speak(false)
	case "eos":
		p.stream.Speak(true)
	case "clear":
		p.stream.Text = ""
	}
}

// Say sends the vendor's frame, and notes what must come of it. The vendor also speaks unasked.
func (p *soloPlayer) Say(e goldentest.Entry) {
	f := e.Object()
	if f == nil {
		return // a silence
	}
	s := p.stream
	switch f["type"] {
	case typeChunk:
		if s.Ordered == s.Pieces {
			s.Speak(false)
		}
		const size = 961 // half a sample at the end
		f["data"] = base64.StdEncoding.EncodeToString(make([]byte, size))
		s.Hear(size, 0)
	case typeTimestamps:
		s.Hear(0, strings.Count(fmt.Sprint(f["word_timestamps"].(map[string]any)["words"]), " ")+1)
	case typeDone:
		s.Pieces++
		s.Hear(s.Audio%2, 0) // the rest of the sample
	case typeError:
		s.MustEnd(map[any]upstream.Kind{"overloaded": upstream.UpstreamError, "Invalid operation": upstream.Rejected}[f["message"]])
	}
	p.Conn().Send(f)
}

// Close closes the socket, which the vendor does once it has spoken all.
func (p *soloPlayer) Close(code int) {
	p.stream.MustEnd("")
	p.Conn().Close(code)
}

// Refused is as HTTP has it.
func (p *soloPlayer) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }
