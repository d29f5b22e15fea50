package wyoming

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestEventsAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		said    string
		kind    kind
		rate    int
		payload string
		fault   upstream.Kind
	}{
		"as Piper has it":       {said: string(said("audio-chunk", map[string]any{"rate": 16000, "width": 2, "channels": 1}, []byte("abcd"))), kind: audioChunk, rate: 16000, payload: "abcd"},
		"data in the line":      {said: `{"type":"audio-start","data":{"rate":44100,"width":2,"channels":1}}` + "\n", kind: audioStart, rate: 44100},
		"data in both":          {said: `{"type":"audio-start","data":{"rate":44100},"data_length":14}` + "\n" + `{"rate": 8000}`, kind: audioStart, rate: 8000},
		"each has a part":       {said: `{"type":"audio-start","data":{"rate":44100},"data_length":11}` + "\n" + `{"width":2}`, kind: audioStart, rate: 44100},
		"without data":          {said: `{"type":"audio-stop"}` + "\n", kind: audioStop, rate: 22050},
		"null for all":          {said: `{"type":"audio-stop","data":null,"data_length":null,"payload_length":null}` + "\n", kind: audioStop, rate: 22050},
		"not flat":              {said: `{"type":"audio-\u0073top","x":[{}]}` + "\n", kind: audioStop, rate: 22050},
		"data that is nested":   {said: `{"type":"info","data_length":22}` + "\n" + `{"tts":[{"name":"a"}]}`, kind: other, rate: 22050},
		"escaped data":          {said: `{"type":"audio-start","data_length":25}` + "\n" + `{"x":"\n\n","rate":16000}`, kind: audioStart, rate: 16000},
		"of another type":       {said: `{"type":"pong"}` + "\n", kind: other, rate: 22050},
		"without a type":        {said: "{}\n", fault: upstream.Garbled},
		"a type that is none":   {said: `{"type":7}` + "\n", fault: upstream.Garbled},
		"a length that is text": {said: `{"type":"x","data_length":"7"}` + "\n", fault: upstream.Garbled},
		"a length of a half":    {said: `{"type":"x","payload_length":0.5}` + "\n", fault: upstream.Garbled},
		"no JSON":               {said: "hello\n", fault: upstream.Garbled},
		"a line without end":    {said: strings.Repeat("x", maxLine), fault: upstream.Garbled},
		"a cut line":            {said: `{"type":"au`, fault: upstream.Dropped},
		"a cut block":           {said: `{"type":"x","data_length":5}` + "\n{}", fault: upstream.Dropped},
		"a cut payload":         {said: `{"type":"x","payload_length":5}` + "\nab", fault: upstream.Dropped},
		"nothing":               {fault: upstream.Dropped},
	} {
		t.Run(name, func(t *testing.T) {
			for _, from := range []io.Reader{strings.NewReader(c.said), iotest.OneByteReader(strings.NewReader(c.said))} {
				e, fault := newReader(from).next()
				if (fault == nil) != (c.fault == "") || fault != nil && fault.Kind != c.fault {
					t.Fatalf("got %v, want %q", fault, c.fault)
				}
				if fault != nil {
					continue
				}
				format, fault := e.format(usual)
				if e.kind != c.kind || fault != nil || format.Rate != c.rate || string(e.payload) != c.payload {
					t.Errorf("got kind %d, %v, %q, %v", e.kind, format, e.payload, fault)
				}
			}
		})
	}
}

// An order is a line and a block, which is how the protocol's own library sends one.
func TestOrders(t *testing.T) {
	for id, want := range map[string]string{
		"":                     `{"text":"Hello."}`,
		"en_US-joe-medium":     `{"text":"Hello.","voice":{"name":"en_US-joe-medium"}}`,
		"en_US-libritts#p3922": `{"text":"Hello.","voice":{"name":"en_US-libritts","speaker":"p3922"}}`,
	} {
		line, block, _ := bytes.Cut(encode("synthesize", synthesize{Text: "Hello.", Voice: parseVoice(id)}), []byte("\n"))
		var h header
		if err := json.Unmarshal(line, &h); err != nil || h.Type != "synthesize" || known(h.DataLength) != int64(len(block)) || string(block) != want {
			t.Errorf("%q: got %s and %s, want %s", id, line, block, want)
		}
	}
}

func TestEndpoints(t *testing.T) {
	for address, want := range map[string]endpoint{
		"tcp://127.0.0.1:10200":      {"tcp", "127.0.0.1:10200"},
		"tcp://[::1]:10200":          {"tcp", "[::1]:10200"},
		"unix:///run/piper/tts.sock": {"unix", "/run/piper/tts.sock"},
		"tcp://127.0.0.1":            {},
		"tcp://:10200":               {},
		"tcp://host:10200/path":      {},
		"unix://host/path":           {},
		"unix://":                    {},
		"ws://127.0.0.1:10200":       {},
	} {
		got, err := parseEndpoint(address)
		if got != want || (err == nil) != (want != endpoint{}) {
			t.Errorf("%s: got %v, %v", address, got, err)
		}
	}
}

// TestCodes checks what the documents show.
func TestCodes(t *testing.T) {
	for _, e := range codes() {
		if _, known := upstream.Policies[e.Kind]; !known || e.Message == "" || e.Where == "" {
			t.Errorf("%+v: want a known kind and a message", e)
		}
	}
	if cfg := defaults(); cfg.Validate() != nil {
		t.Error("the defaults don't pass")
	}
	if cfg := (Config{}); cfg.Validate() == nil {
		t.Error("an idle of nothing passes")
	}
}

// repeated is an event again and again.
type repeated struct {
	event []byte
	at    int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := copy(p, r.event[r.at:])
	r.at = (r.at + n) % len(r.event)
	return n, nil
}

// piperChunk is what Piper sends for 46 ms.
var piperChunk = []byte(`{"type": "audio-chunk", "version": "1.10.2", "data_length": 61, "payload_length": 2048}` + "\n" +
	`{"rate": 22050, "width": 2, "channels": 1, "timestamp": null}` + strings.Repeat("\x00", 2048))

// chunks is a reader of such chunks, and a stream in the middle of its speech.
func chunks(tb testing.TB, sink upstream.Sink) func() *upstream.Error {
	tb.Helper()
	s := &stream{Lifetime: upstream.NewLifetime(sink), clock: upstream.Clock{Format: audio.Format{Encoding: audio.PCM16, Rate: 16000}}}
	if err := s.order(order{id: 0}, upstream.Piece{Text: "Hello."}); err != nil {
		tb.Fatal(err)
	}
	r := newReader(&repeated{event: piperChunk})
	return func() *upstream.Error {
		e, fault := r.next()
		if fault != nil {
			return fault
		}
		return s.take(&e)
	}
}

func TestChunksAllocateNothing(t *testing.T) {
	sink := &upstreamtest.Quiet{}
	upstreamtest.CheckFrameAllocs(t, sink, chunks(t, sink))
}

func BenchmarkFrame(b *testing.B) {
	upstreamtest.BenchFrame(b, piperChunk, chunks(b, &upstreamtest.Quiet{}))
}

// FuzzEvents gives a stream that is owed a piece any bytes.
func FuzzEvents(f *testing.F) {
	f.Add(said("audio-chunk", sound, []byte("abcd")))
	f.Add([]byte(`{"type":"audio-stop"}` + "\n" + `{"type":"error","data":{"code":"VoiceNotFoundError"}}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sink := &upstreamtest.Loose{TB: t}
		s := &stream{Lifetime: upstream.NewLifetime(sink), clock: upstream.Clock{Format: usual}}
		if err := s.order(order{id: 0}, upstream.Piece{Text: "Hello."}); err != nil {
			t.Fatal(err)
		}
		r := newReader(bytes.NewReader(data))
		for {
			e, fault := r.next()
			if fault == nil {
				fault = s.take(&e)
			}
			if fault != nil {
				upstreamtest.CheckError(t, fault, nil)
				s.lost(fault)
				break
			}
		}
		if sink.Ends != 1 || sink.Bytes > len(data)+2 {
			t.Errorf("got %d ends, and %d bytes of audio of %d", sink.Ends, sink.Bytes, len(data))
		}
	})
}
