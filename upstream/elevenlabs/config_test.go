package elevenlabs

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/upstreamtest"
)

func TestOptionsAreChecked(t *testing.T) {
	const locators = "pronunciation_dictionary_locators"
	locator := `{"pronunciation_dictionary_id":"d","version_id":"v"}`
	upstreamtest.CheckOptions(t, func(raw json.RawMessage) error {
		_, err := parseOptions(raw)
		return err
	}, map[string]string{
		`[]`:                        "",
		`null`:                      "",
		`"x"`:                       "",
		`{"volume":1}`:              "volume",
		`{"speed":1}`:               "speed", // the generation's own
		`{"stability":-0.1}`:        "stability",
		`{"stability":null}`:        "stability",
		`{"similarity_boost":1.1}`:  "similarity_boost",
		`{"style":"1"}`:             "style",
		`{"use_speaker_boost":1}`:   "use_speaker_boost",
		`{"seed":-1}`:               "seed",
		`{"seed":4294967296}`:       "seed",
		`{"seed":0.5}`:              "seed",
		`{"style":2,"seed":-1}`:     "seed", // the first by name
		`{"` + locators + `":null}`: locators,
		`{"` + locators + `":{}}`:   locators,
		`{"` + locators + `":[{}]}`: locators,
		`{"` + locators + `":[{"pronunciation_dictionary_id":"d","version_id":""}]}`:                                locators,
		`{"` + locators + `":[{"pronunciation_dictionary_id":"d","version_id":"v","x":1}]}`:                         locators,
		`{"` + locators + `":[{"pronunciation_dictionary_id":"` + strings.Repeat("d", 65) + `","version_id":"v"}]}`: locators,
		`{"` + locators + `":[` + strings.Repeat(locator+",", 8) + locator + `]}`:                                   locators,
	})
}

func TestConfiguration(t *testing.T) {
	for want, cfg := range map[string]Config{
		"streams_per_socket":  {StreamsPerSocket: 3, Idle: time.Minute},
		"streams_per_socket:": {Idle: time.Minute},
		"idle":                {StreamsPerSocket: 1, Idle: time.Millisecond},
		"idle:":               {StreamsPerSocket: 1, Idle: 145 * time.Second}, // with a quarter added, later than the vendor's
	} {
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: got %v, want an error of %s", cfg, err, want)
		}
	}
	if err := Driver.Check(func(any) error { return nil }); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}
