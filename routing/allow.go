package routing

import "slices"

// Allow is what a key may use.
type Allow struct {
	// Routes and Voices are names; nil is all of them, and an empty list none.
	Routes []string `yaml:"routes"`
	Voices []string `yaml:"voices"`
	// Raw: vendors' own targets and voices too (provider, provider/model, provider/voice_id).
	Raw bool `yaml:"raw"`
}

func (a Allow) route(name string) bool { return a.Routes == nil || slices.Contains(a.Routes, name) }

func (a Allow) voice(name string) bool { return a.Voices == nil || slices.Contains(a.Voices, name) }
