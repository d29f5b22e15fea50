package downstream

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/audio"
	"voicerelay/audio/codec"
	"voicerelay/awake"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
	"voicerelay/relay/metrics"
	"voicerelay/relay/refusals"
)

// Dialect is a protocol that clients speak.
type Dialect interface {
	// Name is what the configuration, records and logs call it.
	Name() string
	// Prefix is what its paths begin with, unless the configuration names another; empty: nothing.
	Prefix() string
	// Routes are its endpoints, mounted on a server. It is called once.
	Routes(on Server) []Route
}

// Route is an endpoint of a dialect.
type Route struct {
	Method string
	// Path comes after the dialect's prefix.
	Path string
	// Root is the path that the endpoint has besides, without the prefix, for clients that take a host alone; empty: none.
	Root string
	// Only tells the dialect's requests at Root from those of others that have the same path; nil: it takes all that no
	// other one's Only takes.
	Only func(*http.Request) bool
	// Upgrade: a GET becomes a WebSocket, so that a HEAD makes no sense. A request that does not ask for that is refused.
	Upgrade bool
	// Key finds the key that a request bears; nil: BearerKey.
	Key func(*http.Request) string
	// KeyInside: a request that bears no key may have one in its body, or in its first message. Serve gets a nil key then, and
	// asks Server.Authenticate.
	KeyInside bool
	// Refuse answers with an error; nil: WriteError.
	Refuse ErrorWriter
	// Serve serves a request that has shown its key.
	Serve Handler
}

// Handler serves a request that has shown its key.
type Handler func(w http.ResponseWriter, r *http.Request, key *access.Key)

// ErrorWriter answers a request with why it is refused, as a dialect's clients read it.
type ErrorWriter func(w http.ResponseWriter, err *protocol.Error)

// Settings are what the operator says of a dialect.
type Settings struct {
	// Enabled: it is spoken at all. Prefix goes before all its paths; empty: its own. Root: it has its paths at the root too.
	// A change of these needs a restart.
	Enabled bool
	Prefix  string
	Root    bool
	// Voices are aliases by what the dialect's clients call voices, Models the names of routes by what they call models.
	Voices, Models map[string]string
	// MP3Fallback is the encoding that a client gets which asks for none, where the dialect's own is MP3 and nothing here makes
	// it; empty: it is refused.
	MP3Fallback audio.Encoding
}

// DefaultSettings are those of a dialect of which the operator says nothing.
func DefaultSettings() Settings { return Settings{Enabled: true, Root: true} }

// Services are what a server shares with its dialects.
type Services struct {
	Engine  *relay.Engine
	Metrics *metrics.Metrics
	// Backlog counts what waits for all clients.
	Backlog *delivery.Backlog
	Awake   *awake.Clock
}

// Server is what a dialect asks of the server that it is mounted on. It is one interface, and not several of few methods, since
// each dialect needs nearly all of it, and there is one implementation.
type Server interface {
	Services() Services

	// Connect takes a place for a connection of many generations, Request one for a single request; leave gives it back.
	Connect(key *access.Key) (leave func(), refused *protocol.Error)
	Request(key *access.Key) (leave func(), refused *protocol.Error)
	// MayServe refuses all newcomers while the relay drains, can't record generations or is short of memory, as Connect and
	// Request do.
	MayServe() *protocol.Error
	// Enroll makes a client known until Leave; false: the relay is going away, and takes none.
	Enroll(c Client) bool
	Leave(c Client)
	// RemoteOf is whose a request is; invalid: not known.
	RemoteOf(r *http.Request) netip.Addr

	// Hold keeps the configuration in force for a generation, until its Release. It refuses a key that is gone or has expired;
	// then nothing is to be released.
	Hold(key *access.Key) (Held, *refusals.Error)
	// MayGenerate refuses generations that there is no memory for.
	MayGenerate() *refusals.Error
	// Codecs are what compresses audio now. Without Hold only what there is may be asked of them.
	Codecs() *codec.Set
	// KeyHolds reports whether a key that was shown is still configured, and has not expired.
	KeyHolds(key *access.Key) bool
	// KeepWhole counts bytes of an answer that waits for its end, or gives them back where they are negative; false: all such
	// answers together are too many. They are counted all the same.
	KeepWhole(bytes int64) bool

	// Settings are what the operator says now of a dialect.
	Settings(dialect string) Settings
	// Authenticate is the key of a request that bears it inside, see Route.KeyInside.
	Authenticate(r *http.Request, presented string) (*access.Key, *protocol.Error)

	// Refuse answers a request with why it is refused. key is nil where none is known. Refused counts and logs a refusal that
	// the dialect has answered itself.
	Refuse(w http.ResponseWriter, r *http.Request, key *access.Key, err *protocol.Error)
	Refused(remote netip.Addr, code protocol.Code, key *access.Key)
}

// Held is the configuration for a generation.
type Held struct {
	// Terms are what the key may do.
	Terms *relay.Terms
	// Quota is what all requests of the key over HTTP share.
	Quota *Quota
	// Codecs are what compresses audio for it.
	Codecs *codec.Set
	// Release must be called once.
	Release func()
}

// Client is a client that is being served.
type Client interface {
	// Drain tells it that the relay is going away, SendAway once that this relay takes nothing for now.
	Drain(grace time.Duration)
	SendAway(grace time.Duration)
	// StopAll ends its generations.
	StopAll(cause *relay.StopCause)
	// Cut ends its connection whatever it waits for.
	Cut()
	// ShutWithoutKey ends it if its key is no longer configured.
	ShutWithoutKey()
}
