package vogent

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestOptionsAreRefused(t *testing.T) {
	upstreamtest.CheckOptions(t, parseOptions, map[string]string{
		`[]`:                           "",
		`null`:                         "",
		`"x"`:                          "",
		`{`:                            "",
		`{"sampleRate":24000}`:         "sampleRate",
		`{"voiceOptionValues":[]}`:     "voiceOptionValues",
		`{"speed":1,"b":2,"items":""}`: "b", // the first by name
	})
	if err := parseOptions(json.RawMessage(` {} `)); err != nil {
		t.Errorf("an empty object: %v", err)
	}
}

func TestConfiguration(t *testing.T) {
	for _, cfg := range []Config{
		{},
		{StreamsPerSocket: 33, Idle: time.Minute},
		{StreamsPerSocket: -1, Idle: time.Minute},
		{StreamsPerSocket: 1, Idle: time.Millisecond},
	} {
		if cfg.Validate() == nil {
			t.Errorf("%+v passes", cfg)
		}
	}
	for _, cfg := range []Config{defaults(), sharing(32)} {
		if err := cfg.Validate(); err != nil {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

// TestCodes checks what the documents show against what errors become.
func TestCodes(t *testing.T) {
	seen := map[string]int{}
	for _, e := range codes() {
		seen[e.Where]++
		if _, known := upstream.Policies[e.Kind]; !known || e.Message == "" {
			t.Errorf("%+v: want a known kind and a message", e)
		}
		if e.Where == "found in error, in this order" && frameError(json.RawMessage(`"The `+strings.ToUpper(e.Code)+`"`)).Kind != e.Kind {
			t.Errorf("%q is not what a text with %q becomes", e.Kind, e.Code)
		}
	}
	for where, want := range map[string]int{"close code": len(closeCodes), "close code, before any frame": 2, "any other error": 1} {
		if seen[where] != want {
			t.Errorf("%s: got %d lines, want %d", where, seen[where], want)
		}
	}
}
