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

// FuzzZeligate sends whatever messages, one a line, to a box of any seed: it must answer or not, and end.
func FuzzZeligate(f *testing.F) {
	f.Add(uint64(1), "pcm_24000", []byte(`{"text":" "}`+"\n"+zeliSentence+"\n"+zeliEOS))
	f.Add(uint64(2), "wav_8000", []byte(`{"text":"Hi. ","flush":true,"try_trigger_generation":true}`+"\n"+`{"text":""}`))
	f.Add(uint64(3), "mp3_44100_128", []byte(`{"text":" ","generation_config":{"chunk_length_schedule":[1]},"voice_settings":{"speed":1e308}}`+"\n[1]\n"))
	f.Add(uint64(4), "", []byte("null\n\n{\"text\":7}\n\xff\xfe"))
	f.Add(uint64(5), "opus_48000_32", []byte(`{"text":" ","generation_config":{"chunk_length_schedule":[-1,9223372036854775807]}}`))
	f.Fuzz(func(t *testing.T, seed uint64, format string, messages []byte) {
		if len(messages) > 1<<12 {
			return // what is spoken takes its time
		}
		server, err := New("zeligate", Options{Seed: seed, Inactivity: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		front := httptest.NewServer(server)
		defer front.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		address := strings.Replace(front.URL, "http", "ws", 1) + "/v1/text-to-speech/custom-a/stream-input"
		if _, ok := zeliFormatOf(format); ok {
			address += "?output_format=" + format
		}
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
