package config

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/audio/codec"
	"voicerelay/billing"
	"voicerelay/billing/listprice"
	"voicerelay/config/check"
	"voicerelay/events"
	"voicerelay/limits"
	"voicerelay/routing"
)

// Settings is a valid configuration: names are resolved, defaults in place, and what can't speak is left out.
type Settings struct {
	Listen, AdminListen string
	Hosts, Origins      []string
	Proxies             []netip.Prefix
	// Console: operators are served a page at /console.
	Console bool
	// TLS names the certificate's files; both are empty where there is none.
	TLS TLSConfig
	// LogLevel and LogConsole say how the process logs.
	LogLevel   zerolog.Level
	LogConsole bool
	// Keys are the clients'. Without any, the relay is open to loopback clients, and Local holds for them.
	Keys  []KeySettings
	Local KeySettings
	// Providers are those that can speak, in the order of the file.
	Providers []ProviderSettings
	// Routing knows only those providers.
	Routing routing.Config
	Circuit routing.CircuitConfig
	// Encoders are the programs that compress audio.
	Encoders codec.Config
	// Dialects are those of which the file says something.
	Dialects []DialectConfig
	// Limits are the defaults of keys; MaxConnections is the relay's.
	Limits limits.Config
	Prices *billing.PriceList
	Books  BookSettings
	// Events are those who are told what has happened.
	Events        []events.Sink
	MemoryLimit   ByteLimit
	ShutdownGrace time.Duration
	DrainDelay    time.Duration
	// InForce is the file as it is in force, without its secrets: plain values for an encoder, which nobody changes.
	InForce map[string]any
	// Warnings are what is valid and can't do what its author hopes for.
	Warnings []Warning
	// Pending are the parts of the file whose change needs a restart, by KeepFixed.
	Pending []string
}

// Tenants are those of the keys, each once.
func (s *Settings) Tenants() []string {
	names := []string{s.Local.Tenant}
	for _, k := range s.Keys {
		names = append(names, k.Tenant)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
}

// Open reports whether clients need no key.
func (s *Settings) Open() bool { return len(s.Keys) == 0 }

// settle checks the file as a whole and says what it means. Where anything is at fault, so is the result.
func settle(file *fileConfig, d *decoder) *Settings {
	r := d.remarks
	checkNetwork(file, r)
	file.Limits.Validate(r.below("limits"))
	file.Circuit.Validate(r.below("circuit"))
	file.Encoders.Validate(r.below("encoders"))
	file.Ledger.validate(r.below("ledger"))
	file.Redis.validate(r.below("redis"))
	if _, stated := r.places["redis.url"]; stated && file.Redis.URL == "" {
		r.warn("redis.url", "is empty: this relay shares nothing with others")
	}
	check.Range(r.fault, "shutdown_grace", file.ShutdownGrace, 0, time.Hour)
	check.Range(r.fault, "drain_delay", file.DrainDelay, 0, 10*time.Minute)

	providers := settleProviders(file, d)
	keys := settleKeys(file, d)
	prices := settlePrices(file, r)
	warnFutile(file, prices, r)
	return &Settings{
		Listen:        file.Listen,
		AdminListen:   file.AdminListen,
		Hosts:         file.Hosts,
		Origins:       file.Origins,
		Proxies:       settleProxies(file, r),
		Console:       file.Console,
		TLS:           file.TLS,
		LogLevel:      logLevel(file.Log, r),
		LogConsole:    file.Log.Format == "console",
		Keys:          keys,
		Local:         localSettings(file),
		Providers:     providers,
		Routing:       settleRouting(file, providers, r),
		Circuit:       file.Circuit,
		Encoders:      file.Encoders,
		Dialects:      settleDialects(file, d),
		Limits:        file.Limits,
		Prices:        prices,
		Books:         BookSettings{Ledger: file.Ledger, Redis: file.Redis},
		Events:        settleEvents(file.Events, r),
		MemoryLimit:   file.MemoryLimit,
		ShutdownGrace: file.ShutdownGrace,
		DrainDelay:    file.DrainDelay,
	}
}

// logLevel is the level that the log starts at.
func logLevel(log logConfig, r *remarks) zerolog.Level {
	if log.Format != "json" && log.Format != "console" {
		r.fault("log.format", "must be json or console")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, log.Level) {
		r.fault("log.level", "must be debug, info, warn or error")
		return zerolog.InfoLevel
	}
	level, _ := zerolog.ParseLevel(log.Level) // knows all of these
	return level
}

// settlePrices is the price list, of what is right in it.
func settlePrices(file *fileConfig, r *remarks) *billing.PriceList {
	for i, p := range file.Prices {
		path := fmt.Sprintf("prices[%d]", i)
		p.Validate(r.below(path))
		if p.Provider != "" && !file.hasProvider(p.Provider) {
			r.fault(path+".provider", fmt.Sprintf("unknown provider %q", p.Provider))
		}
		if slices.ContainsFunc(file.Prices[:i], p.SameTarget) {
			r.fault(path, fmt.Sprintf("is a second price for %s and %s", p.Provider, p.Model))
		}
	}
	for i, adapter := range file.ListPrices {
		if !slices.Contains(listprice.Adapters(), adapter) {
			r.fault(fmt.Sprintf("list_prices[%d]", i), fmt.Sprintf("no list prices of %q; there are: %s", adapter, strings.Join(listprice.Adapters(), ", ")))
		}
	}
	if r.faulty("prices") {
		return nil
	}
	list, err := billing.NewPriceList(slices.Concat(file.Prices, file.listed()))
	if err != nil {
		r.fault("prices", err.Error())
	}
	return list
}

// listed are the list prices of providers for which the file wants them.
func (c *fileConfig) listed() []billing.Price {
	var prices []billing.Price
	for _, p := range c.Providers {
		if slices.Contains(c.ListPrices, p.Adapter) {
			prices = append(prices, listprice.For(p.Name, p.Adapter, c.Prices)...)
		}
	}
	return prices
}

// Unpriced says of which targets nobody knows the cost, of vendors that want a key: each with what would tell it.
func (s *Settings) Unpriced() []string {
	adapters := make(map[string]string) // of providers with a key, by name
	for _, p := range s.Providers {
		if p.Env.APIKey.Reveal() != "" {
			adapters[p.Name] = p.Driver.Name()
		}
	}
	var remarks []string
	for _, route := range s.Routing.Routes {
		for _, t := range route.Targets {
			adapter, paid := adapters[t.Provider]
			if !paid || s.Prices.Currency(t.Provider, t.Model) != "" {
				continue
			}
			remark := fmt.Sprintf("no price of %s: what it costs is known only where the vendor tells it", t)
			if slices.Contains(listprice.Adapters(), adapter) {
				remark += fmt.Sprintf("; list_prices: [%s] has what the vendor's list says", adapter)
			}
			if !slices.Contains(remarks, remark) {
				remarks = append(remarks, remark)
			}
		}
	}
	return remarks
}

// KeepFixed is the settings with what can't change while the relay runs: that stays, and the log says what differs.
func (s *Settings) KeepFixed(running *Settings, log zerolog.Logger) *Settings {
	kept := *s
	kept.InForce = maps.Clone(s.InForce)
	kept.Listen, kept.AdminListen, kept.TLS, kept.Books = running.Listen, running.AdminListen, running.TLS, running.Books
	kept.Dialects = keepPaths(s.Dialects, running.Dialects)
	for _, fixed := range []struct {
		path    string
		differs bool
	}{
		{"listen", s.Listen != kept.Listen},
		{"admin_listen", s.AdminListen != kept.AdminListen},
		{"tls", s.TLS != kept.TLS},
		{"ledger", s.Books.Ledger != kept.Books.Ledger},
		{"redis", s.Books.Redis != kept.Books.Redis},
		{"dialects", !maps.Equal(pathsOf(s.Dialects), pathsOf(running.Dialects))},
	} {
		if fixed.differs {
			kept.Pending = append(kept.Pending, fixed.path)
			if fixed.path != "dialects" { // of which only the paths are kept
				kept.InForce[fixed.path] = running.InForce[fixed.path]
			}
			log.Warn().Str("at", fixed.path).Msg("a change of this needs a restart")
		}
	}
	return &kept
}

// Same reports whether a provider with these settings is one with those. What a voice is called by a vendor is in the
// request, so that other voices make another provider only where the driver says so.
func (p ProviderSettings) Same(other ProviderSettings) bool {
	if p.Name != other.Name || p.Driver.Name() != other.Driver.Name() || !p.Driver.Equal(p.Options, other.Options) {
		return false
	}
	if p.Driver.Voiced() && !slices.Equal(p.Env.Voices, other.Env.Voices) {
		return false
	}
	return p.Env.URL == other.Env.URL && p.Env.APIKey == other.Env.APIKey &&
		p.MaxConcurrent == other.MaxConcurrent && p.MaxPerTenant == other.MaxPerTenant && p.Env.Warm == other.Env.Warm
}

// Summary is what a configuration comes to, in a line.
func (s *Settings) Summary() string {
	return fmt.Sprintf("providers that can speak: %d, routes: %d, voices: %d, keys: %d",
		len(s.Providers), len(s.Routing.Routes), len(s.Routing.Voices), len(s.Keys))
}

// ProviderBudgets are what may be spent at providers, in the order of the file, of those that have a budget.
func (s *Settings) ProviderBudgets() []limits.Bounded {
	var all []limits.Bounded
	for _, p := range s.Providers {
		if p.Budget.Budget.Bounded() {
			all = append(all, p.Budget)
		}
	}
	return all
}
