package vogent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("vogent", defaults(), open).WithCodes(codes)

// formats are what the vendor is asked for. Its list of rates has 41500 where 44100 must be meant: neither is used.
var formats = []audio.Format{
	{Encoding: audio.PCM16, Rate: 24000},
	{Encoding: audio.PCM16, Rate: 48000},
	{Encoding: audio.PCM16, Rate: 22050},
	{Encoding: audio.PCM16, Rate: 16000},
	{Encoding: audio.PCM16, Rate: 8000},
}

// linger is how long a cancelled stream still counts, since the vendor may not confirm. It looks at messages in their order,
// so that half a second is time enough for the cancel to reach it, from anywhere.
const linger = 500 * time.Millisecond

// provider speaks for one account.
type provider struct {
	vendorsocket.Account
}

func open(cfg Config, env upstream.Env) (*provider, error) {
	d, err := newDialect(cfg, env)
	if err != nil {
		return nil, err
	}
	return &provider{
		Account: vendorsocket.NewAccount(vendorsocket.PoolConfig{
			Idle:          cfg.Idle,
			InOrder:       true,
			AffinityBound: true,
			Linger:        linger,
		}, env, capabilities(cfg), d),
	}, nil
}

func capabilities(cfg Config) upstream.Capabilities {
	return upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesWord,
		Cancel:           upstream.CancelSilent,
		StreamsPerSocket: cfg.StreamsPerSocket,
		MinSpeed:         1,
		MaxSpeed:         1,
		Known: upstream.Known{
			PieceEnds: upstream.Documented, // the finished of a generation that is a piece
			WordTimes: upstream.Assumed,    // that there are any is documented, their shape is not
			Cancel:    upstream.Assumed,    // the field is documented, what follows it is not
			Cost:      upstream.Documented,
		},
		Formats: formats,
	}
}

// ParseOptions refuses all: the vendor has none.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return nil, parseOptions(raw) }

// Open gives a stream its place on a socket. The vendor hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if req.Voice == "" {
		return nil, &upstream.Error{Kind: upstream.Rejected, Message: "the vendor needs a voice"}
	}
	s := p.newStream(req, sink)
	// Whether an error ends its socket is not documented, so tenants do not meet on one.
	want := vendorsocket.Want{ID: req.ID, Key: "tenant " + req.Tenant, Affinity: req.Affinity, Member: s}
	if err := p.Pool.Join(ctx, &s.seat, want); err != nil {
		return nil, err
	}
	return s, nil
}

// newStream translates a request.
func (p *provider) newStream(req upstream.Request, sink upstream.Sink) *stream {
	format := audio.Nearest(req.Output, formats)
	return &stream{
		Lifetime:     upstream.NewLifetime(sink),
		id:           req.ID,
		voice:        req.Voice,
		conversation: conversation(req),
		rate:         format.Rate,
		line:         line{sink: sink, clock: upstream.Clock{Format: format}, held: vendorsocket.Held{All: p.Ahead, Most: maxHeld}},
	}
}

// conversation is the part of a contextId that does not depend on the socket. An affinity may have a client's own
// words in it, of any length, so the vendor gets its digest.
func conversation(req upstream.Request) string {
	if req.Affinity == "" {
		return req.ID
	}
	sum := sha256.Sum256([]byte(req.Affinity))
	return hex.EncodeToString(sum[:8])
}

// dialect is what the pool must know of the vendor.
type dialect struct {
	address string // contains the key where it is to
	header  http.Header
}

func newDialect(cfg Config, env upstream.Env) (*dialect, error) {
	u, err := env.Base()
	if err != nil {
		return nil, err
	}
	key := env.APIKey.Reveal()
	u = u.JoinPath("api", "tts", "websocket")
	if cfg.KeyInQuery {
		u.RawQuery = url.Values{"apiKey": {key}}.Encode()
	}
	return &dialect{address: u.String(), header: http.Header{"Authorization": {"Bearer " + key}}}, nil
}

// Address is one for all: voices, rates and contexts go in frames.
func (d *dialect) Address(string) (string, http.Header) { return d.address, d.header }

// Refused is as HTTP has it: 401 or 403 a bad key, 402 no credit, 429 too fast.
func (d *dialect) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }

// Closed looks the code up.
func (d *dialect) Closed(code int) *upstream.Error { return upstream.CloseError(closeCodes, code) }

// KeepAlive is none: the vendor has no such frame, and every generation's text is complete at once.
func (d *dialect) KeepAlive(string) []byte { return nil }
