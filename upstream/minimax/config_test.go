package minimax

import (
	"encoding/json"
	"strings"
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
		`[]`:                               "",
		`null`:                             "",
		`{"speed":1}`:                      "speed",
		`{"vol":0}`:                        "vol",
		`{"vol":10.5}`:                     "vol",
		`{"vol":null}`:                     "vol",
		`{"pitch":1.5}`:                    "pitch",
		`{"pitch":-13}`:                    "pitch",
		`{"emotion":"bored"}`:              "emotion",
		`{"emotion":null}`:                 "emotion",
		`{"pronunciation_dict":"a/b"}`:     "pronunciation_dict",
		`{"pronunciation_dict":["omg"]}`:   "pronunciation_dict",
		`{"pronunciation_dict":["/b"]}`:    "pronunciation_dict",
		`{"pronunciation_dict":["a/b\n"]}`: "pronunciation_dict",
		`{"z":1,"vol":99,"emotion":1}`:     "emotion", // the first by name
		`{"pronunciation_dict":["a/` + strings.Repeat("b", maxPronunciation) + `"]}`:                        "pronunciation_dict",
		`{"pronunciation_dict":["a/b"` + strings.Repeat(`,"a/b"`, maxPronunciations) + `]}`:                 "pronunciation_dict",
		`{"pronunciation_dict":["a/b"],"pitch":12,"vol":10,"emotion":"whisper","voice_modify":{"pitch":1}}`: "voice_modify",
	})
}

func TestConfiguration(t *testing.T) {
	good := defaults()
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for name, spoil := range map[string]func(*Config){
		"model": func(c *Config) { c.Model = "" },
		"idle":  func(c *Config) { c.Idle = time.Millisecond },
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
	listed := 0
	for _, e := range codes() {
		if _, known := upstream.Policies[e.Kind]; !known || e.Message == "" {
			t.Errorf("%+v: want a known kind and a message", e)
		}
		if e.Where == "base_resp.status_code" {
			listed++
		}
	}
	if want := len(kinds) - 1 + 1; listed != want { // without the unknown one, with that of a text to be sent again
		t.Errorf("%d codes are listed, want %d", listed, want)
	}
}

func TestLanguages(t *testing.T) {
	for tag, want := range map[string]string{
		"": "", "de": "German", "de-AT": "German", "en-US": "English", "yue": "Chinese,Yue", "zh-HK": "Chinese,Yue", "zh-CN": "Chinese",
		"nn-NO": "Nynorsk", "ja": "Japanese", "tlh": "auto",
	} {
		if got := boost(tag); got != want {
			t.Errorf("%s: got %q, want %q", tag, got, want)
		}
	}
	caps := capabilities()
	for tag, want := range map[string]bool{"": true, "de-CH": true, "tlh": false} {
		if caps.Speaks(tag) != want {
			t.Errorf("speaks %q: got %t", tag, !want)
		}
	}
}
