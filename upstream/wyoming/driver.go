package wyoming

import (
	"context"
	"encoding/json"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("wyoming", defaults(), open).WithCodes(codes)

// usual is the format of audio that does not tell its own: that of most of Piper's voices.
var usual = audio.Format{Encoding: audio.PCM16, Rate: 22050}

// provider speaks by one server.
type provider struct {
	pool *pool
}

// open makes a provider. Warm and streams connect it.
func open(cfg Config, env upstream.Env) (*provider, error) {
	at, err := parseEndpoint(env.URL)
	if err != nil {
		return nil, err
	}
	return &provider{pool: newPool(at, cfg.Idle, env)}, nil
}

// Capabilities says what servers of this protocol can do. Which languages they speak depends on their voices.
func (p *provider) Capabilities() upstream.Capabilities {
	return upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesNone,
		Cancel:           upstream.CancelSocket,
		StreamsPerSocket: 1,
		MinSpeed:         1,
		MaxSpeed:         1,
		Known: upstream.Known{
			PieceEnds: upstream.Proven,
			WordTimes: upstream.Documented,
			Cancel:    upstream.Proven,
			Cost:      upstream.Documented, // there is none
		},
	}
}

// ParseOptions refuses all: the protocol has none.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) {
	return nil, upstream.NoOptions(raw)
}

// Sockets counts the open connections.
func (p *provider) Sockets() (idle, busy int) {
	return p.pool.count()
}

// Warm opens connections ahead, tries that once before it returns, and from then on keeps as many. ctx bounds the wait only.
func (p *provider) Warm(ctx context.Context) { p.pool.keepWarm(ctx) }

// Open gives a stream its connection. The server hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	s := &stream{
		Lifetime: upstream.NewLifetime(sink), pool: p.pool, voice: parseVoice(req.Voice), clock: upstream.Clock{Format: usual},
	}
	conn, err := p.pool.join(ctx, s)
	if err != nil {
		return nil, err
	}
	s.conn = conn
	return s, nil
}

// Close ends all connections.
func (p *provider) Close() error {
	p.pool.close()
	return nil
}
