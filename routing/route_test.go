package routing

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// config is a table's worth of everything: two models at one provider, voices that fit some targets only.
func config() Config {
	route := func(name, voice string, targets ...Target) Route {
		r := DefaultRoute()
		r.Name, r.Voice, r.Targets = name, voice, targets
		return r
	}
	fast := route("fast", "", Target{"beta", "org/two"}, Target{"gamma", ""})
	fast.FirstAudioTimeout = 300 * time.Millisecond
	return Config{
		Providers: []string{"alpha", "beta", "gamma", "spare"},
		Routes: []Route{
			route("default", "zoe", Target{"alpha", "a-1"}, Target{"beta", "org/one"}, Target{"gamma", ""}),
			fast,
		},
		Voices: []Voice{
			{Name: "adam", Language: "de", IDs: map[string]string{"alpha": "A-adam"}},
			{Name: "zoe", Language: "en", IDs: map[string]string{
				"alpha": "A-zoe", "beta": "B-zoe", "beta/org/two": "B2-zoe", "gamma": "G-zoe",
			}},
			{Name: "late", IDs: map[string]string{"beta/org/two": "B2-late", "beta/org/three": "B3-late"}},
		},
	}
}

func mustTable(t *testing.T, cfg Config) *Table {
	t.Helper()
	table, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// spoken writes candidates as provider/model:voice.
func spoken(p *Plan) string {
	var all []string
	for _, c := range p.Candidates {
		all = append(all, c.Provider+"/"+c.Model+":"+c.Voice)
	}
	return strings.Join(all, " ")
}

func TestPlan(t *testing.T) {
	raw := Allow{Raw: true}
	const everything = "alpha/a-1:A-zoe beta/org/one:B-zoe gamma/:G-zoe"
	cases := []struct {
		name         string
		query        Query
		route, voice string
		want         string
	}{
		{"nothing named", Query{}, "default", "zoe", everything},
		{"names", Query{Route: "fast", Voice: "zoe"}, "fast", "zoe", "beta/org/two:B2-zoe gamma/:G-zoe"},
		{"the first voice of the file that fits", Query{Route: "fast"}, "fast", "zoe", "beta/org/two:B2-zoe gamma/:G-zoe"},
		{"targets without the voice are left out", Query{Voice: "adam"}, "default", "adam", "alpha/a-1:A-adam"},
		{"a model's own id only", Query{Route: "fast", Voice: "late"}, "fast", "late", "beta/org/two:B2-late"},
		{"the context's provider first", Query{Prefer: Target{Provider: "gamma"}}, "default", "zoe", "gamma/:G-zoe alpha/a-1:A-zoe beta/org/one:B-zoe"},
		{"a preferred stranger", Query{Prefer: Target{Provider: "spare"}}, "default", "zoe", everything},
		{
			"targets that can't are passed over",
			Query{Prefer: Target{Provider: "beta"}, Unable: func(provider string) bool { return provider == "alpha" }},
			"default", "zoe", "beta/org/one:B-zoe gamma/:G-zoe",
		},
		{"raw voice", Query{Voice: "beta/x y", Allow: raw}, "default", "beta/x y", "beta/org/one:x y"},
		{"raw provider with its usual model", Query{Route: "alpha", Allow: raw}, "alpha", "adam", "alpha/a-1:A-adam"},
		{"raw provider without a model", Query{Route: "gamma", Allow: raw}, "gamma", "zoe", "gamma/:G-zoe"},
		{"raw model, cut at the first slash", Query{Route: "beta/org/two", Voice: "zoe", Allow: raw}, "beta/org/two", "zoe", "beta/org/two:B2-zoe"},
		{"raw both", Query{Route: "spare/m", Voice: "spare/v", Allow: raw}, "spare/m", "spare/v", "spare/m:v"},
		{
			"allowed by name",
			Query{Route: "fast", Voice: "late", Allow: Allow{Routes: []string{"fast"}, Voices: []string{"late"}}},
			"fast", "late", "beta/org/two:B2-late",
		},
		{"a default that is not allowed is passed over", Query{Allow: Allow{Voices: []string{"adam"}}}, "default", "adam", "alpha/a-1:A-adam"},
	}
	table := mustTable(t, config())
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			plan, err := table.Plan(c.query)
			if err != nil {
				t.Fatal(err)
			}
			if got := spoken(plan); got != c.want {
				t.Errorf("candidates = %s, want %s", got, c.want)
			}
			if plan.Route != c.route || plan.Voice != c.voice {
				t.Errorf("route and voice = %s, %s, want %s, %s", plan.Route, plan.Voice, c.route, c.voice)
			}
		})
	}
}

func TestPlanBearsTheRoutesPaceAndTheVoicesLanguage(t *testing.T) {
	table := mustTable(t, config())
	plan, err := table.Plan(Query{Route: "fast", Voice: "zoe"})
	if err != nil {
		t.Fatal(err)
	}
	if plan.Language != "en" || plan.FirstAudioTimeout != 300*time.Millisecond || plan.MaxAttempts != 4 {
		t.Errorf("plan = %+v, want zoe's language and fast's pace", plan)
	}
	plan, err = table.Plan(Query{Route: "gamma", Allow: Allow{Raw: true}})
	if err != nil {
		t.Fatal(err)
	}
	if plan.FirstAudioTimeout != DefaultPace().FirstAudioTimeout {
		t.Errorf("a raw target's first_audio_timeout = %s, want the default", plan.FirstAudioTimeout)
	}
}

func TestPlanRefuses(t *testing.T) {
	raw := Allow{Raw: true}
	cases := []struct {
		name  string
		query Query
		want  error
	}{
		{"unknown route", Query{Route: "nowhere"}, ErrUnknownRoute},
		{"unknown route, raw allowed", Query{Route: "nowhere/m", Allow: raw}, ErrUnknownRoute},
		{"route of another case", Query{Route: "Default"}, ErrUnknownRoute},
		{"unknown voice", Query{Voice: "nobody"}, ErrUnknownVoice},
		{"raw voice of an unknown provider", Query{Voice: "nobody/1", Allow: raw}, ErrUnknownVoice},
		{"raw voice without an id", Query{Voice: "alpha/", Allow: raw}, ErrUnknownVoice},
		{"provider for a voice", Query{Voice: "alpha", Allow: raw}, ErrUnknownVoice},
		{"raw provider where no voice fits", Query{Route: "spare", Allow: raw}, ErrUnknownVoice},
		{"raw route", Query{Route: "alpha"}, ErrNotAllowed},
		{"raw model", Query{Route: "alpha/a-1"}, ErrNotAllowed},
		{"raw voice", Query{Voice: "alpha/1"}, ErrNotAllowed},
		{"route of others", Query{Route: "fast", Allow: Allow{Routes: []string{"default"}}}, ErrNotAllowed},
		{"the default route of others", Query{Allow: Allow{Routes: []string{"fast"}}}, ErrNotAllowed},
		{"no route at all", Query{Allow: Allow{Routes: []string{}}}, ErrNotAllowed},
		{"voice of others", Query{Voice: "zoe", Allow: Allow{Voices: []string{"adam"}}}, ErrNotAllowed},
		{"a voice that is none, where there is a list", Query{Voice: "nobody", Allow: Allow{Voices: []string{"adam"}}}, ErrVoiceNotAllowed},
		{"a raw voice of nobody, where there is a list", Query{Voice: "nobody/1", Allow: Allow{Voices: []string{"adam"}, Raw: true}}, ErrVoiceNotAllowed},
		{"a route that is none, where there is a list", Query{Route: "nowhere", Allow: Allow{Routes: []string{"default"}}}, ErrRouteNotAllowed},
		{"no voice of the route", Query{Route: "fast", Allow: Allow{Voices: []string{"adam"}}}, ErrNotAllowed},
		{"voice that fits no target", Query{Route: "fast", Voice: "adam"}, ErrNoTarget},
		{"raw voice of a provider that the route lacks", Query{Route: "fast", Voice: "alpha/1", Allow: raw}, ErrNoTarget},
		{"raw route and voice of two providers", Query{Route: "alpha", Voice: "beta/1", Allow: raw}, ErrNoTarget},
		{"all targets passed over", Query{Route: "fast", Unable: func(string) bool { return true }}, ErrNoTarget},
	}
	table := mustTable(t, config())
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			plan, err := table.Plan(c.query)
			if !errors.Is(err, c.want) {
				t.Errorf("Plan = %+v, %v, want %v", plan, err, c.want)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	cases := map[string]func(*Config){
		"a target at no provider":    func(c *Config) { c.Routes[0].Targets[0].Provider = "nowhere" },
		"a route that no voice fits": func(c *Config) { c.Routes[0].Targets = []Target{{Provider: "spare"}} },
		"a route without targets":    func(c *Config) { c.Routes[0].Targets = nil },
	}
	for name, edit := range cases {
		cfg := config()
		edit(&cfg)
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: taken, want an error", name)
		}
	}
}

// A plan's candidates are those targets of the route that have the voice, all of them, in the route's order after
// the preferred target and the others of its provider.
func TestPlanKeepsOrderAndLosesNoTarget(t *testing.T) {
	providers := []string{"p0", "p1", "p2"}
	models := []string{"", "m", "n"}
	rapid.Check(t, func(t *rapid.T) {
		targets := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) Target {
			return Target{rapid.SampledFrom(providers).Draw(t, "provider"), rapid.SampledFrom(models).Draw(t, "model")}
		}), 1, 9, rapid.ID).Draw(t, "targets")
		voice := Voice{Name: "v", IDs: map[string]string{}}
		for _, p := range providers {
			for _, m := range models {
				if rapid.Bool().Draw(t, "has") {
					voice.IDs[strings.TrimSuffix(p+"/"+m, "/")] = p + ":" + m
				}
			}
		}
		prefer := Target{rapid.SampledFrom(append(providers, "")).Draw(t, "provider heard"), rapid.SampledFrom(models).Draw(t, "model heard")}
		everywhere := Voice{Name: "any", IDs: map[string]string{"p0": "0", "p1": "1", "p2": "2"}}
		route := DefaultRoute()
		route.Name, route.Targets = "default", targets
		table, err := New(Config{Providers: providers, Routes: []Route{route}, Voices: []Voice{voice, everywhere}})
		if err != nil {
			t.Fatal(err)
		}

		var first, same, rest []Candidate
		for _, target := range targets {
			id, ok := voice.IDs[target.Provider+"/"+target.Model]
			if !ok {
				id, ok = voice.IDs[target.Provider]
			}
			switch c := (Candidate{Target: target, Voice: id}); {
			case !ok:
			case target == prefer:
				first = append(first, c)
			case target.Provider == prefer.Provider:
				same = append(same, c)
			default:
				rest = append(rest, c)
			}
		}
		want := slices.Concat(first, same, rest)
		plan, err := table.Plan(Query{Voice: "v", Prefer: prefer})
		if len(want) == 0 {
			if !errors.Is(err, ErrNoTarget) {
				t.Fatalf("Plan = %v, want %v", err, ErrNoTarget)
			}
			return
		}
		if err != nil || !slices.Equal(plan.Candidates, want) {
			t.Fatalf("Plan = %+v, %v, want %+v", plan, err, want)
		}
	})
}
