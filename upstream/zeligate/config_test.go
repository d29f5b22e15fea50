package zeligate

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/upstreamtest"
)

func TestOptionsAreChecked(t *testing.T) {
	upstreamtest.CheckOptions(t, func(raw json.RawMessage) error {
		_, err := parseOptions(raw)
		return err
	}, map[string]string{
		`[]`:                                         "",
		`null`:                                       "",
		`"x"`:                                        "",
		`{"volume":1}`:                               "volume",
		`{"speed":1}`:                                "speed", // the generation's own
		`{"similarity_boost":0.5}`:                   "similarity_boost",
		`{"use_speaker_boost":true}`:                 "use_speaker_boost",
		`{"stability":-0.1}`:                         "stability",
		`{"stability":1.1}`:                          "stability",
		`{"stability":null}`:                         "stability",
		`{"style":"1"}`:                              "style",
		`{"style":2,"stability":2}`:                  "stability", // the first by name
		`{"chunk_length_schedule":null}`:             "chunk_length_schedule",
		`{"chunk_length_schedule":[]}`:               "chunk_length_schedule",
		`{"chunk_length_schedule":50}`:               "chunk_length_schedule",
		`{"chunk_length_schedule":[0]}`:              "chunk_length_schedule",
		`{"chunk_length_schedule":[1001]}`:           "chunk_length_schedule",
		`{"chunk_length_schedule":[1.5]}`:            "chunk_length_schedule",
		`{"chunk_length_schedule":["a"]}`:            "chunk_length_schedule",
		`{"chunk_length_schedule":` + many(17) + `}`: "chunk_length_schedule",
	})
}

func many(n int) string { return "[" + strings.Repeat("1,", n-1) + "1]" }

func TestOptionsAreTaken(t *testing.T) {
	for _, raw := range []string{
		`{}`,
		`{"stability":0,"style":1}`,
		`{"stability":0.5,"style":0.3,"chunk_length_schedule":[120,160,250,290]}`,
		`{"chunk_length_schedule":` + many(16) + `}`,
	} {
		if _, err := parseOptions(json.RawMessage(raw)); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestConfiguration(t *testing.T) {
	for want, cfg := range map[string]Config{
		"auth":                  {Auth: "header", Idle: time.Minute},
		"idle":                  {Auth: authBOS, Idle: time.Millisecond},
		"chunk_length_schedule": {Auth: authQuery, Idle: time.Minute, ChunkLengthSchedule: []int64{-1}},
	} {
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), want+": ") {
			t.Errorf("%+v: got %v, want an error of %s", cfg, err, want)
		}
	}
	for _, cfg := range []Config{defaults, {Auth: authQuery, Idle: time.Second, ChunkLengthSchedule: []int64{1, 1000}}} {
		if err := cfg.Validate(); err != nil {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	if err := Driver.Check(func(any) error { return nil }); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}
