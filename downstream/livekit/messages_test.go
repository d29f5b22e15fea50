package livekit

import (
	"strings"
	"testing"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// readSettings are the settings that a session.create asks for.
func readSettings(data string) (settings, *protocol.Error) {
	var m message
	if err := downstream.DecodeTolerant([]byte(data), &m); err != nil {
		return settings{}, err
	}
	return created(&m, "cartesia/sonic-3")
}

func TestCreateIsReadAsClientsSendIt(t *testing.T) {
	for data, want := range map[string]settings{
		`{}`:                         {Model: "cartesia/sonic-3", Rate: 16000},
		`{"sample_rate":"24000"}`:    {Model: "cartesia/sonic-3", Rate: 24000},
		`{"sample_rate":24000}`:      {Model: "cartesia/sonic-3", Rate: 24000},
		`{"sample_rate":null}`:       {Model: "cartesia/sonic-3", Rate: 16000},
		`{"extra":{"speed":"fast"}}`: {Model: "cartesia/sonic-3", Rate: 16000},
		`{"extra":{"speed":9}}`:      {Model: "cartesia/sonic-3", Rate: 16000, Speed: 2},
		`{"extra":{"add_timestamps":false,"speed":0.75}}`: {Model: "cartesia/sonic-3", Rate: 16000, Speed: 0.75, NoWords: true},
		`{"sample_rate":"48000","encoding":"pcm_s16le","model":"inworld/tts-2","voice":"actor","language":"de-AT","extra":{},` +
			`"fallback":{"models":[{"model":"a/b","voice":"c","extra":{}}]},"connection":{"timeout":10.0,"retries":3}}`: {
			Model: "inworld/tts-2", Voice: "actor", Language: "de-AT", Rate: 48000,
		},
	} {
		got, err := readSettings(data)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", data, got, err, want)
		}
	}
}

func TestCreateIsRefusedByTheFieldAtFault(t *testing.T) {
	for data, param := range map[string]string{
		`{"sample_rate":"fast"}`:                          "sample_rate",
		`{"sample_rate":"16000.5"}`:                       "sample_rate",
		`{"sample_rate":"11025"}`:                         "sample_rate",
		`{"sample_rate":"-1"}`:                            "sample_rate",
		`{"sample_rate":"1e99"}`:                          "sample_rate",
		`{"sample_rate":{}}`:                              "sample_rate",
		`{"encoding":"mp3"}`:                              "encoding",
		`{"encoding":7}`:                                  "encoding",
		`{"voice":7}`:                                     "voice",
		`{"model":["a"]}`:                                 "model",
		`{"language":"no language"}`:                      "language",
		`{"language":"` + strings.Repeat("a", 100) + `"}`: "language",
		`{"transcript":{}}`:                               "transcript",
		`{"generation_config":{"voice":1}}`:               "generation_config.voice",
		`{"generation_config":[]}`:                        "generation_config",
		`{"extra":"fast"}`:                                "extra",
		`{"extra":{"add_timestamps":"x"}}`:                "extra.add_timestamps",
		`{"type":1}`:                                      "type",
	} {
		if _, err := readSettings(data); err == nil || err.Param != param {
			t.Errorf("%s: got %+v, want %s refused", data, err, param)
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(`{"type":"session.create","sample_rate":"24000","encoding":"pcm_s16le","extra":{"speed":1.5},"model":"cartesia/sonic-3:v"}`))
	f.Add([]byte(`{"type":"input_transcript","transcript":"Hi. ","generation_config":{"voice":"a","model":"b","language":"en"},"extra":{}}`))
	f.Add([]byte(`{"type":"session.flush"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m message
		if err := downstream.DecodeTolerant(data, &m); err != nil {
			return
		}
		s, err := created(&m, "cartesia/sonic-3")
		if err != nil {
			return
		}
		if s.Rate < 8000 || s.Rate > 48000 || s.Speed != 0 && (s.Speed < protocol.MinSpeed || s.Speed > protocol.MaxSpeed) {
			t.Errorf("%s asks for %+v", data, s)
		}
	})
}
