package routing

import (
	"encoding/json"
	"testing"
)

func toJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestVoices(t *testing.T) {
	cases := []struct {
		name  string
		allow Allow
		want  string
	}{
		{
			"all",
			Allow{},
			`[{"name":"adam","language":"de","routes":["default"],"providers":["alpha"]},` +
				`{"name":"zoe","language":"en","routes":["default","fast"],"providers":["alpha","beta","gamma"]},` +
				`{"name":"late","language":null,"routes":["fast"],"providers":["beta"]}]`,
		},
		{
			"of one route",
			Allow{Routes: []string{"fast"}, Voices: []string{"adam", "zoe"}},
			`[{"name":"adam","language":"de","routes":[],"providers":["alpha"]},` +
				`{"name":"zoe","language":"en","routes":["fast"],"providers":["alpha","beta","gamma"]}]`,
		},
		{"none", Allow{Voices: []string{}}, `[]`},
	}
	table := mustTable(t, config())
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := toJSON(t, table.Voices(c.allow)); got != c.want {
				t.Errorf("Voices = %s, want %s", got, c.want)
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	const fast = `{"name":"fast","voice":"zoe","voices":["zoe","late"],` +
		`"targets":[{"provider":"beta","model":"org/two"},{"provider":"gamma","model":null}]}`
	cases := []struct {
		name  string
		allow Allow
		want  string
	}{
		{
			"all",
			Allow{},
			`[{"name":"default","voice":"zoe","voices":["adam","zoe"],"targets":[{"provider":"alpha","model":"a-1"},` +
				`{"provider":"beta","model":"org/one"},{"provider":"gamma","model":null}]},` + fast + `]`,
		},
		{"one", Allow{Routes: []string{"fast"}}, `[` + fast + `]`},
		{"none that a voice may speak", Allow{Routes: []string{"fast"}, Voices: []string{"adam"}}, `[]`},
	}
	table := mustTable(t, config())
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := toJSON(t, table.Routes(c.allow)); got != c.want {
				t.Errorf("Routes = %s, want %s", got, c.want)
			}
		})
	}
}
