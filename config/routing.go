package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/config/check"
	"voicerelay/limits"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// ProviderSettings is a provider that can speak.
type ProviderSettings struct {
	Name   string
	Driver upstream.Driver
	// Env is what the adapter gets; its Log and HTTP are for the process to set.
	Env upstream.Env
	// MaxConcurrent bounds the streams at once; 0: no bound but the vendor's.
	MaxConcurrent int
	// MaxPerTenant bounds those of one tenant; 0: a share of MaxConcurrent where several tenants have keys.
	MaxPerTenant int
	// Budget is what may be spent there. It has no bounds if the file has none.
	Budget limits.Bounded
	// Options fills the driver's options; it is for Driver.Open.
	Options func(any) error
}

// Bounds of a provider's sockets and streams.
const (
	maxStreams = 100_000
	maxWarm    = 1000
)

// settleProviders checks all providers and leaves out those whose key expands to nothing or whose program is missing.
func settleProviders(file *fileConfig, d *decoder) []ProviderSettings {
	var able []ProviderSettings
	for _, p := range file.Providers {
		driver, ok := p.check(d)
		if !ok {
			continue
		}
		s := p.settings(driver, d)
		s.Env.Voices = file.voiceIDs(p.Name)
		s.checkEnv(d.remarks)
		switch missing := s.missingProgram(d); {
		case p.APIKey != nil && *p.APIKey == "":
			d.remarks.warn(join("providers", p.Name), "is left out: its api_key expands to nothing")
		case missing != "":
			d.remarks.warn(join("providers", p.Name), fmt.Sprintf("is left out: its program %s is not installed", missing))
		default:
			able = append(able, s)
		}
	}
	if len(file.Providers) == 0 && !d.remarks.faulty("providers") {
		d.remarks.fault("providers", "must have at least one")
	}
	return able
}

func (p providerConfig) settings(driver upstream.Driver, d *decoder) ProviderSettings {
	var key upstream.Secret
	if p.APIKey != nil {
		key = *p.APIKey
	}
	return ProviderSettings{
		Name:          p.Name,
		Driver:        driver,
		Env:           upstream.Env{Name: p.Name, URL: p.URL, APIKey: key, Warm: p.Warm},
		MaxConcurrent: p.MaxConcurrent,
		MaxPerTenant:  p.MaxPerTenant,
		Budget:        p.bounded(),
		Options: func(into any) error {
			// Noting places again, as the driver does when it opens, must not touch the file's own remarks.
			again := newDecoder(d.env, newRemarks(d.remarks.file))
			if again.decode(p.Options, into) != nil {
				return again.remarks.err()
			}
			return nil
		},
	}
}

// checkEnv lets the driver check the settings outside its options, as it does when the relay starts. It ignores what is
// at fault already.
func (p ProviderSettings) checkEnv(r *remarks) {
	path := join("providers", p.Name)
	if r.faulty(path) {
		return
	}
	err := p.Driver.CheckEnv(p.Options, p.Env)
	var field *upstream.EnvError
	switch {
	case errors.As(err, &field):
		r.fault(join(path, field.Field), field.Reason)
	case err != nil:
		r.fault(path, err.Error())
	}
}

// missingProgram is what the provider would run and this machine does not have, if anything.
func (p ProviderSettings) missingProgram(d *decoder) string {
	program, err := p.Driver.Program(p.Options)
	if err != nil || program == "" {
		return "" // faults of options have been noted
	}
	if _, err := d.env.Find(program); err == nil {
		return ""
	}
	return program
}

// check reports whether a provider has a driver, and all that is wrong with it.
func (p providerConfig) check(d *decoder) (upstream.Driver, bool) {
	r, path := d.remarks, join("providers", p.Name)
	check.Range(r.below(path), "max_concurrent", p.MaxConcurrent, 0, maxStreams)
	check.Range(r.below(path), "max_concurrent_per_tenant", p.MaxPerTenant, 0, maxStreams)
	check.Range(r.below(path), "warm", p.Warm, 0, maxWarm)
	p.checkBudget(r)
	if p.URL != "" && !isVendorURL(p.URL) {
		r.fault(path+".url", "must be a ws, wss, http, https, tcp or unix address without user, query or fragment")
	}
	driver, ok := d.env.driver(p.Adapter)
	switch {
	case p.Adapter == "":
		r.fault(path+".adapter", "is missing; there are: "+d.env.adapters())
	case !ok:
		r.fault(path+".adapter", fmt.Sprintf("unknown adapter %q; there are: %s", p.Adapter, d.env.adapters()))
	default:
		p.checkOptions(driver, d)
	}
	return driver, ok
}

// checkOptions lets the driver judge its options.
func (p providerConfig) checkOptions(driver upstream.Driver, d *decoder) {
	err := driver.Check(func(into any) error { return d.decode(p.Options, into) })
	if err != nil && !errors.Is(err, errFaulty) {
		d.remarks.fault(join("providers", p.Name)+".options", err.Error())
	}
}

// isVendorURL refuses what would carry secrets around in a URL, without repeating it.
func isVendorURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	if u.Scheme == "unix" {
		return u.Host == "" && u.Path != ""
	}
	return u.Host != "" && slices.Contains([]string{"ws", "wss", "http", "https", "tcp"}, u.Scheme)
}

// settleRouting checks routes and voices, and leaves out targets that can't speak.
func settleRouting(file *fileConfig, able []ProviderSettings, r *remarks) routing.Config {
	cfg := routing.Config{Voices: file.Voices}
	for _, p := range able {
		cfg.Providers = append(cfg.Providers, p.Name)
	}
	for _, v := range file.Voices {
		checkVoice(v, file, r)
		checkVoiceIDs(v, able, r)
	}
	for _, route := range file.Routes {
		checkRoute(route, file, r)
		cfg.Routes = append(cfg.Routes, ableRoute(route, cfg.Providers))
	}
	checkRoutes(cfg, r)
	return cfg
}

// checkRoutes checks what routes get wrong together with providers and voices. It passes over what is at fault
// already, and would only be called wrong once more in other words.
func checkRoutes(cfg routing.Config, r *remarks) {
	for _, route := range cfg.Routes {
		path := join("routes", route.Name)
		switch {
		case r.faulty("providers") || r.faulty(path):
		case len(route.Targets) == 0:
			r.fault(path+".targets", "none is left: no provider of this route can be used")
		case r.faulty("voices"):
		case !routing.Speakable(route, cfg.Voices):
			r.fault(path, "no voice has an id for any of its targets")
		}
	}
	if len(cfg.Routes) == 0 {
		if !r.faulty("routes") {
			r.fault("routes", "must have at least one")
		}
		return
	}
	if !slices.ContainsFunc(cfg.Routes, func(route routing.Route) bool { return route.Name == routing.DefaultRouteName }) {
		r.warn("routes", "none is named default, so clients must always name one")
	}
}

// ableRoute is the route with the targets that can speak.
func ableRoute(route routing.Route, able []string) routing.Route {
	route.Targets = slices.DeleteFunc(slices.Clone(route.Targets), func(t routing.Target) bool {
		return !slices.Contains(able, t.Provider)
	})
	return route
}

func checkRoute(route routing.Route, file *fileConfig, r *remarks) {
	path := join("routes", route.Name)
	route.Validate(r.below(path))
	if len(route.Targets) == 0 {
		r.fault(path+".targets", "must have at least one")
	}
	for i, t := range route.Targets {
		target := fmt.Sprintf("%s.targets[%d]", path, i)
		switch {
		case t.Provider == "":
			r.fault(target+".provider", "is missing")
		case !file.hasProvider(t.Provider):
			r.fault(target+".provider", fmt.Sprintf("unknown provider %q", t.Provider))
		}
	}
	if route.Voice != "" && !file.hasVoice(route.Voice) {
		r.fault(path+".voice", fmt.Sprintf("unknown voice %q", route.Voice))
	}
}

func checkVoice(v routing.Voice, file *fileConfig, r *remarks) {
	path := join("voices", v.Name)
	v.Validate(r.below(path))
	if v.Language != "" && !isLanguage(v.Language) {
		r.fault(path+".language", fmt.Sprintf("must be a BCP 47 tag, such as \"en\" or \"de-AT\", not %q", v.Language))
	}
	for key := range v.IDs {
		if provider, _, _ := strings.Cut(key, "/"); !file.hasProvider(provider) {
			r.fault(path+".ids."+key, fmt.Sprintf("unknown provider %q", provider))
		}
	}
}

// isLanguage reports whether a voice can speak s. A primary subtag of one letter is no language: BCP 47 has it for private
// use alone.
func isLanguage(s string) bool {
	primary, _, _ := strings.Cut(s, "-")
	return len(primary) > 1 && protocol.IsLanguageTag(s)
}

// checkVoiceIDs has drivers judge the ids that stand in their vendors' URLs.
func checkVoiceIDs(v routing.Voice, able []ProviderSettings, r *remarks) {
	for key, id := range v.IDs {
		provider, _, _ := strings.Cut(key, "/")
		i := slices.IndexFunc(able, func(p ProviderSettings) bool { return p.Name == provider })
		if i < 0 || id == "" {
			continue
		}
		if reason := able[i].Driver.CheckVoice(id); reason != "" {
			r.fault(join("voices", v.Name)+".ids."+key, reason)
		}
	}
}

// voiceIDs are the ids that voices have at a provider, whatever the model.
func (c *fileConfig) voiceIDs(provider string) []string {
	var ids []string
	for _, v := range c.Voices {
		for key, id := range v.IDs {
			if name, _, _ := strings.Cut(key, "/"); name == provider {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// checkBudget checks what may be spent at a provider.
func (p providerConfig) checkBudget(r *remarks) {
	if p.Budget == nil {
		return
	}
	path := join("providers", p.Name) + ".budget"
	p.Budget.validate(r.below(path))
	if p.Budget.AllowUnpriced {
		r.fault(path+".allow_unpriced", "is of tenants and keys: what a provider charges without a known price does not count")
	}
	p.Budget.warnFutile(path, r)
}

// bounded is the budget of a provider; the zero value if it has none.
func (p providerConfig) bounded() limits.Bounded {
	return limits.Bounded{Owner: limits.Owner{Provider: p.Name}, Budget: p.Budget.limit(), AlertAt: p.Budget.alerts()}
}
