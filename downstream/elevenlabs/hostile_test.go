package elevenlabs

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/downstream/downstreamtest"
	"voicerelay/relay/relaytest"
)

// hostile are messages that can't be read, and which field each must be refused for; empty: none.
func hostile() map[string]string {
	all := map[string]string{
		``: "", ` `: "", `null`: "", `5`: "", `"text"`: "", `[]`: "", `true`: "", `{`: "", `{}}`: "", `{"text"}`: "", `{"text":}`: "", `{text:"a"}`: "",
		`{"text":"a",}`: "", `{"text":'a'}`: "", `{"text":"a"} {"text":"b"}`: "", `{"text":"\x"}`: "", "{\"text\":\"a\nb\"}": "", `<xml/>`: "",
		`{"text":"a","context_id":"` + strings.Repeat("x", longestContextID+1) + `"}`:          "context_id",
		`{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `,"text":"a"}`:         "",
		`{"x":` + strings.Repeat(`{"a":`, 100) + `1` + strings.Repeat("}", 100) + `}`:          "",
		`{"text":"a","voice_settings":{"speed":NaN}}`:                                          "",
		`{"text":"a","voice_settings":{"speed":"NaN"}}`:                                        "voice_settings.speed",
		`{"text":"a","voice_settings":{"speed":1e400}}`:                                        "voice_settings.speed",
		`{"text":"a","voice_settings":{"speed":"1e400"}}`:                                      "voice_settings.speed",
		strings.Repeat(`{"text":"a"`, 1000):                                                    "",
		`{"text":"` + strings.Repeat("a", 1000):                                                "",
		`{"context_id":"a","text":"` + strings.Repeat(`\u0000`, 1000) + `","flush":"perhaps"}`: "flush",
	}
	wrong := map[string][]string{
		"text":           {`5`, `1.5`, `true`, `[]`, `["a"]`, `{}`, `{"a":"b"}`},
		"context_id":     {`5`, `false`, `[]`, `["a"]`, `{}`, `{"id":"a"}`},
		"flush":          {`5`, `"yes"`, `[]`, `{}`, `[true]`, `-1`, `"truer"`},
		"close_context":  {`5`, `"yes"`, `[]`, `{}`, `[true]`, `-1`},
		"close_socket":   {`5`, `"yes"`, `[]`, `{}`, `[true]`, `-1`},
		"voice_settings": {`5`, `"loud"`, `[]`, `true`, `[{}]`},
	}
	for _, field := range []string{"speed", "stability", "similarity_boost", "style"} {
		wrong["voice_settings."+field] = []string{`"fast"`, `[]`, `{}`, `true`, `-1`, `99`, `"-1"`, `"1,5"`, `-1e300`}
	}
	wrong["voice_settings.use_speaker_boost"] = []string{`"perhaps"`, `[]`, `{}`, `5`}
	for field, values := range wrong {
		for _, value := range values {
			object := fmt.Sprintf(`{%q:%s}`, field, value)
			if outer, inner, nested := strings.Cut(field, "."); nested {
				object = fmt.Sprintf(`{%q:{%q:%s}}`, outer, inner, value)
			}
			// By itself, and beside what is in order.
			all[object] = field
			all[`{"unknown":[{}],"context_id_2":5,`+object[1:]] = field
		}
	}
	whole := `{"text":"Hello there. ","voice_settings":{"speed":1,"stability":null},"context_id":"a","flush":true}`
	for n := 1; n < len(whole); n++ {
		all[whole[:n]] = ""
	}
	return all
}

// Each message that can't be read is answered with an error which names the field, and does no harm: neither to the connection nor to
// a context that is being spoken.
func TestHostileMessages(t *testing.T) {
	messages := hostile()
	if len(messages) < 200 {
		t.Fatalf("%d messages, want 200", len(messages))
	}
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		for message, field := range messages {
			time.Sleep(time.Second) // the rate of new connections, and of generations
			c, err := dial(r, downstreamtest.Caller{Key: downstreamtest.Key, Voice: downstreamtest.Voice}, pipecat)
			if err != nil {
				t.Fatal(err)
			}
			c.Say("spoken", "Say this.")
			c.send("%s", message)
			c.End("spoken")
			var of turn
			said := ""
			for of.finals == 0 {
				h, err := c.read()
				if err != nil {
					t.Fatalf("%.100s ended the connection: %v", message, err)
				}
				if h.Error != "" {
					said = h.Message
				}
				c.note(t, h, &of)
			}
			if said == "" || !strings.Contains(said, field) {
				t.Errorf("%.100s: the error is %q, want one that names %q", message, said, field)
			}
			if got := relaytest.Heard(of.pcm); got != "Saythis" {
				t.Errorf("%.100s: heard %q of another context", message, got)
			}
			c.Hangup()
		}
	})
}

// What is no text, or no UTF-8, ends the connection by the code that says so.
func TestMessagesThatAreNoText(t *testing.T) {
	for name, tt := range map[string]struct {
		kind websocket.MessageType
		data string
		want websocket.StatusCode
	}{
		"binary":    {websocket.MessageBinary, `{"text":"a"}`, websocket.StatusUnsupportedData},
		"not UTF-8": {websocket.MessageText, "{\"text\":\"\xff\"}", websocket.StatusInvalidFramePayloadData},
		"too long":  {websocket.MessageText, `{"text":"` + strings.Repeat("a", 300_000) + `"}`, websocket.StatusMessageTooBig},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, pipecat, func(t *testing.T, r *downstreamtest.Relay, c *client) {
				_ = c.conn.Write(t.Context(), tt.kind, []byte(tt.data)) // what is too long is cut off
				if _, err := c.read(); websocket.CloseStatus(err) != tt.want {
					t.Errorf("the connection ended with %v, want %d", err, tt.want)
				}
				time.Sleep(3 * time.Second) // the server takes what still comes
			})
		})
	}
}

// What can be known at the handshake is refused there, in the vendor's envelope.
func TestRefusedHandshakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		for name, tt := range map[string]struct {
			voice, query string
			status       int
			says         string
		}{
			"no format":            {"narrator", "", 400, "invalid_output_format"},
			"MP3":                  {"narrator", "output_format=mp3_22050_32", 400, `encoding=\"pcm_24000\"`},
			"a file":               {"narrator", "output_format=wav_24000", 400, "invalid_output_format"},
			"nonsense":             {"narrator", "output_format=%00", 400, "invalid_output_format"},
			"no number":            {"narrator", "output_format=pcm_x", 400, "invalid_output_format"},
			"less than nothing":    {"narrator", "output_format=pcm_-24000", 400, "invalid_output_format"},
			"mulaw elsewhere":      {"narrator", "output_format=ulaw_16000", 400, "invalid_output_format"},
			"a malformed query":    {"narrator", "output_format=pcm_24000&%zz", 400, "malformed query"},
			"a timeout of letters": {"narrator", "output_format=pcm_24000&inactivity_timeout=long", 400, "inactivity_timeout"},
			"a timeout of nothing": {"narrator", "output_format=pcm_24000&inactivity_timeout=0", 400, "inactivity_timeout"},
			"a mode of letters":    {"narrator", "output_format=pcm_24000&auto_mode=perhaps", 400, "auto_mode"},
			"an unknown voice":     {"nobody", "output_format=pcm_24000", 404, "voice_not_found"},
			"a voice too long":     {strings.Repeat("v", 300), "output_format=pcm_24000", 400, "at most 256 bytes"},
			"an unknown model":     {"narrator", "output_format=pcm_24000&model_id=nothing", 404, "model_not_found"},
			"a model too long":     {"narrator", "output_format=pcm_24000&model_id=" + strings.Repeat("m", 300), 400, "at most 256 bytes"},
			"a raw voice":          {"other%2Fvoice", "output_format=pcm_24000", 404, "voice_not_found"},
		} {
			for _, path := range []string{"multi-stream-input", "stream-input"} {
				header := http.Header{"Xi-Api-Key": {downstreamtest.Key}}
				_, err := r.WebSocket("/v1/text-to-speech/"+tt.voice+"/"+path+"?"+tt.query, header)
				refused, ok := errors.AsType[*downstreamtest.Refused](err)
				if !ok || refused.Status != tt.status || !strings.Contains(refused.Body, tt.says) || !strings.HasPrefix(refused.Body, `{"detail":`) {
					t.Errorf("%s: %v, want %d with %s", name, err, tt.status, tt.says)
				}
			}
		}
	})
}

// A key counts wherever clients put it, and names and fields that are not known never fail.
func TestKeysAndUnknownNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		const path = "/multi-stream-input?output_format=pcm_24000&optimize_streaming_latency=3&enable_logging=false&seed=5&apply_language_text_normalization=x"
		for name, tt := range map[string]struct {
			header http.Header
			query  string
		}{
			"xi-api-key":       {http.Header{"Xi-Api-Key": {downstreamtest.Key}}, ""},
			"Bearer":           {http.Header{"Authorization": {"Bearer " + downstreamtest.Key}}, ""},
			"xi_api_key":       {nil, "&xi_api_key=" + downstreamtest.Key},
			"authorization":    {nil, "&authorization=Bearer%20" + downstreamtest.Key},
			"single_use_token": {nil, "&single_use_token=" + downstreamtest.Key},
		} {
			for _, voice := range []string{"narrator", "hpp4J3VqNfWAUOO0d1Us", "bIHbv24MWmeRgasZH58o"} {
				conn, err := r.WebSocket("/v1/text-to-speech/"+voice+path+tt.query, tt.header)
				if err != nil {
					t.Errorf("%s, %s: %v", name, voice, err)
					continue
				}
				_ = conn.CloseNow() // nothing was said
			}
		}
	})
}
