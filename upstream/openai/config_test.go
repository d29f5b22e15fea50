package openai

import (
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
)

func TestOptionsAreChecked(t *testing.T) {
	for field, change := range map[string]func(*Config){
		"":              func(*Config) {},
		"format":        func(c *Config) { c.Format = "mp3" },
		"stream_format": func(c *Config) { c.StreamFormat = "chunks" },
		"auth":          func(c *Config) { c.Auth = "query" },
		"pcm_rate":      func(c *Config) { c.PCMRate = 12345 },
		"max_input":     func(c *Config) { c.MaxInput = 5 },
		"prefetch":      func(c *Config) { c.Prefetch = 2 },
		"speed":         func(c *Config) { c.Speed = Range{1.5, 2} },
		"idle":          func(c *Config) { c.Idle = time.Millisecond },
		"extra":         func(c *Config) { c.Extra = "[]" },
		"extra: must":   func(c *Config) { c.Extra = "null" },
		"extra: can't":  func(c *Config) { c.Extra = `{"input":"mine"}` },
	} {
		cfg := with(change)
		err := cfg.Validate()
		if (err == nil) != (field == "") || err != nil && !strings.HasPrefix(err.Error(), field) {
			t.Errorf("%q: got %v", field, err)
		}
	}
}

// What a server can't do it is not said to do.
func TestCapabilitiesFollowTheOptions(t *testing.T) {
	open := func(change func(*Config)) upstream.Capabilities {
		p, err := open(with(change), upstream.Env{Name: "o", URL: "http://127.0.0.1:8880/v1"})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		return p.Capabilities()
	}
	caps := open(func(c *Config) { c.PCMRate, c.Speed = 16000, Range{1, 1} })
	if len(caps.Formats) != 1 || caps.Formats[0] != (audio.Format{Encoding: audio.PCM16, Rate: 16000}) || caps.ClampSpeed(2) != 1 {
		t.Errorf("got %+v", caps)
	}
	if caps := open(func(c *Config) { c.Format = formatWAV }); caps.Formats != nil || caps.ClampSpeed(4) != 4 {
		t.Errorf("of a server of files: got %+v", caps)
	}
}
