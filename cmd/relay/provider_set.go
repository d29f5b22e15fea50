package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rs/zerolog"

	"voicerelay/awake"
	"voicerelay/config"
	"voicerelay/relay/providers"
	"voicerelay/upstream"
)

// providerSet is the providers that are open, in the order of the file.
type providerSet []member

// member is a provider, and what it was opened with.
type member struct {
	settings config.ProviderSettings
	provider *providers.Provider
}

// openProviders opens what can speak. Providers of the former set whose settings are as before are taken over, with all
// that they have open. Where it fails, nothing is left open that was not before.
func openProviders(ctx context.Context, all []config.ProviderSettings, former providerSet, env surroundings) (providerSet, error) {
	var next providerSet
	for _, s := range all {
		if i := slices.IndexFunc(former, func(m member) bool { return m.settings.Same(s) }); i >= 0 {
			next = append(next, former[i])
			continue
		}
		provider, err := openProvider(ctx, s, env)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("provider %s: %w", s.Name, err), next.without(former).close())
		}
		next = append(next, member{s, provider})
	}
	return next, nil
}

// surroundings are what all providers get of the process.
type surroundings struct {
	awake *awake.Clock
	log   zerolog.Logger
}

func openProvider(ctx context.Context, s config.ProviderSettings, around surroundings) (*providers.Provider, error) {
	env := s.Env
	env.Awake = around.awake
	env.Log = around.log.With().Str("provider", s.Name).Logger()
	provider, err := s.Driver.Open(s.Options, env)
	if err != nil {
		return nil, err
	}
	if w, ok := provider.(upstream.Warmer); ok {
		w.Warm(ctx)
	}
	return &providers.Provider{
		Provider: provider, Name: s.Name, Adapter: s.Driver.Name(), MaxConcurrent: s.MaxConcurrent, MaxPerTenant: s.MaxPerTenant,
	}, nil
}

// without is those that another set does not have.
func (l providerSet) without(other providerSet) providerSet {
	return slices.DeleteFunc(slices.Clone(l), func(m member) bool {
		return slices.ContainsFunc(other, func(o member) bool { return o.provider == m.provider })
	})
}

func (l providerSet) providers() []*providers.Provider {
	all := make([]*providers.Provider, len(l))
	for i, m := range l {
		all[i] = m.provider
	}
	return all
}

// close ends every provider, last opened first. Their streams must have been closed.
func (l providerSet) close() error {
	var failed []error
	for _, m := range slices.Backward(l) {
		if err := m.provider.Close(); err != nil {
			failed = append(failed, fmt.Errorf("close provider %s: %w", m.settings.Name, err))
		}
	}
	return errors.Join(failed...)
}
