package uplift

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("uplift", defaults, open).WithCodes(codes)

// linger is how long what was cancelled still counts, since the vendor does not say when it has stopped.
const linger = time.Second

// provider speaks for one account.
type provider struct {
	vendorsocket.Account
	transport
	cfg   Config
	awake *awake.Clock
}

func open(cfg Config, env upstream.Env) (*provider, error) {
	base, err := env.Base()
	if err != nil {
		return nil, err
	}
	t := transport(plain{key: env.APIKey})
	if cfg.Transport == transportSocketIO {
		t = socketIO{key: env.APIKey}
	}
	return &provider{
		transport: t,
		cfg:       cfg,
		awake:     env.Awake,
		Account: vendorsocket.NewAccount(vendorsocket.PoolConfig{
			StreamsPerMinute: requestsPerMinute,
			Idle:             cfg.Idle,
			Linger:           linger,
		}, env, capabilities(cfg), &dialect{transport: t, base: base}),
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

// ParseOptions checks the client's options for this vendor.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return parseOptions(raw) }

// Open gives a stream's first request its place on a socket. The vendor hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	s := p.newStream(req, sink)
	s.next = s.newRequest()
	if _, err := s.seat(ctx, s.next); err != nil {
		return nil, err
	}
	return s, nil
}

// newStream translates a request.
func (p *provider) newStream(req upstream.Request, sink upstream.Sink) *stream {
	opts := upstream.OptionsOf[options](req)
	format := audio.Nearest(req.Output, formats)
	return &stream{
		Lifetime: upstream.NewLifetime(sink),
		provider: p,
		id:       req.ID,
		// A conversation had better stay on one connection, says the vendor, and so had one stream's requests.
		want: vendorsocket.Want{Key: "tenant " + req.Tenant, Affinity: cmp.Or(req.Affinity, req.ID)},
		template: synthesize{
			Type:                      typeSynthesize,
			VoiceID:                   req.Voice,
			OutputFormat:              outputFormat(format),
			PhraseReplacementConfigID: opts.PhraseReplacementConfigID,
		},
		format: format,
	}
}
