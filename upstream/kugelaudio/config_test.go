package kugelaudio

import (
	"encoding/json"
	"strings"
	"testing"

	"voicerelay/upstream/upstreamtest"
)

func TestOptionsAreChecked(t *testing.T) {
	upstreamtest.CheckOptions(t, func(raw json.RawMessage) error {
		_, err := parseOptions(raw)
		return err
	}, map[string]string{
		`[]`:                              "",
		`null`:                            "",
		`"x"`:                             "",
		`{"volume":1}`:                    "volume",
		`{"cfg_scale":1.1}`:               "cfg_scale",
		`{"cfg_scale":2.6}`:               "cfg_scale",
		`{"cfg_scale":"2"}`:               "cfg_scale",
		`{"cfg_scale":null}`:              "cfg_scale",
		`{"temperature":-0.1}`:            "temperature",
		`{"temperature":1.01}`:            "temperature",
		`{"max_new_tokens":0}`:            "max_new_tokens",
		`{"max_new_tokens":8193}`:         "max_new_tokens",
		`{"max_new_tokens":1.5}`:          "max_new_tokens",
		`{"project_id":0}`:                "project_id",
		`{"project_id":"a"}`:              "project_id",
		`{"speaker_prefix":1}`:            "speaker_prefix",
		`{"dictionary_ids":[1]}`:          "dictionary_ids",
		`{"dictionary_ids":["a"]}`:        "dictionary_ids",
		`{"dictionary_ids":null}`:         "dictionary_ids",
		`{"voice_id":1}`:                  "voice_id",
		`{"temperature":2,"cfg_scale":9}`: "cfg_scale", // the first by name
		`{"project_id":1,"dictionary_ids":` + many(51) + `}`: "dictionary_ids",
	})
}

func many(n int) string { return "[" + strings.Repeat("1,", n-1) + "1]" }

func TestOptionsAreTaken(t *testing.T) {
	for _, raw := range []string{
		`{}`,
		`{"cfg_scale":1.2,"temperature":1,"max_new_tokens":8192}`,
		`{"cfg_scale":2.5,"temperature":0,"max_new_tokens":1,"speaker_prefix":true}`,
		`{"dictionary_ids":[]}`,
		`{"project_id":1,"dictionary_ids":` + many(50) + `}`,
	} {
		if _, err := parseOptions(json.RawMessage(raw)); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
