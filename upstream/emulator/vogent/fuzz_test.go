package vogent

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// FuzzVogentFrames sends any frames, one a line. Whatever they are, each answer is one of the vendor's messages, and
// the socket either goes on to speak for a client that is in order or has been closed with the drawn code.
func FuzzVogentFrames(f *testing.F) {
	const begin = `{"generationId":"g","voiceId":"` + testVoice + `","text":"Hello! There","finalText":false}`
	for i, frames := range []string{
		begin + "\n" + `{"generationId":"g","voiceId":"","text":".","finalText":true}`,
		begin + "\n" + `{"generationId":"g","cancel":true}` + "\n" + begin,
		begin + "\n" + `{"generationId":"g","text":7}` + "\n" + `{"text":null}` + "\n[]\nnull\n7\n{",
		`{"generationId":"g","voiceId":"` + testVoice + `","text":"One.","finalText":true,"sampleRate":41500,"addWordTimestamps":true,"contextId":"c"}`,
		`{"generationId":"a","voiceId":"` + testVoice + `","sampleRate":1e99}` + "\n\n\xff\xfe",
	} {
		f.Add(uint64(i), false, []byte(frames))
		f.Add(uint64(i)+7, true, []byte(frames))
	}
	f.Fuzz(func(t *testing.T, seed uint64, binary bool, frames []byte) {
		if len(frames) > 4096 {
			return // longer ones are only slower
		}
		synctest.Test(t, func(t *testing.T) {
			c := talk(t, engine.Options{Seed: seed})
			kind := websocket.MessageText
			if binary {
				kind = websocket.MessageBinary
			}
			for _, frame := range append(bytes.Split(frames, []byte("\n")), nil) {
				if err := c.Conn.Write(t.Context(), kind, frame); err != nil {
					break // closed, as the reader will see
				}
			}
			// The probe's id is none that the frames are likely to have.
			const probe = `{"generationId":"probe-9f2c","voiceId":"` + testVoice + `","text":"Hello.","finalText":true}`
			_ = c.Conn.Write(t.Context(), websocket.MessageText, []byte(probe)) // likewise
			c.readToProbe("probe-9f2c", drawQuirks(c.Server.Options()))
		})
	})
}

// readToProbe reads to a generation's end, or to a close that the quirks allow.
func (c client) readToProbe(id string, q quirks) {
	c.T.Helper()
	types := []string{"chunk", "finished", "error", q.timesType}
	for {
		r := c.Next()
		if r.Err != nil {
			if int(websocket.CloseStatus(r.Err)) != q.closeCode {
				c.T.Fatalf("socket: %v, want a close with %d (%+v)", r.Err, q.closeCode, q)
			}
			return
		}
		var m struct{ Type, GenerationID string }
		if err := json.Unmarshal(r.Data, &m); err != nil || !slices.Contains(types, m.Type) {
			c.T.Fatalf("got %.200q, %v", r.Data, err)
		}
		if m.GenerationID == id && m.Type != "chunk" {
			return
		}
	}
}
