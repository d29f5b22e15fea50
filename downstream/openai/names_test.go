package openai_test

import (
	"net/http"
	"testing"

	"voicerelay/downstream"
	"voicerelay/downstream/downstreamtest"
	"voicerelay/routing"
	"voicerelay/server"
)

func TestVoicesAndModelsAreFoundByManyNames(t *testing.T) {
	mapped := set(func(s *downstream.Settings) {
		s.Voices, s.Models = map[string]string{"nova": "other"}, map[string]string{"my-model": "default"}
	})
	raw := allow(routing.Allow{Raw: true})
	few := allow(routing.Allow{Routes: []string{"default"}, Voices: []string{"narrator"}})
	for name, tt := range map[string]struct {
		model, voice string // as JSON
		change       downstreamtest.Change
		status       int
		code, spoken string // the vendor's id of the voice
	}{
		"names of the relay":      {`"default"`, `"narrator"`, nil, 200, "", "voice-at-first"},
		"an object":               {`"default"`, `{"id":"narrator"}`, nil, 200, "", "voice-at-first"},
		"neither":                 {`null`, `null`, nil, 200, "", "voice-at-first"},
		"the vendor's":            {`"tts-1-hd-1106"`, `"verse"`, nil, 200, "", "voice-at-first"},
		"the vendor's, of a date": {`"gpt-4o-mini-tts-2025-12-15"`, `"marin"`, nil, 200, "", "voice-at-first"},
		"mapped":                  {`"my-model"`, `"nova"`, mapped, 200, "", "other-at-first"},
		"raw":                     {`"second/m2"`, `"second/v9"`, raw, 200, "", "v9"},
		"raw, not allowed":        {`"second/m2"`, `"alloy"`, nil, 404, "model_not_found", ""},
		"raw voice, not allowed":  {`"tts-1"`, `"second/v9"`, nil, 403, "not_allowed", ""},
		"no such model":           {`"whisper-1"`, `"alloy"`, nil, 404, "model_not_found", ""},
		"no such voice":           {`"tts-1"`, `"nobody"`, nil, 404, "voice_not_found", ""},
		"not for this key":        {`"tts-1"`, `"other"`, few, 403, "not_allowed", ""},
		// As one that exists, so that names can't be found out by trying.
		"no such voice, where few are allowed": {`"tts-1"`, `"nobody"`, few, 403, "not_allowed", ""},
		"no such model, where few are allowed": {`"nothing"`, `"alloy"`, few, 403, "not_allowed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			changes := []downstreamtest.Change{twoVoices(t)}
			if tt.change != nil {
				changes = append(changes, tt.change)
			}
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				got := speak(t, r, `{"input":"Hi.","response_format":"pcm","model":`+tt.model+`,"voice":`+tt.voice+`}`, nil)
				if got.Status != tt.status || tt.code != "" && got.fault().Code != tt.code {
					t.Fatalf("got %d %.200s, want %d %s", got.Status, got.Body, tt.status, tt.code)
				}
				if tt.status == http.StatusOK {
					if asked := append(r.First.Requests(), r.Second.Requests()...); len(asked) != 1 || asked[0].Voice != tt.spoken {
						t.Errorf("vendors were asked for %+v, want the voice %q", asked, tt.spoken)
					}
				}
			}, changes...)
		})
	}
}

// twoVoices has a second voice.
func twoVoices(t *testing.T) downstreamtest.Change {
	return func(_ *server.Config, parts *server.Parts) {
		table, err := routing.New(routing.Config{
			Providers: []string{"first", "second"},
			Routes: []routing.Route{
				{Name: "default", Pace: routing.DefaultPace(), Targets: []routing.Target{{Provider: "first"}, {Provider: "second"}}},
				{Name: "premium", Pace: routing.DefaultPace(), Targets: []routing.Target{{Provider: "second"}}},
			},
			Voices: []routing.Voice{
				{Name: "narrator", Language: "en", IDs: map[string]string{"first": "voice-at-first", "second": "voice-at-second"}},
				{Name: "other", Language: "en", IDs: map[string]string{"first": "other-at-first", "second": "other-at-second"}},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		parts.Table = table
	}
}

func TestListsAreOfWhatTheKeyMayUse(t *testing.T) {
	few := allow(routing.Allow{Routes: []string{"default"}, Voices: []string{"other"}})
	for name, tt := range map[string]struct {
		path, want string
		status     int
		change     downstreamtest.Change
	}{
		"models":                       {"/models", `{"object":"list","data":[` + modelJSON("default") + `,` + modelJSON("premium") + `]}`, 200, nil},
		"few":                          {"/models", `{"object":"list","data":[` + modelJSON("default") + `]}`, 200, few},
		"one":                          {"/models/premium", modelJSON("premium"), 200, nil},
		"one of the vendor's":          {"/models/gpt-4o-mini-tts", modelJSON("gpt-4o-mini-tts"), 200, nil},
		"one that the key may not use": {"/models/premium", "", 404, few},
		"none":                         {"/models/whisper-1", "", 404, nil},
		"no name":                      {"/models/", "", 404, nil},
		"voices":                       {"/audio/voices", `{"voices":[{"id":"narrator","name":"narrator"},{"id":"other","name":"other"}]}`, 200, nil},
		"few voices":                   {"/audio/voices", `{"voices":[{"id":"other","name":"other"}]}`, 200, few},
	} {
		t.Run(name, func(t *testing.T) {
			changes := []downstreamtest.Change{twoVoices(t)}
			if tt.change != nil {
				changes = append(changes, tt.change)
			}
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				for _, prefix := range []string{"/openai/v1", "/v1"} {
					got := do(t, r, http.MethodGet, prefix+tt.path, "", nil)
					if got.Status != tt.status || tt.want != "" && string(got.Body) != tt.want {
						t.Errorf("%s%s: got %d %s, want %d %s", prefix, tt.path, got.Status, got.Body, tt.status, tt.want)
					}
					if tt.status == 404 && got.fault().Code != "model_not_found" {
						t.Errorf("refused with %+v", got.fault())
					}
				}
			}, changes...)
		})
	}
}

func modelJSON(id string) string {
	return `{"id":"` + id + `","object":"model","created":0,"owned_by":"voicerelay"}`
}
