package providers

import (
	"fmt"
	"testing"
	"time"

	"voicerelay/routing"
)

func rawTable(t *testing.T) *Setup {
	t.Helper()
	route := routing.DefaultRoute()
	route.Name, route.Targets = "default", []routing.Target{{Provider: "p", Model: "m"}}
	table, err := routing.New(routing.Config{
		Providers: []string{"p"}, Routes: []routing.Route{route},
		Voices: []routing.Voice{{Name: "v", IDs: map[string]string{"p": "v1"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &Setup{table: table}
}

func plainCandidate(model, voice string) routing.Candidate {
	return routing.Candidate{Target: routing.Target{Provider: "p", Model: model}, Voice: voice}
}

// Whatever names clients make up, those in records are few, and those of the configuration are always among them.
func TestRawNamesAreBounded(t *testing.T) {
	set, now := rawTable(t), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var names RawNames
	told := map[string]bool{}
	for i := range 5000 {
		model, voice := names.Target(set, "acme", plainCandidate(fmt.Sprint("model", i), fmt.Sprint("voice", i)), now)
		told[model+" "+voice] = true
		told[names.Route(set, "acme", fmt.Sprint("p/model", i), now)] = true
	}
	if len(told) > mostRawNames+2 || !told["model0 voice0"] || !told[otherNames] || !told[otherNames+" "+otherNames] {
		t.Errorf("%d names are told apart", len(told))
	}
	for _, c := range []struct {
		tenant, model, voice string
		wantModel, wantVoice string
		after                time.Duration
	}{
		{"acme", "m", "v1", "m", "v1", 0},
		{"acme", "", "v1", "", "v1", 0},
		{"acme", "m", "another", "m", otherNames, 0},
		{"acme", "another", "v1", otherNames, "v1", 0},
		{"acme", "model0", "voice0", "model0", "voice0", 0}, // known already
		{"beta", "another", "another", "another", "another", 0},
		{"acme", "another", "another", "another", "another", time.Hour},
	} {
		model, voice := names.Target(set, c.tenant, plainCandidate(c.model, c.voice), now.Add(c.after))
		if model != c.wantModel || voice != c.wantVoice {
			t.Errorf("%+v: recorded as %q with %q", c, model, voice)
		}
	}
	if got := names.Route(set, "acme", "default", now); got != "default" {
		t.Errorf("the default route is recorded as %q", got)
	}
}
