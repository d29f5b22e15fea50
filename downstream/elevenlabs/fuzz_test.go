package elevenlabs

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"voicerelay/audio/codec"
	"voicerelay/downstream"
	"voicerelay/relay"
)

// Whatever a client sends, it is read or refused with a reason.
func FuzzReadMessage(f *testing.F) {
	for message := range hostile() {
		if len(message) < 200 {
			f.Add([]byte(message))
		}
	}
	f.Add([]byte(`{"text":" ","voice_settings":{"speed":"1.1","style":null},"context_id":"a","flush":"true","close_context":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, refused := readMessage(data)
		switch {
		case refused != nil && refused.Message == "":
			t.Error("refused without a reason")
		case refused == nil && len(m.context()) > longestContextID:
			t.Error("a context_id that is too long is taken")
		case refused == nil && !utf8.ValidString(m.text()):
			t.Error("text that is no UTF-8 is taken")
		}
		if speed := m.VoiceSettings.speed(); refused == nil && !(speed >= 0.5 && speed <= 2) {
			t.Errorf("a speed of %v is taken", speed)
		}
	})
}

func FuzzDecodeRequest(f *testing.F) {
	f.Add([]byte(`{"text":"Hello","model_id":"eleven_v3","voice_settings":{"speed":1.1},"seed":5,"previous_text":null}`))
	f.Add([]byte(`{"text":5}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		asked, refused := decodeRequest(data)
		switch {
		case refused != nil && (refused.Message == "" || faultOf(refused).status != http.StatusUnprocessableEntity):
			t.Errorf("refused with %+v", refused)
		case refused == nil && asked.Text == nil:
			t.Error("taken without a text")
		}
	})
}

func FuzzReadAddress(f *testing.F) {
	for _, m := range []manner{pipecat, tokens, livekit} {
		f.Add("narrator", m.query)
	}
	f.Add("a/b", "output_format=wav_24000&inactivity_timeout=99999999999999999999")
	none, _ := codec.New(f.Context(), codec.Config{}) // it has FLAC, whatever else is missing
	f.Fuzz(func(t *testing.T, voice, query string) {
		r := &http.Request{URL: &url.URL{RawQuery: query}}
		r.SetPathValue("voice", voice)
		a, refused := readAddress(r, downstream.DefaultSettings(), none)
		switch {
		case refused != nil && refused.Message == "":
			t.Error("refused without a reason")
		case refused == nil && (a.idle < time.Second || a.idle > longestIdle || a.output.Validate() != nil):
			t.Errorf("taken as %+v", a)
		}
	})
}

// Whatever words a vendor times, an alignment is JSON whose lists are equally long and whose times go forward.
func FuzzAlignment(f *testing.F) {
	f.Add("One two, three.", []byte{0, 3, 0, 9, 4, 3, 9, 8, 9, 5, 20, 10})
	f.Add("你好 <break/> \"a\\b\"", []byte{0, 1, 5, 5, 0, 1, 0, 0, 200, 200, 200, 200})
	f.Fuzz(func(t *testing.T, text string, drawn []byte) {
		text = strings.ToValidUTF8(text, "\uFFFD")
		id := "c"
		e := newEncoder(&id, len(drawn)%2 == 0)
		e.transcript.add(text)
		var last int64
		for ; len(drawn) >= 4; drawn = drawn[4:] {
			start, begin := int(drawn[0]), time.Duration(drawn[2])*10*time.Millisecond
			message := e.Words(relay.Words{Words: []relay.Word{{
				CharStart: start, CharEnd: start + int(drawn[1]), Start: begin, End: begin + time.Duration(drawn[3])*time.Millisecond,
			}}})
			if message == nil {
				continue
			}
			var h heard
			if err := json.Unmarshal(message, &h); err != nil {
				t.Fatalf("%s: %v", message, err)
			}
			n := h.NormalizedAlignment
			if len(n.Chars) != len(n.CharStartTimesMs) || len(n.Chars) != len(n.CharDurationsMs) || len(h.Alignment.Chars) == 0 {
				t.Fatalf("%s: lists of unequal length", message)
			}
			for i, at := range n.CharStartTimesMs {
				if at < last || n.CharDurationsMs[i] < 0 {
					t.Fatalf("%s: times go back", message)
				}
				last = at
			}
		}
	})
}
