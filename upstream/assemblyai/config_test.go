package assemblyai

import (
	"net/url"
	"reflect"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestOptionsAreRefused(t *testing.T) {
	upstreamtest.CheckOptions(t, parseOptions, map[string]string{
		`[]`: "", `null`: "", `{`: "", `{"speed":1}`: "speed", `{"z":1,"b":2}`: "b",
	})
	if err := parseOptions([]byte(` {} `)); err != nil {
		t.Errorf("an empty object: %v", err)
	}
}

func TestConfiguration(t *testing.T) {
	good := defaults()
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for name, spoil := range map[string]func(*Config){
		"model":              func(c *Config) { c.Model = "" },
		"idle":               func(c *Config) { c.Idle = time.Millisecond },
		"longer than theirs": func(c *Config) { c.Idle = 96 * time.Second },
	} {
		bad := defaults()
		spoil(&bad)
		if bad.Validate() == nil {
			t.Errorf("%s: %+v passes", name, bad)
		}
	}
}

// The settings are in the address, and the key is in a header alone, as it is.
func TestAddress(t *testing.T) {
	d, err := newDialect(upstream.Env{Name: "a", URL: "wss://tts.us.assemblyai.com/?x=1", APIKey: "aa_secret"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cfg    Config
		change func(*upstream.Request)
		want   string
	}{
		"plain": {defaults(), func(*upstream.Request) {}, "model_id=assemblyai-tts-1&voice_id=aai-jane&encoding=pcm_s16le&sample_rate=24000&word_boundaries=true"},
		"all there is": {without(), func(r *upstream.Request) {
			r.Model, r.Language, r.Output = "m-2", "PT-br", audio.Format{Encoding: audio.MuLaw, Rate: 8000}
		}, "model_id=m-2&voice_id=aai-jane&encoding=pcm_mulaw&sample_rate=8000&word_boundaries=false&language=portuguese"},
		"an unknown language": {defaults(), func(r *upstream.Request) {
			r.Language, r.Output = "ja", audio.Format{Encoding: audio.ALaw, Rate: 8000}
		}, "model_id=assemblyai-tts-1&voice_id=aai-jane&encoding=pcm_alaw&sample_rate=8000&word_boundaries=true"},
	} {
		req := testRequest
		c.change(&req)
		p := &provider{cfg: c.cfg}
		address, header := d.Address(p.query(req, audio.Nearest(req.Output, formats)))
		got, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		want, err := url.ParseQuery(c.want)
		if err != nil {
			t.Fatal(err)
		}
		if got.Host != "tts.us.assemblyai.com" || got.Path != "/v1/ws" || !reflect.DeepEqual(got.Query(), want) {
			t.Errorf("%s: got %s, want %s", name, address, c.want)
		}
		if header.Get("Authorization") != "aa_secret" {
			t.Errorf("%s: got %v", name, header)
		}
	}
}

// TestCodes checks what the documents show against what errors become.
func TestCodes(t *testing.T) {
	for _, e := range codes() {
		if _, known := upstream.Policies[e.Kind]; !known || e.Message == "" {
			t.Errorf("%+v: want a known kind and a message", e)
		}
		if e.Where == "error_type" && frameError(&frame{ErrorType: e.Code}).Kind != e.Kind {
			t.Errorf("%s is not what an error of that type becomes", e.Code)
		}
	}
}
