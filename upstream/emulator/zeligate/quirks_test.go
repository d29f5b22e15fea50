package zeligate

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// What the reference leaves open makes a difference that a client can see.
func TestZeligateQuirksShow(t *testing.T) {
	ended := func(h heard) bool { return h.final && h.audio != nil }
	refused := func(part string) func(h heard) bool {
		return func(h heard) bool { return strings.Contains(h.other, part) && h.audio == nil }
	}
	waiting := func(h heard) bool { return h.audio == nil }
	loud := `{"text":" ","authorization":"Bearer ` + testKey + `","voice_settings":{"speed":9,"style":-1}}`
	direct := `{"text":"Hello there. ","authorization":"Bearer ` + testKey + `"}`
	tests := map[string]struct {
		quirk    string
		messages []string
		right    func(heard) bool
		silent   bool // nothing comes any more, and the socket is open
	}{
		"settings drawn into their range": {"clamps:true", []string{loud, sentence, eos}, ended, false},
		"settings out of their range":     {"clamps:false", []string{loud}, refused("voice_settings"), false},
		"text in the first message":       {"strictBOS:false", []string{direct, eos}, ended, false},
		"no text in the first message":    {"strictBOS:true", []string{direct}, refused("single space"), false},
		"empty text with flush ends":      {"emptyFlushEnds:true", []string{bos, sentence, `{"text":"","flush":true}`}, ended, false},
		"empty text with flush is one": {
			"emptyFlushEnds:false", []string{bos, `{"text":"","flush":true}`}, waiting, true,
		},
		"trigger needs more": {"triggerMinimum:50", []string{bos, `{"text":"few words ","try_trigger_generation":true}`}, waiting, true},
		"open after errors":  {"staysOpen:true", []string{`{"text":" "}`}, refused("missing_api_key"), false},
		"close after errors": {"staysOpen:false", []string{`{"text":" "}`}, refused("missing_api_key"), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, base := start(t, engine.Options{}, tt.quirk, "telling:detail", "upgradeErrors:false")
				client := dial(t, base, "pcm_24000", tt.messages...)
				if h := client.listen(patience(tt.silent)); !tt.right(h) || h.late != tt.silent {
					t.Errorf("got %+v", h)
				}
				if !strings.HasPrefix(tt.quirk, "staysOpen") {
					return
				}
				if h := client.listen(patience(tt.quirk == "staysOpen:true")); h.late != (tt.quirk == "staysOpen:true") {
					t.Errorf("after the error: got %+v", h)
				}
			})
		})
	}
}

// patience is how long to wait for what must come, however busy the machine is, or for what must not.
func patience(silent bool) time.Duration {
	if silent {
		return waits
	}
	return 10 * time.Second
}

// The last frame is followed by a close, or by nothing.
func TestZeligateClosesBehindTheFinalFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, quirk := range []string{"finalCloses:true", "finalCloses:false"} {
			_, base := start(t, engine.Options{}, quirk)
			client := dial(t, base, "pcm_24000", bos, sentence, eos)
			if h := client.listen(5 * time.Second); !h.final {
				t.Errorf("%s: got %+v, want an end", quirk, h)
			}
			closes := quirk == "finalCloses:true"
			if h := client.listen(patience(!closes)); closes != (h.closed == websocket.StatusNormalClosure) || closes == h.late {
				t.Errorf("%s: got %+v", quirk, h)
			}
		}
	})
}

// A socket that nothing is said to ends where the box limits that: before BOS, between texts, not after the end.
func TestZeligateIdles(t *testing.T) {
	tests := map[string][]string{"before BOS": nil, "after BOS": {bos}, "after text": {bos, `{"text":"Hello "}`}}
	for name, messages := range tests {
		for _, quirk := range []string{"idles:true", "idles:false"} {
			t.Run(name+" "+quirk, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					_, base := start(t, engine.Options{Inactivity: waits / 2}, quirk, "telling:flat")
					h := dial(t, base, "pcm_24000", messages...).listen(patience(quirk == "idles:false"))
					if idles := strings.Contains(h.other, "input_timeout_exceeded"); idles != (quirk == "idles:true") {
						t.Errorf("got %+v", h)
					}
				})
			})
		}
	}
	_, base := start(t, engine.Options{Inactivity: waits / 2}, "idles:true", "finalCloses:false")
	ended := dial(t, base, "pcm_24000", bos, eos)
	if h := ended.listen(5 * time.Second); !h.final {
		t.Fatalf("got %+v, want an end", h)
	}
	if h := ended.listen(2 * waits); !h.late {
		t.Errorf("after the end: got %+v, want silence", h)
	}
}

// White space keeps a socket open.
func TestZeligateKeepAlives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 500 * time.Millisecond
		server, base := start(t, engine.Options{Inactivity: limit}, "idles:true")
		client := dial(t, base, "pcm_24000", bos)
		for began := time.Now(); time.Since(began) < 2*limit; pauseFor(t, server) {
			client.Send(`{"text":" "}`)
		}
		client.Send(sentence, eos)
		if h := client.listen(5 * time.Second); !h.final || h.audio == nil {
			t.Errorf("got %+v, want audio and an end", h)
		}
	})
}

// After an end of any kind nothing is taken, though the socket is open.
func TestZeligateTakesNothingBehindTheEnd(t *testing.T) {
	tests := map[string]struct {
		quirks   []string
		messages []string
		streams  int
		texts    int
	}{
		"EOS":   {[]string{"finalCloses:false"}, []string{bos, sentence, eos, sentence}, 1, 1},
		"error": {[]string{"telling:detail", "staysOpen:true"}, []string{"no JSON"}, 0, 0},
		"idle":  {[]string{"telling:detail", "staysOpen:true", "idles:true"}, nil, 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, base := start(t, engine.Options{Inactivity: waits / 2, FirstAudio: waits / 4}, tt.quirks...)
				client := dial(t, base, "pcm_24000", tt.messages...)
				if h := client.listen(5 * time.Second); !h.final && h.other == "" {
					t.Fatalf("got %+v, want an end", h)
				}
				client.Send(bos, sentence)
				pauseFor(t, server)
				texts := 0
				st := server.Stats()
				for _, s := range st.Streams {
					texts += len(s.Texts)
				}
				if len(st.Streams) != tt.streams || texts != tt.texts {
					t.Errorf("got %+v, want %d streams and %d texts", st, tt.streams, tt.texts)
				}
			})
		})
	}
}

// The key may be in BOS or in the query; some boxes take the header too, which is documented for HTTP alone.
func TestZeligateKeys(t *testing.T) {
	const address = "/v1/text-to-speech/%s/stream-input?output_format=pcm_24000"
	header := map[string]string{"Authorization": "Bearer sk-zeli-wrong"}
	query := strings.ReplaceAll("&authorization=Bearer "+testKey, " ", "%20")
	tests := map[string]struct {
		quirk, query string
		header       map[string]string
		want         int
	}{
		"wrong in the header, which counts":     {"headerKey:true", "", header, http.StatusUnauthorized},
		"wrong in the header, which is nothing": {"headerKey:false", "", header, http.StatusSwitchingProtocols},
		"right in the query":                    {"headerKey:true", query, header, http.StatusSwitchingProtocols},
		"without its scheme":                    {"headerKey:true", strings.Replace(query, "Bearer%20", "", 1), nil, http.StatusUnauthorized},
		"xi-api-key is none":                    {"headerKey:true", "", map[string]string{"xi-api-key": "wrong"}, http.StatusSwitchingProtocols},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, base := start(t, engine.Options{}, tt.quirk, "upgradeErrors:true", "namesVoice:true", "strictVoices:false")
				response := base.Upgrade(t, fmt.Sprintf(address, "nobody")+tt.query, tt.header)
				if response.StatusCode != tt.want {
					t.Errorf("got %d, want %d", response.StatusCode, tt.want)
				}
				if voice := response.Header.Get("x-zeli-voice"); tt.want == http.StatusSwitchingProtocols && voice != "zeli-voice-1" {
					t.Errorf("got voice %q, want the default", voice)
				}
			})
		})
	}
}

// A box without a key of its own asks for none.
func TestZeligateOpenBox(t *testing.T) {
	base := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor})
	if h := dial(t, base, "pcm_24000", `{"text":" "}`, sentence, eos).listen(5 * time.Second); !h.final || h.audio == nil {
		t.Errorf("got %+v, want audio and an end", h)
	}
}

// What a stream may say is limited, and so is a message. White space alone counts for nothing.
func TestZeligateLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, base := start(t, engine.Options{}, "maxCharacters:5000", "telling:detail")
		client := dial(t, base, "pcm_24000", bos)
		for range 100 {
			client.Send(`{"text":"` + strings.Repeat(" ", 1000) + `"}`)
		}
		client.Send(`{"text":"` + strings.Repeat("x", 5000) + `"}`)
		if h := client.listen(waits); !h.late {
			t.Errorf("got %+v, want silence", h)
		}
		if st := server.Stats().Streams[0]; len(st.Texts) != 1 || st.KeepAlives != 100 {
			t.Errorf("got %d texts and %d keep-alives, want 1 and 100", len(st.Texts), st.KeepAlives)
		}
		over := dial(t, base, "pcm_24000", bos, `{"text":"`+strings.Repeat("x", 5001)+`"}`)
		if h := over.listen(5 * time.Second); !strings.Contains(h.other, "string_too_long") {
			t.Errorf("got %+v, want too many characters", h)
		}
		huge := dial(t, base, "pcm_24000", bos)
		err := huge.Conn.Write(t.Context(), websocket.MessageText, make([]byte, 2<<20))
		if h := huge.listen(5 * time.Second); err == nil && h.closed != websocket.StatusMessageTooBig {
			t.Errorf("got %+v, want a close with 1009", h)
		}
	})
}
