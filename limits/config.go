package limits

import (
	"time"

	"voicerelay/config/check"
)

// Config bounds one client connection, and what it may ask for. Every value is at least 1, where nothing else is said.
type Config struct {
	// GenerationsPerMinute is the rate of generate messages; 60.
	GenerationsPerMinute int `yaml:"generations_per_minute"`
	// HTTPGenerationsPerMinute is the rate of texts over HTTP, of all requests of a key together, each of which is a connection
	// of its own; 0: HTTPRate says which.
	HTTPGenerationsPerMinute int `yaml:"http_generations_per_minute"`
	// CancelsPerMinute is the rate of cancels that hit nothing; 100.
	CancelsPerMinute int `yaml:"cancels_per_minute"`
	// MaxConcurrentGenerations is how many generations may run at once; 16.
	MaxConcurrentGenerations int `yaml:"max_concurrent_generations"`
	// MaxConcurrentRequests is how many texts of a key may be answered at once over HTTP in the dialects of others, whose clients
	// send a request a sentence; 0: ConcurrentRequests says how many.
	MaxConcurrentRequests int `yaml:"max_concurrent_requests"`
	// MaxConnections is how many clients this relay serves at once, over all keys; 10000. Those of one tenant are at most
	// MaxConnectionsPerTenant; 0: three quarters of them where several tenants have keys, else all.
	MaxConnections          int `yaml:"max_connections"`
	MaxConnectionsPerTenant int `yaml:"max_connections_per_tenant"`
	// MaxConnectionsPerKey is how many of them one key may have; 0: nine tenths where there are several keys, else all.
	MaxConnectionsPerKey int `yaml:"max_connections_per_key"`
	// ConnectionsPerMinute is the rate of new WebSockets, of a key together; 0: as many as MaxConnections, and at least 600.
	ConnectionsPerMinute int `yaml:"connections_per_minute"`
	// MaxTextCharacters is the length of a generation's text in code points; 10000.
	MaxTextCharacters int `yaml:"max_text_characters"`
	// MaxMessageBytes is the length of one message from the client; 262144.
	MaxMessageBytes int `yaml:"max_message_bytes"`
	// IdleTimeout closes a connection that sends no message and has nothing running; 5m.
	IdleTimeout time.Duration `yaml:"idle_timeout"`
	// TextIdleTimeout finishes an open generation that gets no more text; 60s.
	TextIdleTimeout time.Duration `yaml:"text_idle_timeout"`
	// WriteTimeout closes a connection whose client takes not a byte while audio waits; 60s.
	WriteTimeout time.Duration `yaml:"write_timeout"`
	// Buffer is how much audio of a generation may wait for the client, or come of the text that its vendor has, before
	// more text is sent; 30s.
	Buffer time.Duration `yaml:"buffer"`
	// DuplicateWindow is how long an idempotency key counts as used; 1h.
	DuplicateWindow time.Duration `yaml:"duplicate_window"`
	// ConversationTTL is how long a conversation is remembered after its last generation; 10m.
	ConversationTTL time.Duration `yaml:"conversation_ttl"`
}

// Default is the limits of a connection where the configuration says nothing.
func Default() Config {
	return Config{
		GenerationsPerMinute:     60,
		CancelsPerMinute:         100,
		MaxConcurrentGenerations: 16,
		MaxConnections:           10000,
		MaxTextCharacters:        10000,
		MaxMessageBytes:          256 << 10,
		IdleTimeout:              5 * time.Minute,
		TextIdleTimeout:          time.Minute,
		WriteTimeout:             time.Minute,
		Buffer:                   30 * time.Second,
		DuplicateWindow:          time.Hour,
		ConversationTTL:          10 * time.Minute,
	}
}

// defaultHTTPRate is ten times what one connection may: a key's requests come from a whole service.
const defaultHTTPRate = 600

// HTTPRate is HTTPGenerationsPerMinute where it is given. Else a GenerationsPerMinute that was chosen bounds a key's requests
// as well.
func (c Config) HTTPRate() int {
	switch {
	case c.HTTPGenerationsPerMinute > 0:
		return c.HTTPGenerationsPerMinute
	case c.GenerationsPerMinute != Default().GenerationsPerMinute:
		return c.GenerationsPerMinute
	default:
		return defaultHTTPRate
	}
}

// ConcurrentRequests is MaxConcurrentRequests where it is given, else ten times MaxConcurrentGenerations: a key's requests come from
// a whole service, of which each call is one.
func (c Config) ConcurrentRequests() int {
	if c.MaxConcurrentRequests > 0 {
		return c.MaxConcurrentRequests
	}
	return 10 * c.MaxConcurrentGenerations
}

// Bounds of the configuration. A message is held in memory whole, and so is a generation's text.
const (
	minMessageBytes = 1 << 10
	maxMessageBytes = 16 << 20
	maxCharacters   = 10_000_000
	maxCount        = 1_000_000
	minPatience     = time.Second
	maxPatience     = 24 * time.Hour
)

// Validate reports each field that is out of range, by its name in the configuration.
func (c Config) Validate(report func(field, reason string)) {
	check.Range(report, "generations_per_minute", c.GenerationsPerMinute, 1, maxCount)
	check.Range(report, "http_generations_per_minute", c.HTTPGenerationsPerMinute, 0, maxCount)
	check.Range(report, "cancels_per_minute", c.CancelsPerMinute, 1, maxCount)
	check.Range(report, "max_concurrent_generations", c.MaxConcurrentGenerations, 1, maxCount)
	check.Range(report, "max_concurrent_requests", c.MaxConcurrentRequests, 0, maxCount)
	check.Range(report, "max_connections", c.MaxConnections, 1, maxCount)
	check.Range(report, "max_connections_per_tenant", c.MaxConnectionsPerTenant, 0, maxCount)
	check.Range(report, "max_connections_per_key", c.MaxConnectionsPerKey, 0, maxCount)
	check.Range(report, "connections_per_minute", c.ConnectionsPerMinute, 0, maxCount)
	check.Range(report, "max_text_characters", c.MaxTextCharacters, 1, maxCharacters)
	check.Range(report, "max_message_bytes", c.MaxMessageBytes, minMessageBytes, maxMessageBytes)
	check.Range(report, "idle_timeout", c.IdleTimeout, minPatience, maxPatience)
	check.Range(report, "text_idle_timeout", c.TextIdleTimeout, minPatience, maxPatience)
	check.Range(report, "write_timeout", c.WriteTimeout, minPatience, maxPatience)
	check.Range(report, "buffer", c.Buffer, minPatience, maxPatience)
	check.Range(report, "duplicate_window", c.DuplicateWindow, minPatience, maxPatience)
	check.Range(report, "conversation_ttl", c.ConversationTTL, minPatience, maxPatience)
}

// Tenant bounds a tenant over all its connections. Zero is no bound.
type Tenant struct {
	// GenerationsPerMinute is the rate of admissions; 0.
	GenerationsPerMinute int `yaml:"generations_per_minute"`
	// MaxConcurrentGenerations is how many generations may run at once; 0.
	MaxConcurrentGenerations int `yaml:"max_concurrent_generations"`
}

// Validate reports each field that is out of range, by its name in the configuration.
func (t Tenant) Validate(report func(field, reason string)) {
	check.Range(report, "generations_per_minute", t.GenerationsPerMinute, 0, maxCount)
	check.Range(report, "max_concurrent_generations", t.MaxConcurrentGenerations, 0, maxCount)
}
