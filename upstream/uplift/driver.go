package uplift

import (
	"cmp"
	"context"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("uplift", defaults, open).WithCodes(codes)

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
