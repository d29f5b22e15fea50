package uplift

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("uplift", defaults,
	func(cfg Config, env upstream.Env) (upstream.Provider, error) { return open(cfg, env) }).
	WithCodes(codes)

// provider speaks for one account.
type provider struct {
	transport
	cfg    Config
	caps   upstream.Capabilities
	pool   *upstream.Pool
	places *places
}

func open(cfg Config, env upstream.Env) (*provider, error) {
	base, err := url.Parse(env.URL)
	if err != nil || base.Host == "" || base.Scheme != "ws" && base.Scheme != "wss" {
		return nil, fmt.Errorf("open %s: url: must be ws://host or wss://host", env.Name)
	}
	t := transport(plain{key: env.APIKey})
	if cfg.Transport == transportSocketIO {
		t = socketIO{key: env.APIKey}
	}
	return &provider{
		transport: t,
		cfg:       cfg,
		caps:      capabilities(cfg),
		places:    &places{limit: env.MaxConcurrent},
		pool: upstream.NewPool(&dialect{transport: t, base: base}, upstream.PoolConfig{
			Socket:           upstream.SocketConfig{HTTP: env.HTTP},
			StreamsPerSocket: cfg.RequestsPerSocket,
			StreamsPerMinute: requestsPerMinute,
			Warm:             env.Warm,
			Idle:             cfg.Idle,
			Linger:           linger,
			Log:              env.Log,
		}),
	}, nil
}

func capabilities(cfg Config) upstream.Capabilities {
	return upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesNone,
		Cancel:           upstream.CancelSilent,
		StreamsPerSocket: cfg.RequestsPerSocket,
		Languages:        []string{"ur", "sd", "bal"}, // each voice has its own
		MinSpeed:         1,
		MaxSpeed:         1,
		Formats:          formats,
		Known: upstream.Known{
			PieceEnds: upstream.Documented,
			WordTimes: upstream.Documented,
			Cancel:    upstream.Assumed, // the order to stop is documented, its effect is not
			Cost:      upstream.Documented,
		},
	}
}

// Capabilities says what the vendor can do.
func (p *provider) Capabilities() upstream.Capabilities { return p.caps }

// ParseOptions checks the client's options for this vendor.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return parseOptions(raw) }

// Sockets counts the open ones.
func (p *provider) Sockets() (idle, busy int) { return p.pool.Sockets() }

// Warm opens sockets ahead.
func (p *provider) Warm(ctx context.Context) { p.pool.Warm(ctx) }

// Close ends all sockets.
func (p *provider) Close() error {
	p.pool.Close()
	return nil
}

// Open gives a stream's first request its place on a socket. The vendor hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if err := p.places.take(time.Now()); err != nil {
		return nil, err
	}
	s := p.newStream(req, sink)
	s.next = s.newRequest()
	if _, err := s.seat(ctx, s.next); err != nil {
		p.places.leave(time.Now(), true)
		return nil, err
	}
	return s, nil
}

// newStream translates a request.
func (p *provider) newStream(req upstream.Request, sink upstream.Sink) *stream {
	opts := upstream.OptionsOf[options](req)
	format := audio.Nearest(req.Output, formats)
	return &stream{
		provider: p,
		sink:     sink,
		id:       req.ID,
		// A conversation had better stay on one connection, says the vendor, and so had one stream's requests.
		want: upstream.Want{Key: "tenant " + req.Tenant, Affinity: cmp.Or(req.Affinity, req.ID)},
		template: synthesize{
			Type:                      typeSynthesize,
			VoiceID:                   req.Voice,
			OutputFormat:              outputFormat(format),
			PhraseReplacementConfigID: opts.PhraseReplacementConfigID,
		},
		format: format,
	}
}
