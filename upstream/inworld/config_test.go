package inworld

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
		`[]`:                                   "",
		`null`:                                 "",
		`{`:                                    "",
		`{"speed":1}`:                          "speed",
		`{"temperature":0}`:                    "temperature",
		`{"temperature":2.1}`:                  "temperature",
		`{"temperature":null}`:                 "temperature",
		`{"delivery_mode":"LOUD"}`:             "delivery_mode",
		`{"delivery_mode":1}`:                  "delivery_mode",
		`{"delivery_mode":null}`:               "delivery_mode",
		`{"z":1,"temperature":9,"language":1}`: "language", // the first by name
	})
}

func TestConfiguration(t *testing.T) {
	good := defaults()
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for name, spoil := range map[string]func(*Config){
		"model":              func(c *Config) { c.Model = "" },
		"streams_per_socket": func(c *Config) { c.StreamsPerSocket = 0 },
		"too many streams":   func(c *Config) { c.StreamsPerSocket = 6 },
		"idle":               func(c *Config) { c.Idle = time.Millisecond },
		"longer than theirs": func(c *Config) { c.Idle = 10 * time.Minute },
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
		if code, _ := strconv.Atoi(e.Code); e.Where == "status code" && statusError(code).Kind != e.Kind {
			t.Errorf("%s is not what a status of that code becomes", e.Code)
		}
	}
}
