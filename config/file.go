package config

import (
	"slices"
	"time"

	"voicerelay/audio/codec"
	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// fileConfig is the whole file, as written. What it means is settings.
type fileConfig struct {
	// Listen is the address of the client protocol; 127.0.0.1:8080.
	Listen string `yaml:"listen"`
	// AdminListen is an address of its own for metrics and the state of providers; empty: on Listen.
	AdminListen string `yaml:"admin_listen"`
	// Hosts are further Host names that clients may use where there are no keys, and operators at AdminListen.
	Hosts []string `yaml:"hosts"`
	// Console: operators are served a page at /console, on both addresses; true.
	Console bool `yaml:"console"`
	// Origins are browser origins that may connect.
	Origins []string `yaml:"origins"`
	// TrustedProxies are the addresses of proxies, as CIDRs, whose X-Forwarded-For is believed.
	TrustedProxies []string  `yaml:"trusted_proxies"`
	TLS            TLSConfig `yaml:"tls"`
	Log            logConfig `yaml:"log"`
	// Tenants say more of the tenants that keys name; one need not be listed.
	Tenants []tenantConfig `yaml:"tenants"`
	// Keys are the clients'; without any the relay serves loopback only.
	Keys      []keyConfig           `yaml:"keys"`
	Providers []providerConfig      `yaml:"providers"`
	Routes    []routing.Route       `yaml:"routes"`
	Voices    []routing.Voice       `yaml:"voices"`
	Circuit   routing.CircuitConfig `yaml:"circuit"`
	// Dialects say more of the dialects that clients speak; all are spoken where nothing is said.
	Dialects []DialectConfig `yaml:"dialects"`
	// Encoders are programs that compress audio; those that are found.
	Encoders codec.Config `yaml:"encoders"`
	// Limits are a connection's; a key may have its own.
	Limits limits.Config   `yaml:"limits"`
	Prices []billing.Price `yaml:"prices"`
	// ListPrices are adapters whose providers cost what their vendor's list says, where Prices says nothing.
	ListPrices []string     `yaml:"list_prices"`
	Ledger     LedgerConfig `yaml:"ledger"`
	Redis      RedisConfig  `yaml:"redis"`
	// Events are those who are told what has happened.
	Events []sinkConfig `yaml:"events"`
	// MemoryLimit is how much memory the process should use at most; GOMEMLIMIT, else nine tenths of the container's, else none.
	MemoryLimit ByteLimit `yaml:"memory_limit"`
	// ShutdownGrace is how long running generations may take to end; 20s.
	ShutdownGrace time.Duration `yaml:"shutdown_grace"`
	// DrainDelay is how long a relay that is to stop says so at /readyz and still takes clients, so that balancers look
	// elsewhere before it refuses any; 0.
	DrainDelay time.Duration `yaml:"drain_delay"`
}

// TLSConfig names PEM files; empty: no TLS, for a sidecar or behind a proxy.
type TLSConfig struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// logConfig is the process's log, on standard error.
type logConfig struct {
	// Level is debug, info, warn or error; info.
	Level string `yaml:"level"`
	// Format is json or console; json.
	Format string `yaml:"format"`
}

// tenantConfig is what holds for all keys of a tenant.
type tenantConfig struct {
	Name string `yaml:",key"`
	// Allow is what its keys may use; all routes and voices, nothing raw.
	Allow  routing.Allow `yaml:"allow"`
	Budget *budgetConfig `yaml:"budget"`
	// Limits are over all its connections; none.
	Limits limits.Tenant `yaml:"limits"`
}

// keyConfig is a client's key: either the key itself or its SHA-256.
type keyConfig struct {
	// Name stands for the key wherever it is spoken of.
	Name   string           `yaml:"name"`
	Tenant string           `yaml:"tenant"`
	Key    *upstream.Secret `yaml:"key"`
	// KeySHA256 is in hexadecimal.
	KeySHA256 *string `yaml:"key_sha256"`
	// NextKey, or NextKeySHA256, is taken as well: it is to replace the key.
	NextKey       *upstream.Secret `yaml:"next_key"`
	NextKeySHA256 *string          `yaml:"next_key_sha256"`
	// Expires is a time of RFC 3339 from which on the key is refused, though not the next one; empty: never.
	Expires string `yaml:"expires"`
	// Admin keys see all tenants and the state of providers.
	Admin bool `yaml:"admin"`
	// Strict keys are refused while the shared store is away, rather than judged by what this relay knows.
	Strict bool `yaml:"strict"`
	// Budget is what the key may spend of its tenant's; none.
	Budget *budgetConfig `yaml:"budget"`
	// Limits are a limits.Config where the file's own is the default, so they are read after it.
	Limits section `yaml:"limits"`
}

// providerConfig is an account at a vendor.
type providerConfig struct {
	Name string `yaml:",key"`
	// Adapter is a driver's name.
	Adapter string `yaml:"adapter"`
	// URL is the vendor's base address, for adapters that have one.
	URL string `yaml:"url"`
	// APIKey is absent for adapters that need none. Where it expands to nothing, the provider is left out.
	APIKey *upstream.Secret `yaml:"api_key"`
	// MaxConcurrent bounds the streams at once; 0: no bound but the vendor's.
	MaxConcurrent int `yaml:"max_concurrent"`
	// MaxPerTenant bounds those of one tenant; 0: three quarters of MaxConcurrent where several tenants have keys, else all.
	MaxPerTenant int `yaml:"max_concurrent_per_tenant"`
	// Budget is what may be spent there; none.
	Budget *budgetConfig `yaml:"budget"`
	// Warm is the number of sockets to keep open ahead of need; 0.
	Warm int `yaml:"warm"`
	// Options are the adapter's own.
	Options section `yaml:"options"`
}

// DialectConfig is what the operator says of a dialect that clients speak.
type DialectConfig struct {
	Name string `yaml:",key"`
	// Enabled: it is spoken at all; true.
	Enabled bool `yaml:"enabled"`
	// Prefix goes before all its paths; empty: its own.
	Prefix string `yaml:"prefix"`
	// Root: it has its paths at the root too, where its clients need them there; true.
	Root bool `yaml:"root"`
	// Voices are names of voices by what the dialect's clients call them, Models names of routes by what they call models.
	Voices map[string]string `yaml:"voices"`
	Models map[string]string `yaml:"models"`
	// MP3Fallback is what a client gets that names no format, where the dialect's own is MP3 and no encoder is there: "wav";
	// empty: it is refused.
	MP3Fallback string `yaml:"mp3_fallback"`
}

// defaultDialect is a dialect where the file says nothing.
func defaultDialect() DialectConfig { return DialectConfig{Enabled: true, Root: true} }

// defaultConfig is what holds where the file says nothing.
func defaultConfig() fileConfig {
	return fileConfig{
		Listen:        "127.0.0.1:8080",
		Log:           logConfig{Level: "info", Format: "json"},
		Circuit:       routing.DefaultCircuit(),
		Encoders:      codec.DefaultConfig(),
		Limits:        limits.Default(),
		Ledger:        defaultLedger(),
		Redis:         defaultRedis(),
		Console:       true,
		ShutdownGrace: 20 * time.Second,
	}
}

func (c *fileConfig) hasProvider(name string) bool {
	return slices.ContainsFunc(c.Providers, func(p providerConfig) bool { return p.Name == name })
}

func (c *fileConfig) hasVoice(name string) bool {
	return slices.ContainsFunc(c.Voices, func(v routing.Voice) bool { return v.Name == name })
}

// tenant is what the file says of a tenant, or of one that it does not list.
func (c *fileConfig) tenant(name string) tenantConfig {
	for _, t := range c.Tenants {
		if t.Name == name {
			return t
		}
	}
	return tenantConfig{Name: name}
}
