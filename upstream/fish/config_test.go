package fish

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/text"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestOptionsAreRefused(t *testing.T) {
	upstreamtest.CheckOptions(t, func(raw json.RawMessage) error {
		_, err := parseOptions(raw)
		return err
	}, map[string]string{
		`[]`:                    "",
		`null`:                  "",
		`{"speed":1}`:           "speed",
		`{"temperature":1.1}`:   "temperature",
		`{"temperature":null}`:  "temperature",
		`{"top_p":-0.1}`:        "top_p",
		`{"volume":"loud"}`:     "volume",
		`{"volume":21}`:         "volume",
		`{"z":1,"top_p":"low"}`: "top_p", // the first by name
	})
}

func TestConfiguration(t *testing.T) {
	good := defaults()
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for name, spoil := range map[string]func(*Config){
		"model":        func(c *Config) { c.Model = "" },
		"latency":      func(c *Config) { c.Latency = "high" },
		"chunk_length": func(c *Config) { c.ChunkLength = 301 },
		"quiet":        func(c *Config) { c.Quiet = 3 * time.Second },
		"idle":         func(c *Config) { c.Idle = time.Millisecond },
	} {
		bad := defaults()
		spoil(&bad)
		if err := bad.Validate(); err == nil || !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestCodes checks what the documents show against what errors become.
func TestCodes(t *testing.T) {
	for _, e := range codes() {
		if _, known := upstream.Policies[e.Kind]; !known || e.Message == "" {
			t.Errorf("%+v: want a known kind and a message", e)
		}
		if e.Where == "text of error" && frameError(&frame{said: []byte("Sorry: " + e.Code + " …")}).Kind != e.Kind {
			t.Errorf("%s is not what an error with that text becomes", e.Code)
		}
	}
}

// The cues of s1 are no tags, and a voice without a model speaks with the configured one.
func TestMarkupDependsOnTheModel(t *testing.T) {
	cfg := defaults()
	cfg.Model = "s1"
	for model, want := range map[string][]string{"": nil, "s1": nil, "s2-pro": {text.AudioTags}, "drama-3-preview": {text.AudioTags}} {
		if got := capabilities(cfg).MarkupOf(model); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", model, got, want)
		}
	}
}
