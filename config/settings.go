package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
	"voicerelay/config/check"
	"voicerelay/limits"
	"voicerelay/routing"
)

// Settings is a valid configuration: names are resolved, defaults in place, and what can't speak is left out.
type Settings struct {
	Listen, AdminListen string
	Hosts, Origins      []string
	Proxies             []netip.Prefix
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
	// Limits are the defaults of keys; MaxConnections is the relay's.
	Limits        limits.Config
	Prices        *billing.PriceList
	Books         BookSettings
	MemoryLimit   ByteLimit
	ShutdownGrace time.Duration
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
	file.Ledger.validate(r.below("ledger"))
	file.Redis.validate(r.below("redis"))
	if _, stated := r.places["redis.url"]; stated && file.Redis.URL == "" {
		r.warn("redis.url", "is empty: this relay shares nothing with others")
	}
	check.Range(r.fault, "shutdown_grace", file.ShutdownGrace, 0, time.Hour)

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
		TLS:           file.TLS,
		LogLevel:      logLevel(file.Log, r),
		LogConsole:    file.Log.Format == "console",
		Keys:          keys,
		Local:         localSettings(file),
		Providers:     providers,
		Routing:       settleRouting(file, providers, r),
		Circuit:       file.Circuit,
		Limits:        file.Limits,
		Prices:        prices,
		Books:         BookSettings{Ledger: file.Ledger, Redis: file.Redis},
		MemoryLimit:   file.MemoryLimit,
		ShutdownGrace: file.ShutdownGrace,
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

func checkNetwork(file *fileConfig, r *remarks) {
	checkAddress(file.Listen, "listen", r)
	if file.AdminListen != "" {
		checkAdmin(file, r)
	}
	for i, host := range file.Hosts {
		if !isHost(host) {
			r.fault(fmt.Sprintf("hosts[%d]", i), "must be a host name or address, without a port")
		}
	}
	for i, origin := range file.Origins {
		if !isOrigin(origin) {
			r.fault(fmt.Sprintf("origins[%d]", i), "must be a scheme and a host, such as https://example.com")
		}
	}
	checkTLS(file.TLS, r)
}

// settleProxies are the networks of trusted proxies, of what is right in the file.
func settleProxies(file *fileConfig, r *remarks) []netip.Prefix {
	var proxies []netip.Prefix
	for i, text := range file.TrustedProxies {
		path := fmt.Sprintf("trusted_proxies[%d]", i)
		proxy, err := netip.ParsePrefix(text)
		switch {
		case err != nil || proxy != proxy.Masked() || proxy.Addr().Is4In6():
			r.fault(path, "must be a network, such as 10.0.0.0/8, or an address, such as 10.1.2.3/32")
		case proxy.Bits() == 0:
			r.fault(path, "is every address, so that clients could choose what the log says of them")
		default:
			proxies = append(proxies, proxy)
		}
	}
	if len(proxies) > 0 && len(file.Keys) == 0 {
		r.warn("trusted_proxies", "says nothing here: without keys whatever comes through a proxy is refused")
	}
	return proxies
}

// checkTLS reports files that make no certificate, without what is in them.
func checkTLS(files TLSConfig, r *remarks) {
	switch {
	case files == TLSConfig{}:
	case files.Cert == "":
		r.fault("tls.cert", "is missing beside tls.key")
	case files.Key == "":
		r.fault("tls.key", "is missing beside tls.cert")
	default:
		if _, err := tls.LoadX509KeyPair(files.Cert, files.Key); err != nil {
			r.fault("tls", err.Error())
		}
	}
}

func checkAddress(address, path string, r *remarks) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		r.fault(path, "must be host:port, such as 127.0.0.1:8080")
		return
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		r.fault(path, "the port must be 0 to 65535")
	}
}

// checkAdmin checks the address of what asks for no key.
func checkAdmin(file *fileConfig, r *remarks) {
	checkAddress(file.AdminListen, "admin_listen", r)
	switch {
	case r.faulty("listen") || r.faulty("admin_listen"):
	case collide(file.Listen, file.AdminListen):
		r.fault("admin_listen", "is the same address as listen")
	case !IsLoopback(file.AdminListen):
		r.warn("admin_listen", "is no loopback address: whoever reaches it sees metrics and providers, without a key")
	}
}

// collide reports whether two valid addresses can't be listened on at the same time.
func collide(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	if portA != portB || portA == "0" {
		return false // port 0 is any free one
	}
	return hostA == hostB || isUnspecified(hostA) || isUnspecified(hostB)
}

// isUnspecified reports whether a host stands for all of the machine's addresses.
func isUnspecified(host string) bool { return host == "" || net.ParseIP(host).IsUnspecified() }

// IsLoopback reports whether an address can be reached from this machine only.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// isHost reports whether s is what a Host header may say before its port.
func isHost(s string) bool {
	u, err := url.Parse("http://" + s)
	return err == nil && s != "" && u.Host == s && (u.Port() == "" && !strings.HasSuffix(s, ":"))
}

// isOrigin reports whether s is what a browser sends as Origin.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return false
	}
	return s == u.Scheme+"://"+u.Host
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
	if r.faulty("prices") {
		return nil
	}
	list, err := billing.NewPriceList(file.Prices)
	if err != nil {
		r.fault("prices", err.Error())
	}
	return list
}

// KeepFixed is the settings with what can't change while the relay runs: that stays, and the log says what differs.
func (s *Settings) KeepFixed(running *Settings, log zerolog.Logger) *Settings {
	kept := *s
	kept.Listen, kept.AdminListen, kept.TLS, kept.Books = running.Listen, running.AdminListen, running.TLS, running.Books
	for _, fixed := range []struct {
		path    string
		differs bool
	}{
		{"listen", s.Listen != kept.Listen},
		{"admin_listen", s.AdminListen != kept.AdminListen},
		{"tls", s.TLS != kept.TLS},
		{"ledger", s.Books.Ledger != kept.Books.Ledger},
		{"redis", s.Books.Redis != kept.Books.Redis},
	} {
		if fixed.differs {
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

// LeastMemory is the smallest memory limit: a relay that does nothing takes half of it. Of a cgroup or of GOMEMLIMIT, a smaller
// one is none to the relay, which would refuse everybody.
const LeastMemory = 64 << 20

// ByteLimit is a size in bytes; 0: nothing is said of it.
type ByteLimit int64

// noLimit says that there is none.
const noLimit ByteLimit = -1

var errNoSize = errors.New("must be a size of at least 64MiB, such as 512MiB or 2GiB, or none")

// UnmarshalText reads a number with a unit.
func (l *ByteLimit) UnmarshalText(text []byte) error {
	if string(text) == "none" {
		*l = noLimit
		return nil
	}
	for unit, size := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		number, ok := strings.CutSuffix(string(text), unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil || int64(n)*size < LeastMemory {
			return errNoSize
		}
		*l = ByteLimit(int64(n) * size)
		return nil
	}
	return errNoSize
}
