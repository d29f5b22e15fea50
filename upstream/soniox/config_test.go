package soniox

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestOptionsAreRefused(t *testing.T) {
	upstreamtest.CheckOptions(t, func(raw json.RawMessage) error {
		_, err := parseOptions(raw)
		return err
	}, map[string]string{
		`[]`:                            "",
		`null`:                          "",
		`{`:                             "",
		`{"speed":1}`:                   "speed",
		`{"reduce_silence":1}`:          "reduce_silence",
		`{"reduce_silence":null}`:       "reduce_silence",
		`{"z":1,"reduce_silence":"no"}`: "reduce_silence", // the first by name
	})
}

func TestConfiguration(t *testing.T) {
	good := defaults()
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for name, spoil := range map[string]func(*Config){
		"model":              func(c *Config) { c.Model = "" },
		"language":           func(c *Config) { c.Language = "" },
		"streams_per_socket": func(c *Config) { c.StreamsPerSocket = 0 },
		"too many streams":   func(c *Config) { c.StreamsPerSocket = 3 },
		"idle":               func(c *Config) { c.Idle = time.Millisecond },
		"longer than theirs": func(c *Config) { c.Idle = 3 * time.Minute },
	} {
		bad := defaults()
		spoil(&bad)
		if bad.Validate() == nil {
			t.Errorf("%s: %+v passes", name, bad)
		}
	}
}

// TestCodes checks what the documents show against what errors become.
func TestCodes(t *testing.T) {
	for _, e := range codes() {
		if _, known := upstream.Policies[e.Kind]; !known || e.Message == "" {
			t.Errorf("%+v: want a known kind and a message", e)
		}
		if code, _ := strconv.Atoi(e.Code); e.Where == "error_code" && codeError(code).Kind != e.Kind {
			t.Errorf("%s is not what an error of that code becomes", e.Code)
		}
	}
}
