package routing

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// DefaultRouteName is the route of a client that names none.
const DefaultRouteName = "default"

// Why a query resolves to no plan. What the errors say is fit for clients.
var (
	ErrUnknownRoute = errors.New("unknown route")
	ErrUnknownVoice = errors.New("unknown voice")
	// ErrNotAllowed is the cause of the two below it.
	ErrNotAllowed      = errors.New("not allowed")
	ErrRouteNotAllowed = fmt.Errorf("route %w", ErrNotAllowed)
	ErrVoiceNotAllowed = fmt.Errorf("voice %w", ErrNotAllowed)
)

// Table maps the names that clients use to targets and voices. It never changes, so it is safe for concurrent
// use; a new configuration is a new Table.
type Table struct {
	providers []string
	routes    []Route
	voices    []Voice
	routeAt   map[string]int
	voiceAt   map[string]int
}

// New is the table of a valid configuration.
func New(cfg Config) (*Table, error) {
	t := &Table{
		providers: slices.Clone(cfg.Providers),
		routes:    slices.Clone(cfg.Routes),
		voices:    slices.Clone(cfg.Voices),
		routeAt:   make(map[string]int),
		voiceAt:   make(map[string]int),
	}
	for i, v := range t.voices {
		t.voiceAt[v.Name] = i
	}
	for i, r := range t.routes {
		t.routeAt[r.Name] = i
		if err := t.checkRoute(r); err != nil {
			return nil, fmt.Errorf("route %q: %w", r.Name, err)
		}
	}
	return t, nil
}

// checkRoute makes sure that a route can be planned at all.
func (t *Table) checkRoute(r Route) error {
	for _, target := range r.Targets {
		if !slices.Contains(t.providers, target.Provider) {
			return fmt.Errorf("unknown provider %q", target.Provider)
		}
	}
	if !Speakable(r, t.voices) {
		return errors.New("no voice has an id for any of its targets")
	}
	return nil
}

// Query is what a client asks for, and what its key allows.
type Query struct {
	// Route is a route's name, or raw: provider or provider/model. Empty is DefaultRouteName.
	Route string
	// Voice is an alias, or raw: provider/voice_id. Empty is the route's own.
	Voice string
	Allow Allow
	// Prefer is the target that was heard last in the conversation; see Plan.Preferred.
	Prefer Target
	// Unable reports whether a provider can't serve the request at all, so that its targets are passed over; nil: each can.
	Unable func(provider string) bool
}

// Plan resolves a query. Its error is one of those above, a *NoTargetError, or ErrMalformed, wrapped with the name at fault.
func (t *Table) Plan(q Query) (*Plan, error) {
	route, err := t.route(q)
	if err != nil {
		return nil, err
	}
	voice, name, err := t.voice(q, route)
	if err != nil {
		return nil, err
	}
	candidates, passedOver := candidates(route.Targets, voice)
	if q.Unable != nil {
		candidates = slices.DeleteFunc(candidates, func(c Candidate) bool {
			unable := q.Unable(c.Provider)
			if unable {
				passedOver = append(passedOver, Omission{c.Target, Language})
			}
			return unable
		})
	}
	if len(candidates) == 0 {
		return nil, &NoTargetError{Route: route.Name, Voice: name, PassedOver: passedOver}
	}
	plan := &Plan{
		Route:      route.Name,
		Raw:        !t.HasRoute(route.Name),
		Voice:      name,
		Language:   voice.Language,
		Candidates: candidates,
		PassedOver: passedOver,
		Pace:       route.Pace,
	}
	if q.Prefer != (Target{}) {
		plan = plan.Prefer(q.Prefer)
	}
	return plan, nil
}

// route is the route that a query names, or one made for a raw target. Configured names go before raw ones.
func (t *Table) route(q Query) (Route, error) {
	name := cmp.Or(q.Route, DefaultRouteName)
	if i, ok := t.routeAt[name]; ok {
		if !q.Allow.route(name) {
			return Route{}, fmt.Errorf("%w %q", ErrRouteNotAllowed, name)
		}
		return t.routes[i], nil
	}
	provider, model, _ := strings.Cut(name, "/")
	if !slices.Contains(t.providers, provider) {
		if !q.Allow.route(name) { // the same answer as for one that exists, so that names can't be found out by trying
			return Route{}, fmt.Errorf("%w %q", ErrRouteNotAllowed, name)
		}
		return Route{}, fmt.Errorf("%w %q", ErrUnknownRoute, name)
	}
	if !q.Allow.Raw {
		return Route{}, fmt.Errorf("%w: raw target %q", ErrRouteNotAllowed, name)
	}
	if err := checkRawModel(model); err != nil {
		return Route{}, err
	}
	target := Target{Provider: provider, Model: cmp.Or(model, t.usualModel(provider))}
	return Route{Name: name, Targets: []Target{target}, Pace: DefaultPace()}, nil
}

// usualModel is the model that the configuration uses first with a provider, or empty.
func (t *Table) usualModel(provider string) string {
	for _, r := range t.routes {
		for _, target := range r.Targets {
			if target.Provider == provider {
				return target.Model
			}
		}
	}
	return ""
}

// voice is the voice that a query names, or one made for a raw id, and its name as clients see it.
func (t *Table) voice(q Query, r Route) (Voice, string, error) {
	if q.Voice == "" {
		v, err := t.defaultVoice(r, q.Allow)
		return v, v.Name, err
	}
	if i, ok := t.voiceAt[q.Voice]; ok {
		if !q.Allow.voice(q.Voice) {
			return Voice{}, "", fmt.Errorf("%w %q", ErrVoiceNotAllowed, q.Voice)
		}
		return t.voices[i], q.Voice, nil
	}
	provider, id, _ := strings.Cut(q.Voice, "/")
	if id == "" || !slices.Contains(t.providers, provider) {
		if !q.Allow.voice(q.Voice) { // likewise
			return Voice{}, "", fmt.Errorf("%w %q", ErrVoiceNotAllowed, q.Voice)
		}
		return Voice{}, "", fmt.Errorf("%w %q", ErrUnknownVoice, q.Voice)
	}
	if !q.Allow.Raw {
		return Voice{}, "", fmt.Errorf("%w: raw voice %q", ErrVoiceNotAllowed, q.Voice)
	}
	if err := checkRawVoice(id); err != nil {
		return Voice{}, "", err
	}
	return Voice{IDs: map[string]string{provider: id}}, q.Voice, nil
}

// defaultVoice is the voice of a route for a client that names none: the route's own, else the first in the
// file's order that fits a target. What the key may not use is passed over.
func (t *Table) defaultVoice(r Route, allow Allow) (Voice, error) {
	if i, ok := t.voiceAt[r.Voice]; ok && allow.voice(r.Voice) && fits(t.voices[i], r.Targets) {
		return t.voices[i], nil
	}
	hidden := false
	for _, v := range t.voices {
		if !fits(v, r.Targets) {
			continue
		}
		if allow.voice(v.Name) {
			return v, nil
		}
		hidden = true
	}
	if hidden {
		return Voice{}, fmt.Errorf("%w: none of route %q", ErrVoiceNotAllowed, r.Name)
	}
	return Voice{}, fmt.Errorf("%w: route %q has none of its own, so name one", ErrUnknownVoice, r.Name)
}

// HasRoute reports whether a route is of the configuration.
func (t *Table) HasRoute(name string) bool {
	_, ok := t.routeAt[name]
	return ok
}
