package routing

import (
	"slices"
	"strings"
)

// VoiceEntry is a voice as clients see it listed.
type VoiceEntry struct {
	Name string `json:"name"`
	// Language is null where the voice has none.
	Language *string `json:"language"`
	// Routes are those that can speak with it.
	Routes []string `json:"routes"`
	// Providers are those that can speak with it, in the configuration's order.
	Providers []string `json:"providers"`
}

// RouteEntry is a route as clients see it listed.
type RouteEntry struct {
	Name string `json:"name"`
	// Voice is what is used where none is named.
	Voice string `json:"voice"`
	// Voices are those that fit a target.
	Voices  []string      `json:"voices"`
	Targets []TargetEntry `json:"targets"`
}

// TargetEntry is a target as clients see it listed.
type TargetEntry struct {
	Provider string `json:"provider"`
	// Model is null where the vendor has none.
	Model *string `json:"model"`
}

// Targets lists the targets of all routes, each once, in the configuration's order.
func (t *Table) Targets() []Target {
	var all []Target
	for _, r := range t.routes {
		for _, target := range r.Targets {
			if !slices.Contains(all, target) {
				all = append(all, target)
			}
		}
	}
	return all
}

// RouteNames are the names of all routes, in the configuration's order.
func (t *Table) RouteNames() []string {
	names := make([]string, len(t.routes))
	for i, r := range t.routes {
		names[i] = r.Name
	}
	return names
}

// HasVoice reports whether a voice is of the configuration.
func (t *Table) HasVoice(name string) bool {
	_, ok := t.voiceAt[name]
	return ok
}

// VoiceByID is the first voice that has an id at a provider of those that at names; empty: none has.
func (t *Table) VoiceByID(id string, at func(provider string) bool) string {
	for _, v := range t.voices {
		for key, own := range v.IDs {
			if provider, _, _ := strings.Cut(key, "/"); own == id && at(provider) {
				return v.Name
			}
		}
	}
	return ""
}

// HasTarget reports whether a target is one of a route of the configuration.
func (t *Table) HasTarget(target Target) bool {
	return slices.ContainsFunc(t.routes, func(r Route) bool { return slices.Contains(r.Targets, target) })
}

// HasVoiceID reports whether a voice of the configuration has this id at the target's provider.
func (t *Table) HasVoiceID(c Candidate) bool {
	return slices.ContainsFunc(t.voices, func(v Voice) bool {
		id, ok := v.id(c.Target)
		return ok && id == c.Voice
	})
}

// Successions are pairs of providers of which the second may go on where the first fails, since one route has both; each
// once. A provider that a route has twice, by two models, succeeds itself.
func (t *Table) Successions() [][2]string {
	var pairs [][2]string
	for _, r := range t.routes {
		for i, from := range r.Targets {
			for j, to := range r.Targets {
				if pair := [2]string{from.Provider, to.Provider}; i != j && !slices.Contains(pairs, pair) {
					pairs = append(pairs, pair)
				}
			}
		}
	}
	return pairs
}

// Voices lists what a key may use, in the configuration's order.
func (t *Table) Voices(allow Allow) []VoiceEntry {
	entries := []VoiceEntry{}
	for _, v := range t.voices {
		if !allow.voice(v.Name) {
			continue
		}
		entry := VoiceEntry{Name: v.Name, Routes: t.routesOf(v, allow), Providers: t.providersOf(v)}
		if v.Language != "" {
			entry.Language = new(v.Language)
		}
		entries = append(entries, entry)
	}
	return entries
}

// Routes lists what a key may use, in the configuration's order. A route none of whose voices it may use is
// left out.
func (t *Table) Routes(allow Allow) []RouteEntry {
	entries := []RouteEntry{}
	for _, r := range t.routes {
		voice, err := t.defaultVoice(r, allow)
		if err != nil || !allow.route(r.Name) {
			continue
		}
		entries = append(entries, RouteEntry{
			Name:    r.Name,
			Voice:   voice.Name,
			Voices:  t.voicesOf(r, allow),
			Targets: targetEntries(r.Targets),
		})
	}
	return entries
}

func (t *Table) routesOf(v Voice, allow Allow) []string {
	names := []string{}
	for _, r := range t.routes {
		if allow.route(r.Name) && fits(v, r.Targets) {
			names = append(names, r.Name)
		}
	}
	return names
}

func (t *Table) voicesOf(r Route, allow Allow) []string {
	names := []string{}
	for _, v := range t.voices {
		if allow.voice(v.Name) && fits(v, r.Targets) {
			names = append(names, v.Name)
		}
	}
	return names
}

// providersOf are the providers that a voice has an id of, for any of their models.
func (t *Table) providersOf(v Voice) []string {
	names := []string{}
	for _, provider := range t.providers {
		if v.speaksAt(provider) {
			names = append(names, provider)
		}
	}
	return names
}

func targetEntries(targets []Target) []TargetEntry {
	entries := make([]TargetEntry, len(targets))
	for i, target := range targets {
		entries[i].Provider = target.Provider
		if target.Model != "" {
			entries[i].Model = new(target.Model)
		}
	}
	return entries
}
