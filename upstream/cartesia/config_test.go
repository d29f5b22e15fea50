package cartesia

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

func TestOptionsAreRefused(t *testing.T) {
	upstreamtest.CheckOptions(t, func(raw json.RawMessage) error {
		_, err := parseOptions(raw)
		return err
	}, map[string]string{
		`[]`:                             "",
		`null`:                           "",
		`{`:                              "",
		`{"speed":1}`:                    "speed",
		`{"volume":0.4}`:                 "volume",
		`{"volume":2.1}`:                 "volume",
		`{"volume":null}`:                "volume",
		`{"volume":"loud"}`:              "volume",
		`{"emotion":""}`:                 "emotion",
		`{"emotion":null}`:               "emotion",
		`{"pronunciation_dict_id":7}`:    "pronunciation_dict_id",
		`{"z":1,"volume":9,"emotion":1}`: "emotion", // the first by name
		`{"emotion":"` + strings.Repeat("a", maxName+1) + `"}`: "emotion",
	})
}

func TestConfiguration(t *testing.T) {
	good := defaults()
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for name, spoil := range map[string]func(*Config){
		"version":            func(c *Config) { c.Version = "latest" },
		"model":              func(c *Config) { c.Model = "" },
		"streams_per_socket": func(c *Config) { c.StreamsPerSocket = 0 },
		"too many streams":   func(c *Config) { c.StreamsPerSocket = 49 },
		"idle":               func(c *Config) { c.Idle = time.Millisecond },
		"longer than theirs": func(c *Config) { c.Idle = 4 * time.Minute },
	} {
		bad := defaults()
		spoil(&bad)
		if bad.Validate() == nil {
			t.Errorf("%s: %+v passes", name, bad)
		}
	}
}

// The address and the headers are the vendor's, and the key stands in a header alone.
func TestAddress(t *testing.T) {
	d, err := newDialect(defaults(), upstream.Env{Name: "c", URL: "wss://api.cartesia.ai/?x=1", APIKey: "sk_secret"})
	if err != nil {
		t.Fatal(err)
	}
	address, header := d.Address("tenant a")
	if address != "wss://api.cartesia.ai/tts/websocket" {
		t.Errorf("got %s", address)
	}
	if header.Get("X-API-Key") != "sk_secret" || header.Get("Cartesia-Version") != "2026-03-01" {
		t.Errorf("got headers %v", header)
	}
}

// A request is the vendor's message, in full each time.
func TestRequest(t *testing.T) {
	p := &provider{model: "sonic-latest", Account: vendorsocket.Account{Caps: capabilities(defaults())}}
	tests := map[string]struct {
		change func(*upstream.Request)
		want   string
	}{
		"plain": {func(*upstream.Request) {}, `{"model_id":"sonic-latest","transcript":"Hi.","voice":{"mode":"id","id":"v"},` +
			`"output_format":{"container":"raw","encoding":"pcm_s16le","sample_rate":24000},"context_id":"g.3","continue":false,` +
			`"add_timestamps":true}`},
		"all there is": {func(r *upstream.Request) {
			r.Model, r.Language, r.Speed, r.Output = "sonic-3", "PT-br", 2, audio.Format{Encoding: audio.MuLaw, Rate: 8000}
			volume, emotion, dict := 1.5, "happy", "d"
			r.Options = &options{Volume: &volume, Emotion: &emotion, PronunciationID: &dict}
		}, `{"model_id":"sonic-3","transcript":"Hi.","voice":{"mode":"id","id":"v"},` +
			`"output_format":{"container":"raw","encoding":"pcm_mulaw","sample_rate":8000},"context_id":"g.3","language":"pt","continue":false,` +
			`"add_timestamps":true,"generation_config":{"speed":1.5,"volume":1.5,"emotion":"happy"},"pronunciation_dict_id":"d"}`},
	}
	for name, tt := range tests {
		req := testRequest
		req.ID, req.Voice = "g", "v"
		tt.change(&req)
		s := p.newStream(req, nil)
		s.number = 3
		if got := string(s.frame("Hi.", false, false)); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
		flush := strings.NewReplacer(`"Hi."`, `""`, `"continue":false`, `"continue":true,"flush":true`).Replace(tt.want)
		if got := string(s.frame("", true, true)); got != flush {
			t.Errorf("%s, a flush:\n got %s\nwant %s", name, got, flush)
		}
	}
}

// TestCodes checks what the documents show against what errors become.
func TestCodes(t *testing.T) {
	for _, e := range codes() {
		if _, known := upstream.Policies[e.Kind]; !known || e.Message == "" {
			t.Errorf("%+v: want a known kind and a message", e)
		}
		if e.Where == "error_code" && frameError(&frame{ErrorCode: e.Code}).Kind != e.Kind {
			t.Errorf("%s is not what an error of that code becomes", e.Code)
		}
	}
}
