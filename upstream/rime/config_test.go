package rime

import (
	"net/url"
	"reflect"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
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
		"protocol":         func(c *Config) { c.Protocol = "v2" },
		"auth":             func(c *Config) { c.Auth = "Bearer" },
		"model":            func(c *Config) { c.Model = "" },
		"no streams":       func(c *Config) { c.StreamsPerSocket = 0 },
		"too many streams": func(c *Config) { c.StreamsPerSocket = 33 },
		"idle":             func(c *Config) { c.Idle = time.Millisecond },
	} {
		bad := defaults()
		spoil(&bad)
		if bad.Validate() == nil {
			t.Errorf("%s: %+v passes", name, bad)
		}
	}
}

// The key stands in a header alone, as its place wants it.
func TestKeys(t *testing.T) {
	for _, c := range []struct{ protocol, auth, path, header string }{
		{protocolV1, authBearer, "/ws", "Bearer rime_secret"},
		{protocolV1, authAPIKey, "/ws", "Api-Key rime_secret"},
		{protocolWS3, authBearer, "/ws3", "Bearer rime_secret"},
	} {
		cfg := by(c.protocol)
		cfg.Auth = c.auth
		recording(cfg).Run(t, func(r *recorder) {
			l := r.Open(testRequest)
			conn := r.Conn()
			if got := conn.Request.Header.Get("Authorization"); got != c.header || conn.Request.URL.Path != c.path {
				t.Errorf("%+v: got %q at %s", c, got, conn.Request.URL.Path)
			}
			l.Stop(errStop)
		})
	}
}

// The settings of ws3 are in the address.
func TestQuery(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*upstream.Request)
		want   string
	}{
		"plain": {func(*upstream.Request) {}, "speaker=lyra&modelId=coda&audioFormat=pcm&samplingRate=24000&segment=never"},
		"all there is": {func(r *upstream.Request) {
			r.Model, r.Language, r.Speed, r.Output = "arcana", "EN-us", 0.8, audio.Format{Encoding: audio.MuLaw, Rate: 8000}
		}, "speaker=lyra&modelId=arcana&audioFormat=mulaw&samplingRate=8000&segment=never&lang=eng&timeScaleFactor=1.25"},
		"an older model": {func(r *upstream.Request) {
			r.Model, r.Language, r.Speed = "mistv2", "hi", 3
		}, "speaker=lyra&modelId=mistv2&audioFormat=pcm&samplingRate=24000&segment=never&lang=hi&speedAlpha=0.5"},
	} {
		req := testRequest
		c.change(&req)
		options := by(protocolWS3)
		p := &provider{cfg: options, Account: vendorsocket.Account{Caps: capabilities(options)}}
		got, err := url.ParseQuery(p.query(req, audio.Nearest(req.Output, formats)))
		if err != nil {
			t.Fatal(err)
		}
		want, err := url.ParseQuery(c.want)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// A speech that is slower takes longer than the vendor's times of words say.
func TestSlowSpeech(t *testing.T) {
	p := &provider{cfg: defaults(), Account: vendorsocket.Account{Caps: capabilities(defaults())}}
	req := testRequest
	req.Speed, req.Output = 0.5, audio.Format{Encoding: audio.MuLaw, Rate: 8000}
	s := p.newStream(req, nil)
	if got := s.start.AudioParameters; got != (audioParameters{AudioFormat: "audio/pcmu", SamplingRate: 8000, TimeScaleFactor: 2}) {
		t.Errorf("got %+v", got)
	}
	if got, sane := duration("0.160s", s.scale); got != 320*time.Millisecond || !sane {
		t.Errorf("0.160s: got %v, %v", got, sane)
	}
}

// TestCodes checks what the documents show against what errors become.
func TestCodes(t *testing.T) {
	for _, e := range codes() {
		if _, known := upstream.Policies[e.Kind]; !known || e.Message == "" {
			t.Errorf("%+v: want a known kind and a message", e)
		}
		if e.Where == "kind of an error" && kindError(e.Code).Kind != e.Kind {
			t.Errorf("%s is not what an error of that kind becomes", e.Code)
		}
	}
}
