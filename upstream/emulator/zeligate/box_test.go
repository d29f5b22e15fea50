package zeligate

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// A box without a key of its own asks for none.
func TestZeligateOpenBox(t *testing.T) {
	base := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor})
	if h := dial(t, base, "pcm_24000", `{"text":" "}`, sentence, eos).listen(5 * time.Second); !h.final || h.audio == nil {
		t.Errorf("got %+v, want audio and an end", h)
	}
}

// A box may name the voice that speaks for one that it does not know.
func TestZeligateNamesItsVoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for quirk, want := range map[string]string{"namesVoice:true": "zeli-voice-1", "namesVoice:false": ""} {
			_, base := start(t, engine.Options{}, quirk, "strictVoices:false")
			response := base.Upgrade(t, "/v1/text-to-speech/nobody/stream-input?output_format=pcm_24000", nil)
			if got := response.Header.Get("x-zeli-voice"); got != want {
				t.Errorf("%s: got voice %q, want %q", quirk, got, want)
			}
		}
	})
}

// A message is no longer than a common library takes.
func TestZeligateTakesNoHugeMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, base := start(t, engine.Options{})
		c := dial(t, base, "pcm_24000", bos)
		err := c.Conn.Write(t.Context(), websocket.MessageText, make([]byte, 2<<20))
		if h := c.listen(5 * time.Second); err == nil && h.closed != websocket.StatusMessageTooBig {
			t.Errorf("got %+v, want a close with 1009", h)
		}
	})
}

// After an end of any kind nothing is taken, though the socket is open.
func TestZeligateTakesNothingBehindTheEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		messages []string
		texts    int // of how many streams
	}{
		"EOS": {[]string{bos, sentence, eos}, 1}, "error": {[]string{"no JSON"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, base := start(t, engine.Options{}, "finalCloses:false", "telling:detail", "staysOpen:true")
				c := dial(t, base, "pcm_24000", tt.messages...)
				c.listen(5 * time.Second)
				c.Send(bos, sentence)
				synctest.Wait()
				texts := 0
				for _, s := range server.Stats().Streams {
					texts += len(s.Texts)
				}
				if texts != tt.texts {
					t.Errorf("%d texts were taken, want %d", texts, tt.texts)
				}
			})
		})
	}
}
