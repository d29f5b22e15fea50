package emulator

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// flood sends whatever messages, one a line, to an emulator of any seed: it must answer or not, and end.
func flood(t *testing.T, vendor, path string, seed uint64, messages []byte) {
	t.Helper()
	const most = 1 << 12 // bytes: what is spoken takes its time
	if len(messages) > most {
		return
	}
	server, err := New(vendor, Options{Seed: seed, Inactivity: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server)
	defer front.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, strings.Replace(front.URL, "http", "ws", 1)+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 22)
	for message := range bytes.Lines(messages) {
		if conn.Write(ctx, websocket.MessageText, bytes.TrimSpace(message)) != nil {
			break // it has closed
		}
	}
	_ = conn.Close(websocket.StatusNormalClosure, "") // likewise
	gone := func(st Stats) bool { return st.OpenSockets == 0 && st.OpenContexts == 0 }
	if !server.WaitFor(gone, 10*time.Second) {
		t.Errorf("it does not end: %+v (%s)", server.Stats(), server.Quirks())
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}

// cartesiaSentence is a whole request, less its end: what is added may replace any of it.
const cartesiaSentence = `{"model_id":"sonic-3","transcript":"Hi. There","voice":{"mode":"id","id":"v"},"context_id":"c","output_format":{"container":"raw","encoding":"pcm_s16le","sample_rate":8000},"add_timestamps":true`

func FuzzCartesia(f *testing.F) {
	f.Add(uint64(1), "2026-03-01", []byte(cartesiaSentence+`,"continue":true}`+"\n"+cartesiaSentence+`,"transcript":""}`))
	f.Add(uint64(2), "2025-04-16", []byte(cartesiaSentence+`}`+"\n"+`{"context_id":"c","cancel":true}`+"\n"+cartesiaSentence+`}`))
	f.Add(uint64(3), "", []byte(cartesiaSentence+`,"continue":true,"max_buffer_delay_ms":-9223372036854775808}`+"\n[1]\n"))
	f.Add(uint64(4), "2026-03-01", []byte("null\n\n{\"transcript\":7}\n\xff\xfe\n"+cartesiaSentence+`,"continue":true,"flush":true}`))
	f.Add(uint64(5), "2026-03-01", []byte(cartesiaSentence+`,"generation_config":{"speed":1e308,"volume":-1}}`+"\n"+`{"cancel":true}`))
	f.Fuzz(func(t *testing.T, seed uint64, version string, messages []byte) {
		if version != "2025-04-16" {
			version = structuredErrors // the two kinds; what is no version may be refused
		}
		flood(t, "cartesia", "/tts/websocket?cartesia_version="+version, seed, messages)
	})
}

func FuzzDeepgram(f *testing.F) {
	f.Add(uint64(1), []byte(`{"type":"Speak","text":"Hi. There"}`+"\n"+`{"type":"Flush"}`+"\n"+`{"type":"Close"}`))
	f.Add(uint64(2), []byte(`{"type":"Speak","text":"Hi."}`+"\n"+`{"type":"Flush"}`+"\n"+`{"type":"Clear"}`+"\n"+`{"type":"Speak","text":"Hi."}`))
	f.Add(uint64(3), []byte(strings.Repeat(`{"type":"Flush"}`+"\n", 22)+`{"type":"Clear"}`+"\n"+`{"type":"Clear"}`))
	f.Add(uint64(4), []byte("null\n\n{\"type\":7}\n\xff\xfe"))
	f.Add(uint64(5), []byte(`{"type":"Speak","text":" "}`+"\n"+`{"type":"Close"}`+"\n"+`{"type":"Speak","text":"late"}`+"\n"+`{"type":"Speak"}`))
	f.Fuzz(func(t *testing.T, seed uint64, messages []byte) {
		flood(t, "deepgram", "/v1/speak?model=aura-2-thalia-en&sample_rate=8000", seed, messages)
	})
}
