package uplift

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
	"voicerelay/upstream/upstreamtest"
)

// TestGoldenTranscripts plays the vendor's side of each transcript while the adapter does what makes the client's.
func TestGoldenTranscripts(t *testing.T) {
	goldentest.Each(t, "uplift", "*.jsonl", func(t *testing.T, x goldentest.Exchange) {
		last := x.Lines[len(x.Lines)-1]
		if bytes.Contains(last.Frame, []byte("Invalid namespace")) {
			return // of another namespace than ours
		}
		cfg := over(transportWebSocket)
		if x.Path == "/socket.io/" {
			cfg = over(transportSocketIO)
		}
		p := &player{opened: make(chan error, 1)}
		p.Player = goldentest.NewPlayer(t, goldentest.Setup{
			Open:    func(env upstream.Env) (upstream.Provider, error) { return open(cfg, env) },
			Request: request1,
			Key:     string(key),
		})
		if x.Lines[0].Refuse == 0 {
			p.connect()
		}
		p.Play(p, x.Lines)
		if x.Lines[0].Refuse == 0 {
			p.finish(last)
		}
	})
}

// player is one exchange being played. A stream is a request, its one piece. Another stream makes the adapter connect.
type player struct {
	*goldentest.Player
	greeted bool
	opened  chan error // what the connecting stream's Open came to
	first   upstream.Stream
	sink    *upstreamtest.Sink // of it
}

// connect has the adapter connect, and wait to be greeted.
func (p *player) connect() {
	p.sink = upstreamtest.NewSink(p.T, string(key))
	go func() {
		var err error
		p.first, err = p.Provider.Open(p.Context(), request1, p.sink)
		p.opened <- err
	}()
	p.Conn()
}

// greet waits for the adapter to be ready.
func (p *player) greet() {
	if p.greeted {
		return
	}
	p.greeted = true
	if err := <-p.opened; err != nil {
		p.Fatalf("Open: %v", err)
	}
}

// message is the vendor's own message in a line, out of its event, or nil.
func (p *player) message(e goldentest.Entry) map[string]any {
	data := e.Frame
	if strings.HasPrefix(e.Packet, "42") {
		var event []json.RawMessage
		if err := json.Unmarshal(data, &event); err != nil {
			p.Fatal(err)
		}
		data = event[1]
	} else if e.Packet != "" || data == nil {
		return nil
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		p.Fatal(err)
	}
	return m
}

// Act does what makes the client's line, and checks that it does.
func (p *player) Act(e goldentest.Entry) {
	m := p.message(e)
	switch id, _ := m["requestId"].(string); {
	case m == nil && e.Packet == "41/text-to-speech/multi-stream,":
		return // the adapter closes the socket instead
	case m == nil:
		p.want(e.Packet, e.Frame)
		return
	case m["type"] == "synthesize":
		if !p.greeted && e.Packet == "" { // early, which the adapter never is
			p.Conn().Send(reply{"type": "ready", "sessionId": "session_abc123"})
		}
		p.greet()
		if !p.speak(id, m) {
			return
		}
		m["outputFormat"] = outputFormat(audio.Nearest(p.Request.Output, formats))
	default:
		s := p.Find(id)
		if s == nil || s.Over() {
			return // what has ended is not cancelled
		}
		s.Stop()
	}
	m["requestId"] = m["requestId"].(string) + ".0"
	var frame any = m
	if e.Packet != "" {
		frame = []any{m["type"], m}
	}
	data, _ := json.Marshal(frame)
	p.want(e.Packet, data)
}

// want checks the adapter's next frame.
func (p *player) want(packet string, frame json.RawMessage) {
	p.Helper()
	data, _ := p.Conn().Next()
	rest, ok := bytes.CutPrefix(data, []byte(packet))
	if len(frame) == 0 {
		if !ok || len(rest) > 0 {
			p.Errorf("got %s, want %s", data, packet)
		}
		return
	}
	var got, want any
	if !ok || json.Unmarshal(rest, &got) != nil || json.Unmarshal(frame, &want) != nil {
		p.Fatalf("got %s, want %s%s", data, packet, frame)
	}
	for _, token := range []string{"YOUR_API_KEY", "WRONG"} {
		if m, _ := want.(map[string]any); m["token"] == token {
			m["token"] = string(key)
		}
	}
	if !reflect.DeepEqual(got, want) {
		p.Errorf("got %s, want %s%s", data, packet, frame)
	}
}

// speak speaks a request's text on a stream, unless its format is none that the adapter asks for.
func (p *player) speak(id string, m map[string]any) bool {
	p.Request = request1
	p.Request.Voice = m["voiceId"].(string)
	switch m["outputFormat"] {
	case nil, "PCM_22050_16":
	case "ULAW_8000_8":
		p.Request.Output = audio.Format{Encoding: audio.MuLaw, Rate: 8000}
	default:
		return false
	}
	if config, ok := m["phraseReplacementConfigId"]; ok {
		p.Request.Options = &options{PhraseReplacementConfigID: config.(string)}
	}
	s := p.Open(id)
	s.Text = m["text"].(string)
	s.Speak(true)
	return true
}

// Say sends the vendor's line, and notes what must come of it.
func (p *player) Say(e goldentest.Entry) {
	m := p.message(e)
	id, _ := m["requestId"].(string)
	s := p.Find(id)
	switch m["type"] {
	case "ready":
		if p.greeted {
			return // it came before an early request
		}
	case "audio":
		if s == nil {
			return // in a format that was not asked for
		}
		m["audio"] = base64.StdEncoding.EncodeToString(make([]byte, 2000))
		s.Hear(2000, 0)
	case "audio_end":
		if s != nil && !s.Over() {
			p.delivered(s)
		}
	case "error":
		kind := p.kindOf(m["code"].(string))
		for _, other := range p.Streams {
			if other.Name == id || id == "" {
				other.MustEnd(kind)
			}
		}
	}
	p.send(e, m)
}

// delivered notes that a request is over.
func (p *player) delivered(s *goldentest.Stream) {
	if s.Audio == 0 {
		s.MustEnd(upstream.NoAudio)
		return
	}
	s.Pieces = 1
	s.MustEnd("")
}

// send sends a line with its message as it has become.
func (p *player) send(e goldentest.Entry, m map[string]any) {
	frame := e.Frame
	if m != nil {
		if id, ok := m["requestId"].(string); ok {
			m["requestId"] = id + ".0"
		}
		var v any = m
		if e.Packet != "" {
			v = []any{"message", m}
		}
		frame, _ = json.Marshal(v)
	}
	p.Conn().SendRaw(append([]byte(e.Packet), frame...))
}

// Close closes the socket.
func (p *player) Close(code int) { p.CloseAll(code, upstream.CloseError(closeCodes, code).Kind) }

// Refused is as HTTP has it.
func (p *player) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }

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

// finish compares what has come of the exchange with what it said. last is its last line.
func (p *player) finish(last goldentest.Entry) {
	if p.greeted {
		p.Check()
	} else if err := <-p.opened; err != nil || !strings.HasPrefix(last.Packet, "42") {
		want := upstream.AuthFailed // all that the transcripts have before ready, but for closes
		if last.Close != 0 {
			want = upstream.CloseError(closeCodes, last.Close).Kind
		}
		wantKind(p.T, err, want)
		return
	}
	// The stream that connected never spoke.
	if err := p.sink.Close(func(cause error) error { return p.first.Close(p.Context(), cause) }, errStop); err != nil {
		p.Errorf("Close: %v", err)
	}
}
