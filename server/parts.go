package server

import (
	"context"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"voicerelay/access"
	"voicerelay/audio/codec"
	"voicerelay/awake"
	"voicerelay/billing"
	"voicerelay/downstream"
	"voicerelay/limits"
	"voicerelay/relay"
	"voicerelay/relay/conversations"
	"voicerelay/relay/providers"
	"voicerelay/relay/trace"
	"voicerelay/routing"
	"voicerelay/server/live"
	"voicerelay/server/usage"
)

// Config is what clients may do.
type Config struct {
	// Keys are those that may connect. None: clients on the loopback interface, as tenant "local".
	Keys []access.Key
	// Hosts are further names under which the relay is reached where there are no keys, and the admin's address.
	Hosts []string
	// Origins are the browser origins that may connect, as "https://app.example.com".
	Origins []string
	// Local is what holds for clients where there are no keys. Its Name and Tenant are "local".
	Local Key
	// MaxConnections bounds all clients together, MaxConnectionsPerTenant those of one tenant; 0: three quarters of them
	// where several tenants have keys, else all.
	MaxConnections          int
	MaxConnectionsPerTenant int
	// MemoryLimit is how many bytes the process should use at most; 0: any.
	MemoryLimit int64
	// Proxies are those whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
	// ProviderBudgets are the providers that have a budget. One without anything left is passed over.
	ProviderBudgets []limits.Bounded
	// Console: operators are served a page at /console.
	Console bool
	// Dialects is what the operator says of some dialects; the others are as DefaultSettings.
	Dialects map[string]downstream.Settings
}

// Key is a client's key.
type Key = access.Key

// Parts are what a server works with. The caller closes the providers after the server.
type Parts struct {
	Table     *routing.Table
	Providers []*providers.Provider
	Circuit   routing.CircuitConfig
	Prices    *billing.PriceList
	// Codecs compress audio; nil: FLAC alone.
	Codecs *codec.Set
	Store  limits.Store
	// Standing is asked at each /readyz; nil: all is well.
	Standing func() Standing
	// Budgets is what tenants, keys and providers may spend; nil: none has a budget. Alert is told once that so much of one is
	// spent, and reports whether it was said now, rather than before; nil: it always is. Ledger is where generations are recorded, nil:
	// nowhere. Reports is what is asked about them.
	Budgets limits.Budgets
	Alert   func(ctx context.Context, c limits.Crossing) (now bool, err error)
	// Circuits is told of each circuit that opens or closes; nil: nobody is. It must not wait.
	Circuits func(t routing.Target, s routing.State)
	Ledger   relay.Ledger
	Reports  usage.Reports
	// PriceLists has the lists that records name; nil: only the one in force is known.
	PriceLists billing.PriceLists
	// Peers are the other relays on the same Redis; nil: there are none.
	Peers live.Peers
	// Conversations are the calls that this relay knows of, and others on the same Redis; nil: its own alone.
	Conversations *conversations.Registry
	// Identity is what operators know the relay by.
	Identity live.Identity
	// Demo is told to have a vendor break off; nil: the vendors are no emulators.
	Demo Demo
	// Awake tells time in which the process runs; nil: it always does.
	Awake    *awake.Clock
	Registry *prometheus.Registry
	// Tracer shows generations; nil: nobody wants to see them.
	Tracer trace.Tracer
	Log    zerolog.Logger
	// Configuration is asked for what is in force; nil: nobody knows.
	Configuration func() Configuration
	// Dialects are the protocols that clients speak.
	Dialects []downstream.Dialect
}

// Demo is what a relay has whose vendors are emulated: one of them can be told to break off.
type Demo interface {
	// Fail has the first vendor break off in mid-speech from now on, or no longer. Failing reports whether it does.
	Fail(on bool)
	Failing() bool
}

// Standing is how the stores do that generations need.
type Standing struct {
	// DegradedSince is since when what all relays share is away, so that this one decides alone; zero: it is not.
	DegradedSince time.Time
	// Unrecorded: the ledger can't be written, so that no generation is taken.
	Unrecorded bool
	// Unshipped is how many records what all relays share lacks, ClockOffset how far this machine's clock is ahead of its clock.
	Unshipped   int64
	ClockOffset time.Duration
}
