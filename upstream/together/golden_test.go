package together

import (
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
	"voicerelay/upstream/upstreamtest"
)

// TestGoldenTranscripts plays the vendor's side of each transcript while the adapter does what makes the client's, or
// what comes nearest to it: where text is spoken without a commit it commits.
func TestGoldenTranscripts(t *testing.T) {
	goldentest.Each(t, "together", "*.jsonl", func(t *testing.T, x goldentest.Exchange) {
		// The adapter waits for the greeting, so it comes first.
		greeting := slices.IndexFunc(x.Lines, func(e goldentest.Entry) bool { return e.Object()["type"] == typeCreated })
		if greeting < 0 {
			refused(t, x.Lines[0])
			return
		}
		p := newPlayer(t, func(c *upstreamtest.Conn) { c.Send(reply{"type": typeCreated}) })
		p.Play(p, slices.Delete(x.Lines, greeting, greeting+1))
		for _, s := range p.Streams {
			if !s.Over() {
				p.commit(s, true)
				time.Sleep(10 * second)
				s.MustEnd("")
				s.Pieces = s.Ordered
			} else {
				s.Pieces = len(s.Heard().Pieces) // it may end before or after what was spoken is known to be all
			}
		}
		p.Check()
	})
}

// player is one exchange being played. A stream is a context.
type player struct{ *goldentest.Player }

func newPlayer(t *testing.T, greet func(*upstreamtest.Conn)) *player {
	return &player{goldentest.NewPlayer(t, goldentest.Setup{
		Open:    func(env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) },
		Request: request(),
		Key:     goodKey,
		Greet:   greet,
	})}
}

// refused answers a connection by anything but a greeting.
func refused(t *testing.T, e goldentest.Entry) {
	switch {
	case e.Refuse != 0:
		p := newPlayer(t, nil)
		p.Play(p, []goldentest.Entry{e})
	case e.Close != 0:
		newPlayer(t, func(c *upstreamtest.Conn) { c.Close(e.Close) }).WantRefused(closeKind(e.Close))
	default:
		p := newPlayer(t, func(c *upstreamtest.Conn) { c.Send(e.Object()) })
		p.WantRefused(p.kindOf(e.Object()))
	}
}

// Refused is what the adapter says.
func (p *player) Refused(status int) upstream.Kind { return (&dialect{}).Refused(status) }

// context is the stream of a context, opened on its first use, on a connection that greets it.
func (p *player) context(id any) *goldentest.Stream {
	name, named := id.(string)
	if !named {
		name = "default"
	}
	if s := p.Find(name); s != nil {
		return s
	}
	return p.Open(name)
}

// Act does what makes the client's frame.
func (p *player) Act(e goldentest.Entry) {
	f := e.Object()
	switch f["type"] {
	case typeAppend:
		text, _ := f["text"].(string)
		p.context(f["context_id"]).Text += text
	case typeCommit:
		p.commit(p.context(f["context_id"]), false)
	case "input_text_buffer.clear":
		p.context(f["context_id"]).Text = ""
	case typeCancel:
		if f["context_id"] != nil { // without is a mistake that the adapter does not make
			p.context(f["context_id"]).Stop()
		}
	}
}

// commit speaks what has been appended, if anything.
func (p *player) commit(s *goldentest.Stream, last bool) {
	if s.Text != "" || last {
		s.Speak(last)
	}
}

// Say sends the vendor's frame on the stream's connection, and notes what must come of it.
func (p *player) Say(e goldentest.Entry) {
	f := e.Object()
	s := p.context(f["context_id"])
	switch f["type"] {
	case typeDelta:
		p.commit(s, false)
		samples := make([]byte, 9600)
		s.Hear(len(samples), 0)
		if f["delta"] == "<riff b64>" {
			samples = append(audio.WAVHeader(format.Rate), samples...)
		}
		f["delta"] = base64.StdEncoding.EncodeToString(samples)
	case typeWords:
		s.Hear(0, len(f["words"].([]any)))
	case typeFailed:
		if f["context_id"] == nil { // of the session, whatever streams it has
			for _, other := range p.Streams {
				other.MustEnd(p.kindOf(f))
				other.Conn.Send(f)
			}
			return
		}
		s.MustEnd(p.kindOf(f))
	case typeError:
		return // for mistakes that the adapter does not make
	}
	s.Conn.Send(f)
}

// kindOf is the kind of a vendor's error.
func (p *player) kindOf(f map[string]any) upstream.Kind {
	code := f["error"].(map[string]any)["code"].(string)
	for _, c := range errorCases() {
		if c.Code == code {
			return c.Kind
		}
	}
	p.Fatalf("no case for %s", code)
	return ""
}

func closeKind(code int) upstream.Kind {
	switch code {
	case 1011:
		return upstream.UpstreamError
	case 1013:
		return upstream.ConnectFailed
	}
	return upstream.Dropped
}

// Close closes the sockets of all streams.
func (p *player) Close(code int) {
	for _, s := range p.Streams {
		s.MustEnd(closeKind(code))
		s.Conn.Close(code)
	}
}
