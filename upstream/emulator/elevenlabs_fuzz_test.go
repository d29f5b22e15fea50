package emulator

import (
	"bytes"
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// FuzzElevenLabs sends whatever messages, one a line, to a server of any seed: it must answer or not, and end.
func FuzzElevenLabs(f *testing.F) {
	f.Add(uint64(1), "pcm_24000", []byte(elevenHello+"\n"+elevenClose))
	f.Add(uint64(2), "", []byte(`{"text":"Hi. ","flush":true}`+"\n"+`{"text":""}`+"\n"+`{"close_socket":true}`+"\n"+elevenHello))
	f.Add(uint64(3), "mp3_44100_128", []byte(`{"text":" ","context_id":"c","generation_config":{"chunk_length_schedule":[50]},"voice_settings":{"speed":1e308}}`+"\n[1]\n"))
	f.Add(uint64(4), "ulaw_8000", []byte("null\n\n{\"text\":7}\n\xff\xfe"))
	f.Add(uint64(5), "pcm_8000", []byte(elevenHello+"\n"+elevenHello+"\n"+`{"context_id":"c","flush":true,"close_context":true}`+"\n"+elevenClose+"\n"+elevenClose))
	f.Fuzz(func(t *testing.T, seed uint64, format string, messages []byte) {
		if len(messages) > 1<<12 {
			return // what is spoken takes its time
		}
		server, err := New("elevenlabs", Options{Seed: seed, Inactivity: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		front := httptest.NewServer(server)
		defer front.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		query := url.Values{"output_format": {format}, "sync_alignment": {"true"}}
		address := strings.Replace(front.URL, "http", "ws", 1) + "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/multi-stream-input?" + query.Encode()
		conn, _, err := websocket.Dial(ctx, address, nil)
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
	})
}
