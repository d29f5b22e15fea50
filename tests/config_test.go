package tests

import (
	"maps"
	"testing"

	"github.com/goccy/go-yaml"
)

// A config is a relay's configuration file. Its zero value lacks a route; speaksBy makes a whole one.
type config struct {
	Listen        string              `yaml:"listen"`
	AdminListen   string              `yaml:"admin_listen,omitempty"`
	Hosts         []string            `yaml:"hosts,omitempty"`
	TLS           map[string]string   `yaml:"tls,omitempty"`
	Origins       []string            `yaml:"origins,omitempty"`
	Proxies       []string            `yaml:"trusted_proxies,omitempty"`
	Log           map[string]string   `yaml:"log,omitempty"`
	Tenants       map[string]any      `yaml:"tenants,omitempty"`
	Keys          []map[string]any    `yaml:"keys,omitempty"`
	Providers     map[string]provider `yaml:"providers"`
	Routes        map[string]route    `yaml:"routes"`
	Voices        map[string]alias    `yaml:"voices"`
	Circuit       map[string]any      `yaml:"circuit,omitempty"`
	Limits        map[string]any      `yaml:"limits,omitempty"`
	Prices        []map[string]any    `yaml:"prices,omitempty"`
	Ledger        map[string]string   `yaml:"ledger,omitempty"`
	Redis         map[string]string   `yaml:"redis,omitempty"`
	Events        []map[string]any    `yaml:"events,omitempty"`
	MemoryLimit   string              `yaml:"memory_limit,omitempty"`
	ShutdownGrace string              `yaml:"shutdown_grace"`
	DrainDelay    string              `yaml:"drain_delay,omitempty"`

	trust []byte   // certificates, in PEM, that the relay trusts in place of the system's
	env   []string // further variables of the process, as NAME=VALUE
}

type provider struct {
	Adapter       string         `yaml:"adapter"`
	URL           string         `yaml:"url,omitempty"`
	APIKey        string         `yaml:"api_key,omitempty"`
	MaxConcurrent int            `yaml:"max_concurrent,omitempty"`
	Warm          int            `yaml:"warm,omitempty"`
	Options       map[string]any `yaml:"options,omitempty"`
}

type route struct {
	Voice             string   `yaml:"voice,omitempty"`
	Targets           []target `yaml:"targets"`
	FirstAudioTimeout string   `yaml:"first_audio_timeout,omitempty"`
	Strategy          string   `yaml:"strategy,omitempty"`
	Failback          string   `yaml:"failback,omitempty"`
	HedgeAfter        string   `yaml:"hedge_after,omitempty"`
	Cushion           string   `yaml:"cushion,omitempty"`
	StallTimeout      string   `yaml:"stall_timeout,omitempty"`
	MaxAttempts       int      `yaml:"max_attempts,omitempty"`
	ChunkSchedule     []int    `yaml:"chunk_schedule,omitempty"`
	MaxPartialLength  int      `yaml:"max_partial_length,omitempty"`
}

type target struct {
	Provider string `yaml:"provider"`
	Model    string `yaml:"model,omitempty"`
}

type alias struct {
	Language string            `yaml:"language,omitempty"`
	IDs      map[string]string `yaml:"ids"`
}

// vendorKey is the account's key at every emulated vendor; it must never show in a log.
const vendorKey = "ka_5ecre7-vend0r-key"

// generous are limits that no test runs into by accident.
func generous() map[string]any {
	return map[string]any{"generations_per_minute": 100000, "cancels_per_minute": 100000, "max_concurrent_generations": 64}
}

// speaksBy is a relay with a provider for each vendor, named as given, a route of the same name for each with that one
// target, and the default route that tries them in order.
func speaksBy(names []string, vendors map[string]*vendor) *config {
	c := &config{
		Listen: "127.0.0.1:0", Providers: map[string]provider{}, Routes: map[string]route{},
		Voices: map[string]alias{"narrator": {Language: "en", IDs: map[string]string{}}},
		Limits: generous(), ShutdownGrace: "2s", Log: map[string]string{"level": "debug"},
	}
	// A loaded machine may take its time: no test but those of the deadlines themselves should meet one.
	base := route{Voice: "narrator", FirstAudioTimeout: "20s", StallTimeout: "20s", HedgeAfter: "0s"}
	all := base
	for _, name := range names {
		v := vendors[name]
		c.Providers[name] = provider{Adapter: v.adapter, URL: v.url, APIKey: vendorKey}
		c.Voices["narrator"].IDs[name] = native[v.adapter].voice
		one := base
		one.Targets = []target{{name, native[v.adapter].model}}
		c.Routes[name] = one
		all.Targets = append(all.Targets, one.Targets...)
	}
	c.Routes["default"] = all
	return c
}

// speaksByOne is speaksBy for a single vendor, kugelaudio.
func speaksByOne(v *vendor) *config {
	return speaksBy([]string{"kugelaudio"}, map[string]*vendor{"kugelaudio": v})
}

// limit sets limits over the generous ones.
func (c *config) limit(limits map[string]any) *config {
	maps.Copy(c.Limits, limits)
	return c
}

// amend changes a route.
func (c *config) amend(name string, change func(*route)) *config {
	r := c.Routes[name]
	change(&r)
	c.Routes[name] = r
	return c
}

func (c *config) marshal(t *testing.T) []byte {
	t.Helper()
	data, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
